// Scalar mathematics for kernels: one generic name per function, overloaded for float, double and complex,
// and for integers and bool where that makes sense. Formulas of operations are written in these names; the
// same names are overloaded for tensors and symbols elsewhere (ops/formula.h).
//
// float and double: branch-free polynomials (math_float.h, math_double.h). complex: math_complex.h.
// Everything is inlined and lives in the instruction set's namespace, see Note [One source, several
// instruction sets]. Special values follow PyTorch, which mostly means C99.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>
#include "kernels/math_angles.h"
#include "kernels/math_float.h"
#if defined(__FMA__) || defined(__aarch64__)
#define ADJOINT_VECTOR_DOUBLE 1
#include "kernels/math_double.h"
#endif

namespace adjoint::math {
inline namespace ADJOINT_ISA {

template <class T>
concept Floating = std::is_floating_point_v<T>;
template <class T>
concept Integer = std::is_integral_v<T>;  // with bool
template <class T>
concept Real = Floating<T> || Integer<T>;

// ---- the C library for double, where math_double.h does not do better

#define ADJOINT_LIBM_1(f) \
  ADJOINT_FN double f(double x) { return __builtin_##f(x); }
// clang-format off
#if !defined(ADJOINT_VECTOR_DOUBLE)
ADJOINT_LIBM_1(exp) ADJOINT_LIBM_1(exp2) ADJOINT_LIBM_1(expm1) ADJOINT_LIBM_1(log) ADJOINT_LIBM_1(log2)
ADJOINT_LIBM_1(log10) ADJOINT_LIBM_1(log1p) ADJOINT_LIBM_1(sin) ADJOINT_LIBM_1(cos)
ADJOINT_LIBM_1(tan) ADJOINT_LIBM_1(asin) ADJOINT_LIBM_1(acos) ADJOINT_LIBM_1(atan) ADJOINT_LIBM_1(sinh)
ADJOINT_LIBM_1(cosh) ADJOINT_LIBM_1(tanh) ADJOINT_LIBM_1(asinh) ADJOINT_LIBM_1(acosh)
ADJOINT_LIBM_1(atanh) ADJOINT_LIBM_1(erf) ADJOINT_LIBM_1(erfc)
#endif
ADJOINT_LIBM_1(sqrt) ADJOINT_LIBM_1(ceil) ADJOINT_LIBM_1(floor) ADJOINT_LIBM_1(trunc)
// clang-format on
#undef ADJOINT_LIBM_1
                        ADJOINT_FN double abs(double x) {
  return __builtin_fabs(x);
}
ADJOINT_FN double copysign(double x, double y) { return __builtin_copysign(x, y); }
#if !defined(ADJOINT_VECTOR_DOUBLE)
ADJOINT_FN double atan2(double y, double x) { return __builtin_atan2(y, x); }
ADJOINT_FN double hypot(double x, double y) { return __builtin_hypot(x, y); }
ADJOINT_FN double exp_times(double x,
                            double f) {  // f e^x: neither overflows or vanishes before the product does
  double half = exp(0.5 * x);
  return x < -760 ? 0 * f : f * half * half;
}
ADJOINT_FN ExpAndTimes<double> exp_and_times(double x, double f) { return {exp(x), exp_times(x, f)}; }
ADJOINT_FN double pow(double x, double y) { return __builtin_pow(x, y); }
#endif
ADJOINT_FN double nextafter(double x, double y) { return __builtin_nextafter(x, y); }
// One step in the order of bit patterns: away from 0 where y lies further out, else towards it. Numbers that are
// equal give y, which may be the other 0.
ADJOINT_FN float nextafter(float x, float y) {
  using namespace detail;
  int32_t b = float_to_bits(x);
  float next = bits_to_float(minus(b, (y > x) == (b >= 0) ? -1 : 1));
  next = x == 0.f ? copysign(bits_to_float(1), y) : next;
  next = x == y ? y : next;
  return x != x || y != y ? x + y : next;
}

// long double stands for a double, or float, that asks for the long way: see Note [Hard arguments]. Angles are reduced
// by all digits of π that matter, what is left of them is `low`.
ADJOINT_FN long double sin(long double x) {
  Reduction v = reduced_angle(double(x));
  double s = sin(v.r), c = cos(v.r);
  double y = v.quarters & 1 ? c - v.low * s : s + v.low * c;
  return v.quarters & 2 ? -y : y;
}
ADJOINT_FN long double cos(long double x) {
  Reduction v = reduced_angle(double(x));
  double s = sin(v.r), c = cos(v.r);
  double y = v.quarters & 1 ? s + v.low * c : c - v.low * s;
  return (v.quarters + 1) & 2 ? -y : y;
}
ADJOINT_FN long double tan(long double x) {
  Reduction v = reduced_angle(double(x));
  double t = tan(v.r);
  t += v.low * (1 + t * t);
  return v.quarters & 1 ? -1 / t : t;
}
ADJOINT_FN long double fmod(long double x, long double y) { return __builtin_fmod(double(x), double(y)); }
ADJOINT_FN long double abs(long double x) { return __builtin_fabsl(x); }
ADJOINT_FN long double floor(long double x) { return __builtin_floorl(x); }
ADJOINT_FN long double trunc(long double x) { return __builtin_truncl(x); }
ADJOINT_FN long double copysign(long double x, long double y) { return __builtin_copysignl(x, y); }

// ---- choice and classification

template <class T> ADJOINT_FN T where(bool c, T a, T b) { return c ? a : b; }
ADJOINT_FN bool isnan(Floating auto x) { return x != x; }
template <Floating T> ADJOINT_FN bool isinf(T x) { return abs(x) == T(__builtin_inf()); }
template <Floating T> ADJOINT_FN bool isfinite(T x) { return abs(x) < T(__builtin_inf()); }
ADJOINT_FN bool isnan(Integer auto) { return false; }
ADJOINT_FN bool isinf(Integer auto) { return false; }
ADJOINT_FN bool isfinite(Integer auto) { return true; }
ADJOINT_FN bool signbit(float x) { return detail::float_to_bits(x) < 0; }
ADJOINT_FN bool signbit(double x) { return detail::double_to_bits(x) < 0; }
ADJOINT_FN bool signbit(Integer auto x) { return x < 0; }
template <Real T> ADJOINT_FN T sign(T x) { return T(int(x > T(0)) - int(x < T(0))); }  // NaN gives 0
template <Real T> ADJOINT_FN T sgn(T x) { return sign(x); }
template <Real T> ADJOINT_FN T real(T x) { return x; }
template <Real T> ADJOINT_FN T imag(T) { return T(0); }
template <Real T> ADJOINT_FN T conj(T x) { return x; }
template <Floating T> ADJOINT_FN T angle(T x) { return x != x ? x : x < 0 ? T(detail::kPi) : T(0); }
template <Integer T> ADJOINT_FN T abs(T x) { return x < T(0) ? T(0 - std::make_unsigned_t<T>(x)) : x; }
ADJOINT_FN bool abs(bool x) { return x; }

// ---- rounding

ADJOINT_FN float ceil(float x) { return __builtin_ceilf(x); }
ADJOINT_FN float floor(float x) { return __builtin_floorf(x); }
ADJOINT_FN float trunc(float x) { return __builtin_truncf(x); }
ADJOINT_FN float round(float x) { return __builtin_rintf(x); }  // half to even
ADJOINT_FN double round(double x) { return __builtin_rint(x); }
template <Floating T> ADJOINT_FN T frac(T x) { return x - trunc(x); }
template <Integer T> ADJOINT_FN T ceil(T x) { return x; }
template <Integer T> ADJOINT_FN T floor(T x) { return x; }
template <Integer T> ADJOINT_FN T trunc(T x) { return x; }
template <Integer T> ADJOINT_FN T round(T x) { return x; }
template <Integer T> ADJOINT_FN T frac(T) { return T(0); }

// ---- order: maximum, minimum let NaN win; fmax, fmin let the number win

template <Real T> ADJOINT_FN T maximum(T a, T b) {
  T r = a > b ? a : b;
  return a != a ? a : r;
}
template <Real T> ADJOINT_FN T minimum(T a, T b) {
  T r = a < b ? a : b;
  return a != a ? a : r;
}
template <Real T> ADJOINT_FN T fmax(T a, T b) {
  T r = a < b ? b : a;
  return a != a ? b : r;
}
template <Real T> ADJOINT_FN T fmin(T a, T b) {
  T r = a > b ? b : a;
  return a != a ? b : r;
}
template <Real T> ADJOINT_FN T heaviside(T x, T at_zero) { return x == T(0) ? at_zero : T(x > T(0)); }

// ---- division with rounding

#if defined(ADJOINT_VECTOR_DOUBLE)
// One exact multiply-add, for quotients that T holds to the last whole number; x / y may be off by one.
template <class T> ADJOINT_FN T quick_fmod(T x, T y) {
  T a = abs(x), b = abs(y), q = trunc(a / b), r = detail::madd(-q, b, a);
  r = r < 0 ? r + b : r;
  r = b == T(__builtin_inf()) && a < b ? a : r;
  return copysign(r, x);
}
ADJOINT_FN double fmod(double x, double y) { return quick_fmod(x, y); }
ADJOINT_FN float fmod(float x, float y) { return quick_fmod(x, y); }
template <Floating T> ADJOINT_FN bool is_hard_quotient(T x, T y) {
  T a = abs(x), b = abs(y);
  return (a > b * (sizeof(T) == 4 ? T(0x1p22) : T(0x1p50))) & (b > 0) & (a < T(__builtin_inf()));
}
template <Floating T> ADJOINT_FN bool is_hard_angle(T x) {
  T a = abs(x);
  return (a > (sizeof(T) == 4 ? T(1e5) : T(0x1p40))) & (a < T(__builtin_inf()));
}
#else
ADJOINT_FN double fmod(double x, double y) { return __builtin_fmod(x, y); }
ADJOINT_FN float fmod(float x, float y) { return __builtin_fmodf(x, y); }
ADJOINT_FN bool is_hard_quotient(Floating auto, Floating auto) { return false; }
ADJOINT_FN bool is_hard_angle(float) { return false; }
ADJOINT_FN bool is_hard_angle(double x) { return (abs(x) > 0x1p40) & (abs(x) < detail::kWideInf); }
#endif

// Python's %: the divisor's sign.
template <Floating T> ADJOINT_FN T remainder(T a, T b) {
  T m = fmod(a, b);
  return m != 0 && ((b < 0) != (m < 0)) ? m + b : m;
}
// Python's //, corrected where a - fmod(a, b) over b rounds across an integer.
template <Floating T> ADJOINT_FN T floor_divide(T a, T b) {
  T m = fmod(a, b), q = (a - m) / b;
  q = m != 0 && ((b < 0) != (m < 0)) ? q - 1 : q;
  T whole = floor(q);
  whole = q - whole > T(0.5) ? whole + 1 : whole;
  whole = q != 0 ? whole : copysign(T(0), a / b);
  return b == 0 ? a / b : whole;
}
// Integers: division by zero is the caller's error; here it gives 0 rather than a trap. So does the division
// of the smallest number by -1, which wraps.
template <Integer T> ADJOINT_FN T fmod(T a, T b) { return b == T(0) || b == T(-1) ? T(0) : T(a % b); }
template <Integer T> ADJOINT_FN T remainder(T a, T b) {
  T m = fmod(a, b);
  return m != T(0) && ((b < T(0)) != (m < T(0))) ? T(m + b) : m;
}
template <Integer T> ADJOINT_FN T trunc_divide(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (std::is_signed_v<T>)
    if (b == T(-1)) return T(0 - std::make_unsigned_t<T>(a));
  return T(a / b);
}
template <Integer T> ADJOINT_FN T floor_divide(T a, T b) {
  T q = trunc_divide(a, b), m = fmod(a, b);
  return m != T(0) && ((b < T(0)) != (m < T(0))) ? T(q - 1) : q;
}
template <Floating T> ADJOINT_FN T trunc_divide(T a, T b) { return trunc(a / b); }
// A negative exponent leaves 1, -1 and 0.
template <Integer T> ADJOINT_FN T pow(T x, T n) {
  if (n < T(0)) return x == T(1) ? T(1) : x == T(-1) ? (n % 2 != 0 ? T(-1) : T(1)) : T(0);
  using U = uint64_t;
  U r = 1, b = U(int64_t(x));
  for (U e = U(int64_t(n)); e; e >>= 1, b *= b)
    if (e & 1) r *= b;
  return T(r);
}

// ---- compositions

template <class T> ADJOINT_FN T square(T x) { return T(x * x); }
template <Floating T> ADJOINT_FN T reciprocal(T x) { return T(1) / x; }
template <Floating T> ADJOINT_FN T rsqrt(T x) { return T(1) / sqrt(x); }
template <Floating T> ADJOINT_FN T sigmoid(T x) {  // the exponential cannot overflow, nor the tail be lost
  T e = exp(-abs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}
template <Floating T> ADJOINT_FN T log_sigmoid(T x) { return minimum(T(0), x) - log1p(exp(-abs(x))); }
template <Floating T> ADJOINT_FN T softplus(T x) { return maximum(x, T(0)) + log1p(exp(-abs(x))); }
#if !defined(ADJOINT_VECTOR_DOUBLE)
// In the tail erfc magnifies what its argument x/√2 loses: that is put back, as erfc' is about -2u erfc there.
ADJOINT_FN double normal_cdf(double x) {
  constexpr double c = 0.70710678118654752440, low = -4.8336466567264567e-17;
  x = x > 40 ? 40 : x;
  x = x < -40 ? -40 : x;
  double u = -x * c, lost = __builtin_fma(-x, c, -u) - x * low;
  return 0.5 * erfc(u) * (u > 0 ? 1 - 2 * u * lost : 1);
}
ADJOINT_FN double normal_cdf_times(double x, double f) { return f * normal_cdf(x); }
#endif
ADJOINT_FN double normal_density(double x) {
  double square = x * x, lost = detail::madd(x, x, -square);
  lost = square < 1e4 ? lost : 0;  // not of inf
  return exp(-0.5 * square) * detail::madd(-0.199471140200716339, lost, 0.398942280401432678);
}
template <Floating T> ADJOINT_FN T xlogy(T x, T y) {
  T r = x == 0 ? T(0) : x * log(y);
  return y != y ? y : r;
}
template <Floating T> ADJOINT_FN T xlog1py(T x, T y) {
  T r = x == 0 ? T(0) : x * log1p(y);
  return y != y ? y : r;
}
// sin(πx) by the exact distance to the nearest whole number, whose parity is the sign.
template <Floating T> ADJOINT_FN T sine_of_half_turns(T x) {
  T n = round(x), half = T(0.5) * n, sign = T(1) - T(4) * abs(half - round(half));
  return sign * sin(T(detail::kPi) * (x - n));
}
template <Floating T> ADJOINT_FN T sinc(T x) {
  return x == 0 ? T(1) : sine_of_half_turns(x) / (T(detail::kPi) * x);
}
template <Floating T> ADJOINT_FN T logaddexp(T a, T b) {
  T r = maximum(a, b) + log1p(exp(-abs(a - b)));
  return a == b && isinf(a) ? a : r;
}
template <Floating T> ADJOINT_FN T logaddexp2(T a, T b) {
  T r = maximum(a, b) + log1p(exp2(-abs(a - b))) * T(1.44269504088896341);
  return a == b && isinf(a) ? a : r;
}

// ---- gamma, double only, float goes through it; the inverse of erf, whose double one is in math_normal.h

ADJOINT_FN double lgamma(double x) { return __builtin_isinf(x) ? __builtin_inf() : __builtin_lgamma(x); }
ADJOINT_FN float lgamma(float x) { return float(lgamma(double(x))); }
// Between 1 and 2 the distance from the zero (in two numbers) times a polynomial, from there on
// log x - 1/2x - G / x² with a polynomial G in 8/x² - 1, by recurrence below 1 and by reflection below 0. No branches.
ADJOINT_FN double digamma(double x) {
  double r = x - __builtin_rint(x);  // from the nearest pole: exact
  double a = x < 0 ? 1 - x : x, shifted = a < 1 ? a + 1 : a;
  double near = shifted < 2 ? shifted : 2, far = shifted > 2 ? shifted : 2, inverse = 1 / far;
  double from_zero = (near - 1.4616321449683622) - 9.549995429965697e-17, u = near - 1.5;
  double z = inverse * inverse, t = 8 * z - 1;
  double y =
      from_zero * detail::horner(u, 0.00011881232908510335, -0.0001782188548855923, 9.653646261410062e-05,
                                 -0.00014480643368061614, 0.00032395945401345196, -0.00048595039220036254,
                                 0.0006909255761282986, -0.0010364584817312839, 0.0015633696313653504,
                                 -0.0023454947397380833, 0.003518106563802472, -0.005279937255532708,
                                 0.007927021796868154, -0.011908220105959716, 0.017907248317313294,
                                 -0.026975796659787055, 0.040760833940846085, -0.06192213327548831,
                                 0.09498872445289039, -0.14840492305388092, 0.24054248424078697,
                                 -0.4236274212814606, 0.9510558760318328);
  double g = detail::horner(t, 3.5675516347302675e-12, -7.0074910541893744e-12, -9.317146176201968e-13,
                            -2.2556412296369621e-13, 3.2109724519310323e-11, -7.737851778530002e-11,
                            1.7489829270220979e-10, -5.07775940765026e-10, 1.6116008374641787e-09,
                            -5.578283592866259e-09, 2.182947252054054e-08, -9.975939506638587e-08,
                            5.576415479233636e-07, -4.099379388311838e-06, 4.483905295251293e-05,
                            -0.0009367704342558004, 0.08234693724440534);
  y = shifted < 2 ? y : log(far) - detail::madd(g, z, 0.5 * inverse);
  y -= a < 1 ? 1 / a : 0;
  double reflected = y - detail::kPi / tan(detail::kPi * r);
  reflected = r == 0 ? __builtin_nan("") : reflected;
  y = x < 0 ? reflected : y;
  return x == 0 ? copysign(__builtin_inf(), -x) : y;
}
ADJOINT_FN float digamma(float x) { return float(digamma(double(x))); }
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
