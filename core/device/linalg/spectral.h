// What a device provides for eigenvalues and singular values. See device/backend.h.
//
// Matrices are column-major (ops/linalg/batch.h), a batch one after the other; `info` is int32, one a matrix: 0, or what
// LAPACK says, or kNotFinite. `a` is used up.
#pragma once
#include "device/backend.h"
#include "kernels/linalg/codes.h"

namespace adjoint {

struct SpectralKernels {
  // A = U diag(S) Vh. U [m, m] or [m, k] and Vh [n, n] or [k, n] for k = min(m, n), or both null: S alone.
  void (*svd)(const TensorImpl& a, const TensorImpl* u, const TensorImpl& s, const TensorImpl* vh,
              const TensorImpl& info);
  // A = V diag(w) Vᴴ, read from one triangle; w ascends. V, where it is wanted, takes a's place.
  void (*eigh)(const TensorImpl& a, bool upper, bool vectors, const TensorImpl& w, const TensorImpl& info);
  // A V = V diag(w); w and v are complex, v may be null.
  void (*eig)(const TensorImpl& a, const TensorImpl& w, const TensorImpl* v, const TensorImpl& info);
};

}  // namespace adjoint
