// Linear algebra and Fourier transforms on the device without memory: no kernel does anything.
#include "device/fft.h"
#include "device/linalg/orthogonal.h"
#include "device/linalg/solve.h"
#include "device/linalg/spectral.h"
#include "device/nothing.h"

namespace adjoint {

const SolveKernels meta_solve = {
    .to_columns = nothing,
    .lu = nothing,
    .lu_solve = nothing,
    .solve = nothing,
    .inverse = nothing,
    .determinant = nothing,
    .log_determinant = nothing,
    .permutation = nothing,
    .complete_pivots = nothing,
    .triangular = nothing,
    .cholesky = nothing,
    .cholesky_inverse = nothing,
    .ldl = nothing,
    .ldl_solve = nothing,
};
const OrthogonalKernels meta_orthogonal = {nothing, nothing, nothing, nothing, nothing};
const SpectralKernels meta_spectral = {nothing, nothing, nothing};
const FftKernels meta_fft = {nothing, nothing, nothing, nothing};

}  // namespace adjoint
