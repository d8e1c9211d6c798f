// What gemm.isa.cpp offers to the drivers in gemm.cpp: packing and multiplying of pieces, on one thread.
//
// A *panel* is a strip of an operand, laid out as the micro-kernel reads it: for each k, `width` elements
// side by side (rows of A, columns of B), zero where the matrix has ended.
#pragma once
#include <cstdint>

namespace adjoint::gemm_detail {

// K is summed in blocks of this length, which depends on nothing else: see Note [Bits of a product]. A panel
// of A and one of B lie in a first-level cache of 48 KiB together.
inline constexpr int64_t kLongestBlock = 256;
__attribute__((always_inline)) inline constexpr int64_t block_of(int64_t K) {
  int64_t blocks = (K + kLongestBlock - 1) / kLongestBlock;
  return ((K + blocks - 1) / blocks + 15) / 16 * 16;
}

template <class T> struct Table {
  int rows, cols;  // the tile that the micro-kernel keeps in registers; cols is B's panel width
  int a_width;     // A's panel width: rows, rounded up to a vector
  // Fills panels (`step` lines each, padded to `panel_width`) with `width` lines of `k` elements. `along_k`:
  // a line's elements lie side by side and lines are `ld` apart; else those of one k do, and k's are `ld`
  // apart.
  void (*pack)(bool along_k, const T* src, int64_t ld, int64_t width, int64_t step, int64_t k, T* panels,
               int64_t panel_width);
  // C[m, n] (+)= alpha · A B for one block of K, both operands packed, any number of panels.
  void (*packed)(int64_t m, int64_t n, int64_t k, T alpha, const T* a_panels, const T* b_panels, T* c,
                 int64_t ldc, bool accumulate);
  // The same from unpacked operands and all of K. `b_panel`: room for kLongestBlock × cols elements.
  void (*direct)(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda,
                 const T* b, int64_t ldb, T* c, int64_t ldc, bool accumulate, T* b_panel);
  // C = A B for tiny operands of any strides: see fits_tiny.
  void (*tiny)(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col, const T* b,
               int64_t b_row, int64_t b_col, T* c, int64_t ldc);
  // y[j] (+)= alpha · Σ x[k] b[j, k]: rows of B against x.
  void (*rows_dot)(int64_t n, int64_t k, T alpha, const T* x, const T* b, int64_t ldb, T* y, int64_t y_stride,
                   bool accumulate);
  // y[j] (+)= alpha · Σ x[k] b[k, j]: columns of B against x. The same bits as rows_dot of Bᵀ.
  void (*columns_dot)(int64_t n, int64_t k, T alpha, const T* x, const T* b, int64_t ldb, T* y,
                      int64_t y_stride, bool accumulate);
  // The most that the processor can do, for benchmarks: multiply-adds in registers that never wait for each
  // other, `chain_work` a turn. The result says nothing.
  T (*chains)(int64_t turns, T factor);
  int chain_work;
};

inline constexpr int64_t kTinyCols = 16, kTinyDepth = 32, kTinyRows = 32;
constexpr bool fits_tiny(int64_t m, int64_t n, int64_t k) {
  return n <= kTinyCols && k <= kTinyDepth && m <= kTinyRows && k > 0;
}

const Table<float>& table_f32();
const Table<double>& table_f64();
template <class T> const Table<T>& table() {
  if constexpr (sizeof(T) == sizeof(float))
    return table_f32();
  else
    return table_f64();
}

}  // namespace adjoint::gemm_detail
