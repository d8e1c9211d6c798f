// Images sampled at the points of a grid: device/nn/resample.h has what the tensors look like.
#pragma once
#include <cstdint>
#include "tensor/dtype.h"

namespace adjoint {

// Images of two or three dimensions. A grid's point has as many coordinates, width first, from −1 to 1 over the image;
// NaN counts as −1.
struct GridPlan {
  enum Mode : uint8_t { Linear, Nearest, Cubic } mode = Linear;  // Cubic: of two dimensions alone
  enum Padding : uint8_t { Zeros, Border, Reflection } padding = Zeros;
  bool align_corners = false;  // −1 and 1 are the centres of the outer elements, not their outer edges
  int spatial = 2;
  int64_t batch = 1, channels = 1, points = 1;
  int64_t size[3] = {1, 1, 1};  // of an image: depth, height, width
  int64_t plane() const { return size[0] * size[1] * size[2]; }
};

// Coordinates above it count as infinite: they lie outside, at the nearer border, or at a mirror's first element.
inline constexpr double kGridFar = 1e9;

// Types that are computed in: float, double.
void grid_sample(Dtype dtype, const void* x, const void* grid, const GridPlan& plan, void* y);
// Either of gx and ggrid may be null.
void grid_sample_backward(Dtype dtype, const void* g, const void* x, const void* grid, const GridPlan& plan,
                          void* gx, void* ggrid);

}  // namespace adjoint
