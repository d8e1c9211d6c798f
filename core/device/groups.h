// What a device provides for elements in groups: slices combined by their numbers, neighbours in segments, values in
// bins. A table of its own; see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

// Contiguous tensors seen as [outer, n, inner].
struct Slices {
  int64_t outer, inner;
};

// What a reduction of segments was made of.
struct Segmented {
  const TensorImpl &x, &y;
  double start;
  Slices slices;
};

// The edges of bins along each column of the values: of the values' type, ascending.
struct Bins {
  std::span<const Tensor> edges;
  bool even;  // equally far apart, so that a quotient finds the bin, or its neighbour
};

struct GroupKernels {
  // y[o, index[k], i] = combine(y[o, index[k], i], x[o, k, i]), k ascending; both of one type that is no complex one.
  void (*merge)(Combine how, const TensorImpl& y, const Slices& s, const TensorImpl& index,
                const TensorImpl& x);
  // y[o, s, i] = combine(y[o, s, i], x[o, k, i] for all k from bounds[o, s] to bounds[o, s + 1]), then, for means,
  // divided by how many they are, if any. Floats; halves are combined as floats and rounded once.
  void (*segments)(Combine how, bool mean, const TensorImpl& x, const Slices& s, const TensorImpl& bounds,
                   const TensorImpl& y);
  // Its transpose: the cotangents of x's elements, given those of y, which began as `start`. gx holds zeros.
  void (*segment_slopes)(Combine how, bool mean, const Segmented& s, const TensorImpl& bounds,
                         const TensorImpl& g, const TensorImpl& gx);
  // The coordinates of the first elements that are true, a row each, as many as y has rows; how many there were.
  int64_t (*first_nonzero)(const TensorImpl& mask, const TensorImpl& y);
  // counts[b] = how many rows of x lie in bin b, or the sum of their weights. x: [rows, columns], float or double, as
  // the weights; counts: double. A bin has its left edge, the last its right one, too.
  void (*histogram)(const TensorImpl& x, const Bins& bins, const TensorImpl* weights,
                    const TensorImpl& counts);
};

extern const GroupKernels cpu_groups, meta_groups;
inline const GroupKernels& group_kernels(const Tensor& x) {
  return x->device == Device::Cpu ? cpu_groups : meta_groups;
}

}  // namespace adjoint
