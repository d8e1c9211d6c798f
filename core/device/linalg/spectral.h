// What a device provides for eigenvalues and singular values. See device/backend.h.
// Matrices are column-major (ops/linalg/batch.h), a batch one after the other.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct SpectralKernels {};

}  // namespace adjoint
