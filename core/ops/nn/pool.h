// What the pooling operations share: plans out of arguments, layouts, elements put and picked by index.
#pragma once
#include <optional>
#include "device/nn/pool.h"
#include "tensor/tensor.h"

namespace adjoint::pool {

// A plan for a tensor of [..., images' sizes], and what else a vjp needs of it.
struct Pooled {
  PoolPlan plan;
  Dims from, to;      // the tensor's sizes and the result's
  bool last = false;  // channels_last
};

struct Arguments {
  const char* name;  // "max_pool2d"
  int spatial;
  Ints kernel_size;
  std::optional<Ints> stride;
  Ints padding, dilation;
  bool ceil_mode;
};
Pooled regular(const Tensor& x, const Arguments& a);
Pooled adaptive(const Tensor& x, int spatial, Ints output_size, const char* name);
// The caller has checked x's dimensions and how many sizes there are.
Pooled planned(const Tensor& x, int spatial, Windows windows, Ints output_size);

// One int for each dimension of an image, or the one that was given for all.
Dims each_of(Ints given, int spatial);

// x as kernels take it, and memory for a result.
Tensor laid(const Tensor& x, bool last);
Tensor empty_laid(Ints sizes, Dtype dtype, Device device, bool last);

// Indices into the planes of a tensor of sizes `whole`. add: those that meet are summed; else the last one stays.
struct Indexed {
  int spatial;
  bool last, add;
};
Tensor put(const Tensor& x, const Tensor& index, Ints whole, const Indexed& how);  // differentiable
Tensor pick(const Tensor& x, const Tensor& index, const Indexed& how);             // differentiable
Tensor put_raw(const Tensor& x, const Tensor& index, Ints whole, const Indexed& how);

const char* node(const char* const (&names)[3], int spatial);

}  // namespace adjoint::pool
