// What convolutions refuse, and the size of their results.
#pragma once
#include "device/nn/conv.h"
#include "ops/nn/conv.h"

namespace adjoint {

// The sizes of convolution(x, weight, bias), after all that may be wrong was looked for.
Dims conv_sizes(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& o);

// `in` and `out`: sizes of the two sides, as they are called in kernels/nn/conv.h.
ConvGeometry conv_geometry(const ConvOptions& o, Ints in, Ints out, Ints weight);

}  // namespace adjoint
