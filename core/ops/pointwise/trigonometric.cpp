#include "ops/pointwise/recorded_slopes.h"
#include "ops/pointwise_record.h"

namespace adjoint {
V recorded_angle_slope(const V& a, const V& b) {
  return V(pointwise(formula<"angle_slope">, {a.operand(), b.operand()}));
}
V recorded_one_minus_square(const V& x) { return V(pointwise(formula<"one_minus_square">, {x.operand()})); }
}  // namespace adjoint
