// The CPU's systems of linear equations.
#include "device/linalg/solve.h"

namespace adjoint {

const SolveKernels cpu_solve = {};

}  // namespace adjoint
