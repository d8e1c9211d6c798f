// What a device provides for convolutions: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/conv.h"

namespace adjoint {

// Of contiguous tensors of one type: see kernels/nn/conv.h. `bias` may be null.
struct ConvKernels {
  void (*forward)(const ConvGeometry& g, const TensorImpl& x, const TensorImpl& w, const TensorImpl* bias,
                  const TensorImpl& y);
  void (*transposed)(const ConvGeometry& g, const TensorImpl& y, const TensorImpl& w, const TensorImpl* bias,
                     const TensorImpl& x);
  void (*weight)(const ConvGeometry& g, const TensorImpl& x, const TensorImpl& y, const TensorImpl& w);
};

}  // namespace adjoint
