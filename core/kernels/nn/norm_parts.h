// What the drivers of rows and of columns share: nn/norm.cpp and nn/norm_columns.cpp.
#pragma once
#include <algorithm>
#include <cmath>
#include "kernels/nn/norm_careful.h"
#include "kernels/nn/norm_table.h"
#include "kernels/stream.h"

namespace adjoint::norms {

inline constexpr int64_t kGrain = 8192;  // elements

template <class T> const NormKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return norm_table().f32;
  else
    return norm_table().f64;
}
inline int64_t grain_of(int64_t row) { return std::max<int64_t>(1, kGrain / (row + 1)); }

template <class T> Centre<T> centre_of(const RowStatistics& s, int64_t r) {
  const T high = T(s.means[r]);
  return {high, T(s.means[r] - double(high)), T(s.scales[r])};
}
// y, and gx, as lines in x: nn/norm_table.h.
template <class T> Line<T> forward_line(const RowStatistics& s, int64_t r, double w, double b) {
  const Centre<T> c = centre_of<T>(s, r);
  const double a = s.scales[r] * w;
  return {c.high, T(a), T(0), T(b - double(c.low) * a)};
}
template <class T>
Line<T> backward_line(const RowStatistics& s, int64_t r, double w, double mean_g, double mean_gx) {
  const Centre<T> c = centre_of<T>(s, r);
  const double scale = s.scales[r], b = mean_gx * scale * scale;
  return {c.high, T(scale * w), T(b), T(double(c.low) * b - mean_g * scale)};
}
template <class T> bool is_plain(const RowStatistics& s, int64_t r) {
  return NormRange<T>::holds(s.means[r], s.scales[r]);
}
template <class T> T* at_or_null(T* weights, int64_t i) { return weights ? weights + i : nullptr; }

// A row's statistics out of its moments; false where those are not to be trusted.
template <class T> bool keep(const NormPlan& p, const Moments& m, const RowStatistics& s, int64_t r) {
  const double variance = m.squares / double(p.count());
  if (!(variance <= NormRange<T>::most && variance + p.eps >= NormRange<T>::least)) return false;
  s.means[r] = m.mean;
  s.scales[r] = 1 / std::sqrt(variance + p.eps);
  if (s.variances) s.variances[r] = variance;
  return true;
}

// Where n results go: f(first, how many, to) writes them, by way of a buffer where they are streamed past the caches.
template <class T> class Sink {
 public:
  explicit Sink(int64_t elements) : streams_(elements * int64_t(sizeof(T)) >= kStreamBytes) {}
  template <class F> void put(T* to, int64_t n, const F& f) const {
    if (!streams_) return f(int64_t(0), n, to);
    T buffer[kBuffer];
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t m = std::min(kBuffer, n - i);
      f(i, m, buffer);
      stream_copy(reinterpret_cast<char*>(to + i), reinterpret_cast<const char*>(buffer),
                  m * int64_t(sizeof(T)));
    }
  }
  void fence() const {
    if (streams_) stream_fence();
  }
  // While a piece is stored, nothing is read: what is read a page further on is asked for before.
  void ahead(const T* p, int64_t n) const {
    if (!streams_) return;
    const char* from = reinterpret_cast<const char*>(p) + 4096;
    for (int64_t i = 0; i < n * int64_t(sizeof(T)); i += 64) __builtin_prefetch(from + i, 0, 2);
  }

 private:
  static constexpr int64_t kBuffer = 512;
  bool streams_;
};
inline int64_t elements_of(const NormPlan& p) { return p.rows * p.count(); }

inline bool is_finite(const GradSums& s) { return std::isfinite(s.g) && std::isfinite(s.gx); }

// What a row's gradient subtracts.
struct Means {
  double g, gx;
  Means(const NormPlan& p, const GradSums& s)
      : g(p.centred && !p.given ? s.g / double(p.count()) : 0), gx(p.given ? 0 : s.gx / double(p.count())) {}
};

// nn/norm_columns.cpp
inline bool is_columns(const NormPlan& p) { return p.step != 1; }
template <class T>
void forward_columns(const NormPlan& p, const T* x, const T* w, const T* b, T* y, const RowStatistics& s);
template <class T> void backward_columns(const NormPlan& p, const T* g, const T* x, const T* w,
                                         const RowStatistics& s, T* gx, T* gw, T* gb);

}  // namespace adjoint::norms
