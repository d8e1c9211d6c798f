// What the files of the matrix product share.
#pragma once
#include <cstdint>
#include <cstdlib>

#include "kernels/gemm.h"
#include "kernels/gemm_table.h"
#include "tensor/error.h"

namespace adjoint::gemm_detail {

// A factor as BLAS wants it: the elements of a row (or, `t`, of a column) side by side, `ld` apart.
template <class T> struct Factor {
  const T* data;
  int64_t ld;
  bool t;
  const T* at(int64_t row, int64_t col) const { return data + (t ? row + col * ld : row * ld + col); }
};

// C = alpha · A B + C, or without + C. K > 0 and alpha ≠ 0.
template <class T> struct Product {
  int64_t M, N, K;
  T alpha;
  Factor<T> a, b;
  T* c;
  int64_t ldc;
  bool accumulate;
};

// Temporary memory for one product.
template <class T> class Buffer {
 public:
  explicit Buffer(int64_t n)
      : data_(static_cast<T*>(std::aligned_alloc(64, (size_t(n) * sizeof(T) + 127) / 64 * 64))) {
    check_as(data_, ErrorKind::Memory, "matmul: not enough memory for a temporary copy of ", n, " elements");
  }
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  T* get() const { return data_; }

 private:
  T* data_;
};

// About this many multiply-adds are worth another thread's attention.
inline constexpr int64_t kChunkWork = 256 * 1024;

template <class T> void multiply(const Product<T>& p);  // float, double, complex

// Row by row, for small integer-like work: see gemm_plain.cpp.
template <class T>
void multiply_plain(int64_t M, int64_t N, int64_t K, T alpha, MatrixIn a, MatrixIn b, T beta, MatrixOut c);

}  // namespace adjoint::gemm_detail
