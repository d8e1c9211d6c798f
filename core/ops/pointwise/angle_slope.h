// The slope of atan2 with tensors, as an operation of its own.
#pragma once
#include "ops/formula.h"

namespace adjoint {
V recorded_angle_slope(const V& a, const V& b);
V recorded_one_minus_square(const V& x);
}  // namespace adjoint
