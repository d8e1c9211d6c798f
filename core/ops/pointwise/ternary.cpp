// Choice, interpolation, fused multiply and divide, and functions with exceptions at special values, as PyTorch signs them:
// numbers on either side, defaults, checks.
#include <limits>
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

// PyTorch writes C++ type names into some messages.
const char* cpp_name(Dtype d) {
  constexpr const char* names[kDtypes] = {
      "bool",  "unsigned char", "signed char",         "short int",
      "int",   "long int",      "c10::Half",           "c10::BFloat16",
      "float", "double",        "c10::complex<float>", "c10::complex<double>"};
  return names[int(d)];
}

Tensor where(const Tensor& condition, Operand a, Operand b, const Dest& dest) {
  check(condition->dtype == Dtype::Bool || condition->dtype == Dtype::U8,
        "where expected condition to be a boolean tensor, but got a tensor with dtype ",
        label_of(condition->dtype));
  if (a.is_tensor()) check_beside(b, (*a.tensor)->dtype);
  if (b.is_tensor()) check_beside(a, (*b.tensor)->dtype);
  return pointwise(formula<"where">, {condition, a, b}, dest);
}

std::vector<Tensor> where_indices(const Tensor& condition) {
  return ops::unbind(ops::nonzero(condition->ndim ? condition : ops::unsqueeze(condition, 0)), 1);
}

// PyTorch does not wrap the value.
void no_edge(PointwiseOp& op) { op.record.flags &= ~kWrapsNumbers; }

// The value takes the tensor's type: a number must fit it.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Operand value, const Dest& dest) {
  check(mask->dtype == Dtype::Bool, "masked_fill_ only supports boolean masks, but got mask with dtype ",
        cpp_name(mask->dtype));
  if (value.is_tensor()) {
    const Tensor& v = *value.tensor;
    check(v->ndim == 0, "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
          int(v->ndim), " dimension(s).");
    check(!is_complex(v->dtype) || is_complex(x->dtype), "value cannot be converted to type ",
          cpp_name(x->dtype), " without overflow");
    return pointwise(formula_as<"where", "MaskedFillBackward1", no_edge>, {mask, ops::to(v, x->dtype), x},
                     dest);
  }
  check_scalar_fits(value.scalar, x->dtype);
  Scalar v = x->dtype == Dtype::Bool ? Scalar(value.scalar.to_bool())
             : is_integral(x->dtype) ? Scalar(value.scalar.to_int())
                                     : value.scalar;
  return pointwise(formula_as<"where", "MaskedFillBackward0", no_edge>, {mask, v, x}, dest);
}

// --- mixing ---

void by_number(PointwiseOp& op) { op.kernel = "lerp_kernel_scalar"; }

Tensor lerp(const Tensor& a, const Tensor& b, Operand weight, const Dest& dest) {
  check(a->dtype == b->dtype, "expected dtype ", cpp_name(a->dtype), " for `end` but got dtype ",
        cpp_name(b->dtype));
  if (!weight.is_tensor())
    return pointwise(formula_as<"lerp", "LerpBackward0", by_number>, {a, b, weight}, dest);
  const Tensor& w = *weight.tensor;
  check(w->dtype == a->dtype || w->ndim == 0, "expected dtype ", cpp_name(a->dtype),
        " for `weight` but got dtype ", cpp_name(w->dtype));
  return pointwise(formula<"lerp">, {a, b, w->ndim ? w : ops::to(w, a->dtype)}, dest);
}

Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Dest& dest) {
  Operand operands[] = {x, a, b};
  if (Dtype d = result_type(operands); is_integral(d)) check_scalar_fits(value, d);
  return pointwise(formula<"addcmul">, {x, a, b, value}, dest);
}

Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Dest& dest) {
  check(is_differentiable(a->dtype) || is_differentiable(b->dtype),
        "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform "
        "a true division of tensor1 and "
        "tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / "
        "tensor2)).to(input.dtype) for "
        "integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv "
        "behavior is just the latter "
        "implementation: (input + value * tensor1 / tensor2), for all dtypes.");
  return pointwise(formula<"addcdiv">, {x, a, b, value}, dest);
}

// --- special values ---

double largest(Dtype d) {
  switch (real_of(d)) {
    case Dtype::F16: return 65504;
    case Dtype::BF16: return 3.3895313892515355e38;
    case Dtype::F64: return std::numeric_limits<double>::max();
    default: return std::numeric_limits<float>::max();
  }
}

Tensor nan_to_num(const Tensor& x, std::optional<double> nan, std::optional<double> high,
                  std::optional<double> low, const Dest& dest) {
  if (!is_differentiable(x->dtype)) {
    if (!dest.tensor) return ops::clone(x);
    return dest.inplace ? x : write_out(*dest.tensor, x, "nan_to_num");
  }
  double most = largest(x->dtype);
  return pointwise(formula<"nan_to_num">, {x, nan.value_or(0), high.value_or(most), low.value_or(-most)},
                   dest);
}

Tensor heaviside(const Tensor& x, const Tensor& values, const Dest& dest) {
  check(!is_complex(x->dtype) && !is_complex(values->dtype),
        "heaviside is not yet implemented for complex tensors.");
  check(x->dtype == values->dtype, "heaviside is not yet implemented for tensors with different dtypes.");
  return without_derivative("heaviside", formula<"heaviside">, {x, values}, dest);
}

Tensor copysign(const Tensor& x, Operand sign, const Dest& dest) {
  return pointwise(sign.is_tensor() ? formula<"copysign"> : formula_as<"copysign", "CopysignBackward1">,
                   {x, sign}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<where_indices>("where(Tensor condition) -> Tensor[]", kFunction,
                       "The indices of true elements, one tensor a dimension."),
    plain(formula<"where">, def<where>("where(Tensor condition, Number self, Number other) -> Tensor",
                                       kBoth | kOut, "self where condition holds, else other.")),
    def<masked_fill>("masked_fill(Tensor self, Tensor mask, Number value) -> Tensor", kBoth | kInplace,
                     "value where mask holds, else self."),
    def<lerp>("lerp(Tensor self, Tensor end, Number weight) -> Tensor", kAll, "self + weight * (end - self)"),
    def<addcmul>("addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", kAll,
                 "self + value * tensor1 * tensor2"),
    def<addcdiv>("addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", kAll,
                 "self + value * tensor1 / tensor2"),
    def<nan_to_num>(
        "nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor",
        kAll | kInplaceFunction,
        "NaN and infinities replaced: by 0 and the type's largest numbers, or those given."),
    def<heaviside>("heaviside(Tensor self, Tensor values) -> Tensor", kAll,
                   "0 below zero, 1 above, values at zero."),
    def<copysign>("copysign(Tensor self, Number other) -> Tensor", kAll,
                  "The magnitude of self with the sign of other."),
};

}  // namespace

namespace ops {
Tensor where(const Tensor& c, const Operand& a, const Operand& b) { return adjoint::where(c, a, b, {}); }
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Operand& value) {
  return adjoint::masked_fill(x, mask, value, {});
}
}  // namespace ops
}  // namespace adjoint
