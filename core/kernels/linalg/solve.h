// Systems of linear equations over batches of column-major matrices (kernels/linalg/lapack.h), for float, double and
// complex numbers. In place; pivots and info are LAPACK's.
#pragma once
#include "kernels/linalg/op.h"

namespace adjoint {

template <class T> struct MatrixBatch;

// The rows of small matrices become columns; of numbers of 4 or 8 bytes.
void to_columns(int64_t item, const void* x, int64_t count, int64_t rows, int64_t cols, void* y);

// --- lu.cpp ---
template <class T> void lu_factor(const MatrixBatch<T>& a, int32_t* pivots, int32_t* info);
template <class T>
void lu_solve(MatrixOp op, const MatrixBatch<T>& lu, const int32_t* pivots, const MatrixBatch<T>& b);
// Both: a becomes its factors, b the solution.
template <class T>
void lu_factor_solve(const MatrixBatch<T>& a, int32_t* pivots, const MatrixBatch<T>& b, int32_t* info);
template <class T> void lu_invert(const MatrixBatch<T>& a, int32_t* info);
// The order of rows and columns in elimination with complete pivoting, one after the other for each matrix.
template <class T> void complete_pivots(const MatrixBatch<T>& a, int64_t* rows, int64_t* columns);

// --- triangular.cpp ---
template <class T> void solve_triangular(bool left, bool upper, MatrixOp op, bool unit,
                                         const MatrixBatch<T>& a, const MatrixBatch<T>& b);

// --- cholesky.cpp ---
template <class T> void cholesky_factor(bool upper, const MatrixBatch<T>& a, int32_t* info);
template <class T> void cholesky_inverse(bool upper, const MatrixBatch<T>& a, int32_t* info);

// --- ldl.cpp ---
template <class T> void ldl_factor(bool hermitian, const MatrixBatch<T>& a, int32_t* pivots, int32_t* info);
template <class T>
void ldl_solve(bool hermitian, const MatrixBatch<T>& ld, const int32_t* pivots, const MatrixBatch<T>& b);

}  // namespace adjoint
