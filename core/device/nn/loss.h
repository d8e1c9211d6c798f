// What a device provides for losses: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct LossKernels {};

}  // namespace adjoint
