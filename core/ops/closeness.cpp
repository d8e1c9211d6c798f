// Are two tensors equal, or nearly so? Nothing here is recorded.
#include "autograd/grad_mode.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"

namespace adjoint {
namespace {

// Integers are compared in double: their tolerance is a float.
Tensor comparable(const Tensor& x) { return is_differentiable(x->dtype) ? x : ops::to(x, Dtype::F64); }

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  check(a->dtype == b->dtype, label_of(a->dtype), " did not match ", label_of(b->dtype));
  check(rtol >= 0, "rtol must be greater than or equal to zero, but got ", rtol);
  check(atol >= 0, "atol must be greater than or equal to zero, but got ", atol);
  NoGrad no_grad;
  Tensor close = pointwise(formula<"isclose_number">, {comparable(a), comparable(b), rtol, atol});
  if (equal_nan && is_differentiable(a->dtype))
    close = ops::logical_or(close, ops::logical_and(ops::isnan(a), ops::isnan(b)));
  return close;
}

bool all_true(const Tensor& x) { return x->numel == 0 || item(ops::all(x)).to_bool(); }

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  return all_true(isclose(a, b, rtol, atol, equal_nan));
}

bool equal_tensors(const Tensor& a, const Tensor& b) {
  check(has_values(a) && has_values(b), "equal: tensors on the meta device have no values to compare");
  NoGrad no_grad;
  return same_sizes(*a, *b) && all_true(ops::eq(a, b));
}

[[maybe_unused]] const auto definitions = {
    def<isclose>("isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool "
                 "equal_nan=False) -> Tensor",
                 kBoth, "Where |self - other| <= atol + rtol * |other|."),
    def<allclose>("allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool "
                  "equal_nan=False) -> bool",
                  kBoth, "Whether all elements are close, as isclose has it."),
    def<equal_tensors>("equal(Tensor self, Tensor other) -> bool", kBoth,
                       "Whether sizes and all elements are equal."),
};

}  // namespace
}  // namespace adjoint
