// 1 - x² for slopes: as a product where it is small, and as it stands about 0, where the product's own slope cancels.
#pragma once
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
template <class T> static constexpr auto one_minus_square(T x) {
  auto product = (T(1) - x) * (T(1) + x);
  if constexpr (is_symbol<T>)
    return product;
  else
    return math::where(math::abs(x) < real_part(T(0.5)), T(1) - x * x, product);
}
ADJOINT_POINTWISE_END
