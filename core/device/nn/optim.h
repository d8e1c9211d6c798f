// What a device provides for update rules of optimizers: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct OptimKernels {};

}  // namespace adjoint
