// Products of matrices and vectors.
//
// Note [Bits of a product]: which kernel computes a product follows from its shape and type, never from how
// the operands lie in memory, and no kernel's bits depend on that or on the number of threads.
//   one row, or column, of results   dot products, each summed in two vectors' lanes whose number depends on
//                                    the instruction set only, then in a tree
//   other float and double products  every element is a chain of fused multiply-adds along K, cut in blocks
//                                    whose length depends on K only: however the result is cut into tiles
//   complex                          OpenBLAS, on one thread, in tiles fixed by the shape
//   16-bit floats                    as float, from copies; integers wrap, so any order will do
// A tiny product (fits_tiny) is such a chain, too, also when it is a single row.
#pragma once
#include <cstdint>

#include "tensor/dtype.h"
#include "tensor/scalar.h"

namespace adjoint {

// A matrix to read: strides in elements, of any value.
struct MatrixIn {
  const void* data;
  int64_t row_stride, col_stride;
  MatrixIn transposed() const { return {data, col_stride, row_stride}; }
};

// A matrix to write: the elements of a row lie side by side.
struct MatrixOut {
  void* data;
  int64_t row_stride;
};

// C = alpha · A B + beta · C for A [M, K] and B [K, N]; beta = 0 does not read C. All dtypes but bool:
// integers wrap round, 16-bit floats are summed as floats and rounded once.
void gemm(Dtype dtype, int64_t M, int64_t N, int64_t K, const Scalar& alpha, const MatrixIn& a,
          const MatrixIn& b, const Scalar& beta, const MatrixOut& c);

// The same for `batch` products, the operands lying a_step, b_step and c_step elements apart (0: shared).
void gemm_batched(Dtype dtype, int64_t batch, int64_t M, int64_t N, int64_t K, const Scalar& alpha,
                  const MatrixIn& a, int64_t a_step, const MatrixIn& b, int64_t b_step, const Scalar& beta,
                  const MatrixOut& c, int64_t c_step);

// out = Σ x[i] y[i], without conjugation; strides in elements.
void dot(Dtype dtype, int64_t n, const void* x, int64_t x_stride, const void* y, int64_t y_stride, void* out);

}  // namespace adjoint
