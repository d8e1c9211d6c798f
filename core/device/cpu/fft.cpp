// The CPU's Fourier transforms.
#include "device/fft.h"

namespace adjoint {

const FftKernels cpu_fft = {};

}  // namespace adjoint
