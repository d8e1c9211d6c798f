// What a device provides for orthogonal factors (QR, Householder reflectors) and least squares. See device/backend.h.
// Matrices are column-major (ops/linalg/batch.h), a batch one after the other.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct OrthogonalKernels {};

}  // namespace adjoint
