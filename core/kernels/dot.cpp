// Dot products: blocks of a fixed length, added up by a fixed tree, so that threads leave the bits alone.
#include <algorithm>
#include <complex>
#include <type_traits>

#include "kernels/gemm_detail.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

using namespace gemm_detail;

constexpr int64_t kBlock = 4096;

// The dot product of one block. Float types run on the matrix kernels, the rest in a plain loop.
template <class T, class Sum>
Sum block_dot(int64_t n, const T* x, int64_t x_stride, const T* y, int64_t y_stride) {
  if constexpr (std::is_floating_point_v<T>) {
    alignas(64) T room_x[kBlock], room_y[kBlock];
    auto packed = [n](const T* from, int64_t stride, T* room) -> const T* {
      if (stride == 1) return from;
      for (int64_t i = 0; i < n; i++) room[i] = from[i * stride];
      return room;
    };
    T out;
    const T *px = packed(x, x_stride, room_x), *py = packed(y, y_stride, room_y);
    table<T>().rows_dot(1, n, 1, px, py, 0, &out, 1, false);
    return out;
  } else {
    Sum sum{};
    for (int64_t i = 0; i < n; i++) {
      T a = x[i * x_stride], b = y[i * y_stride];
      if constexpr (requires { a.imag(); }) {
        sum += Sum(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
      } else {
        sum += Sum(a) * Sum(b);
      }
    }
    return sum;
  }
}

template <class T, class Sum>
Sum dot_of(int64_t n, const T* x, int64_t x_stride, const T* y, int64_t y_stride) {
  if (n <= kBlock) return block_dot<T, Sum>(n, x, x_stride, y, y_stride);
  int64_t blocks = (n + kBlock - 1) / kBlock;
  Buffer<Sum> room(blocks);
  Sum* sums = room.get();
  parallel_for(blocks, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t at = i * kBlock;
      sums[i] = block_dot<T, Sum>(std::min(kBlock, n - at), x + at * x_stride, x_stride, y + at * y_stride,
                                  y_stride);
    }
  });
  for (int64_t step = 1; step < blocks; step *= 2) {
    for (int64_t i = 0; i + step < blocks; i += 2 * step) sums[i] += sums[i + step];
  }
  return sums[0];
}

template <class T> struct SumOf {
  using type = T;
};
template <class T>
  requires std::is_integral_v<T>
struct SumOf<T> {
  using type = uint64_t;
};
template <> struct SumOf<Half> {
  using type = float;
};
template <> struct SumOf<BFloat16> {
  using type = float;
};

}  // namespace

void dot(Dtype dtype, int64_t n, const void* x, int64_t x_stride, const void* y, int64_t y_stride,
         void* out) {
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using Sum = typename SumOf<T>::type;
    *static_cast<T*>(out) =
        T(dot_of<T, Sum>(n, static_cast<const T*>(x), x_stride, static_cast<const T*>(y), y_stride));
  });
}

}  // namespace adjoint
