// The CPU's normalisations.
#include "device/nn/norm.h"

namespace adjoint {

const NormKernels cpu_norm = {};

}  // namespace adjoint
