// What gemm.isa.cpp offers to the drivers in gemm.cpp: packing and multiplying of pieces, on one thread.
//
// A *panel* is a strip of an operand, laid out as the micro-kernel reads it: for each k, `width` elements
// side by side (rows of A, columns of B), zero where the matrix has ended.
#pragma once
#include <cstdint>

namespace adjoint::gemm_detail {

template <class T>
struct Table {
  int rows, cols;      // the tile that the micro-kernel keeps in registers; cols is B's panel width
  int a_width;         // A's panel width: rows, rounded up to a vector
  int k_block;         // K is summed in blocks of this length: see Note [Bits of a product]
  // Fills a panel (stride `panel_width`) with `width` lines of `k` elements. `along_k`: a line's elements
  // lie side by side and lines are `ld` apart; else the elements of one k do, and k's are `ld` apart.
  void (*pack)(bool along_k, const T* src, int64_t ld, int64_t width, int64_t k, T* panel, int64_t panel_width);
  // C[m, n] (+)= alpha · A B for one block of K, both operands packed, any number of panels.
  void (*packed)(int64_t m, int64_t n, int64_t k, T alpha, const T* a_panels, const T* b_panels, T* c, int64_t ldc,
                 bool accumulate);
  // The same from unpacked operands and all of K. `b_panel`: room for k_block × cols elements.
  void (*direct)(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a, int64_t lda, const T* b,
                 int64_t ldb, T* c, int64_t ldc, bool accumulate, T* b_panel);
  // y[j] (+)= alpha · Σ x[k] b[j, k]: rows of B against x.
  void (*rows_dot)(int64_t n, int64_t k, T alpha, const T* x, const T* b, int64_t ldb, T* y, int64_t y_stride,
                   bool accumulate);
};

const Table<float>& table_f32();
const Table<double>& table_f64();

// Scratch memory of the calling thread, kept for the next product. Two slots: A's panels and B's.
void* scratch(int slot, int64_t bytes);

}  // namespace adjoint::gemm_detail
