// Index tensors resolved to element offsets: what advanced indexing and its kind share.
#pragma once
#include <vector>
#include "ops/ops.h"

namespace adjoint::ops {

// An advanced index over x: the indexed dimensions become `index_shape`, at `position` among the others.
struct Advanced {
  Dims before, index_shape, after;     // the result is before + index_shape + after
  Dims before_strides, after_strides;  // of x, in elements
  std::vector<int64_t> offsets;        // into x, in elements, per index
  Dims result_shape() const;
  int64_t blocks() const;  // product of `before`
};
// IndexErrors in PyTorch's words: too many indices, mask shapes, types, bounds (skipped on meta tensors).
Advanced resolve(const Tensor& x, Tensors indices);

Tensor as_index(const Tensor& index, const char* op);  // int64, contiguous; RuntimeError for other types
Dims without(Ints sizes, int64_t dim);

}  // namespace adjoint::ops
