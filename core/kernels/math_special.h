// The zeta and polygamma functions, and all that formulas call. double; float goes through it.
#pragma once
#include "kernels/math_modified_bessel.h"
#include "kernels/math_normal.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

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
  if (q == __builtin_inf() && s > 1) return 0;
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

// By recurrence to 2 and more, where it is 1/x + 1/2x² + G / x³ with a polynomial G in 8/x² - 1; by reflection below 0
// (the sine of the exact distance to the nearest pole).
ADJOINT_FN double trigamma(double x) {
  double a = x < 0 ? 1 - x : x, b = a < 1 ? a + 1 : a, c = b < 2 ? b + 1 : b;
  double inverse = 1 / c, z = inverse * inverse, t = 8 * z - 1;
  double g = polynomial(
      t, -1.548418367707176e-11, 2.7024163127834595e-11, 2.922000741178714e-11, -4.7057284786813675e-11,
      -8.876828338307637e-11, 1.6634651251041599e-10, -1.314131936520662e-10, 3.2866171880239725e-10,
      -9.81833876759216e-10, 2.4951182697521567e-09, -6.710227157131227e-09, 1.9728377713020395e-08,
      -6.345329382677214e-08, 2.275478421382775e-07, -9.351607733513351e-07, 4.5788180986099835e-06,
      -2.8333902639669828e-05, 0.0002444380415291289, -0.0035677255252140358, 0.16282033362029807);
  double y = inverse + madd(g * inverse, z, 0.5 * z);
  y += b < 2 ? 1 / (b * b) : 0;
  y += a < 1 ? 1 / (a * a) : 0;
  if (!(x < 0)) return y;
  double s = sin(kPi * (x - __builtin_rint(x))) * (1 / kPi);
  return 1 / (s * s) - y;
}

}  // namespace detail

static inline double zeta(double s, double q) { return s != s || q != q ? s + q : detail::zeta(s, q); }
static inline float zeta(float s, float q) { return float(zeta(double(s), double(q))); }

// (-1)^(n+1) n! ζ(n + 1, x); digamma for n = 0.
static inline double polygamma(double n, double x) {
  if (n == 0) return x == x ? digamma(x) : x;
  if (n == 1) return detail::trigamma(x);
  double sign = __builtin_fmod(n, 2) == 0 ? -1 : 1;
  return sign * __builtin_tgamma(n + 1) * detail::zeta(n + 1, x);
}
static inline float polygamma(float n, float x) { return float(polygamma(double(n), double(x))); }

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
