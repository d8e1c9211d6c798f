// What a device provides for systems of linear equations: Cholesky's, LU and LDL factors, and what is solved with them.
// See device/backend.h. Matrices are column-major (ops/linalg/batch.h), a batch one after the other.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct SolveKernels {};

}  // namespace adjoint
