// What a device provides for normalisations: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct NormKernels {};

}  // namespace adjoint
