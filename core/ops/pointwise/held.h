#pragma once
#include "ops/formula.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
// Recorded, x is held where the function has reached its end: infinity times a slope of 0 is no number.
template <class T> static constexpr auto held_within(T x, double low, double high) {
  if constexpr (std::is_same_v<T, V>)
    return math::where(x < T(low), T(low), math::where(x > T(high), T(high), x));
  else
    return x;
}
ADJOINT_POINTWISE_END
