// Distances of one row to a tile of rows side by side, and their slopes. See Note [One source, several instruction sets].
#include "kernels/distance_table.h"
#include "kernels/isa.h"
#include "kernels/math.h"

namespace adjoint {
namespace {

constexpr int64_t kBlock = 128;  // terms that are added up before they join the others

template <Metric kHow, class T> ADJOINT_FN T joined(T a, T d) {
  if constexpr (kHow == Metric::Count) return a + (d != 0 ? T(1) : T(0));
  if constexpr (kHow == Metric::Sum) return a + math::abs(d);
  if constexpr (kHow == Metric::Square) return a + d * d;
  if constexpr (kHow == Metric::Cube) return a + math::abs(d) * (d * d);
  if constexpr (kHow == Metric::Largest) {
    const T size = math::abs(d);
    return size > a || size != size ? size : a;
  }
  return a;
}

template <Metric kHow, class T> void sums(const T* row, const T* packed, int64_t m, T p, T* out) {
  for (int64_t l = 0; l < kDistanceTile; ++l) out[l] = 0;
  constexpr int64_t kLanes = 32;
  for (int64_t half = 0; half < kDistanceTile; half += kLanes)
    for (int64_t from = 0; from < m; from += kBlock) {
      const int64_t end = from + kBlock < m ? from + kBlock : m;
      T a[kLanes];
      for (int64_t l = 0; l < kLanes; ++l) a[l] = kHow == Metric::Largest ? out[half + l] : T(0);
      for (int64_t k = from; k < end; ++k) {
        const T x = row[k];
        const T* others = packed + k * kDistanceTile + half;
        if constexpr (kHow == Metric::Power) {  // a loop of powers alone has vectors
          T size[kLanes];
          for (int64_t l = 0; l < kLanes; ++l) size[l] = math::abs(x - others[l]);
#pragma GCC ivdep
          for (int64_t l = 0; l < kLanes; ++l) size[l] = math::pow(size[l], p);
          for (int64_t l = 0; l < kLanes; ++l) a[l] += size[l];
        } else {
#pragma GCC ivdep
          for (int64_t l = 0; l < kLanes; ++l) a[l] = joined<kHow>(a[l], x - others[l]);
        }
      }
      for (int64_t l = 0; l < kLanes; ++l)
        out[half + l] = kHow == Metric::Largest ? a[l] : out[half + l] + a[l];
    }
}

template <class T> void tile(Metric how, const T* row, const T* packed, int64_t m, T p, T* out) {
  constexpr T least =
      (sizeof(T) == 4 ? T(0x1p-126) : T(0x1p-1022)) / (sizeof(T) == 4 ? T(0x1p-23) : T(0x1p-52)) * 2;
  const auto root = [=](T s, T r) { return s >= least && s < T(__builtin_inf()) ? r : T(__builtin_nan("")); };
  switch (how) {
    case Metric::Count: return sums<Metric::Count>(row, packed, m, p, out);
    case Metric::Sum: return sums<Metric::Sum>(row, packed, m, p, out);
    case Metric::Largest: return sums<Metric::Largest>(row, packed, m, p, out);
    case Metric::Square:
      sums<Metric::Square>(row, packed, m, p, out);
      for (int64_t l = 0; l < kDistanceTile; ++l) out[l] = root(out[l], math::sqrt(out[l]));
      return;
    default:
      how == Metric::Cube ? sums<Metric::Cube>(row, packed, m, p, out)
                          : sums<Metric::Power>(row, packed, m, p, out);
      for (int64_t l = 0; l < kDistanceTile; ++l) out[l] = root(out[l], math::pow(out[l], T(1) / p));
  }
}

template <class T> void slope(Metric how, const T* row, const T* other, int64_t m, T p, T g, T y, T* gx) {
  const auto each = [&](auto f) __attribute__((always_inline)) {
#pragma GCC ivdep
    for (int64_t k = 0; k < m; ++k) {
      const T d = row[k] - other[k];
      gx[k] += f(d);
    }
  };
  const auto sign = [](T d) __attribute__((always_inline)) {
    return d > 0 ? T(1) : d < 0 ? T(-1) : d * T(0);
  };
  switch (how) {
    case Metric::Count: return;
    case Metric::Sum: return each([=](T d) { return g * sign(d); });
    case Metric::Square: {
      if (y == 0) return;
      return each([=](T d) { return g * (d / y); });
    }
    case Metric::Largest: {
      const auto hit = [=](T d) { return math::abs(d) == y || (d != d && y != y); };
      int64_t count = 0;
      for (int64_t k = 0; k < m; ++k) count += hit(row[k] - other[k]);
      const T share = g / T(count ? count : 1);
      return each([=](T d) { return hit(d) ? share * sign(d) : T(0); });
    }
    case Metric::Cube: {
      if (y == 0) return;
      return each([=](T d) { return g * ((d / y) * (math::abs(d) / y)); });
    }
    case Metric::Power: {
      if (y == 0) return;
      // For p < 1 a difference of 0 has no slope, as in norm_rule.
      return each([=](T d) { return d == 0 ? T(0) : g * (sign(d) * math::pow(math::abs(d) / y, p - 1)); });
    }
  }
}

}  // namespace

extern const DistanceTable ADJOINT_ISA_NAME(distance_table);
const DistanceTable ADJOINT_ISA_NAME(distance_table) = {{tile<float>, slope<float>},
                                                        {tile<double>, slope<double>}};

}  // namespace adjoint
