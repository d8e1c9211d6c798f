// The CPU's pooling.
#include "device/nn/pool.h"

namespace adjoint {

const PoolKernels cpu_pool = {};

}  // namespace adjoint
