// 1 - x² for slopes: as a product where it is small, and as it stands about 0, where the product's own slope cancels. Recorded
// it is an operation of its own: the product's slope at ±1 would be 0 times infinity.
#pragma once
#include "ops/pointwise.h"
#include "ops/pointwise/recorded_slopes.h"

ADJOINT_POINTWISE_BEGIN
template <class T> static constexpr auto one_minus_square(T x) {
  if constexpr (is_symbol<T>)
    return (T(1) - x) * (T(1) + x);
  else if constexpr (std::is_same_v<T, V>)
    return recorded_one_minus_square(x);
  else
    return math::where(math::abs(x) < real_part(T(0.5)), T(1) - x * x, (T(1) - x) * (T(1) + x));
}
ADJOINT_POINTWISE_END
