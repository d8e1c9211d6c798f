// What a factorisation says of a matrix beside LAPACK's own codes.
#pragma once
#include <cstdint>

namespace adjoint {

// NaN or infinity in what is read of it. LAPACK's code of gesdd; other routines may loop on such a matrix.
inline constexpr int32_t kNotFinite = -4;

}  // namespace adjoint
