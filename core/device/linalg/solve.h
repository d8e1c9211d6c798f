// What a device provides for systems of linear equations: Cholesky's, LU and LDL factors, and what is solved with them.
// See device/backend.h. Matrices are column-major (ops/linalg/batch.h), a batch one after the other; everything happens
// in place, as in LAPACK, whose conventions hold: pivots count from 1, `info` (int32, one a matrix) is 0 where all is well.
#pragma once
#include "device/backend.h"
#include "kernels/linalg/op.h"

namespace adjoint {

struct SolveKernels {
  // A copy by columns of small matrices by rows, whose numbers have 4 or 8 bytes.
  void (*to_columns)(const TensorImpl& x, const TensorImpl& y);
  // A = P L U, of any shape; info: the first zero of U's diagonal.
  void (*lu)(const TensorImpl& a, const TensorImpl& pivots, const TensorImpl& info);
  // op(A) X = B.
  void (*lu_solve)(MatrixOp op, const TensorImpl& lu, const TensorImpl& pivots, const TensorImpl& b);
  // Both: a becomes its factors, b the solution, where info is 0.
  void (*solve)(const TensorImpl& a, const TensorImpl& pivots, const TensorImpl& b, const TensorImpl& info);
  void (*inverse)(const TensorImpl& a, const TensorImpl& info);
  // The determinant from the factors, or its sign and the logarithm of its absolute value.
  void (*determinant)(const TensorImpl& lu, const TensorImpl& pivots, const TensorImpl& y);
  void (*log_determinant)(const TensorImpl& lu, const TensorImpl& pivots, const TensorImpl& sign,
                          const TensorImpl& log);
  // Where each row of P' A lay in A, from 0: order (int64) is as long as A has rows.
  void (*permutation)(const TensorImpl& pivots, const TensorImpl& order);
  // The orders (int64) of rows and columns that Gauss's elimination with complete pivoting takes; a is used up.
  void (*complete_pivots)(const TensorImpl& a, const TensorImpl& rows, const TensorImpl& columns);

  // op(A) X = B, or X op(A) = B, for a triangular A, of which the other half is not read; `unit`: nor its diagonal.
  void (*triangular)(bool left, bool upper, MatrixOp op, bool unit, const TensorImpl& a, const TensorImpl& b);

  // A = L L', or U' U; the other half becomes 0. info: the order of the first minor that is not positive.
  void (*cholesky)(bool upper, const TensorImpl& a, const TensorImpl& info);
  // A⁻¹ from its factor, both halves.
  void (*cholesky_inverse)(bool upper, const TensorImpl& a, const TensorImpl& info);

  // A = L D L' (Bunch and Kaufman), in the lower half.
  void (*ldl)(bool hermitian, const TensorImpl& a, const TensorImpl& pivots, const TensorImpl& info);
  void (*ldl_solve)(bool hermitian, const TensorImpl& ld, const TensorImpl& pivots, const TensorImpl& b);
};

}  // namespace adjoint
