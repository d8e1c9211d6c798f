#include "kernels/recurrence.h"
#include <algorithm>
#include <complex>
#include <type_traits>
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kTile = 256, kGrain = 16384;

template <class A> A fold(A y, A g, A c) { return g + c * y; }
template <class T> std::complex<T> fold(std::complex<T> y, std::complex<T> g, std::complex<T> c) {
  return {g.real() + (c.real() * y.real() - c.imag() * y.imag()),
          g.imag() + (c.real() * y.imag() + c.imag() * y.real())};
}

// Columns side by side advance together; as running products do, float32 runs in double.
template <class T, class A>
void run(bool down, const T* g, const T* c, int64_t outer, int64_t n, int64_t inner, T* y) {
  const int64_t tiles = (inner + kTile - 1) / kTile, width = std::min(inner, kTile);
  const int64_t step = down ? -inner : inner;
  parallel_for(
      outer * tiles, std::max<int64_t>(kGrain / (n * width + 1), 1), [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; ++t) {
          const int64_t first = t % tiles * kTile, w = std::min(inner - first, kTile);
          int64_t at = t / tiles * n * inner + first + (down ? (n - 1) * inner : 0);
          A last[kTile] = {};
          for (int64_t k = 0; k < n; ++k, at += step)
            for (int64_t i = 0; i < w; ++i)
              y[at + i] = T(last[i] = fold(k ? last[i] : A(0), A(g[at + i]), k ? A(c[at + i]) : A(0)));
        }
      });
}
template <class T, class A>
void run(bool down, const void* g, const void* c, int64_t outer, int64_t n, int64_t inner, void* y) {
  run<T, A>(down, static_cast<const T*>(g), static_cast<const T*>(c), outer, n, inner, static_cast<T*>(y));
}

}  // namespace

void recurrence(bool down, Dtype type, const void* g, const void* c, int64_t outer, int64_t n, int64_t inner,
                void* y) {
  switch (type) {
    case Dtype::F32: return run<float, double>(down, g, c, outer, n, inner, y);
    case Dtype::F64: return run<double, double>(down, g, c, outer, n, inner, y);
    case Dtype::C64: return run<std::complex<float>, std::complex<double>>(down, g, c, outer, n, inner, y);
    default: return run<std::complex<double>, std::complex<double>>(down, g, c, outer, n, inner, y);
  }
}

}  // namespace adjoint
