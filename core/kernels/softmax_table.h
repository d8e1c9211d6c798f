// The vectorised kernels under softmax.cpp: softmax.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct SoftmaxKernels {
  // Rows of n dense elements, row_stride apart in x and n apart in y.
  void (*rows)(bool log, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y);
  void (*rows_backward)(bool log, const T* g, const T* y, int64_t rows, int64_t n, T* gx);
  // `width` (at most kSoftmaxTile) columns side by side, n long.
  void (*cols)(bool log, const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride);
  void (*cols_backward)(bool log, const T* g, const T* y, int64_t n, int64_t stride, int64_t width, T* gx);
};
inline constexpr int64_t kSoftmaxTile = 128;

struct SoftmaxTable {
  SoftmaxKernels<float> f32;
  SoftmaxKernels<double> f64;
};
const SoftmaxTable& softmax_table();

}  // namespace adjoint
