// Linear algebra and Fourier transforms on the device without memory: no kernel does anything.
#include "device/fft.h"
#include "device/linalg/orthogonal.h"
#include "device/linalg/solve.h"
#include "device/linalg/spectral.h"
#include "device/nothing.h"

namespace adjoint {

const SolveKernels meta_solve = {};
const OrthogonalKernels meta_orthogonal = {};
const SpectralKernels meta_spectral = {nothing, nothing, nothing};
const FftKernels meta_fft = {};

}  // namespace adjoint
