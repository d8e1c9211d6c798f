// The CPU's interpolation and sampling of images.
#include "device/nn/resample.h"

namespace adjoint {

const ResampleKernels cpu_resample = {};

}  // namespace adjoint
