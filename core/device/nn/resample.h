// What a device provides for interpolation and sampling of images: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct ResampleKernels {};

}  // namespace adjoint
