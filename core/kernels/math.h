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

// long double stands for a double, or float, that asks for the C library: see Note [Hard arguments].
ADJOINT_FN long double sin(long double x) { return __builtin_sin(double(x)); }
ADJOINT_FN long double cos(long double x) { return __builtin_cos(double(x)); }
ADJOINT_FN long double tan(long double x) { return __builtin_tan(double(x)); }
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
ADJOINT_FN bool is_hard_angle(Floating auto) { return false; }
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

// ---- gamma and the inverse of erf: double only, float goes through it

ADJOINT_FN double lgamma(double x) { return __builtin_isinf(x) ? __builtin_inf() : __builtin_lgamma(x); }
ADJOINT_FN float lgamma(float x) { return float(lgamma(double(x))); }
// Reflection for negative x, recurrence up to 10, then the asymptotic series (Cephes, as PyTorch).
ADJOINT_FN double digamma(double x) {
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double result = 0;
  if (x < 0) {
    double r = x - __builtin_rint(x);  // from the nearest pole: exact
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
// As the float one below, with longer polynomials: in w = -log(1 - y²) near the centre, in √w further out.
ADJOINT_FN double erfinv(double y) {
  double w = -log((1 - y) * (1 + y)), root = sqrt(w), u = w - 3.125, m = root - 3.25, t = root - 5;
  double centre = detail::horner(
      u, -2.362369698566107e-22, -1.6787330615256773e-19, 1.1027771591500033e-18, 1.1125794759379464e-17,
      -1.290702354613073e-16, 2.166994626283574e-17, 6.581955305929239e-15, -4.0554139746886e-14,
      -8.106594456438496e-14, 2.6335724924608484e-12, -1.2977505202014966e-11, -5.4154417754696635e-11,
      1.0512202440121784e-09, -4.112633104297614e-09, -2.907038666019143e-08, 4.2347877672780653e-07,
      -1.3654691796592068e-06, -1.3882523361276876e-05, 0.0001867342080212427, -0.0007407025341669402,
      -0.006033670871427011, 0.2401581824255897, 1.6536545626831027);
  double middle = detail::horner(
      m, -1.5102695423335065e-08, 6.969241977629694e-10, 1.3104351499972014e-07, -2.713451105439456e-07,
      -2.7004219280868947e-08, 1.4987130784186127e-06, -3.986084395214756e-06, 2.9257291901789823e-06,
      1.2465167157087251e-05, -4.731898412011245e-05, 6.828708654753377e-05, 2.4031257015092525e-05,
      -0.00035503780975963814, 0.0009532893637435638, -0.0016882755357337071, 0.0024914420969817607,
      -0.003751208508215561, 0.00537091455357168, 1.0052589676941652, 3.0838856104922208);
  double tail = detail::horner(t, 2.752083669120488e-11, -2.2467591693364936e-11, -3.7171553416167447e-10,
                               1.4895546197648135e-09, -3.5875995609819957e-09, 7.644335983557396e-09,
                               -1.5146221782627176e-08, 2.9124399186491765e-08, -6.761414811460412e-08,
                               2.2901554497563463e-07, -9.930119183482954e-07, 4.5260599477720725e-06,
                               -1.968177348376382e-05, 7.599527735160192e-05, -0.00021503011962944126,
                               -0.00013871931835112341, 1.0103004648645413, 4.849906401408584);
  double x = (w < 6.25 ? centre : w < 16 ? middle : tail) * y;
  return abs(y) == 1 ? copysign(__builtin_inf(), y) : x;
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
