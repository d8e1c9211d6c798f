// The readings of formulas with tensors and with symbols.
#include "ops/formula.h"
#include <cmath>
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint {

// Each word of formulas calls the operation of its name.
static V apply_formula(const PointwiseOp& op, std::initializer_list<Operand> x) {
  bool any = false;
  for (const Operand& o : x) any |= o.is_tensor();
  if (any) return V(pointwise(op, x));
  // A function of numbers alone (a literal, an attribute): computed as a 0-d tensor in double.
  std::vector<Tensor> held;
  std::vector<Operand> all;
  held.reserve(x.size());
  for (const Operand& o : x) {
    held.push_back(scalar_tensor(o.scalar, o.scalar.is_complex() ? Dtype::C128 : Dtype::F64));
    all.emplace_back(held.back());
  }
  return V(item(pointwise(op, std::span<const Operand>(all))));
}

static Scalar fold(char op, const Scalar& a, const Scalar& b) {
  if (a.is_complex() || b.is_complex()) {
    auto x = a.to_complex(), y = b.to_complex();
    return Scalar(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
  }
  double x = a.to_double(), y = b.to_double();
  return Scalar(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
}

#define ADJOINT_V_ARITHMETIC(op, name)                                      \
  V operator op(const V& a, const V& b) {                                   \
    if (!a.tensor && !b.tensor) return V(fold(#op[0], a.scalar, b.scalar)); \
    return apply_formula(formula<name>, {a.operand(), b.operand()});        \
  }
#define ADJOINT_V_WORD_2(word, name) \
  V word(const V& a, const V& b) { return apply_formula(formula<name>, {a.operand(), b.operand()}); }
#define ADJOINT_MATH_1(f) \
  V f(const V& a) { return apply_formula(formula<#f>, {a.operand()}); }
#define ADJOINT_MATH_2(f) ADJOINT_V_WORD_2(f, #f)
// clang-format off
ADJOINT_V_ARITHMETIC(+, "add") ADJOINT_V_ARITHMETIC(-, "sub") ADJOINT_V_ARITHMETIC(*, "mul") ADJOINT_V_ARITHMETIC(/, "div")
ADJOINT_V_WORD_2(operator<, "lt") ADJOINT_V_WORD_2(operator<=, "le") ADJOINT_V_WORD_2(operator>, "gt")
ADJOINT_V_WORD_2(operator>=, "ge") ADJOINT_V_WORD_2(operator==, "eq") ADJOINT_V_WORD_2(operator!=, "ne")
ADJOINT_V_WORD_2(operator&, "logical_and") ADJOINT_V_WORD_2(operator|, "logical_or")
namespace math {
ADJOINT_MATH_UNARY(ADJOINT_MATH_1) ADJOINT_MATH_BINARY(ADJOINT_MATH_2)
      // clang-format on
      V where(const V& c, const V& a, const V& b) {
    if (!c.tensor) return c.scalar.to_bool() ? a : b;  // decided already: no operation to record
    return apply_formula(formula<"where">, {c.operand(), a.operand(), b.operand()});
  }
  V normal_cdf(const V& a) { return apply_formula(formula<"ndtr">, {a.operand()}); }
}  // namespace math

V operator!(const V& a) { return apply_formula(formula<"logical_not">, {a.operand()}); }
V operator-(const V& a) { return a.tensor ? apply_formula(formula<"neg">, {a.operand()}) : V(-a.scalar); }

V conj_of(const V& a) {
  if (!a.tensor) return V(a.scalar.conj());
  return is_complex(a.tensor->dtype) ? V(ops::conj(a.tensor)) : V(a);
}

V real_part(const V& a) {
  if (!a.tensor) return a.scalar.is_complex() ? V(a.scalar.to_complex().real()) : a;
  return is_complex(a.tensor->dtype) ? V(ops::real(a.tensor)) : a;
}

V times_i(const V& a) { return a * V(Scalar(std::complex<double>(0, 1))); }

// --- symbols ---
Symbol::Symbol(double v) {
  char b[32];
  std::snprintf(b, sizeof b, "%.6g", v);
  text = b;
  precedence = v < 0 ? 4 : 9;
}

static std::string bracket(const Symbol& s, int at_least) {
  return s.precedence >= at_least ? s.text : "(" + s.text + ")";
}

Symbol symbol_binary(const char* op, int p, const Symbol& a, const Symbol& b) {
  if (op[0] == '*' && a.text == b.text) return Symbol(bracket(a, 6) + "²", 5);
  if (op[0] == '*' && a.text == "1") return b;
  if (op[0] == '*' && b.text == "1") return a;
  bool right_tight = op[0] == '-' || op[0] == '/';
  const char* shown = op[0] == '*' ? "·" : op[0] == '/' ? "/" : op;
  std::string gap = p == 3 ? "" : " ";
  return Symbol(
      bracket(a, p) + (op[0] == '*' ? "·" : gap + shown + gap) + bracket(b, right_tight ? p + 1 : p), p);
}

Symbol symbol_call(const char* name, std::initializer_list<Symbol> args) {
  std::string s = std::string(name) + "(";
  bool first = true;
  for (const Symbol& a : args) {
    s += (first ? "" : ", ") + a.text;
    first = false;
  }
  return Symbol(s + ")", 9);
}
Symbol operator-(const Symbol& a) { return Symbol("-" + bracket(a, 4), 4); }
Symbol operator!(const Symbol& a) { return Symbol("not " + bracket(a, 9), 4); }

}  // namespace adjoint
