// What a device provides for attention: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct AttentionKernels {};

}  // namespace adjoint
