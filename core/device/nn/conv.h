// What a device provides for convolutions: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct ConvKernels {};

}  // namespace adjoint
