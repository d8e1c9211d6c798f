// Bounds, which may be tensors or numbers, and the greater or smaller of two.
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"

namespace adjoint {
namespace {

void check_bound(const Tensor& x, const Operand& bound) {
  check_beside(bound, x->dtype);
  check_as(x->dtype != Dtype::Bool || bound.is_tensor() || !bound.scalar.is_bool(), ErrorKind::NotImplemented,
           "\"clamp_scalar_kernel_impl\" not implemented for 'Bool'");
}

Tensor clamp(const Tensor& x, std::optional<Operand> low, std::optional<Operand> high, const Dest& dest) {
  check(low || high, "torch.clamp: At least one of 'min' or 'max' must not be None");
  check_as(!is_complex(x->dtype), ErrorKind::NotImplemented, "clamp is not supported for complex types");
  if (low) check_bound(x, *low);
  if (high) check_bound(x, *high);
  bool tensors = (low && low->is_tensor()) || (high && high->is_tensor());
  if (low && high)
    return pointwise(tensors ? formula_as<"clamp", "ClampBackward0"> : formula<"clamp">, {x, *low, *high},
                     dest);
  if (low)
    return pointwise(
        tensors ? formula_as<"clamp_min", "ClampBackward0"> : formula_as<"clamp_min", "ClampBackward1">,
        {x, *low}, dest);
  return pointwise(
      tensors ? formula_as<"clamp_max", "ClampBackward0"> : formula_as<"clamp_max", "ClampBackward1">,
      {x, *high}, dest);
}

Tensor clamp_min(const Tensor& x, Operand low, const Dest& dest) {
  check_bound(x, low);
  return pointwise(low.is_tensor() ? formula_as<"clamp_min", "ClampMinBackward1">
                                   : formula_as<"clamp_min", "ClampMinBackward0">,
                   {x, low}, dest);
}

Tensor clamp_max(const Tensor& x, Operand high, const Dest& dest) {
  check_bound(x, high);
  return pointwise(high.is_tensor() ? formula_as<"clamp_max", "ClampMaxBackward1">
                                    : formula_as<"clamp_max", "ClampMaxBackward0">,
                   {x, high}, dest);
}

Tensor maximum(const Tensor& a, const Tensor& b, const Dest& dest) {
  return pointwise(formula<"maximum">, {a, b}, dest);
}

Tensor minimum(const Tensor& a, const Tensor& b, const Dest& dest) {
  return pointwise(formula<"minimum">, {a, b}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<clamp>("clamp(Tensor self, Number? min=None, Number? max=None) -> Tensor", kAll | kInplaceFunction,
               "self held within [min, max]."),
    def<clamp>("clip(Tensor self, Number? min=None, Number? max=None) -> Tensor", kAll | kInplaceFunction,
               "self held within [min, max]."),
    def<clamp_min>("clamp_min(Tensor self, Number min) -> Tensor", kAll | kInplaceFunction,
                   "self, or min where self is less."),
    def<clamp_max>("clamp_max(Tensor self, Number max) -> Tensor", kAll | kInplaceFunction,
                   "self, or max where self is greater."),
    def<maximum>("max(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
                 "The greater of the two; like maximum."),
    def<minimum>("min(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
                 "The smaller of the two; like minimum."),
};

}  // namespace

namespace ops {
Tensor clamp(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
  return adjoint::clamp(x, min, max, {});
}
}  // namespace ops
}  // namespace adjoint
