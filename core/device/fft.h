// What a device provides for Fourier transforms: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct FftKernels {};

}  // namespace adjoint
