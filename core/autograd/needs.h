// What the graph itself computes with. Arrows point from ops to autograd, so the operations hand these in
// (ops/graph_ops.cpp); each goes through the one door, so backward passes can be recorded.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

struct GraphOps {
  Tensor (*add)(const Tensor& a, const Tensor& b) = nullptr;
  void (*add_into)(const Tensor& dst,
                   const Tensor& src) = nullptr;  // raw: dst += src, same shape, no history
  Tensor (*clone)(const Tensor& x) = nullptr;     // differentiable, preserves the layout
  Tensor (*as_strided)(const Tensor& x, Ints sizes, Ints strides, int64_t offset) = nullptr;
  Tensor (*copy_)(const Tensor& dst, const Tensor& src) = nullptr;
  Tensor (*to)(const Tensor& x, Dtype dtype) = nullptr;
  Tensor (*sum_to)(const Tensor& x, Ints sizes) = nullptr;
  Tensor (*zeros_like)(const Tensor& x) = nullptr;
  void (*raw_copy)(const Tensor& dst, const Tensor& src) = nullptr;
  bool (*has_nan)(const Tensor& x) = nullptr;
};
extern GraphOps graph_ops;

}  // namespace adjoint
