// The vectorised kernels under distance.cpp: distance.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

enum class Metric : uint8_t { Count, Sum, Square, Cube, Largest, Power };  // p = 0, 1, 2, 3, inf, any other

inline constexpr int64_t kDistanceTile = 64;
template <class T> struct DistanceKernels {
  // out: of one row of m elements to each of kDistanceTile rows, packed [m, kDistanceTile]. NaN where powers left the
  // type's range.
  void (*tile)(Metric how, const T* row, const T* packed, int64_t m, T p, T* out);
  // gx[k] += the slope of the distance y by row[k], times g.
  void (*slope)(Metric how, const T* row, const T* other, int64_t m, T p, T g, T y, T* gx);
};
struct DistanceTable {
  DistanceKernels<float> f32;
  DistanceKernels<double> f64;
};
const DistanceTable& distance_table();

}  // namespace adjoint
