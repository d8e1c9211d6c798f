// Normalisations over raw memory: means and deviations of rows, what follows from them, and their vjps.
//
// All of them see their numbers the same way: `rows` sets of numbers share a mean and a deviation. A row lies in
// `segments` stretches of `length` elements; a weight and a bias belong to an element, a segment or the whole row:
//
//                       rows      a row's segments           weight of
//   layer, rms          outer     1 of n                     an element
//   group, instance     N·G       C/G of H·W                 a segment
//   batch, (N, C, H·W)  C         N of H·W                   the row
//   batch, (N, C)       C         1 of N, C apart            the row (columns)
//
// Moments come in two passes over a block while it is in the cache: the mean, then the sums of the differences and of
// their squares, which correct it (Chan, Golub and LeVeque 1983); blocks are joined in double by their pairwise
// formula. So a mean far from 0 costs no digits; it is kept in double, as the deviation is. Where squares leave the
// type's range, the row is done again, scaled, in long double (Note [Second looks] in docs/architecture.md).
#pragma once
#include "tensor/dtype.h"

namespace adjoint {

enum class WeightOf : uint8_t { Element, Segment, Row };

struct NormPlan {
  int64_t rows, segments, length;
  int64_t row_stride, segment_stride, step = 1;  // in elements; step: between the elements of a segment
  WeightOf weight;
  int64_t groups = 1;  // row r has the weights of r % groups
  double eps = 0;
  bool centred = true;  // by the mean; else by 0 (rms)
  bool given = false;   // the statistics are given, and depend on nothing
  int64_t count() const { return segments * length; }
  int64_t weights_of_row() const {
    return weight == WeightOf::Element ? length : weight == WeightOf::Segment ? segments : 1;
  }
  int64_t weights() const { return groups * weights_of_row(); }
};

// What is kept of rows: means, reciprocal deviations, and variances where `variances` is not null.
struct RowStatistics {
  double *means, *scales, *variances;
};

// y = (x - mean) · scale · w + b. T is float or double; w and b may be null.
template <class T>
void norm_forward(const NormPlan& plan, const T* x, const T* w, const T* b, T* y, const RowStatistics& s);
// gx, gw and gb, each of which may be null.
template <class T> void norm_backward(const NormPlan& plan, const T* g, const T* x, const T* w,
                                      const RowStatistics& s, T* gx, T* gw, T* gb);

}  // namespace adjoint
