// What a device provides for pooling: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/pool.h"

namespace adjoint {

// Tensors are contiguous, or channels_last where the plan says so; an index is int64 and laid out like the values
// beside it. It counts in the plane of an image, [depth, height, width].
struct PoolKernels {
  // Maxima and, unless `index` is null, where they are: the first of several, or the last NaN. `samples` are for
  // Windows::Fractional alone: float64, one for each dimension of each plane.
  void (*max)(const TensorImpl& x, const PoolPlan& plan, const TensorImpl* samples, const TensorImpl& y,
              const TensorImpl* index);
  void (*average)(const TensorImpl& x, const PoolPlan& plan, const TensorImpl& y);
  void (*average_backward)(const TensorImpl& g, const PoolPlan& plan, const TensorImpl& gx);
  // Planes of n elements, or n · channels that lie last; an index reaches into the other tensor's plane of m.
  // y = 0, then y[index[i]] = x[i] or, where several may meet, += x[i]; and back: y[i] = x[index[i]]. The flat
  // place of an index that lies outside, where there is one.
  std::optional<int64_t> (*put)(const TensorImpl& x, const TensorImpl& index, int64_t planes,
                                int64_t channels, bool add, const TensorImpl& y);
  std::optional<int64_t> (*pick)(const TensorImpl& x, const TensorImpl& index, int64_t planes,
                                 int64_t channels, const TensorImpl& y);
};

}  // namespace adjoint
