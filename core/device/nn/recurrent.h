// What a device provides for recurrent networks: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct RecurrentKernels {};

}  // namespace adjoint
