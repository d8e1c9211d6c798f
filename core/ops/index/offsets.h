// Index tensors resolved to element offsets: what advanced indexing and its kind share.
#pragma once
#include <vector>
#include "device/backend.h"
#include "ops/ops.h"

namespace adjoint::ops {

// An advanced index over x: the indexed dimensions become `index_shape`, at `position` among the others.
struct Advanced {
  Dims before, index_shape, after;     // the result is before + index_shape + after
  Dims before_strides, after_strides;  // of x, in elements
  std::vector<Tensor> held;            // the index tensors
  std::vector<IndexTensor> indices;
  Dims result_shape() const;
  Positions positions() const { return {before, index_shape, after, before_strides, after_strides, indices}; }
};
// IndexErrors in PyTorch's words: too many indices, mask shapes, types.
Advanced resolve(const Tensor& x, Tensors indices);

Tensor places_of(const Tensor& mask);  // the coordinates of the true elements: [ndim, how many]
Tensor as_index(const Tensor& index, const char* op);  // int64, contiguous; RuntimeError for other types
Dims without(Ints sizes, int64_t dim);

}  // namespace adjoint::ops
