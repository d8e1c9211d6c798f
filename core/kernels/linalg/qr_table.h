// The vectorised kernels under qr.cpp: qr.isa.cpp makes one table per instruction set. Real types only.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct QrKernels {
  // Reflectors of a column-major panel, one column after the other (LAPACK's geqr2).
  void (*panel)(T* a, int64_t rows, int64_t cols, int64_t stride, T* tau);
  // `count` matrices of at most kSmallQr rows and columns, one after the other: geqr2, and org2r of k reflectors.
  void (*factor_small)(T* a, int64_t count, int64_t rows, int64_t cols, T* tau);
  void (*form_small)(T* a, int64_t count, int64_t rows, int64_t cols, int64_t k, const T* tau);
};
inline constexpr int64_t kSmallQr = 16;

struct QrTable {
  QrKernels<float> f32;
  QrKernels<double> f64;
};
const QrTable& qr_table();

}  // namespace adjoint
