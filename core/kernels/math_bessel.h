// Bessel functions without a derivative in PyTorch, and the classical orthogonal polynomials. double; float
// goes through it.
#pragma once
#include "kernels/math_special.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// e^x K_n(x) = ∫₀^∞ exp(-x (cosh t - 1)) cosh(nt) dt. The trapezoidal rule converges geometrically on such an
// integrand: this step leaves less than the last digit. All terms are positive.
static inline double scaled_bessel_k(int n, double x) {
  if (!(x > 0)) return x == 0 ? __builtin_inf() : __builtin_nan("");
  if (isinf(x)) return 0;
  if (x < 1e-9) {  // its first term, as cosh would overflow: 1/x, and -log(x/2) - γ
    constexpr double kLn2LessGamma = 0.11593151565841244880;
    return (n ? 1 / x : kLn2LessGamma - __builtin_log(x)) * (1 + x);
  }
  double step = x > 9 ? 0.6 / __builtin_sqrt(x) : 0.2, sum = 0.5;
  for (double i = 1;; i += 1) {
    double t = i * step;
    double half = __builtin_sinh(0.5 * t), over = 2 * half * half;  // cosh t - 1, without cancelling
    double term = __builtin_exp(-x * over) * (n ? 1 + over : 1);
    sum += term;
    if (!(term > 1e-18 * sum) && x * over > 1) return sum * step;
  }
}
static inline double bessel_k(int n, double x) { return scaled_bessel_k(n, x) * __builtin_exp(-x); }

// A family of polynomials by its three-term recurrence: next(k, p_k, p_{k-1}) is p_{k+1}. n is cut to an
// integer; 0 for negative n, as PyTorch; NaN beyond a million steps.
template <class F> static inline double recurrence(double n, double p0, double p1, F next) {
  if (!(n < 1e6)) return __builtin_nan("");
  if (n <= -1) return 0;
  if (n < 1) return p0;
  double before = p0, p = p1;
  for (double k = 1; k + 1 <= n; k += 1) {
    double after = next(k, p, before);
    before = p;
    p = after;
  }
  return p;
}
// The four kinds of Chebyshev differ in their first polynomial alone.
static inline double chebyshev(double x, double n, double p1) {
  return recurrence(n, 1, p1, [x](double, double p, double before) { return 2 * x * p - before; });
}

}  // namespace detail

static inline double modified_bessel_k0(double x) { return detail::bessel_k(0, x); }
static inline double modified_bessel_k1(double x) { return detail::bessel_k(1, x); }
static inline double scaled_modified_bessel_k0(double x) { return detail::scaled_bessel_k(0, x); }
static inline double scaled_modified_bessel_k1(double x) { return detail::scaled_bessel_k(1, x); }
static inline double bessel_j0(double x) { return __builtin_j0(x); }
static inline double bessel_j1(double x) { return __builtin_j1(x); }
static inline double bessel_y0(double x) { return x < 0 ? __builtin_nan("") : __builtin_y0(x); }
static inline double bessel_y1(double x) { return x < 0 ? __builtin_nan("") : __builtin_y1(x); }
static inline double modified_bessel_i0(double x) { return i0(x); }
static inline double modified_bessel_i1(double x) { return i1(x); }
static inline double spherical_bessel_j0(double x) {
  return isinf(x) ? 0 : x == 0 ? 1 : __builtin_sin(x) / x;
}

static inline double chebyshev_polynomial_t(double x, double n) { return detail::chebyshev(x, n, x); }
static inline double chebyshev_polynomial_u(double x, double n) { return detail::chebyshev(x, n, 2 * x); }
static inline double chebyshev_polynomial_v(double x, double n) { return detail::chebyshev(x, n, 2 * x - 1); }
static inline double chebyshev_polynomial_w(double x, double n) { return detail::chebyshev(x, n, 2 * x + 1); }
static inline double hermite_polynomial_h(double x, double n) {
  return detail::recurrence(n, 1, 2 * x, [x](double k, double p, double b) { return 2 * (x * p - k * b); });
}
static inline double hermite_polynomial_he(double x, double n) {
  return detail::recurrence(n, 1, x, [x](double k, double p, double b) { return x * p - k * b; });
}
static inline double laguerre_polynomial_l(double x, double n) {
  return detail::recurrence(
      n, 1, 1 - x, [x](double k, double p, double b) { return ((2 * k + 1 - x) * p - k * b) / (k + 1); });
}
static inline double legendre_polynomial_p(double x, double n) {
  return detail::recurrence(
      n, 1, x, [x](double k, double p, double b) { return ((2 * k + 1) * x * p - k * b) / (k + 1); });
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
