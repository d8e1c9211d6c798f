// Powers: which formula a constant exponent has, and powers in double precision.
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

const PointwiseOp& power_by(const Scalar& n, bool integers) {
  if (n.equals(2)) return formula<"pow_two">;
  if (n.equals(3)) return formula<"pow_three">;
  if (integers) return formula<"pow_number">;
  if (n.equals(0.5)) return formula<"pow_half">;
  if (n.equals(-1)) return formula<"pow_minus_one">;
  if (n.equals(-2)) return formula<"pow_minus_two">;
  return formula<"pow_number">;
}

Tensor pow(Operand a, Operand b, const Dest& dest) {
  if (b.is_tensor())
    return pointwise(a.is_tensor() ? formula<"pow"> : formula_as<"pow", "PowBackward2">, {a, b}, dest);
  if (is_bool(a) &&
      b.scalar.is_bool())  // x ** True is x, x ** False is true; other powers of bool are refused
    return pointwise(b.scalar.to_bool() ? formula<"mul"> : formula<"add">, {a, Scalar(true)}, dest);
  bool integers =
      !is_differentiable(a.is_tensor() ? (*a.tensor)->dtype : dtype_for(a.scalar)) && b.scalar.is_integral();
  check(!integers || b.scalar.to_int() >= 0, "Integers to negative integer powers are not allowed.");
  if (integers) check_scalar_fits(b.scalar, result_type(a, b));
  return pointwise(power_by(b.scalar, integers), {a, b}, dest);
}

// Always in double precision.
Tensor float_power(Operand a, Operand b, const Dest& dest) {
  Dtype d = is_complex(result_type(a, b)) ? Dtype::C128 : Dtype::F64;
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
  return pointwise(formula<"square">, {x}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<pow>("pow(Number self, Number exponent) -> Tensor", kAll, "self ** exponent"),
    def<float_power>("float_power(Number self, Number exponent) -> Tensor", kAll,
                     "self ** exponent in double precision."),
    plain(formula<"square">, def<square>("square(Tensor self) -> Tensor", kAll, "self * self")),
};

}  // namespace

namespace ops {
Tensor pow(const Tensor& a, const Operand& b) { return adjoint::pow(a, b, {}); }
Tensor square(const Tensor& x) { return adjoint::square(x, {}); }
}  // namespace ops
}  // namespace adjoint
