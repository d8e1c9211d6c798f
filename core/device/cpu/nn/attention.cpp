// The CPU's attention.
#include "device/nn/attention.h"

namespace adjoint {

const AttentionKernels cpu_attention = {};

}  // namespace adjoint
