// Elements in groups: slices by number, segments, bins. Dense memory; see device/groups.h for what is combined how.
#pragma once
#include <cstdint>
#include <span>
#include "tensor/dtype.h"

namespace adjoint {

enum class Joining : uint8_t { Add, Mul, Max, Min };  // NaN wins in Max and Min

// y: [outer, m, inner], x: [outer, n, inner], index: [n], each in [0, m).
template <class T> void merge_slices(Joining how, T* y, int64_t outer, int64_t m, int64_t inner,
                                     const int64_t* index, int64_t n, const T* x);

// x: [outer, n, inner], bounds: [outer, count + 1], y: [outer, count, inner].
template <class T> void merge_segments(Joining how, bool mean, const T* x, int64_t outer, int64_t n,
                                       int64_t inner, const int64_t* bounds, int64_t count, T* y);

// Their slopes: gx, of zeros, from g, x and y, all of x's or y's sizes.
template <class T> struct SegmentParts {
  const T *x, *y, *g;
  double start;
  T* gx;
};
template <class T> void slope_segments(Joining how, bool mean, const SegmentParts<T>& p, int64_t outer,
                                       int64_t n, int64_t inner, const int64_t* bounds, int64_t count);

template <class T> struct Edges {
  const T* edge;
  int64_t bins;
};
// x: [rows, edges.size()]; counts: the product of all bins.
template <class T> void count_bins(const T* x, int64_t rows, std::span<const Edges<T>> edges, bool even,
                                   const T* weights, double* counts);

}  // namespace adjoint
