// The vectorised kernels under nn/cross_entropy.cpp: nn/cross_entropy.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct CrossEntropyKernels {
  // The largest of n elements, and log Σ e^(x - top).
  void (*log_sum)(const T* x, int64_t n, T& top, T& log_sum);
  // Σq, and Σ q·(x - top).
  void (*weigh)(const T* x, const T* q, int64_t n, T top, T& of_q, T& of_x);
  // gx = a·e^(x - top - log_sum) - g·q; q may be null.
  void (*pull)(const T* x, const T* q, int64_t n, T top, T log_sum, T a, T g, T* gx);
  // The same for `width` (at most kClassTile) columns side by side, n long; q goes down them, all else across.
  void (*column_log_sums)(const T* x, int64_t n, int64_t stride, int64_t width, T* top, T* log_sum);
  void (*weigh_columns)(const T* x, const T* q, int64_t n, int64_t stride, int64_t width, const T* top,
                        T* of_x);
  void (*pull_columns)(const T* x, const T* q, int64_t n, int64_t stride, int64_t width, const T* top,
                       const T* log_sum, const T* a, const T* g, T* gx);
};
inline constexpr int64_t kClassTile = 128;

struct CrossEntropyTable {
  CrossEntropyKernels<float> f32;
  CrossEntropyKernels<double> f64;
};
const CrossEntropyTable& cross_entropy_table();

}  // namespace adjoint
