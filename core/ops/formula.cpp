// The readings of formulas with tensors and with symbols.
#include "ops/formula.h"
#include <cmath>
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint {

V apply_named(const PointwiseOp*& cache, const char* name, std::initializer_list<Operand> x) {
  if (!cache) cache = &find_pointwise(name);
  if (const Operand* c = x.begin(); x.size() == 3 && !c->is_tensor() && std::string_view(name) == "where") {
    const Operand& chosen = c[c->scalar.to_bool() ? 1 : 2];  // decided already: no operation to record
    return chosen.is_tensor() ? V(*chosen.tensor) : V(chosen.scalar);
  }
  bool any = false;
  for (const Operand& o : x) any |= o.is_tensor();
  if (any) return V(pointwise(*cache, x));
  // A function of numbers alone (a literal, an attribute): computed as a 0-d tensor in double.
  std::vector<Tensor> held;
  std::vector<Operand> all;
  held.reserve(x.size());
  for (const Operand& o : x) {
    held.push_back(scalar_tensor(o.scalar, o.scalar.is_complex() ? Dtype::C128 : Dtype::F64));
    all.emplace_back(held.back());
  }
  return V(item(pointwise(*cache, std::span<const Operand>(all))));
}

static Scalar fold(char op, const Scalar& a, const Scalar& b) {
  if (a.is_complex() || b.is_complex()) {
    auto x = a.to_complex(), y = b.to_complex();
    return Scalar(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
  }
  double x = a.to_double(), y = b.to_double();
  return Scalar(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
}

V arithmetic(char op, const V& a, const V& b) {
  static const PointwiseOp* cache[4];
  if (!a.tensor && !b.tensor) return V(fold(op, a.scalar, b.scalar));
  int k = op == '+' ? 0 : op == '-' ? 1 : op == '*' ? 2 : 3;
  constexpr const char* names[4] = {"add", "sub", "mul", "div"};
  return apply_named(cache[k], names[k], {a.operand(), b.operand()});
}

V operator-(const V& a) {
  static const PointwiseOp* cache;
  if (!a.tensor) return V(-a.scalar);
  return apply_named(cache, "neg", {a.operand()});
}

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
