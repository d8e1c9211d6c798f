// Distances of all pairs of rows of two matrices, and their slopes: norms of order p of the differences.
#pragma once
#include <cstdint>

namespace adjoint {

// y[b, i, j] = ‖x[b, i] - z[b, j]‖; x: [batch, n, m], z: [batch, k, m].
template <class T>
void distances(const T* x, const T* z, int64_t batch, int64_t n, int64_t k, int64_t m, double p, T* y);

// g and y of [batch, n, k], or of [batch, k, n] where they are `turned`.
template <class T> struct PairValues {
  const T *g, *y;
  bool turned;
};
// gx[b, i] = Σ_j g[b, i, j] ∂y[b, i, j]/∂x[b, i].
template <class T> void distance_slopes(const T* x, const T* z, const PairValues<T>& pairs, int64_t batch,
                                        int64_t n, int64_t k, int64_t m, double p, T* gx);

}  // namespace adjoint
