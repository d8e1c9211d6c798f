// The CPU's recurrent networks.
#include "device/nn/recurrent.h"

namespace adjoint {

const RecurrentKernels cpu_recurrent = {};

}  // namespace adjoint
