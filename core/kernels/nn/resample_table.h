// The vectorised kernels under resample.cpp: resample.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// A band (kernels/nn/band.h) as loops read it. Results of one element's row stand side by side in `place` and `share`:
// tap t of result o at [t · results + o].
template <class T> struct BandView {
  int64_t results, elements, taps;
  const int64_t *first, *count;
  const T* weight;
  const int32_t *place, *number;  // null where rows are too long for them, or taps too many
  const T* share;
};
template <class T> struct ResampleLoops {
  // Results [from, to), each a line of `width` elements side by side: y[o − from] = Σ weight · x[first + t − origin].
  void (*lines)(const BandView<T>& b, int64_t from, int64_t to, int64_t origin, int64_t width, const T* x,
                T* y);
  // `rows` rows of elements, to rows of results.
  void (*rows)(const BandView<T>& b, int64_t rows, const T* x, T* y);
};

struct ResampleTable {
  ResampleLoops<float> f32;
  ResampleLoops<double> f64;
};
const ResampleTable& resample_table();

inline constexpr int kFewTaps = 4;  // that rows are gathered by, vectors of results at a time

}  // namespace adjoint
