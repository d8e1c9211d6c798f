// The readings of a formula beside numbers: V computes it with tensors (so a backward pass can itself be
// recorded), Symbol writes it down.
#pragma once
#include <string>
#include <utility>
#include "ops/probe.h"
#include "ops/registry.h"

namespace adjoint {

struct PointwiseOp;

struct Text {  // a template's argument
  char text[40];
  consteval Text(const char* s) : text() {
    for (int i = 0; s[i]; ++i) text[i] = s[i];
  }
};

// A pointwise operation by its formula's name, looked up when the module is imported: a misspelt name ends the import.
// Whoever has a public signature of its own calls `pointwise(formula<"softplus">, {x, beta, threshold})`.
class Formula {
 public:
  explicit Formula(const char* name) : name_(name) {}
  // A copy whose node has another name: x ** 2 and x ** y share formulas, not names. `change` adjusts what else differs.
  Formula(const char* name, const char* node, void (*change)(PointwiseOp&) = nullptr)
      : name_(name), node_(node), change_(change) {}
  Formula(const Formula&) = delete;
  operator const PointwiseOp&() const { return *op_; }
  static void find_all();

 private:
  const char *name_, *node_ = nullptr;
  void (*change_)(PointwiseOp&) = nullptr;
  const PointwiseOp* op_ = nullptr;
  Formula* next_ = std::exchange(first_, this);
  inline static Formula* first_ = nullptr;
};
template <Text name> inline Formula formula{name.text};
template <Text name, Text node, void (*change)(PointwiseOp&) = nullptr>
inline Formula formula_as{name.text, node.text, change};
// Which operand is a number shows in the names of some nodes: ...Backward1 for the first, ...Backward2 for the second.
inline const Formula& by_numbers(const Operand& a, const Operand& b, const Formula& none,
                                 const Formula& first, const Formula& second) {
  return !a.is_tensor() ? first : !b.is_tensor() ? second : none;
}

// A tensor or a number inside a formula. Owns its tensor.
struct V {
  Tensor tensor;
  Scalar scalar;
  V() = default;
  V(const V&) = default;
  V(V&&) = default;
  V& operator=(const V&) = default;
  V& operator=(V&&) = default;
  [[gnu::noinline]] ~V() {}
  explicit V(Tensor t) : tensor(std::move(t)) {}
  explicit V(const Scalar& s) : scalar(s) {}
  explicit V(double v) : scalar(v) {}
  explicit V(int v) : scalar(int64_t(v)) {}
  Operand operand() const { return tensor ? Operand(tensor) : Operand(scalar); }
};
V conj_of(const V& a);
V real_part(const V& a);
V times_i(const V& a);

#define ADJOINT_V_OP(op) V operator op(const V& a, const V& b);
// clang-format off
ADJOINT_V_OP(+) ADJOINT_V_OP(-) ADJOINT_V_OP(*) ADJOINT_V_OP(/) ADJOINT_V_OP(<) ADJOINT_V_OP(<=) ADJOINT_V_OP(>)
ADJOINT_V_OP(>=) ADJOINT_V_OP(==) ADJOINT_V_OP(!=) ADJOINT_V_OP(&) ADJOINT_V_OP(|)
// clang-format on
#undef ADJOINT_V_OP
        V operator-(const V& a);
V operator!(const V& a);

// Text with the precedence of its outermost operator, so that brackets appear only where they are needed.
struct Symbol {
  std::string text;
  int precedence = 9;  // 1 comparison, 2 sum, 3 product, 4 sign, 5 power, 9 atom
  // Not inlined: formulas make dozens of them, and their speed does not matter.
  Symbol() = default;
  Symbol(const Symbol&) = default;
  Symbol(Symbol&&) = default;
  Symbol& operator=(const Symbol&) = default;
  Symbol& operator=(Symbol&&) = default;
  [[gnu::noinline]] ~Symbol() {}
  [[gnu::noinline]] explicit Symbol(const char* name) : text(name) {}
  Symbol(std::string t, int p) : text(std::move(t)), precedence(p) {}
  explicit Symbol(double v);
  explicit Symbol(int v) : text(std::to_string(v)), precedence(v < 0 ? 4 : 9) {}
};
Symbol symbol_binary(const char* op, int precedence, const Symbol& a, const Symbol& b);
Symbol symbol_call(const char* name, std::initializer_list<Symbol> args);
inline Symbol conj_of(const Symbol& a) { return a; }
inline Symbol times_i(const Symbol& a) { return symbol_binary("*", 3, Symbol("i"), a); }
inline Symbol real_part(const Symbol& a) { return a; }
#define ADJOINT_SYM_OP(op, p)                                                     \
  [[gnu::noinline]] inline Symbol operator op(const Symbol& a, const Symbol& b) { \
    return symbol_binary(#op, p, a, b);                                           \
  }
// clang-format off
ADJOINT_SYM_OP(+, 2) ADJOINT_SYM_OP(-, 2) ADJOINT_SYM_OP(*, 3) ADJOINT_SYM_OP(/, 3) ADJOINT_SYM_OP(<, 1)
ADJOINT_SYM_OP(<=, 1) ADJOINT_SYM_OP(>, 1) ADJOINT_SYM_OP(>=, 1) ADJOINT_SYM_OP(==, 1)
ADJOINT_SYM_OP(!=, 1) ADJOINT_SYM_OP(&, 0) ADJOINT_SYM_OP(|, 0)
// clang-format on
#undef ADJOINT_SYM_OP
            Symbol operator-(const Symbol& a);
Symbol operator!(const Symbol& a);

namespace math {
#define ADJOINT_FORMULA_1(f) \
  V f(const V& a);           \
  [[gnu::noinline]] inline Symbol f(const Symbol& a) { return symbol_call(#f, {a}); }
#define ADJOINT_FORMULA_2(f)   \
  V f(const V& a, const V& b); \
  [[gnu::noinline]] inline Symbol f(const Symbol& a, const Symbol& b) { return symbol_call(#f, {a, b}); }
// clang-format off
ADJOINT_MATH_UNARY(ADJOINT_FORMULA_1) ADJOINT_MATH_BINARY(ADJOINT_FORMULA_2)
// clang-format on
#undef ADJOINT_FORMULA_1
#undef ADJOINT_FORMULA_2
    V where(const V& c, const V& a, const V& b);
inline Symbol where(const Symbol& c, const Symbol& a, const Symbol& b) {
  return symbol_call("where", {c, a, b});
}
// The normal distribution: numbers share one exponential between the two (kernels/math_float.h).
V normal_cdf(const V& a);
[[gnu::noinline]] inline Symbol normal_cdf(const Symbol& a) {
  return Symbol(0.5) * (Symbol(1) + erf(a * Symbol(0.707106781186547524)));
}
template <class T>
  requires(std::is_same_v<T, V> || std::is_same_v<T, Symbol>)
T normal_density(const T& a) {
  return exp(T(-0.5) * (a * a)) * T(0.398942280401432678);
}
}  // namespace math

}  // namespace adjoint
