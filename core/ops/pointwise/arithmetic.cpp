// Sums, differences and quotients as PyTorch signs them: alpha, rounding_mode, numbers on either side.
#include "device/host_values.h"
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

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
  if (is_one(alpha)) return pointwise(formula<"add">, {a, b}, dest);
  return pointwise(formula<"add_scaled">, {a, b, checked_alpha(alpha, result_type(a, b))}, dest);
}

Tensor sub(Operand a, Operand b, const Scalar& alpha, const Dest& dest) {
  refuse_bool_difference(a, b);
  if (is_one(alpha)) return pointwise(formula<"sub">, {a, b}, dest);
  return pointwise(formula<"sub_scaled">, {a, b, checked_alpha(alpha, result_type(a, b))}, dest);
}

Tensor rsub(const Tensor& a, Operand b, const Scalar& alpha, const Dest& dest) {
  refuse_bool_difference(a, b);
  bool tensor = b.is_tensor();
  if (is_one(alpha))
    return pointwise(tensor ? formula<"rsub"> : formula_as<"rsub", "RsubBackward1">, {a, b}, dest);
  return pointwise(
      tensor ? formula_as<"sub_scaled", "RsubBackward0"> : formula_as<"sub_scaled", "RsubBackward1">,
      {b, a, checked_alpha(alpha, result_type(a, b))}, dest);
}

// --- quotients ---

// Integers have no infinity to give.
void refuse_integer_zero(const Operand& a, const Operand& b) {
  Dtype d = result_type(a, b);
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
  if (!mode) return pointwise(formula_as<"div", "DivBackward2">, {a, b}, dest);
  check(*mode == "trunc" || *mode == "floor",
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '", *mode, "'");
  refuse_integer_zero(a, b);
  // 16-bit floats: the quotient is rounded to the type before it is truncated.
  if (*mode == "trunc" && is_reduced(result_type(a, b)))
    return pointwise(formula_as<"trunc", "DivBackward2">, {pointwise(formula<"div">, {a, b})}, dest);
  return pointwise(*mode == "trunc" ? formula<"div_trunc"> : formula<"floor_divide">, {a, b}, dest);
}

Tensor true_divide(Operand a, Operand b, const Dest& dest) { return pointwise(formula<"div">, {a, b}, dest); }

Tensor floor_divide(Operand a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return without_derivative("floor_divide", formula<"floor_divide">, {a, b}, dest);
}

Tensor remainder(Operand a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return pointwise(b.is_tensor() ? formula<"remainder"> : formula_as<"remainder", "RemainderBackward0">,
                   {a, b}, dest);
}

Tensor fmod(const Tensor& a, Operand b, const Dest& dest) {
  refuse_integer_zero(a, b);
  return pointwise(b.is_tensor() ? formula<"fmod"> : formula_as<"fmod", "FmodBackward0">, {a, b}, dest);
}

Tensor positive(const Tensor& x) {
  check(x->dtype != Dtype::Bool, "The `+` operator, on a bool tensor is not supported.");
  return x;
}

[[maybe_unused]] const auto definitions = {
    plain(formula<"add">, def<add>("add(Number self, Number other, *, Scalar alpha=1) -> Tensor",
                                   kAll | kNumbersAlone, "self + alpha * other")),
    plain(formula<"sub">, def<sub>("sub(Number self, Number other, *, Scalar alpha=1) -> Tensor",
                                   kAll | kNumbersAlone, "self - alpha * other")),
    plain(formula<"sub">, def<sub>("subtract(Number self, Number other, *, Scalar alpha=1) -> Tensor",
                                   kAll | kNumbersAlone, "self - alpha * other")),
    def<rsub>("rsub(Tensor self, Number other, *, Scalar alpha=1) -> Tensor", kFunction,
              "other - alpha * self"),
    plain(formula<"div">,
          def<true_divide>("div(Number self, Number other) -> Tensor", kAll | kNumbersAlone, "self / other")),
    plain(formula<"div">, def<true_divide>("divide(Number self, Number other) -> Tensor",
                                           kAll | kNumbersAlone, "self / other")),
    def<div_rounded>("div(Number self, Number other, *, str? rounding_mode) -> Tensor", kAll | kNumbersAlone,
                     "self / other; rounding_mode 'trunc' rounds towards zero, 'floor' down."),
    def<div_rounded>("divide(Number self, Number other, *, str? rounding_mode) -> Tensor",
                     kAll | kNumbersAlone, "self / other, rounded; like div."),
    plain(formula<"div">, def<true_divide>("true_divide(Number self, Number other) -> Tensor",
                                           kAll | kNumbersAlone, "self / other")),
    def<floor_divide>("floor_divide(Number self, Number other) -> Tensor", kAll | kNumbersAlone,
                      "self / other, rounded down."),
    def<remainder>("remainder(Number self, Number other) -> Tensor", kAll,
                   "Python's %: has the sign of other."),
    def<fmod>("fmod(Tensor self, Number other) -> Tensor", kAll, "C's fmod: has the sign of self."),
    def<positive>("positive(Tensor self) -> Tensor", kBoth, "self"),
};

}  // namespace

namespace ops {
Tensor add(const Tensor& a, const Operand& b, const Scalar& alpha) { return adjoint::add(a, b, alpha, {}); }
Tensor sub(const Tensor& a, const Operand& b, const Scalar& alpha) { return adjoint::sub(a, b, alpha, {}); }
Tensor mul(const Tensor& a, const Operand& b) { return pointwise(formula<"mul">, {a, b}); }
Tensor div(const Tensor& a, const Operand& b) { return pointwise(formula<"div">, {a, b}); }

}  // namespace ops
}  // namespace adjoint
