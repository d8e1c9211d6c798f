// What the graph itself computes with. Arrows point from ops to autograd, so the operations hand these in
// (ops/graph_ops.cpp); each goes through the one door, so backward passes can be recorded.
#pragma once
#include "tensor/geometry.h"

namespace adjoint {

struct GraphOps {
  Tensor (*add)(const Tensor& a, const Tensor& b) = nullptr;
  void (*add_into)(const Tensor& dst,
                   const Tensor& src) = nullptr;  // raw: dst += src, same shape, no history
  Tensor (*clone)(const Tensor& x) = nullptr;     // differentiable, preserves the layout
  Tensor (*as_strided)(const Tensor& x, Ints sizes, Ints strides, int64_t offset) = nullptr;
  void (*record_strided)(const Tensor& view, const Tensor& base) = nullptr;  // as if as_strided made it
  Tensor (*view_as_real)(const Tensor& x) = nullptr;
  Tensor (*view_as_complex)(const Tensor& x) = nullptr;
  // A view's cotangent; where several indices reach one place, each has an equal part of the place's.
  Tensor (*share_out)(const Tensor& g, Geometry view) = nullptr;
  Tensor (*copy_)(const Tensor& dst, const Tensor& src) = nullptr;
  Tensor (*zero_)(const Tensor& x) = nullptr;
  Tensor (*to)(const Tensor& x, Dtype dtype) = nullptr;
  Tensor (*zeros_like)(const Tensor& x) = nullptr;
  void (*raw_copy)(const Tensor& dst, const Tensor& src) = nullptr;
  bool (*has_nan)(const Tensor& x) = nullptr;
};
extern GraphOps graph_ops;

}  // namespace adjoint
