// The CPU's losses.
#include "device/nn/loss.h"

namespace adjoint {

const LossKernels cpu_loss = {};

}  // namespace adjoint
