// Norms, moments and means whose powers or sums leave the type's range: one result at a time, in double, with the
// elements scaled by the largest of them (hypot's scaling). The quick kernels come first; only the results that
// they cannot vouch for are computed here, so each depends on its own elements alone.
#include "kernels/careful.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>
#include "kernels/copy.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kBuffer = 512, kGrain = 16384;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The elements behind one result; of complex ones two real lines, one after the other in memory.
struct Line {
  const char* x;
  Dtype type;
  int64_t stride, n;  // bytes
  int parts;

  // f(block of doubles, size) for every block of a part.
  template <class F> void each(int part, F f) const {
    double buffer[kBuffer];
    const char* from = x + part * int64_t(item_size(type));
    for (int64_t i = 0; i < n; i += kBuffer) {
      int64_t m = std::min(kBuffer, n - i);
      convert_strided_1d(reinterpret_cast<char*>(buffer), Dtype::F64, sizeof(double), from + i * stride, type,
                         stride, m);
      f(static_cast<const double*>(buffer), m);
    }
  }
  // f(|x|) for every element.
  template <class F> void each_size(F f) const {
    if (parts == 1)
      return each(0, [&](const double* v, int64_t m) {
        for (int64_t i = 0; i < m; ++i) f(std::fabs(v[i]));
      });
    for (int64_t i = 0; i < n; ++i) {
      double z[2];
      convert_strided_1d(reinterpret_cast<char*>(z), Dtype::F64, sizeof(double), x + i * stride, type,
                         int64_t(item_size(type)), 2);
      f(std::hypot(z[0], z[1]));
    }
  }
};

template <class F> void each_result(Dtype in, const void* x, const View3& v, F f) {
  int64_t item = int64_t(item_size(in)), grain = kGrain / (v.n + 1);
  parallel_for(v.outer * v.inner, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t offset = r / v.inner * v.outer_stride + r % v.inner * v.inner_stride;
      f(r, Line{static_cast<const char*>(x) + offset * item, real_of(in), v.n_stride * item, v.n,
                is_complex(in) ? 2 : 1});
    }
  });
}

// The largest (smallest, for norms of negative order) size of each row of real elements, in one quick pass: most
// rows that come here hold zeros, or NaN. Nothing for complex elements.
template <class T> std::vector<T> extremes(Dtype in, const void* x, const View3& view, bool largest = true) {
  std::vector<T> tops(is_complex(in) ? 0 : size_t(view.outer * view.inner));
  if (!tops.empty()) reduce(largest ? Reduction::MaxAbs : Reduction::MinAbs, in, x, view, tops.data());
  return tops;
}

// A power of two that brings the largest element near one; none where an element is infinite or NaN.
struct Scale {
  bool finite = true;
  int exponent = 0;
  double factor = 1;
};
Scale scale_of(const Line& line) {
  double top = 0;
  Scale s;
  for (int part = 0; part < line.parts; ++part)
    line.each(part, [&](const double* v, int64_t m) {
      for (int64_t i = 0; i < m; ++i) {
        s.finite &= std::fabs(v[i]) < kInfinity;
        top = std::max(top, std::fabs(v[i]));
      }
    });
  if (!s.finite || top == 0) return s;
  s.exponent = std::max(std::ilogb(top), -1000);
  s.factor = std::ldexp(1.0, -s.exponent);
  return s;
}

struct Centre {
  double mean = 0, m2 = 0;  // of the scaled elements
};
Centre centre_of(const Line& line, int part, double factor) {
  double sum = 0, rest = 0, squares = 0, low = kInfinity, high = -kInfinity;
  line.each(part, [&](const double* v, int64_t m) {
    double s = 0;
    for (int64_t i = 0; i < m; ++i) {
      s += v[i] * factor;
      low = std::min(low, v[i]), high = std::max(high, v[i]);
    }
    sum += s;
  });
  if (low == high) return {low * factor, 0};
  double mean = sum / double(line.n);
  line.each(part, [&](const double* v, int64_t m) {
    double s = 0, q = 0;
    for (int64_t i = 0; i < m; ++i) {
      double d = v[i] * factor - mean;
      s += d, q += d * d;
    }
    rest += s, squares += q;
  });
  double shift = rest / double(line.n);
  return {mean + shift, std::max(0.0, squares - shift * rest)};
}

double norm_of(const Line& line, double p) {
  double top = p > 0 ? 0 : kInfinity, sum = 0;
  bool nan = false;
  line.each_size([&](double a) {
    nan |= a != a;
    top = p > 0 ? std::max(top, a) : std::min(top, a);
  });
  if (nan || p != p) return std::numeric_limits<double>::quiet_NaN();
  if (top == 0 || top == kInfinity) return top;
  line.each_size([&](double a) { sum += p == 2 ? a / top * (a / top) : std::pow(a / top, p); });
  double size = p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / p);
  // A root may overflow although its product with a tiny top does not.
  return size > 0 && size < kInfinity ? size * top : std::exp(std::log(sum) / p + std::log(top));
}

template <class T> void norms(Dtype in, const void* x, const View3& view, double p, T* y) {
  const std::vector<T> tops = extremes<T>(in, x, view, p > 0);
  each_result(in, x, view, [&](int64_t r, const Line& line) {
    if (y[r] == y[r]) return;
    bool plain = !tops.empty() && (tops[size_t(r)] == 0 || !std::isfinite(tops[size_t(r)])) && p == p;
    y[r] = plain ? tops[size_t(r)] : T(norm_of(line, p));
  });
}

template <class T>
void deviations(Dtype in, const void* x, const View3& view, double divisor, bool root, T* mean, T* y) {
  const std::vector<T> tops = extremes<T>(in, x, view);
  each_result(in, x, view, [&](int64_t r, const Line& line) {
    if (y[r] == y[r] || (!tops.empty() && !std::isfinite(tops[size_t(r)]))) return;
    double m2 = 0;
    int exponent = 0;
    if (tops.empty() || tops[size_t(r)] != 0) {
      Scale s = scale_of(line);
      if (!s.finite) return;
      exponent = s.exponent;
      for (int part = 0; part < line.parts; ++part) {
        Centre c = centre_of(line, part, s.factor);
        mean[r * line.parts + part] = T(std::ldexp(c.mean, exponent));
        m2 += c.m2;
      }
    }
    m2 /= divisor;
    y[r] = root ? T(std::ldexp(std::sqrt(m2), exponent)) : T(std::ldexp(m2, 2 * exponent));
  });
}

template <class T> void means(Dtype in, const void* x, const View3& view, T* y) {
  const std::vector<T> tops = extremes<T>(in, x, view);
  each_result(in, x, view, [&](int64_t r, const Line& line) {
    T* mean = y + r * line.parts;
    if (std::isfinite(mean[0]) && std::isfinite(mean[line.parts - 1])) return;
    if (!tops.empty() && !std::isfinite(tops[size_t(r)])) return;
    Scale s = scale_of(line);
    if (!s.finite) return;
    for (int part = 0; part < line.parts; ++part)
      mean[part] = T(std::ldexp(centre_of(line, part, s.factor).mean, s.exponent));
  });
}

}  // namespace

void careful_norms(Dtype in, const void* x, const View3& view, double p, void* y) {
  if (real_of(in) == Dtype::F64)
    norms(in, x, view, p, static_cast<double*>(y));
  else
    norms(in, x, view, p, static_cast<float*>(y));
}

void careful_deviations(Dtype in, const void* x, const View3& view, double divisor, bool root, void* mean,
                        void* y) {
  if (real_of(in) == Dtype::F64)
    deviations(in, x, view, divisor, root, static_cast<double*>(mean), static_cast<double*>(y));
  else
    deviations(in, x, view, divisor, root, static_cast<float*>(mean), static_cast<float*>(y));
}

void careful_means(Dtype in, const void* x, const View3& view, void* y) {
  if (real_of(in) == Dtype::F64)
    means(in, x, view, static_cast<double*>(y));
  else
    means(in, x, view, static_cast<float*>(y));
}

}  // namespace adjoint
