// Scalar mathematics for kernels: one generic name per function, overloaded for float, double and complex,
// and for integers and bool where that makes sense. Formulas of operations are written in these names; the
// same names are overloaded for tensors and symbols elsewhere (ops/formula.h).
//
// float: branch-free polynomials (math_float.h). double: the C library. complex: math_complex.h.
// Everything is inlined and lives in the instruction set's namespace, see Note [One source, several
// instruction sets]. Special values follow PyTorch, which mostly means C99.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>
#include "kernels/math_float.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {

template <class T>
concept Floating = std::is_same_v<T, float> || std::is_same_v<T, double>;
template <class T>
concept Integer = std::is_integral_v<T>;  // with bool
template <class T>
concept Real = Floating<T> || Integer<T>;

// ---- the C library for double

#define ADJOINT_LIBM_1(f) \
  ADJOINT_FN double f(double x) { return __builtin_##f(x); }
// clang-format off
ADJOINT_LIBM_1(exp) ADJOINT_LIBM_1(exp2) ADJOINT_LIBM_1(expm1) ADJOINT_LIBM_1(log) ADJOINT_LIBM_1(log2)
ADJOINT_LIBM_1(log10) ADJOINT_LIBM_1(log1p) ADJOINT_LIBM_1(sqrt) ADJOINT_LIBM_1(sin) ADJOINT_LIBM_1(cos)
ADJOINT_LIBM_1(tan) ADJOINT_LIBM_1(asin) ADJOINT_LIBM_1(acos) ADJOINT_LIBM_1(atan) ADJOINT_LIBM_1(sinh)
ADJOINT_LIBM_1(cosh) ADJOINT_LIBM_1(tanh) ADJOINT_LIBM_1(asinh) ADJOINT_LIBM_1(acosh)
ADJOINT_LIBM_1(atanh) ADJOINT_LIBM_1(erf) ADJOINT_LIBM_1(erfc) ADJOINT_LIBM_1(ceil)
ADJOINT_LIBM_1(floor) ADJOINT_LIBM_1(trunc)
// clang-format on
#undef ADJOINT_LIBM_1
                        ADJOINT_FN double abs(double x) {
  return __builtin_fabs(x);
}
ADJOINT_FN double copysign(double x, double y) { return __builtin_copysign(x, y); }
ADJOINT_FN double atan2(double y, double x) { return __builtin_atan2(y, x); }
ADJOINT_FN double pow(double x, double y) { return __builtin_pow(x, y); }
ADJOINT_FN double hypot(double x, double y) { return __builtin_hypot(x, y); }
ADJOINT_FN double nextafter(double x, double y) { return __builtin_nextafter(x, y); }
ADJOINT_FN float nextafter(float x, float y) { return __builtin_nextafterf(x, y); }
ADJOINT_FN double fmod(double x, double y) { return __builtin_fmod(x, y); }
ADJOINT_FN float fmod(float x, float y) { return __builtin_fmodf(x, y); }

// ---- choice and classification

template <class T>
ADJOINT_FN T where(bool c, T a, T b) {
  return c ? a : b;
}
ADJOINT_FN bool isnan(Floating auto x) { return x != x; }
template <Floating T>
ADJOINT_FN bool isinf(T x) {
  return abs(x) == T(__builtin_inf());
}
template <Floating T>
ADJOINT_FN bool isfinite(T x) {
  return abs(x) < T(__builtin_inf());
}
ADJOINT_FN bool isnan(Integer auto) { return false; }
ADJOINT_FN bool isinf(Integer auto) { return false; }
ADJOINT_FN bool isfinite(Integer auto) { return true; }
ADJOINT_FN bool signbit(float x) { return detail::float_to_bits(x) < 0; }
ADJOINT_FN bool signbit(double x) { return detail::double_to_bits(x) < 0; }
ADJOINT_FN bool signbit(Integer auto x) { return x < 0; }
template <Real T>
ADJOINT_FN T sign(T x) {
  return T(int(x > T(0)) - int(x < T(0)));
}  // NaN gives 0
template <Real T>
ADJOINT_FN T sgn(T x) {
  return sign(x);
}
template <Real T>
ADJOINT_FN T real(T x) {
  return x;
}
template <Real T>
ADJOINT_FN T imag(T) {
  return T(0);
}
template <Real T>
ADJOINT_FN T conj(T x) {
  return x;
}
template <Floating T>
ADJOINT_FN T angle(T x) {
  return x != x ? x : x < 0 ? T(detail::kPi) : T(0);
}
template <Integer T>
ADJOINT_FN T abs(T x) {
  return x < T(0) ? T(0 - std::make_unsigned_t<T>(x)) : x;
}
ADJOINT_FN bool abs(bool x) { return x; }

// ---- rounding

ADJOINT_FN float ceil(float x) { return __builtin_ceilf(x); }
ADJOINT_FN float floor(float x) { return __builtin_floorf(x); }
ADJOINT_FN float trunc(float x) { return __builtin_truncf(x); }
ADJOINT_FN float round(float x) { return __builtin_rintf(x); }  // half to even
ADJOINT_FN double round(double x) { return __builtin_rint(x); }
template <Floating T>
ADJOINT_FN T frac(T x) {
  return x - trunc(x);
}
template <Integer T>
ADJOINT_FN T ceil(T x) {
  return x;
}
template <Integer T>
ADJOINT_FN T floor(T x) {
  return x;
}
template <Integer T>
ADJOINT_FN T trunc(T x) {
  return x;
}
template <Integer T>
ADJOINT_FN T round(T x) {
  return x;
}
template <Integer T>
ADJOINT_FN T frac(T) {
  return T(0);
}

// ---- order: maximum, minimum let NaN win; fmax, fmin let the number win

template <Real T>
ADJOINT_FN T maximum(T a, T b) {
  T r = a > b ? a : b;
  return a != a ? a : r;
}
template <Real T>
ADJOINT_FN T minimum(T a, T b) {
  T r = a < b ? a : b;
  return a != a ? a : r;
}
template <Real T>
ADJOINT_FN T fmax(T a, T b) {
  T r = a < b ? b : a;
  return a != a ? b : r;
}
template <Real T>
ADJOINT_FN T fmin(T a, T b) {
  T r = a > b ? b : a;
  return a != a ? b : r;
}
template <Real T>
ADJOINT_FN T heaviside(T x, T at_zero) {
  return x == T(0) ? at_zero : T(x > T(0));
}

// ---- division with rounding

// Python's %: the divisor's sign.
template <Floating T>
ADJOINT_FN T remainder(T a, T b) {
  T m = fmod(a, b);
  return m != 0 && ((b < 0) != (m < 0)) ? m + b : m;
}
// Python's //, corrected where a - fmod(a, b) over b rounds across an integer.
template <Floating T>
ADJOINT_FN T floor_divide(T a, T b) {
  T m = fmod(a, b), q = (a - m) / b;
  q = m != 0 && ((b < 0) != (m < 0)) ? q - 1 : q;
  T whole = floor(q);
  whole = q - whole > T(0.5) ? whole + 1 : whole;
  whole = q != 0 ? whole : copysign(T(0), a / b);
  return b == 0 ? a / b : whole;
}
// Integers: division by zero is the caller's error; here it gives 0 rather than a trap. So does the division
// of the smallest number by -1, which wraps.
template <Integer T>
ADJOINT_FN T fmod(T a, T b) {
  return b == T(0) || b == T(-1) ? T(0) : T(a % b);
}
template <Integer T>
ADJOINT_FN T remainder(T a, T b) {
  T m = fmod(a, b);
  return m != T(0) && ((b < T(0)) != (m < T(0))) ? T(m + b) : m;
}
template <Integer T>
ADJOINT_FN T trunc_divide(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return T(0 - std::make_unsigned_t<T>(a));
  return T(a / b);
}
template <Integer T>
ADJOINT_FN T floor_divide(T a, T b) {
  T q = trunc_divide(a, b), m = fmod(a, b);
  return m != T(0) && ((b < T(0)) != (m < T(0))) ? T(q - 1) : q;
}
template <Floating T>
ADJOINT_FN T trunc_divide(T a, T b) {
  return trunc(a / b);
}
template <Integer T>
ADJOINT_FN T gcd(T a, T b) {
  a = abs(a), b = abs(b);
  while (a != T(0)) {
    T c = a;
    a = fmod(b, a), b = c;
  }
  return b;
}
template <Integer T>
ADJOINT_FN T lcm(T a, T b) {
  T g = gcd(a, b);
  return g == T(0) ? T(0) : T(abs(T(a / g * b)));
}
// A negative exponent leaves 1, -1 and 0.
template <Integer T>
ADJOINT_FN T pow(T x, T n) {
  if (n < T(0)) return x == T(1) ? T(1) : x == T(-1) ? (n % 2 != 0 ? T(-1) : T(1)) : T(0);
  using U = uint64_t;
  U r = 1, b = U(int64_t(x));
  for (U e = U(int64_t(n)); e; e >>= 1, b *= b)
    if (e & 1) r *= b;
  return T(r);
}

// ---- compositions

template <class T>
ADJOINT_FN T square(T x) {
  return T(x * x);
}
template <Floating T>
ADJOINT_FN T reciprocal(T x) {
  return T(1) / x;
}
template <Floating T>
ADJOINT_FN T rsqrt(T x) {
  return T(1) / sqrt(x);
}
template <Floating T>
ADJOINT_FN T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}
template <Floating T>
ADJOINT_FN T log_sigmoid(T x) {
  return minimum(T(0), x) - log1p(exp(-abs(x)));
}
template <Floating T>
ADJOINT_FN T softplus(T x) {
  return maximum(x, T(0)) + log1p(exp(-abs(x)));
}
template <Floating T>
ADJOINT_FN T normal_cdf(T x) {
  return T(0.5) * (T(1) + erf(x * T(0.707106781186547524)));
}
template <Floating T>
ADJOINT_FN T normal_pdf(T x) {
  return exp(T(-0.5) * x * x) * T(0.398942280401432678);
}
template <Floating T>
ADJOINT_FN T xlogy(T x, T y) {
  T r = x == 0 ? T(0) : x * log(y);
  return y != y ? y : r;
}
template <Floating T>
ADJOINT_FN T xlog1py(T x, T y) {
  T r = x == 0 ? T(0) : x * log1p(y);
  return y != y ? y : r;
}
template <Floating T>
ADJOINT_FN T sinc(T x) {
  T p = T(detail::kPi) * x;
  return x == 0 ? T(1) : sin(p) / p;
}
template <Floating T>
ADJOINT_FN T logaddexp(T a, T b) {
  T r = maximum(a, b) + log1p(exp(-abs(a - b)));
  return a == b && isinf(a) ? a : r;
}
template <Floating T>
ADJOINT_FN T logaddexp2(T a, T b) {
  T r = maximum(a, b) + log1p(exp2(-abs(a - b))) * T(1.44269504088896341);
  return a == b && isinf(a) ? a : r;
}

// ---- gamma and the inverse of erf: double only, float goes through it

ADJOINT_FN double lgamma(double x) { return __builtin_isinf(x) ? __builtin_inf() : __builtin_lgamma(x); }
ADJOINT_FN float lgamma(float x) { return float(lgamma(double(x))); }
// Reflection for negative x, recurrence up to 10, then the asymptotic series (Cephes, as PyTorch).
ADJOINT_FN double digamma(double x) {
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double result = 0;
  if (x < 0) {
    double whole = __builtin_trunc(x), r = x - whole;
    if (r == 0) return __builtin_nan("");
    result = -detail::kPi / __builtin_tan(detail::kPi * r);
    x = 1 - x;
  }
  while (x < 10) result -= 1 / x, x += 1;
  if (x == 10) return result + 2.25175258906672110764;
  double z = 1 / (x * x), y = 0;
  if (x < 1e17)
    y = z * detail::horner(z, 8.33333333333333333333e-2, -2.10927960927960927961e-2,
                           7.57575757575757575758e-3, -4.16666666666666666667e-3, 3.96825396825396825397e-3,
                           -8.33333333333333333333e-3, 8.33333333333333333333e-2);
  return result + __builtin_log(x) - 0.5 / x - y;
}
ADJOINT_FN float digamma(float x) { return float(digamma(double(x))); }
// A rational start, then two steps of Newton's method.
ADJOINT_FN double erfinv(double y) {
  double a = abs(y), x;
  if (!(a <= 1)) return __builtin_nan("");
  if (a == 1) return __builtin_copysign(__builtin_inf(), y);
  if (a <= 0.7) {
    double z = y * y;
    x = y * detail::horner(z, -0.140543331, 0.914624893, -1.645349621, 0.886226899) /
        detail::horner(z, 0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0);
  } else {
    double z = __builtin_sqrt(-__builtin_log((1 - a) / 2));
    x = detail::horner(z, 1.641345311, 3.429567803, -1.624906493, -1.970840454) /
        detail::horner(z, 1.637067800, 3.543889200, 1.0);
    x = __builtin_copysign(x, y);
  }
  for (int i = 0; i < 2; ++i) x -= (__builtin_erf(x) - y) / (1.128379167095512574 * __builtin_exp(-x * x));
  return x;
}
// M. Giles, "Approximating the erfinv function" (2010), single precision: two polynomials, no branch.
ADJOINT_FN float erfinv(float y) {
  float w = -log((1.f - y) * (1.f + y)), u = w - 2.5f, v = sqrt(w) - 3.f;
  float centre = detail::horner(u, 2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f,
                                0.00021858087f, -0.00125372503f, -0.00417768164f, 0.246640727f, 1.50140941f);
  float tail = detail::horner(v, -0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f,
                              0.00573950773f, -0.0076224613f, 0.00943887047f, 1.00167406f, 2.83297682f);
  float x = (w < 5.f ? centre : tail) * y;
  return abs(y) == 1.f ? copysign(__builtin_inff(), y) : x;
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math

#include "kernels/math_complex.h"
