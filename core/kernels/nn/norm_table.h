// The vectorised kernels under nn/norm.cpp: nn/norm.isa.cpp makes one table per instruction set.
#pragma once
#include "kernels/nn/norm.h"

namespace adjoint {

// x̂ = (x - mean) · scale: the mean in two parts, lest its rounding be seen where it is large.
template <class T> struct Centre {
  T high, low, scale;
};
struct Moments {
  double mean = 0, squares = 0;  // Σ(x - mean)²
};
struct GradSums {
  double g = 0, gx = 0;  // Σg and Σg·x̂, times the weight where elements have one
};
// What is left of a row's statistics where an element's weight is the row's or the segment's:
// y = (x - high)·a + d, and gx = g·a - (x - high)·b + d.
template <class T> struct Line {
  T high, a, b, d;
};
// The same for columns side by side; b null: 0, and x is not read.
template <class T> struct Lines {
  const T *high, *a, *b, *d;
};
inline constexpr int64_t kNormTile = 1024;  // columns

template <class T> struct NormKernels {
  // Of a row.
  Moments (*moments)(const NormPlan& p, const T* x);
  GradSums (*sums)(const NormPlan& p, const T* g, const T* x, const Centre<T>& c);
  // Of n dense elements; w and b may be null.
  GradSums (*segment_sums)(const T* g, const T* x, int64_t n, const Centre<T>& c, const T* w);
  void (*apply_vectors)(const T* x, int64_t n, const Centre<T>& c, const T* w, const T* b, T* y);
  void (*apply_numbers)(const T* x, int64_t n, const Line<T>& line, T* y);
  // gx = (g·w - mean_g - x̂·mean_gx) · scale; gw += g·x̂; gb += g. Results may be null.
  void (*pull_vectors)(const T* g, const T* x, int64_t n, const Centre<T>& c, const T* w, T mean_g, T mean_gx,
                       T* gx, T* gw, T* gb);
  void (*pull_numbers)(const T* g, const T* x, int64_t n, const Line<T>& line, T* gx);
  // `width` (at most kNormTile) columns, n long; the sums are Σg and Σg·(x - high).
  void (*column_moments)(const T* x, int64_t n, int64_t stride, int64_t width, Moments* m);
  void (*column_sums)(const T* g, const T* x, int64_t n, int64_t stride, int64_t width, const T* high,
                      GradSums* s);
  // One line across n columns.
  void (*column_apply)(const T* x, int64_t n, const Lines<T>& lines, T* y);
  void (*column_pull)(const T* g, const T* x, int64_t n, const Lines<T>& lines, T* gx);
};

struct NormTable {
  NormKernels<float> f32;
  NormKernels<double> f64;
};
const NormTable& norm_table();

}  // namespace adjoint
