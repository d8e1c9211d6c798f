// Rounding to decimals.
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

void of_floats(PointwiseOp& op) { op.types = kFloats; }

Tensor round_decimals(const Tensor& x, int64_t decimals, const Dest& dest) {
  if (decimals == 0) return pointwise(formula_as<"round", "RoundBackward1", of_floats>, {x}, dest);
  double scale = 1;
  for (int64_t i = std::abs(decimals); i > 0 && scale < 1e300; --i) scale *= 10;
  return pointwise(decimals > 0 ? formula<"round_decimals"> : formula<"round_tens">, {x, scale}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<round_decimals>("round(Tensor self, *, int decimals) -> Tensor", kAll | kInplaceFunction,
                        "self rounded to that many decimals."),
    def<round_decimals>("round(Tensor self, *, int decimals=0) -> Tensor", kSpecial | kOut,
                        "self rounded to that many decimals."),
};

}  // namespace
}  // namespace adjoint
