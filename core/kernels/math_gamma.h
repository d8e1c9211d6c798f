// The incomplete gamma functions. double; float goes through it.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// log Γ(1 + a): near 0 by a polynomial (fitted at Chebyshev's nodes), as 1 + a would round a away.
static inline double log_gamma_next(double a) {
  return a < 0.5
             ? a * horner(a, 0.0008566638565716807, -0.005194731672532697, 0.01543579776224473,
                          -0.03050534838692389, 0.046248712296685444, -0.05917229722656062,
                          0.0686679280551921, -0.07611968619878973, 0.08316419151867026, -0.09091912227713192,
                          0.10009444309872878, -0.11133371093650912, 0.12550962315160616,
                          -0.14404989392203416, 0.16955717687390404, -0.2073855510250948, 0.270580808427721,
                          -0.4006856343865308, 0.8224670334241132, -0.5772156649015329)
             : __builtin_lgamma(1 + a);
}

// x^a e^-x / Γ(a), with more digits than a double's on the way, as the exponential magnifies what is lost. For large a the
// logarithms cancel: Stirling's series about x = a keeps the digits.
static inline double gamma_density(double a, double x) {
  const long double wide = a;
  if (a < 0.5) return double(wide * __builtin_expl(wide * __builtin_logl(x) - x - log_gamma_next(a)));
  if (a < 10) return double(__builtin_expl(wide * __builtin_logl(x) - x - __builtin_lgammal(wide)));
  double r = 1 / (a * a);
  double stirling =
      horner(r, 1. / 156, -691. / 360360, 1. / 1188, -1. / 1680, 1. / 1260, -1. / 360, 1. / 12) / a;
  const long double u = (x - wide) / wide;
  long double exponent =
      wide * (abs(double(u)) < 0.5 ? __builtin_log1pl(u) - u : __builtin_logl(x / wide) - u);
  return double(__builtin_sqrt(a / (2 * kPi)) * __builtin_expl(exponent - stirling));
}

// P(a, x) = density / a · Σ x^k / ((a+1) ... (a+k))
static inline double lower_series(double a, double x) {
  double density = gamma_density(a, x), term = 1, sum = 1;
  if (density == 0) return 0;
  for (double k = a + 1; term > 1e-17 * sum; k += 1) sum += term *= x / k;
  return density / a * sum;
}

// Q(a, x) for small x, where 1 - P would cancel.
static inline double upper_series(double a, double x) {
  double factor = 1, sum = 0, log_x = __builtin_log(x);
  for (int n = 1; n < 200; ++n) {
    factor *= -x / n;
    sum += factor / (a + n);
    if (abs(factor) < 1e-17 * abs(sum)) break;
  }
  double exponent = a * log_x - log_gamma_next(a);
  return -__builtin_expm1(exponent) - __builtin_exp(exponent) * (a * sum);
}

// Q(a, x) = density / (x + 1 - a - 1(1-a) / (x + 3 - a - 2(2-a) / ...)), x > a, by Lentz's method.
static inline double upper_fraction(double a, double x) {
  double density = gamma_density(a, x), b = x + 1 - a, c = 1e300, d = 1 / b, f = d;
  if (density == 0) return 0;
  for (double i = 1; i < 1e5; i += 1) {
    double n = -i * (i - a);
    b += 2;
    d = n * d + b;
    c = b + n / c;
    d = 1 / (d == 0 ? 1e-300 : d);
    c = c == 0 ? 1e-300 : c;
    f *= d * c;
    if (abs(d * c - 1) < 1e-16) break;
  }
  return density * f;
}

// Large a with x near it (N. Temme, 1979): Q = erfc(η √(a/2)) / 2 + e^(-aη²/2) / √(2πa) · (c₀(η) + c₁(η) /
// a), η²/2 = λ - 1 - log λ, λ = x / a. The sign picks Q (+1) or P (-1).
static inline double temme(double a, double x, double sign) {
  double u = (x - a) / a, half_square = u - __builtin_log1p(u);
  // Σ (-u)^k / k from k = 2, where the difference above has no digits left
  if (abs(u) < 1e-2)
    half_square = u * u * horner(u, -1. / 9, 1. / 8, -1. / 7, 1. / 6, -1. / 5, 1. / 4, -1. / 3, 1. / 2);
  double eta = __builtin_copysign(__builtin_sqrt(2 * half_square), u);
  double c0 = horner(eta, -139. / 777600, 1. / 2835, 1. / 864, -2. / 135, 1. / 12, -1. / 3);
  double c1 = horner(eta, 1. / 378, -1. / 288, -1. / 540);
  return 0.5 * __builtin_erfc(sign * eta * __builtin_sqrt(a / 2)) +
         sign * __builtin_exp(-a * half_square) / __builtin_sqrt(2 * kPi * a) * (c0 + c1 / a);
}

static inline bool near_and_large(double a, double x) { return a > 1e5 && abs(x - a) < 0.02 * a; }

}  // namespace detail

// P(a, x), the lower regularised incomplete gamma function, and Q = 1 - P. Which series serves where follows
// Cephes: each is used where it does not cancel.
static inline double igammac(double a, double x);
static inline double igamma(double a, double x) {
  if (a != a || x != x || a < 0 || x < 0) return __builtin_nan("");
  if (a == 0) return x > 0 ? 1 : __builtin_nan("");
  if (x == 0) return 0;
  if (isinf(a)) return isinf(x) ? __builtin_nan("") : 0;
  if (isinf(x)) return 1;
  if (detail::near_and_large(a, x)) return detail::temme(a, x, -1);
  return x > 1 && x > a ? 1 - igammac(a, x) : detail::lower_series(a, x);
}
static inline double igammac(double a, double x) {
  if (a != a || x != x || a < 0 || x < 0) return __builtin_nan("");
  if (a == 0) return x > 0 ? 0 : __builtin_nan("");
  if (x == 0) return 1;
  if (isinf(a)) return isinf(x) ? __builtin_nan("") : 1;
  if (isinf(x)) return 0;
  if (detail::near_and_large(a, x)) return detail::temme(a, x, 1);
  if (x > 1.1) return x < a ? 1 - detail::lower_series(a, x) : detail::upper_fraction(a, x);
  bool mostly_lower = x <= 0.5 ? -0.4 / __builtin_log(x) < a : x * 1.1 < a;
  return mostly_lower ? 1 - detail::lower_series(a, x) : detail::upper_series(a, x);
}
static inline float igamma(float a, float x) { return float(igamma(double(a), double(x))); }
static inline float igammac(float a, float x) { return float(igammac(double(a), double(x))); }

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
