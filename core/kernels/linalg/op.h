// What becomes of a matrix before it takes part: it itself, its transpose, its conjugate transpose.
#pragma once
#include <cstdint>

namespace adjoint {

enum class MatrixOp : uint8_t { None, Transpose, Adjoint };

}  // namespace adjoint
