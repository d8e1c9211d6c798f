// Separable resampling of images in memory: device/nn/resample.h has what the tensors look like.
#pragma once
#include "kernels/nn/band.h"
#include "tensor/dtype.h"

namespace adjoint {

// Images of one to three dimensions, the missing ones of size 1.
struct ResamplePlan {
  Resampling how = Resampling::Nearest;
  bool align_corners = false;
  bool transposed = false;  // from results back to elements: the gradient
  int64_t planes = 1;       // images, times their channels unless these lie last
  int64_t channels = 1;     // side by side in memory (channels_last), else 1
  ResampleAxis axis[3];
};

void resample(Dtype dtype, const void* x, const ResamplePlan& plan, void* y);
// uint8 by integer arithmetic, as Pillow and PyTorch do it: each axis rounds. All but Nearest.
void resample_bytes(const uint8_t* x, const ResamplePlan& plan, uint8_t* y);

}  // namespace adjoint
