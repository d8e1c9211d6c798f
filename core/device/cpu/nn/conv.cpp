// The CPU's convolutions.
#include "device/nn/conv.h"

namespace adjoint {

const ConvKernels cpu_conv = {};

}  // namespace adjoint
