// Convolutions as C++ functions. All are differentiable: each goes through the one door.
#pragma once
#include <array>
#include "ops/ops.h"

namespace adjoint {

struct ConvOptions {
  Dims stride, padding, dilation, output_padding;  // one number for each dimension of space
  bool transposed = false;
  int64_t groups = 1;
};

namespace ops {

// x: [batch, channels, space...]; bias may be null. Refuses what does not fit, in PyTorch's words.
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options);

// What a cotangent g of convolution(x, weight, bias) gives x, weight and bias, where `wanted`.
std::array<Tensor, 3> convolution_backward(const Tensor& g, const Tensor& x, const Tensor& weight,
                                           const ConvOptions& options, std::array<bool, 3> wanted);

}  // namespace ops

// Lists of one number stand for that number in each of n dimensions.
Dims conv_numbers(Ints given, int64_t n, const char* name);

}  // namespace adjoint
