// The CPU's eigenvalues and singular values.
#include "device/linalg/spectral.h"

namespace adjoint {

const SpectralKernels cpu_spectral = {};

}  // namespace adjoint
