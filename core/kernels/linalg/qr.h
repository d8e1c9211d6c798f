// Orthogonal factors by Householder reflectors, in LAPACK's terms: a holds R on and above the diagonal and the reflectors
// below it; tau has k numbers a matrix. All in place, on batches of column-major matrices.
#pragma once
#include "kernels/linalg/lapack.h"

namespace adjoint {

template <class T> void geqrf(const MatrixBatch<T>& a, T* tau);
// The first a.cols columns of the product of k reflectors.
template <class T> void orgqr(const MatrixBatch<T>& a, int64_t k, const T* tau);
// c = Q c, or c Q; with `adjoint` Qᴴ. Q is the product of a's reflectors, a.cols of them.
template <class T>
void ormqr(const MatrixBatch<const T>& a, const T* tau, const MatrixBatch<T>& c, bool left, bool adjoint);

}  // namespace adjoint
