// What a device provides for pooling: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct PoolKernels {};

}  // namespace adjoint
