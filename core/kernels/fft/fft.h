// Fourier transforms along one dimension of a batch.
#pragma once
#include "kernels/fft/table.h"
#include "tensor/dims.h"

namespace adjoint::fft {

// y[k] = scale · Σ_j x[j] exp(∓2πi jk / n), k < n; from real numbers k <= n / 2, to real ones from as many.
// Strides count numbers: two make a complex one. x and y may be the same elements where both are complex.
struct Axis {
  Kind kind;
  bool inverse;
  int64_t n;
  double scale;
  int64_t in_step, out_step;            // from element to element
  Dims batch, in_strides, out_strides;  // of the other dimensions
};

// How many numbers of memory a call takes.
template <class T> int64_t space_of(const Axis& axis);
template <class T> void transform(const Axis& axis, const T* x, T* y, T* space);

// y of real elements is complete in the lower half of `dim` alone: the upper half is the conjugate at the negative of
// each index, modulo the sizes along `dims` (dim among them). Strides count numbers.
template <class T> void mirror(T* y, Ints sizes, Ints strides, Ints dims, int64_t dim);

}  // namespace adjoint::fft
