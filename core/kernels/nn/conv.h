// Convolutions over contiguous memory: one linear map in x and in w, its two transposes.
//
// Batches, channels in groups, then three dimensions of space (lower ones have leading dimensions of size 1):
//   x [batch, groups · in_channels, in...], w [groups · out_channels, in_channels, kernel...],
//   y [batch, groups · out_channels, out...]
//   y[n, o, p] = Σ_{c, t} w[o, c, t] · x[n, c, p · stride - padding + t · dilation], x being 0 outside.
#pragma once
#include <cstdint>
#include "tensor/dtype.h"

namespace adjoint {

struct ConvGeometry {
  int64_t batch, groups, in_channels, out_channels;  // channels of one group
  int64_t in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
  int64_t in_plane() const { return in[0] * in[1] * in[2]; }
  int64_t out_plane() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t in_numel() const { return batch * groups * in_channels * in_plane(); }
  int64_t out_numel() const { return batch * groups * out_channels * out_plane(); }
  int64_t weight_numel() const { return groups * out_channels * in_channels * taps(); }
};

// y from x and w; `bias` has groups · out_channels elements, or is null.
void conv_forward(Dtype dtype, const ConvGeometry& g, const void* x, const void* w, const void* bias,
                  void* y);
// The transpose in x: x from y and w, with the sums turned round; `bias` has groups · in_channels elements.
void conv_transposed(Dtype dtype, const ConvGeometry& g, const void* y, const void* w, const void* bias,
                     void* x);
// The transpose in w: w from x and y. Floating and complex types only.
void conv_weight(Dtype dtype, const ConvGeometry& g, const void* x, const void* y, void* w);

}  // namespace adjoint
