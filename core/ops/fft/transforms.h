// The three transforms that all others are made of. All are differentiable.
#pragma once
#include <optional>
#include <string_view>
#include "tensor/tensor.h"

namespace adjoint::ops {

// What a result is divided by: nothing, √n or n, where n counts the places of all dimensions transformed.
enum class FftNorm : int64_t { None, Root, All };

Tensor fft_c2c(const Tensor& x, Ints dims, FftNorm norm, bool forward);
// The last of dims is halved, unless all is asked for.
Tensor fft_r2c(const Tensor& x, Ints dims, FftNorm norm, bool onesided);
// The last of dims, halved, becomes `last` real numbers.
Tensor fft_c2r(const Tensor& x, Ints dims, FftNorm norm, int64_t last);

}  // namespace adjoint::ops
