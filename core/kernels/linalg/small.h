// Which systems are small: batches of them are solved side by side (small.isa.cpp).
#pragma once
#include <type_traits>

#include "kernels/linalg/lapack.h"
#include "kernels/linalg/small_table.h"

namespace adjoint {

template <class T> constexpr bool has_small_systems = std::is_floating_point_v<T>;

template <class T> bool is_small(int64_t rows, int64_t cols) {
  return has_small_systems<T> && rows <= kSmallSystem && cols <= kSmallSystem;
}

template <class T> const SmallSystems<T>& small_systems() {
  if constexpr (sizeof(T) == 4)
    return small_table().f32;
  else
    return small_table().f64;
}

// f(the kernels, first, count) over a batch, in pieces that threads share: whole blocks of lanes.
template <class T, class F> void each_small(int64_t count, int64_t operations, F f) {
  if constexpr (has_small_systems<T>) {
    const int64_t most = (int64_t(1) << 17) / (operations + 1), size = most < 32 ? 32 : most / 16 * 16;
    parallel_chunks((count + size - 1) / size, [&](int64_t i) {
      const int64_t first = i * size;
      f(small_systems<T>(), first, first + size < count ? size : count - first);
    });
  }
}

}  // namespace adjoint
