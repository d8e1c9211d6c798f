// Least squares by LAPACK's four drivers, on batches of column-major matrices.
#pragma once
#include "kernels/linalg/lapack.h"

namespace adjoint {

enum class LstsqDriver : uint8_t {
  Gels,   // QR, of full rank
  Gelsy,  // QR with pivots
  Gelsd,  // singular values, by divide and conquer
  Gelss,  // singular values, by QR iterations
};

// b, max(rows, cols) high, holds the right sides and then the solutions, and below them what is left over. a is spent.
// rank (of all drivers but Gels) and singular values (min(rows, cols) each, of Gelsd and Gelss) may be null.
template <class T> void least_squares(LstsqDriver driver, const MatrixBatch<T>& a, const MatrixBatch<T>& b,
                                      double rcond, int64_t* rank, RealOf<T>* singular_values, int32_t* info);

}  // namespace adjoint
