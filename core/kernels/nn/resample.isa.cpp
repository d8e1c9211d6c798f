// Banded matrices over lines and rows. See Note [One source, several instruction sets].
#include <cstdint>
#include "kernels/isa.h"
#include "kernels/nn/resample_table.h"

namespace adjoint {
namespace {

constexpr int64_t kPiece = 1024;  // of a line, so that what is summed stays in the first cache

// y = Σ w[t] · x[t], lines of n; the first kTaps of them at once.
template <int kTaps, bool kAdd, class T>
void sum_lines(const T* w, const T* x, int64_t width, int64_t n, T* __restrict y) {
  const T* __restrict p[kTaps];
  T v[kTaps];
  for (int t = 0; t < kTaps; ++t) p[t] = x + t * width, v[t] = w[t];
  for (int64_t i = 0; i < n; ++i) {
    T sum = v[0] * p[0][i];
    if constexpr (kAdd) sum += y[i];
    for (int t = 1; t < kTaps; ++t) sum += v[t] * p[t][i];
    y[i] = sum;
  }
}
template <class T>
void line(int64_t taps, const T* w, const T* x, int64_t width, int64_t n, T* __restrict y) {
  if (taps == 0) {
    for (int64_t i = 0; i < n; ++i) y[i] = 0;
    return;
  }
  if (taps == 1) return sum_lines<1, false>(w, x, width, n, y);
  if (taps == 2) return sum_lines<2, false>(w, x, width, n, y);
  if (taps == 3) return sum_lines<3, false>(w, x, width, n, y);
  sum_lines<4, false>(w, x, width, n, y);
  for (int64_t t = 4; t < taps; ++t) sum_lines<1, true>(w + t, x + t * width, width, n, y);
}
template <class T>
void lines(const BandView<T>& b, int64_t from, int64_t to, int64_t origin, int64_t width, const T* x, T* y) {
  for (int64_t o = from; o < to; ++o)
    for (int64_t i = 0; i < width; i += kPiece)
      line(b.count[o], b.weight + o * b.taps, x + (b.first[o] - origin) * width + i, width,
           width - i < kPiece ? width - i : kPiece, y + (o - from) * width + i);
}

template <int kTaps, class T> void gathered(const BandView<T>& b, const T* __restrict x, T* __restrict y) {
  const int32_t n = int32_t(b.results);
  for (int32_t o = 0; o < n; ++o) {
    T sum = 0;
    for (int t = 0; t < kTaps; ++t) {
      const T v = b.share[t * b.results + o] * x[b.place[t * b.results + o]];
      sum += t < b.number[o] ? v : T(0);
    }
    y[o] = sum;
  }
}
template <class T> void dotted(const BandView<T>& b, const T* x, T* y) {
  for (int64_t o = 0; o < b.results; ++o) {
    const T *w = b.weight + o * b.taps, *p = x + b.first[o];
    T sum = 0;
    for (int64_t t = 0; t < b.count[o]; ++t) sum += w[t] * p[t];
    y[o] = sum;
  }
}
template <class T> void rows(const BandView<T>& b, int64_t rows, const T* x, T* y) {
  auto row = !b.place      ? dotted<T>
             : b.taps == 1 ? gathered<1, T>
             : b.taps == 2 ? gathered<2, T>
             : b.taps == 3 ? gathered<3, T>
                           : gathered<4, T>;
  for (int64_t r = 0; r < rows; ++r) row(b, x + r * b.elements, y + r * b.results);
}

template <class T> constexpr ResampleLoops<T> resample_loops() { return {lines<T>, rows<T>}; }

}  // namespace

extern const ResampleTable ADJOINT_ISA_NAME(resample_table);
const ResampleTable ADJOINT_ISA_NAME(resample_table) = {resample_loops<float>(), resample_loops<double>()};

}  // namespace adjoint
