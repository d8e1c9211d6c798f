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
};
struct CrossEntropyTable {
  CrossEntropyKernels<float> f32;
  CrossEntropyKernels<double> f64;
};
const CrossEntropyTable& cross_entropy_table();

}  // namespace adjoint
