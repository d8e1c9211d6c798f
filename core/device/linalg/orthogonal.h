// What a device provides for orthogonal factors (QR, Householder reflectors), least squares and exponentials of matrices.
// See device/backend.h. Matrices are column-major (ops/linalg/batch.h), a batch one after the other.
#pragma once
#include "device/backend.h"
#include "kernels/linalg/least_squares.h"

namespace adjoint {

struct OrthogonalKernels {
  // In place, as LAPACK: R on and above the diagonal, reflectors below it; tau is [batch, min(rows, columns)].
  void (*geqrf)(const TensorImpl& a, const TensorImpl& tau);
  // a's first tau.size(-1) columns hold reflectors; it becomes the first columns of their product.
  void (*orgqr)(const TensorImpl& a, const TensorImpl& tau);
  // c = Q c, or c Q; with `adjoint` Qᴴ.
  void (*ormqr)(const TensorImpl& a, const TensorImpl& tau, const TensorImpl& c, bool left, bool adjoint);
  // b is max(rows, columns) high: right sides, then solutions and residuals. a is spent; rank (int64) and singular values
  // may be null; info is int32.
  void (*lstsq)(LstsqDriver driver, const TensorImpl& a, const TensorImpl& b, double rcond,
                const TensorImpl* rank, const TensorImpl* singular_values, const TensorImpl& info);
  // y = exp(a) of square matrices, both row-major.
  void (*matrix_exp)(const TensorImpl& a, const TensorImpl& y);
};

}  // namespace adjoint
