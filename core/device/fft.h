// What a device provides for Fourier transforms: see device/backend.h. Sizes and types are the operation's to check; x
// and y may have any strides.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct FftKernels {
  // y = scale · Σ_j x[j] exp(∓2πi jk / n) along dim; y may be x.
  void (*c2c)(const TensorImpl& x, int64_t dim, bool forward, double scale, const TensorImpl& y);
  // The same of real x, forward: y has n / 2 + 1 elements along dim.
  void (*r2c)(const TensorImpl& x, int64_t dim, double scale, const TensorImpl& y);
  // Backward to real numbers, of n elements along dim; x has n / 2 + 1.
  void (*c2r)(const TensorImpl& x, int64_t dim, double scale, const TensorImpl& y);
  // y is the transform along dims of real numbers, and complete in the first n / 2 + 1 elements along dim: the others
  // are conjugates of those.
  void (*mirror)(const TensorImpl& y, Ints dims, int64_t dim);
};

}  // namespace adjoint
