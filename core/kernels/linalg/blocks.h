// Blocks of a column-major matrix, and the products and triangular systems that factorisations are made of.
#pragma once
#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/linalg/lapack.h"
#include "kernels/linalg/solve.h"

namespace adjoint {

template <class T> struct Block {
  T* data;
  int64_t ld;
  Block at(int64_t row, int64_t col) const { return {data + row + col * ld, ld}; }
};

// Recursive factorisations halve a matrix until it is so narrow; then LAPACK takes it.
constexpr int64_t kLeaf = 64;
inline int64_t half_of(int64_t n) { return (n / 2 + 15) / 16 * 16; }

template <class T> char op_letter(MatrixOp op) {
  return op == MatrixOp::None ? 'N' : op == MatrixOp::Transpose ? 'T' : 'C';
}

// C -= A op(B), for C [m, n]; op: as it is, or transposed. The house's product is by rows: so it is Cᵀ's.
template <class T>
void subtract_product(int64_t m, int64_t n, int64_t k, Block<T> a, Block<T> b, bool transpose_b, Block<T> c) {
  const MatrixIn bt = transpose_b ? MatrixIn{b.data, 1, b.ld} : MatrixIn{b.data, b.ld, 1};
  gemm(dtype_of<T>, n, m, k, Scalar(-1), bt, {a.data, a.ld, 1}, Scalar(1), {c.data, c.ld});
}

// B = op(A)⁻¹ B for B [n, columns], or B = B op(A)⁻¹ for B [rows, n] (side 'R'), cut into pieces that threads share.
template <class T> void triangular_solve(char side, bool upper, MatrixOp op, bool unit, int64_t rows,
                                         int64_t columns, Block<T> a, Block<T> b);

// The rows of `columns` columns change places as the pivots [first, last) say.
template <class T>
void swap_rows(int64_t columns, Block<T> a, const int32_t* pivots, int64_t first, int64_t last, bool back);

}  // namespace adjoint
