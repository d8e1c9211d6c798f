// What a device provides for resampling: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/grid.h"
#include "kernels/nn/resample.h"

namespace adjoint {

// Tensors are contiguous, or channels_last where the plan says so.
struct ResampleKernels {
  void (*resample)(const TensorImpl& x, const ResamplePlan& plan, const TensorImpl& y);
  // x [N, C, sizes], grid [N, points, coordinates], y and g [N, C, points]: float or double, all of one type. gx and
  // ggrid where they are wanted.
  void (*grid_sample)(const TensorImpl& x, const TensorImpl& grid, const GridPlan& plan, const TensorImpl& y);
  void (*grid_sample_backward)(const TensorImpl& g, const TensorImpl& x, const TensorImpl& grid,
                               const GridPlan& plan, const TensorImpl* gx, const TensorImpl* ggrid);
};

}  // namespace adjoint
