// How a gamma or beta distributed number moves with its parameter while its quantile stays (M. Figurnov, S. Mohamed and
// A. Mnih, Implicit reparameterization gradients, 2018): -(∂F/∂α) / density, from the series and continued fraction of
// the incomplete gamma and beta functions, differentiated term by term. double; float goes through it.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// P = density/a · S, S = Σ x^k / ((a+1) ... (a+k)): the factor in front of S cancels against the density.
static inline double gamma_shift_series(double a, double x) {
  double term = 1, sum = 1, harmonic = 0, slope = 0;
  for (double k = 1; k < 1e6 && term > 1e-17 * sum; k += 1) {
    term *= x / (a + k), harmonic -= 1 / (a + k);
    sum += term, slope += term * harmonic;
  }
  return -x / a * (sum * (__builtin_log(x) - digamma(a + 1)) + slope);
}

// Q = density · F, F = 1 / (x+1-a - 1(1-a) / (x+3-a - 2(2-a) / ...)), from the far end, with its slope by a.
static inline double gamma_shift_fraction(double a, double x) {
  double f = 0, slope = 0;
  for (double i = 400; i >= 1; i -= 1) {
    const double n = -i * (i - a), d = x + 2 * i + 1 - a + f;
    slope = (i - n * (slope - 1) / d) / d;
    f = n / d;
  }
  const double d = x + 1 - a + f;
  return x * ((__builtin_log(x) - digamma(a)) / d - (slope - 1) / (d * d));
}

// Large a: E. Cornish's and R. Fisher's expansion of the quantile about a normal one, z.
static inline double gamma_shift_normal(double a, double x) {
  const double root = __builtin_sqrt(a);
  double z = (x - a) / root;
  for (int i = 0; i < 8; ++i) {
    const double z2 = z * z;
    z = (x - a - (z2 - 1) / 3 - z * (z2 - 7) / (36 * root) + ((3 * z2 + 7) * z2 - 16) / (810 * a)) / root;
  }
  const double z2 = z * z;
  return 1 + z / (2 * root) - z * (z2 - 7) / (72 * a * root) + ((3 * z2 + 7) * z2 - 16) / (810 * a * a);
}

// I_x(a, b) = front / a · S, S = Σ (a+b) ... (a+b+k-1) / ((a+1) ... (a+k)) x^k, by a.
static inline double beta_shift_low(double a, double b, double x) {
  double term = 1, sum = 1, harmonic = 0, slope = 0;
  for (double k = 1; k < 1e6 && term > 1e-17 * sum; k += 1) {
    term *= (a + b + k - 1) / (a + k) * x, harmonic += 1 / (a + b + k - 1) - 1 / (a + k);
    sum += term, slope += term * harmonic;
  }
  return -x / a * (sum * (__builtin_log(x) - digamma(a + 1) + digamma(a + b)) + slope);
}

// The same for 1 - I_(1-x)(b, a).
static inline double beta_shift_high(double a, double b, double x) {
  double term = 1, sum = 1, harmonic = 0, slope = 0;
  for (double k = 1; k < 1e6 && term > 1e-17 * sum; k += 1) {
    term *= (a + b + k - 1) / (b + k) * (1 - x), harmonic += 1 / (a + b + k - 1);
    sum += term, slope += term * harmonic;
  }
  return x / b * (sum * (__builtin_log(x) - digamma(a) + digamma(a + b)) + slope);
}

}  // namespace detail

// ∂x/∂a of x drawn from the standard gamma distribution of shape a.
static inline double gamma_shift(double a, double x) {
  if (!(a > 0) || !(x >= 0) || isinf(a) || isinf(x)) return __builtin_nan("");
  if (x == 0) return 0;
  if (a > 2e4) return detail::gamma_shift_normal(a, x);
  return x < a + 3 * __builtin_sqrt(a) + 1 ? detail::gamma_shift_series(a, x)
                                           : detail::gamma_shift_fraction(a, x);
}
static inline float gamma_shift(float a, float x) { return float(gamma_shift(double(a), double(x))); }

// ∂x/∂a / (1 - x) of x drawn from the beta distribution of a and total - a.
static inline double beta_shift(double x, double a, double total) {
  const double b = total - a;
  if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1) || isinf(total)) return __builtin_nan("");
  if (x == 0) return 0;
  return x < (a + 1) / (total + 2) ? detail::beta_shift_low(a, b, x) : detail::beta_shift_high(a, b, x);
}
static inline float beta_shift(float x, float a, float total) {
  return float(beta_shift(double(x), double(a), double(total)));
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
