// Bessel, polygamma and Gaussian functions. double; float goes through it.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// I_n(x) for x >= 0 and n = 0, 1, or e^-x I_n(x): the power series, whose terms are all positive, or for
// large x the asymptotic one, e^x / √(2πx) · Σ (-1)^k Π (4n² - (2j-1)²) / (k! (8x)^k).
template <bool kScaled = false> static inline double bessel_i(int n, double x) {
  if (x < 25) {
    double q = 0.25 * x * x, term = n ? 0.5 * x : 1, sum = term;
    for (int k = 1; term > 1e-17 * sum; ++k) sum += term *= q / (double(k) * (k + n));
    return kScaled ? sum * __builtin_exp(-x) : sum;
  }
  if (isinf(x)) return kScaled ? 0 : x;
  double term = 1, sum = 1;
  for (int k = 1; k < 40; ++k) {
    double next = -term * (4.0 * n - (2.0 * k - 1) * (2.0 * k - 1)) / (k * 8 * x);
    if (abs(next) >= abs(term) || abs(next) < 1e-17) break;
    sum += term = next;
  }
  double root = 4 * __builtin_sqrt(2 * kPi * (0.0625 * x));  // 2πx may overflow
  if (kScaled) return sum / root;
  double half = __builtin_exp(0.5 * x);  // e^x could overflow where the result does not
  return half * (half / root) * sum;
}

// Hurwitz ζ(s, q) by the Euler–Maclaurin formula (Cephes, as PyTorch).
static inline double zeta(double s, double q) {
  constexpr double a_k[] = {12.0,
                            -720.0,
                            30240.0,
                            -1209600.0,
                            47900160.0,
                            -1.8924375803183791606e9,
                            7.47242496e10,
                            -2.950130727918164224e12,
                            1.1646782814350067249e14,
                            -4.5979787224074726105e15,
                            1.8152105401943546773e17,
                            -7.1661652561756670113e18};
  if (s == 1) return __builtin_inf();
  if (s < 1) return __builtin_nan("");
  if (q <= 0) {
    if (q == __builtin_floor(q)) return __builtin_inf();
    if (s != __builtin_floor(s)) return __builtin_nan("");
  }
  double sum = __builtin_pow(q, -s), a = q, b = 0;
  for (int i = 0; i < 9 || a <= 9; ++i) {
    a += 1;
    b = __builtin_pow(a, -s);
    sum += b;
    if (abs(b) < 1.11e-16 * abs(sum)) return sum;
  }
  double w = a, factor = 1, k = 0;
  sum += b * w / (s - 1) - 0.5 * b;
  for (double coefficient : a_k) {
    factor *= s + k;
    b /= w;
    double t = factor * b / coefficient;
    sum += t;
    if (abs(t) < 1.11e-16 * abs(sum)) break;
    factor *= s + k + 1;
    b /= w;
    k += 2;
  }
  return sum;
}

// Reflection for x < 1/2 (the sine of the exact distance to the nearest pole), recurrence up to 10, then the
// asymptotic series of Bernoulli numbers.
static inline double trigamma(double x) {
  if (x < 0.5) {
    double s = __builtin_sin(kPi * (x - __builtin_rint(x)));
    return kPi * kPi / (s * s) - trigamma(1 - x);
  }
  double result = 0;
  for (; x < 10; x += 1) result += 1 / (x * x);
  double z = 1 / (x * x);
  double series = horner(z, 7. / 6, -691. / 2730, 5. / 66, -1. / 30, 1. / 42, -1. / 30, 1. / 6);
  return result + (1 + 0.5 / x + z * series) / x;
}

}  // namespace detail

static inline double i0(double x) { return x != x ? x : detail::bessel_i(0, abs(x)); }
static inline double i1(double x) { return x != x ? x : copysign(detail::bessel_i(1, abs(x)), x); }
static inline double i0e(double x) { return x != x ? x : detail::bessel_i<true>(0, abs(x)); }
static inline double i1e(double x) { return x != x ? x : copysign(detail::bessel_i<true>(1, abs(x)), x); }
static inline double zeta(double s, double q) { return s != s || q != q ? s + q : detail::zeta(s, q); }
static inline float i0(float x) { return float(i0(double(x))); }
static inline float i1(float x) { return float(i1(double(x))); }
static inline float i0e(float x) { return float(i0e(double(x))); }
static inline float i1e(float x) { return float(i1e(double(x))); }
static inline float zeta(float s, float q) { return float(zeta(double(s), double(q))); }

// (-1)^(n+1) n! ζ(n + 1, x); digamma for n = 0.
static inline double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (n == 1) return detail::trigamma(x);
  double sign = __builtin_fmod(n, 2) == 0 ? -1 : 1;
  return sign * __builtin_exp(__builtin_lgamma(n + 1)) * detail::zeta(n + 1, x);
}
static inline float polygamma(float n, float x) { return float(polygamma(double(n), double(x))); }

// e^(x²) erfc(x). For a = |x|: a polynomial in t = (a - 3.75) / (a + 3.75), over 1 + 2a (Shepherd and
// Laframboise, 1981).
static inline double erfcx(double x) {
  double a = abs(x), t = (a - 3.75) / (a + 3.75);
  double p = detail::horner(
      t, -3.7980647235900285e-11, 4.2433038251096756e-10, 5.485084520083625e-10, -5.169080644815932e-09,
      -4.396921916762906e-09, 3.866242066283792e-08, 2.4301839484503084e-08, -2.586489910718322e-07,
      -5.827501862768691e-08, 1.7516189406943677e-06, -9.728413451815077e-07, -1.1444134389658475e-05,
      2.238390827660038e-05, 5.1649093885821704e-05, -0.0002901539781378384, 0.0002937136669846131,
      0.0017556258321915355, -0.009746579558275152, 0.02836227742154398, -0.05869339858961116,
      0.09230432116019638, -0.10880393014175023, 0.08227673849015109, 0.0035854154854644583,
      -0.14024059858554702, 1.2375126308378275);
  double y = a == __builtin_inf() ? 0 : 0.5 * p / (0.5 + a);
  if (!(x < 0)) return y;
  double square = a * a, lost = __builtin_fma(a, a, -square);  // e^a² shows what rounding took from a²
  return a > 27 ? __builtin_inf() : 2 * __builtin_exp(square) * (1 + lost) - y;
}
static inline float erfcx(float x) { return float(erfcx(double(x))); }

// The normal distribution function. In the tail erfc magnifies what its argument x/√2 loses: that is put back.
static inline double ndtr(double x) {
  constexpr double c = 0.70710678118654752440, low = -4.8336466567264567e-17;
  double u = -x * c, lost = isinf(x) ? 0 : __builtin_fma(-x, c, -u) - x * low;
  return 0.5 * (__builtin_erfc(u) - lost * 1.12837916709551257390 * __builtin_exp(-u * u));
}
static inline float ndtr(float x) { return float(0.5 * __builtin_erfc(double(x) * -0.70710678118654752440)); }

// The logarithm of the normal distribution function.
static inline double log_ndtr(double x) {
  double t = x * 0.70710678118654752440;
  if (x < -1) return __builtin_log(0.5 * erfcx(-t)) - t * t;
  return __builtin_log1p(-0.5 * __builtin_erfc(t));
}
static inline float log_ndtr(float x) { return float(log_ndtr(double(x))); }

// The inverse of the normal distribution function: by erfinv in the middle; in a tail Newton's method on
// log_ndtr, which is concave, from the first term of the tail's asymptotic series.
static inline double ndtri(double p) {
  if (!(p > 0 && p < 1)) return p == 0 ? -__builtin_inf() : p == 1 ? __builtin_inf() : __builtin_nan("");
  if (p > 0.05 && p < 0.95) return 1.41421356237309504880 * erfinv(2 * p - 1);
  double wanted = __builtin_log(p < 0.5 ? p : 1 - p), x = -__builtin_sqrt(-2 * wanted);
  for (int i = 0; i < 6; ++i)
    x -= (log_ndtr(x) - wanted) * erfcx(x * -0.70710678118654752440) * 1.25331413731550025121;  // √(π/2)
  return p < 0.5 ? x : -x;
}
static inline float ndtri(float p) { return float(ndtri(double(p))); }

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
