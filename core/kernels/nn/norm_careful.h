// A row whose squares leave its type's range, or vanish in it: scaled by a power of two and done in long double, one
// element after the other.
#pragma once
#include <cmath>
#include <limits>
#include "kernels/nn/norm_table.h"

namespace adjoint {

// Where the quick kernels can vouch for what they make of a row.
template <class T> struct NormRange {
  static constexpr bool kFloat = sizeof(T) == 4;
  static constexpr double least = kFloat ? 1e-24 : 1e-200, most = 1 / least;  // of variances
  static bool holds(double mean, double scale) {
    return std::fabs(mean) < double(std::numeric_limits<T>::max()) / 16 && scale * scale * most >= 1 &&
           scale * scale * least <= 1;
  }
};

template <class T> struct CarefulRow {
  using Wide = long double;
  const NormPlan& p;
  int64_t row;

  // f(offset of an element of the row, index of its weight).
  template <class F> void each(F f) const {
    const int64_t first = row % p.groups * p.weights_of_row(), start = row * p.row_stride;
    for (int64_t k = 0; k < p.segments; ++k)
      for (int64_t i = 0; i < p.length; ++i) {
        const int64_t own = p.weight == WeightOf::Element ? i : p.weight == WeightOf::Segment ? k : 0;
        f(start + k * p.segment_stride + i * p.step, first + own);
      }
  }

  void statistics(const T* x, const RowStatistics& s) const {
    T top = 0;
    bool finite = true;
    each([&](int64_t at, int64_t) {
      top = std::fmax(top, std::fabs(x[at]));
      finite &= std::isfinite(x[at]);
    });
    int exponent = 0;
    std::frexp(top, &exponent);
    const Wide factor = std::ldexp(Wide(1), -exponent), n = Wide(p.count());
    Wide mean = 0, squares = 0;
    if (p.centred) {
      each([&](int64_t at, int64_t) { mean += x[at] * factor; });
      mean /= n;
    }
    each([&](int64_t at, int64_t) {
      const Wide d = x[at] * factor - mean;
      squares += d * d;
    });
    const Wide variance = finite ? squares / n : std::numeric_limits<Wide>::quiet_NaN();
    s.means[row] = double(mean / factor);
    s.scales[row] = double(factor / std::sqrt(variance + Wide(p.eps) * factor * factor));
    if (s.variances) s.variances[row] = double(variance / factor / factor);
  }

  void apply(const T* x, const T* w, const T* b, const RowStatistics& s, T* y) const {
    const Wide mean = s.means[row], scale = s.scales[row];
    each([&](int64_t at, int64_t i) {
      y[at] = T((x[at] - mean) * scale * (w ? Wide(w[i]) : 1) + (b ? Wide(b[i]) : 0));
    });
  }

  // gx, and f(weight's index, what gw gets, what gb gets).
  template <class F> void pull(const T* g, const T* x, const T* w, const RowStatistics& s, T* gx, F f) const {
    const Wide mean = s.means[row], scale = s.scales[row], n = Wide(p.count());
    Wide mean_g = 0, mean_gx = 0;
    each([&](int64_t at, int64_t i) {
      const Wide h = (x[at] - mean) * scale, weighted = w ? Wide(g[at]) * w[i] : Wide(g[at]);
      f(i, double(g[at] * h), double(g[at]));
      mean_g += weighted;
      mean_gx += weighted * h;
    });
    if (!gx) return;
    mean_g = p.centred && !p.given ? mean_g / n : 0;
    mean_gx = p.given ? 0 : mean_gx / n;
    each([&](int64_t at, int64_t i) {
      const Wide h = (x[at] - mean) * scale, weighted = w ? Wide(g[at]) * w[i] : Wide(g[at]);
      gx[at] = T((weighted - mean_g - h * mean_gx) * scale);
    });
  }
};

}  // namespace adjoint
