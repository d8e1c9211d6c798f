// Shifts: the formulas ask for the width of the type.
#include "ops/pointwise_record.h"
#include "ops/promotion.h"

namespace adjoint {
namespace {

int64_t width(const Operand& a, const Operand& b) { return int64_t(item_size(result_type(a, b))) * 8; }

Tensor left_shift(Operand a, Operand b, const Dest& dest) {
  return pointwise(formula<"left_shift">, {a, b, Scalar(width(a, b))}, dest);
}

Tensor right_shift(Operand a, Operand b, const Dest& dest) {
  return pointwise(formula<"right_shift">, {a, b, Scalar(width(a, b))}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<left_shift>("bitwise_left_shift(Number self, Number other) -> Tensor", kAll, "self << other"),
    def<left_shift>("__lshift__(Tensor self, Number other) -> Tensor", kMethod, "self << other"),
    def<right_shift>("bitwise_right_shift(Number self, Number other) -> Tensor", kAll, "self >> other"),
    def<right_shift>("__rshift__(Tensor self, Number other) -> Tensor", kMethod, "self >> other"),
};

}  // namespace
}  // namespace adjoint
