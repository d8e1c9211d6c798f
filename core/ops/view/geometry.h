// A layout apart from any tensor: sizes, strides and offset in elements.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

struct Geometry {
  Dims sizes, strides;
  int64_t offset = 0;
};
Geometry geometry_of(const TensorImpl& x);

// The vjp of `view by from of a tensor laid out by to`: g (of from's shape) in to's shape; differentiable.
Tensor restride(const Tensor& g, const Geometry& from, const Geometry& to);

}  // namespace adjoint
