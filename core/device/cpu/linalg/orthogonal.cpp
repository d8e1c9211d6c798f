// The CPU's orthogonal factors.
#include "device/linalg/orthogonal.h"

namespace adjoint {

const OrthogonalKernels cpu_orthogonal = {};

}  // namespace adjoint
