// Slopes with tensors that are operations of their own, as the slopes of their parts would cancel or be 0 times infinity.
#pragma once
#include "ops/formula.h"

namespace adjoint {
V recorded_angle_slope(const V& a, const V& b);
V recorded_one_minus_square(const V& x);
}  // namespace adjoint
