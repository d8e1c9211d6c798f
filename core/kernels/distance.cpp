// Distances of all pairs: tiles of the second matrix are packed side by side, and each row of the first goes over them.
// The differences are made explicitly, so that near points keep their digits.
#include "kernels/distance.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>
#include "kernels/careful.h"
#include "kernels/distance_table.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "tensor/dtype.h"

namespace adjoint {

ADJOINT_PICK_TABLE(DistanceTable, distance_table)

namespace {

constexpr int64_t kRows = 256;  // of the first matrix for one packing

template <class T> const DistanceKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return distance_table().f32;
  else
    return distance_table().f64;
}
Metric metric_of(double p) {
  return p == 0          ? Metric::Count
         : p == 1        ? Metric::Sum
         : p == 2        ? Metric::Square
         : p == 3        ? Metric::Cube
         : std::isinf(p) ? Metric::Largest
                         : Metric::Power;
}

template <class T> T careful(const T* a, const T* b, int64_t m, double p) {
  std::vector<T> d(static_cast<size_t>(m));
  for (int64_t i = 0; i < m; ++i) d[size_t(i)] = a[i] - b[i];
  T y = std::numeric_limits<T>::quiet_NaN();
  careful_norms(dtype_of<T>, d.data(), contiguous_view(1, m, 1), p, &y);
  return y;
}

}  // namespace

template <class T>
void distances(const T* x, const T* z, int64_t batch, int64_t n, int64_t k, int64_t m, double p, T* y) {
  if (m == 0) return void(std::fill_n(y, batch * n * k, T(0)));
  const Metric how = metric_of(p);
  const bool powers = how == Metric::Square || how == Metric::Cube || how == Metric::Power;
  const int64_t tiles = (k + kDistanceTile - 1) / kDistanceTile, blocks = (n + kRows - 1) / kRows;
  parallel_for(batch * tiles * blocks, 32768 / (m * kDistanceTile * std::min(n, kRows) + 1) + 1,
               [&](int64_t begin, int64_t end) {
                 std::unique_ptr<T[]> packed(new T[size_t(m * kDistanceTile)]());
                 for (; begin < end; ++begin) {
                   const int64_t b = begin / (tiles * blocks), first = begin / blocks % tiles * kDistanceTile;
                   const int64_t row = begin % blocks * kRows, width = std::min(kDistanceTile, k - first);
                   const T* others = z + (b * k + first) * m;
                   for (int64_t l = 0; l < width; ++l)
                     for (int64_t i = 0; i < m; ++i)
                       packed[size_t(i * kDistanceTile + l)] = others[l * m + i];
                   for (int64_t i = row; i < std::min(row + kRows, n); ++i) {
                     const T* own = x + (b * n + i) * m;
                     T found[kDistanceTile];
                     kernels<T>().tile(how, own, packed.get(), m, T(p), found);
                     for (int64_t l = 0; powers && l < width; ++l)
                       if (found[l] != found[l]) found[l] = careful(own, others + l * m, m, p);
                     std::copy_n(found, width, y + (b * n + i) * k + first);
                   }
                 }
               });
}

template <class T> void distance_slopes(const T* x, const T* z, const PairValues<T>& pairs, int64_t batch,
                                        int64_t n, int64_t k, int64_t m, double p, T* gx) {
  const Metric how = metric_of(p);
  parallel_for(batch * n, 32768 / (m * k + 1) + 1, [&](int64_t begin, int64_t end) {
    for (; begin < end; ++begin) {
      const int64_t b = begin / n, i = begin % n;
      std::fill_n(gx + begin * m, m, T(0));
      for (int64_t j = 0; j < k; ++j) {
        const int64_t at = pairs.turned ? (b * k + j) * n + i : begin * k + j;
        kernels<T>().slope(how, x + begin * m, z + (b * k + j) * m, m, T(p), pairs.g[at], pairs.y[at],
                           gx + begin * m);
      }
    }
  });
}

template void distances(const float*, const float*, int64_t, int64_t, int64_t, int64_t, double, float*);
template void distances(const double*, const double*, int64_t, int64_t, int64_t, int64_t, double, double*);
template void distance_slopes(const float*, const float*, const PairValues<float>&, int64_t, int64_t, int64_t,
                              int64_t, double, float*);
template void distance_slopes(const double*, const double*, const PairValues<double>&, int64_t, int64_t,
                              int64_t, int64_t, double, double*);

}  // namespace adjoint
