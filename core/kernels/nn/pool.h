// Pooling: windows over planes in memory. device/nn/pool.h has what the tensors look like.
#pragma once
#include <optional>
#include "tensor/dtype.h"

namespace adjoint {

// Windows along one dimension: `kernel` elements, `dilation` apart; the first begins `pad` before the image.
struct PoolAxis {
  int64_t in = 1, out = 1;
  int64_t kernel = 1, stride = 1, pad = 0, dilation = 1;
};

enum class Windows : uint8_t {
  Regular,   // `stride` apart
  Adaptive,  // window o is [⌊o·in/out⌋, ⌈(o+1)·in/out⌉)
  Fractional,  // `kernel` elements each, spread over the image by a sample in [0, 1) of each plane (arXiv:1412.6071)
};

// Images of one to three dimensions, the missing ones of size 1. Each plane is pooled by itself.
struct PoolPlan {
  Windows windows = Windows::Regular;
  int64_t planes = 1;    // images, times their channels unless these lie last
  int64_t channels = 1;  // side by side in memory (channels_last), else 1
  int spatial = 3;       // dimensions of an image: as many samples has a plane for Fractional
  PoolAxis axis[3];
  // Averages: over the whole window, padding and all, or over the image's part of it; or divided by `divisor`.
  bool count_pad = true;
  int64_t divisor = 0;
};

void pool_max(Dtype dtype, const void* x, const PoolPlan& plan, const double* samples, void* y,
              int64_t* index);
void pool_average(Dtype dtype, const void* x, const PoolPlan& plan, void* y);
void pool_average_backward(Dtype dtype, const void* g, const PoolPlan& plan, void* gx);

// Planes of n elements and of m, `channels` of them side by side.
struct PoolPlanes {
  int64_t planes, channels, n, m;
};
std::optional<int64_t> pool_put(Dtype dtype, const void* x, const int64_t* index, const PoolPlanes& p,
                                bool add, void* y);
std::optional<int64_t> pool_pick(Dtype dtype, const void* x, const int64_t* index, const PoolPlanes& p,
                                 void* y);

}  // namespace adjoint
