// Sums, differences, quotients and powers as PyTorch signs them: alpha, rounding_mode, numbers on either
// side. Each picks one of the formulas of ops/pointwise/.
#include "device/host_values.h"
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

// A formula by name, looked up once.
#define FORMULA(name)                                    \
  ([]() -> const PointwiseOp& {                          \
    static const PointwiseOp& op = find_pointwise(name); \
    return op;                                           \
  }())
// The same formula under another node's name.
#define FORMULA_AS(name, node)                         \
  ([]() -> const PointwiseOp& {                        \
    static const PointwiseOp op = renamed(name, node); \
    return op;                                         \
  }())

Dtype type_of(const Operand& a, const Operand& b) {
  Operand xs[] = {a, b};
  return result_type(xs);
}
bool is_bool(const Operand& x) {
  return x.is_tensor() ? (*x.tensor)->dtype == Dtype::Bool : x.scalar.is_bool();
}

// --- sums ---

// alpha takes no part in type promotion, so it must fit the type that the operands have.
Scalar checked_alpha(const Scalar& alpha, Dtype d) {
  check(!alpha.is_bool() || d == Dtype::Bool, "Boolean alpha only supported for Boolean results.");
  check(is_differentiable(d) || alpha.is_integral(),
        "For integral input tensors, argument alpha must not be a floating point number.");
  check(is_complex(d) || !alpha.is_complex(),
        "For non-complex input tensors, argument alpha must not be a complex number.");
  check_scalar_fits(alpha, d);
  return alpha;
}

void refuse_bool_difference(const Operand& a, const Operand& b) {
  if (__builtin_expect(!is_bool(a) && !is_bool(b), 1)) return;
  check(!is_bool(a) || !is_bool(b),
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
        "`logical_xor()` operator instead.");
  fail(
      "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
      "mask, use the `~` or "
      "`logical_not()` operator instead.");
}

// No check either: an integer 1 fits every type.
bool is_one(const Scalar& alpha) { return alpha.category() == Category::Integer && alpha.equals(1); }

Tensor add(Operand a, Operand b, const Scalar& alpha, const Dest& dest) {
  if (is_one(alpha)) return pointwise(FORMULA("add"), {a, b}, dest);
  return pointwise(FORMULA("add_scaled"), {a, b, checked_alpha(alpha, type_of(a, b))}, dest);
}

Tensor sub(Operand a, Operand b, const Scalar& alpha, const Dest& dest) {
  refuse_bool_difference(a, b);
  if (is_one(alpha)) return pointwise(FORMULA("sub"), {a, b}, dest);
  return pointwise(FORMULA("sub_scaled"), {a, b, checked_alpha(alpha, type_of(a, b))}, dest);
}

Tensor rsub(const Tensor& a, Operand b, const Scalar& alpha, const Dest& dest) {
  refuse_bool_difference(a, b);
  bool tensor = b.is_tensor();
  if (is_one(alpha))
    return pointwise(tensor ? FORMULA("rsub") : FORMULA_AS("rsub", "RsubBackward1"), {a, b}, dest);
  return pointwise(
      tensor ? FORMULA_AS("sub_scaled", "RsubBackward0") : FORMULA_AS("sub_scaled", "RsubBackward1"),
      {b, a, checked_alpha(alpha, type_of(a, b))}, dest);
}

// --- quotients ---

// Integers have no infinity to give.
void refuse_integer_zero(const Operand& a, const Operand& b) {
  Dtype d = type_of(a, b);
  if (is_differentiable(d) || d == Dtype::Bool) return;
  bool zero = false;
  if (b.is_tensor()) {
    NoGrad no_grad;
    zero = (*b.tensor)->numel && has_values(*b.tensor) && item(ops::any(ops::eq(*b.tensor, 0))).to_bool();
  } else {
    zero = b.scalar.equals(0);
  }
  check(!zero, "ZeroDivisionError");
}

Tensor div_rounded(Operand a, Operand b, std::optional<std::string_view> mode, const Dest& dest) {
  if (!mode) return pointwise(FORMULA_AS("div", "DivBackward2"), {a, b}, dest);
  check(*mode == "trunc" || *mode == "floor",
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '", *mode, "'");
  refuse_integer_zero(a, b);
  // 16-bit floats: the quotient is rounded to the type before it is truncated.
  if (*mode == "trunc" && is_reduced(type_of(a, b)))
    return pointwise(FORMULA_AS("trunc", "DivBackward2"), {pointwise(FORMULA("div"), {a, b})}, dest);
  return pointwise(*mode == "trunc" ? FORMULA("div_trunc") : FORMULA("floor_divide"), {a, b}, dest);
}

Tensor true_divide(Operand a, Operand b, const Dest& dest) { return pointwise(FORMULA("div"), {a, b}, dest); }

Tensor floor_divide(Operand a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return without_derivative("floor_divide", FORMULA("floor_divide"), {a, b}, dest);
}

Tensor remainder(Operand a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return pointwise(b.is_tensor() ? FORMULA("remainder") : FORMULA_AS("remainder", "RemainderBackward0"),
                   {a, b}, dest);
}

Tensor fmod(const Tensor& a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return pointwise(b.is_tensor() ? FORMULA("fmod") : FORMULA_AS("fmod", "FmodBackward0"), {a, b}, dest);
}

// --- powers ---

const PointwiseOp& power_by(const Scalar& n, bool integers) {
  if (n.equals(2)) return FORMULA("pow_two");
  if (n.equals(3)) return FORMULA("pow_three");
  if (integers) return FORMULA("pow_number");
  if (n.equals(0.5)) return FORMULA("pow_half");
  if (n.equals(-1)) return FORMULA("pow_minus_one");
  if (n.equals(-2)) return FORMULA("pow_minus_two");
  return FORMULA("pow_number");
}

Tensor pow(Operand a, Operand b, const Dest& dest) {
  if (b.is_tensor())
    return pointwise(a.is_tensor() ? FORMULA("pow") : FORMULA_AS("pow", "PowBackward2"), {a, b}, dest);
  if (is_bool(a) &&
      b.scalar.is_bool())  // x ** True is x, x ** False is true; other powers of bool are refused
    return pointwise(b.scalar.to_bool() ? FORMULA("mul") : FORMULA("add"), {a, Scalar(true)}, dest);
  bool integers =
      !is_differentiable(a.is_tensor() ? (*a.tensor)->dtype : dtype_for(a.scalar)) && b.scalar.is_integral();
  check(!integers || b.scalar.to_int() >= 0, "Integers to negative integer powers are not allowed.");
  if (integers) check_scalar_fits(b.scalar, type_of(a, b));
  return pointwise(power_by(b.scalar, integers), {a, b}, dest);
}

// Always in double precision.
Tensor float_power(Operand a, Operand b, const Dest& dest) {
  Dtype d = is_complex(type_of(a, b)) ? Dtype::C128 : Dtype::F64;
  check(!dest.inplace || (*dest.tensor)->dtype == d, "the base given to float_power_ has dtype ",
        dest.inplace ? label_of((*dest.tensor)->dtype) : "", " but the operation's result requires dtype ",
        label_of(d));
  Tensor x = a.is_tensor() ? ops::to(*a.tensor, d) : Tensor(),
         n = b.is_tensor() ? ops::to(*b.tensor, d) : Tensor();
  auto number = [&](const Scalar& s) {
    return d == Dtype::C128 ? Scalar(s.to_complex()) : Scalar(s.to_double());
  };
  return pow(x ? Operand(x) : Operand(number(a.scalar)), n ? Operand(n) : Operand(number(b.scalar)), dest);
}

Tensor square(const Tensor& x, const Dest& dest) {
  if (x->dtype == Dtype::Bool) return pow(x, 2, dest);
  return pointwise(FORMULA("square"), {x}, dest);
}

Tensor positive(const Tensor& x) {
  check(x->dtype != Dtype::Bool, "The `+` operator, on a bool tensor is not supported.");
  return x;
}

[[maybe_unused]] const auto definitions = {
    plain("add", def<add>("add(Number self, Number other, *, Scalar alpha=1) -> Tensor", kAll | kNumbersAlone,
                          "self + alpha * other")),
    plain("sub", def<sub>("sub(Number self, Number other, *, Scalar alpha=1) -> Tensor", kAll | kNumbersAlone,
                          "self - alpha * other")),
    plain("sub", def<sub>("subtract(Number self, Number other, *, Scalar alpha=1) -> Tensor",
                          kAll | kNumbersAlone, "self - alpha * other")),
    def<rsub>("rsub(Tensor self, Number other, *, Scalar alpha=1) -> Tensor", kFunction,
              "other - alpha * self"),
    plain("div",
          def<true_divide>("div(Number self, Number other) -> Tensor", kAll | kNumbersAlone, "self / other")),
    plain("div", def<true_divide>("divide(Number self, Number other) -> Tensor", kAll | kNumbersAlone,
                                  "self / other")),
    def<div_rounded>("div(Number self, Number other, *, str? rounding_mode) -> Tensor", kAll | kNumbersAlone,
                     "self / other; rounding_mode 'trunc' rounds towards zero, 'floor' down."),
    def<div_rounded>("divide(Number self, Number other, *, str? rounding_mode) -> Tensor",
                     kAll | kNumbersAlone, "self / other, rounded; like div."),
    plain("div", def<true_divide>("true_divide(Number self, Number other) -> Tensor", kAll | kNumbersAlone,
                                  "self / other")),
    def<floor_divide>("floor_divide(Number self, Number other) -> Tensor", kAll | kNumbersAlone,
                      "self / other, rounded down."),
    def<remainder>("remainder(Number self, Number other) -> Tensor", kAll,
                   "Python's %: has the sign of other."),
    def<fmod>("fmod(Tensor self, Number other) -> Tensor", kAll, "C's fmod: has the sign of self."),
    def<pow>("pow(Number self, Number exponent) -> Tensor", kAll, "self ** exponent"),
    def<float_power>("float_power(Number self, Number exponent) -> Tensor", kAll,
                     "self ** exponent in double precision."),
    plain("square", def<square>("square(Tensor self) -> Tensor", kAll, "self * self")),
    def<positive>("positive(Tensor self) -> Tensor", kBoth, "self"),
};

}  // namespace

namespace ops {
Tensor add(const Tensor& a, const Operand& b, const Scalar& alpha) { return adjoint::add(a, b, alpha, {}); }
Tensor sub(const Tensor& a, const Operand& b, const Scalar& alpha) { return adjoint::sub(a, b, alpha, {}); }
Tensor mul(const Tensor& a, const Operand& b) { return pointwise(FORMULA("mul"), {a, b}); }
Tensor div(const Tensor& a, const Operand& b) { return pointwise(FORMULA("div"), {a, b}); }
Tensor pow(const Tensor& a, const Operand& b) { return adjoint::pow(a, b, {}); }
Tensor square(const Tensor& x) { return adjoint::square(x, {}); }

// clang-format off
#define ADJOINT_UNARY(f) \
  Tensor f(const Tensor& x) { return pointwise(FORMULA(#f), {x}); }
ADJOINT_UNARY(neg) ADJOINT_UNARY(abs) ADJOINT_UNARY(exp) ADJOINT_UNARY(log) ADJOINT_UNARY(sqrt) ADJOINT_UNARY(sign)
ADJOINT_UNARY(sgn) ADJOINT_UNARY(reciprocal) ADJOINT_UNARY(isnan) ADJOINT_UNARY(logical_not)
#undef ADJOINT_UNARY
#define ADJOINT_BINARY(f) \
  Tensor f(const Tensor& a, const Operand& b) { return pointwise(FORMULA(#f), {a, b}); }
ADJOINT_BINARY(eq) ADJOINT_BINARY(ne) ADJOINT_BINARY(lt) ADJOINT_BINARY(le) ADJOINT_BINARY(gt) ADJOINT_BINARY(ge)
ADJOINT_BINARY(logical_and) ADJOINT_BINARY(logical_or) ADJOINT_BINARY(maximum) ADJOINT_BINARY(minimum)
#undef ADJOINT_BINARY
// clang-format on
}  // namespace ops
}  // namespace adjoint
