// The CPU's update rules of optimizers.
#include "device/nn/optim.h"

namespace adjoint {

const OptimKernels cpu_optim = {};

}  // namespace adjoint
