// The classical orthogonal polynomials, by their recurrences of three terms. double; float goes through it.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// next(k, p_k, p_{k-1}) is p_{k+1}.
template <class F> static inline double steps(double n, double p0, double p1, F next) {
  double before = p0, p = p1;
  for (double k = 1; k + 1 <= n; k += 1) {
    double after = next(k, p, before);
    before = p;
    p = after;
  }
  return p;
}
// The same, both brought down by powers of two before they overflow, so that the difference of two infinities makes no
// NaN.
template <class F>
[[gnu::noinline, gnu::cold]] static double scaled_steps(double n, double p0, double p1, F next) {
  double before = p0, p = p1, back = 1;
  for (double k = 1; k + 1 <= n; k += 1) {
    double after = next(k, p, before);
    before = p;
    p = after;
    if (abs(p) > 0x1p500) p *= 0x1p-500, before *= 0x1p-500, back *= 0x1p500;
  }
  return p * back;
}
// Low degrees, most of what is asked for, in a loop of its own.
static inline bool is_quick(double x, double n) { return (n < 7) & (abs(x) < 1e40); }
// n is cut to an integer; 0 for negative n, as PyTorch; NaN beyond a million steps.
template <class F> static inline double recurrence(double x, double n, double p0, double p1, F next) {
  if (!(n < 1e6)) return __builtin_nan("");
  if (n <= -1) return 0;
  if (n < 1) return p0;
  if (is_quick(x, n)) return steps(n, p0, p1, next);
  double p = steps(n, p0, p1, next);
  return isfinite(p) || !(abs(x) < 1e150) ? p : scaled_steps(n, p0, p1, next);
}

// The four kinds of Chebyshev at ±(1 + e), by their differences: d' = d + 2e p, p' = p + d'. Near ±1, where rounding x
// would be magnified n² times, e is exact (C. Reinsch's form of the recurrence: J. Oliver, "An error analysis of the modified
// Clenshaw method", 1977). `first` is p₁ - p₀ = first + ratio · e.
struct Kind {
  double first, ratio;
  int mirrored;  // the kind that -x has
};
inline constexpr Kind kKinds[] = {{0, 1, 0}, {1, 2, 1}, {0, 2, 3}, {2, 2, 2}};
[[gnu::noinline]] static double chebyshev_near(int kind, bool negative, double e, double n) {
  if (!(n < 1e6)) return __builtin_nan("");
  if (n <= -1) return 0;
  const Kind k = kKinds[negative ? kKinds[kind].mirrored : kind];
  const double twice = 2 * e;
  double p = 1, d = k.first + k.ratio * e;
  for (double i = 1; i <= n; i += 1) {
    p += d;
    d = madd(twice, p, d);
  }
  p = p != p && e > 0 ? __builtin_inf() : p;
  bool odd = n >= 1 && int64_t(n) % 2 != 0;
  return negative && odd ? -p : p;
}
static inline double chebyshev(int kind, double x, double n) {
  if (n >= 1 && is_quick(x, n))
    return steps(n, 1,
                 kind == 0   ? x
                 : kind == 1 ? 2 * x
                 : kind == 2 ? 2 * x - 1
                             : 2 * x + 1,
                 [twice = 2 * x](double, double p, double before) { return twice * p - before; });
  return chebyshev_near(kind, x < 0, abs(x) - 1, n);
}
static inline double shifted_chebyshev(int kind, double x, double n) {  // at 2x - 1
  return chebyshev_near(kind, x < 0.5, x < 0.5 ? -2 * x : 2 * (x - 1), n);
}

}  // namespace detail

static inline double chebyshev_polynomial_t(double x, double n) { return detail::chebyshev(0, x, n); }
static inline double chebyshev_polynomial_u(double x, double n) { return detail::chebyshev(1, x, n); }
static inline double chebyshev_polynomial_v(double x, double n) { return detail::chebyshev(2, x, n); }
static inline double chebyshev_polynomial_w(double x, double n) { return detail::chebyshev(3, x, n); }
static inline double shifted_chebyshev_polynomial_t(double x, double n) {
  return detail::shifted_chebyshev(0, x, n);
}
static inline double shifted_chebyshev_polynomial_u(double x, double n) {
  return detail::shifted_chebyshev(1, x, n);
}
static inline double shifted_chebyshev_polynomial_v(double x, double n) {
  return detail::shifted_chebyshev(2, x, n);
}
static inline double shifted_chebyshev_polynomial_w(double x, double n) {
  return detail::shifted_chebyshev(3, x, n);
}
static inline double hermite_polynomial_h(double x, double n) {
  return detail::recurrence(x, n, 1, 2 * x,
                            [x](double k, double p, double b) { return 2 * (x * p - k * b); });
}
static inline double hermite_polynomial_he(double x, double n) {
  return detail::recurrence(x, n, 1, x, [x](double k, double p, double b) { return x * p - k * b; });
}
static inline double laguerre_polynomial_l(double x, double n) {
  return detail::recurrence(
      x, n, 1, 1 - x, [x](double k, double p, double b) { return ((2 * k + 1 - x) * p - k * b) / (k + 1); });
}
// By differences, as Chebyshev's: (k + 1) (p' - p) = k (p - before) + (2k + 1) (x - 1) p.
[[gnu::noinline]] static double legendre_near(double x, double n) {
  if (!(n < 1e6)) return __builtin_nan("");
  if (n <= -1) return 0;
  double e = abs(x) - 1, p = 1, d = e;
  for (double k = 1; k <= n; k += 1) {
    p += d;
    d = (k * d + (2 * k + 1) * e * p) / (k + 1);
  }
  p = p != p && e > 0 ? __builtin_inf() : p;
  bool odd = n >= 1 && int64_t(n) % 2 != 0;
  return x < 0 && odd ? -p : p;
}
static inline double legendre_polynomial_p(double x, double n) {
  if (n >= 1 && detail::is_quick(x, n))
    return detail::steps(
        n, 1, x, [x](double k, double p, double b) { return ((2 * k + 1) * x * p - k * b) / (k + 1); });
  return legendre_near(x, n);
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
