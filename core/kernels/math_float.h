// The float functions of math.h: polynomials without branches or calls, so that plain loops over them
// vectorise.
//
// Hot functions work in float; the others widen to double, where a short polynomial (1e-10) and plain
// formulas give results within 1 ulp without special care. Fused multiply-adds only where the instruction set
// has them.
#pragma once
#include <cstdint>
#ifndef ADJOINT_ISA
#define ADJOINT_ISA base
#endif
#define ADJOINT_FN static inline __attribute__((always_inline))

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

ADJOINT_FN float bits_to_float(int32_t i) { return __builtin_bit_cast(float, i); }
ADJOINT_FN int32_t float_to_bits(float x) { return __builtin_bit_cast(int32_t, x); }
ADJOINT_FN double bits_to_double(int64_t i) { return __builtin_bit_cast(double, i); }
ADJOINT_FN int64_t double_to_bits(double x) { return __builtin_bit_cast(int64_t, x); }
// Differences of bit patterns: they wrap, as those of NaNs and negative numbers may have to.
ADJOINT_FN int32_t minus(int32_t a, int32_t b) { return int32_t(uint32_t(a) - uint32_t(b)); }
ADJOINT_FN int64_t minus(int64_t a, int64_t b) { return int64_t(uint64_t(a) - uint64_t(b)); }

#if defined(__FMA__) || defined(__aarch64__)
ADJOINT_FN float madd(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
ADJOINT_FN double madd(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
ADJOINT_FN float madd(float a, float b, float c) { return a * b + c; }
ADJOINT_FN double madd(double a, double b, double c) { return a * b + c; }
#endif
// Coefficients from the highest power down (Horner).
template <class T> ADJOINT_FN T horner(T, T c) { return c; }
template <class T, class... C> ADJOINT_FN T horner(T x, T c, T next, C... rest) {
  return horner(x, madd(c, x, next), rest...);
}
// The same in two chains, of the even and of the odd powers: half as long where the chain is what takes the time.
template <class T> ADJOINT_FN T in_chains(T x, T, T a, T b) { return madd(a, x, b); }
template <class T> ADJOINT_FN T in_chains(T x, T s, T a, T b, T c) { return madd(b, x, madd(a, s, c)); }
template <class T, class... C> ADJOINT_FN T in_chains(T x, T s, T a, T b, T c, T d, C... rest) {
  return in_chains(x, s, madd(a, s, c), madd(b, s, d), rest...);
}
template <class T, class... C> ADJOINT_FN T polynomial(T x, C... c) { return in_chains(x, x * x, c...); }

constexpr float kInf = __builtin_inff();
constexpr float kNan = __builtin_nanf("");
constexpr double kWideInf = __builtin_inf();
constexpr double kWideNan = __builtin_nan("");
constexpr double kPi = 3.141592653589793238, kLn2 = 0.693147180559945309, kLog10Of2 = 0.301029995663981195;

ADJOINT_FN double clamp_to(double x, double low, double high) {  // NaN passes
  x = x > high ? high : x;
  return x < low ? low : x;
}

// Adding this number rounds a float (double) to an integer, which then stands in the sum's low bits.
constexpr float kRound = 12582912.f;
constexpr double kRoundWide = 6755399441055744.0;

// x = n ln2 + r, |r| <= ln2/2; |x| < 2000. scale is 2^n.
struct Reduced {
  double r, scale;
};
ADJOINT_FN Reduced reduce_exp(double x) {
  double t = madd(x, 1.44269504088896341, kRoundWide), n = t - kRoundWide;
  double r = madd(n, -1.9082149292705877e-10, madd(n, -6.93147180369123816490e-01, x));
  return {r, bits_to_double(int64_t((uint64_t(double_to_bits(t)) + 1023) << 52))};
}
ADJOINT_FN double expm1_core(double r) {  // |r| <= ln2/2, relative error 5e-12
  double q = horner(r, 2.479637279162746e-05, 0.00019904972851129176, 0.0013888985474420335,
                    0.0083332889655297459, 0.041666665950703653, 0.16666666754396103, 0.50000000001057421);
  return madd(q * r, r, r);
}
// For |x| < 700; callers clamp. NaN passes.
ADJOINT_FN double exp_wide(double x) {
  Reduced v = reduce_exp(x);
  return madd(v.scale, expm1_core(v.r), v.scale);
}
ADJOINT_FN double expm1_wide(double x) {
  Reduced v = reduce_exp(x);
  return madd(v.scale, expm1_core(v.r), v.scale - 1);
}
// Clamped to where float results are 0 or inf; NaN passes.
ADJOINT_FN double clamp_wide(float x, float limit) {
  x = x > limit ? limit : x;
  return x < -limit ? -limit : x;
}
ADJOINT_FN double exp2_wide(double x) {  // |x| < 1000
  double t = x + kRoundWide, r = x - (t - kRoundWide);
  double q = horner(r, 1.53455808499109418e-04, 1.34001955377165767e-03, 9.61849184009905267e-03,
                    5.55032812361408376e-02, 2.40226468448651476e-01, 6.93147206037322938e-01,
                    1.00000000056305405e+00);
  return q * bits_to_double(int64_t((uint64_t(double_to_bits(t)) + 1023) << 52));
}
// log2 of a positive normal double; x near 1 keeps its relative accuracy (8e-11).
ADJOINT_FN double log2_core(double x) {
  int64_t b = double_to_bits(x), e = minus(b, int64_t(0x3fe6a09e667f3bcd)) & int64_t(0xfff0000000000000);
  double m = bits_to_double(minus(b, e));
  // The exponent, as a double: its 12 bits moved down below the rounding number's.
  double n = bits_to_double(int64_t(uint64_t(e) >> 52) ^ double_to_bits(kRoundWide)) - kRoundWide;
  n = n >= 2048 ? n - 4096 : n;
  double f = (m - 1) / (m + 1), s = f * f;
  double p = horner(s, 2.82932813769342983e-01, 3.19903554780456900e-01, 4.12209300500915810e-01,
                    5.77077941940264627e-01, 9.61796694114548267e-01, 2.88539008177784950e+00);
  return madd(p, f, n);
}
// log2 of any float's value given as a double (or of a double within the float range): all special cases.
ADJOINT_FN double log2_wide(double x) {
  double r = log2_core(x);
  r = x < double(__builtin_inf()) ? r : x;  // inf and NaN
  r = x == 0 ? -double(__builtin_inf()) : r;
  return x < 0 ? double(__builtin_nan("")) : r;
}
ADJOINT_FN double log_wide(double x) { return log2_wide(x) * kLn2; }

// x/π modulo 2, in [-4, 4], for every float. 1/2π is cut in pieces whose products with x are exact, or lose
// only what lies below 2^-53, so that whole turns fall away without error. (A second rounding serves huge
// products, whose first one is coarse.)
ADJOINT_FN double half_turns(float xf) {
  double x = xf, sum = 0;
#if defined(__FMA__) || defined(__aarch64__)
  double a = x * 0x1.45f306dc9c882p-3, b = x * 0x1.4a7f09d5f47d4p-56, c = x * 0x1.a6ee06db14accp-109;
  a = __builtin_fma(x, 0x1.45f306dc9c882p-3, -__builtin_rint(a));
  b = __builtin_fma(x, 0x1.4a7f09d5f47d4p-56, -__builtin_rint(b));
  c = __builtin_fma(x, 0x1.a6ee06db14accp-109, -__builtin_rint(c));
  sum = (a - __builtin_rint(a)) + (b - __builtin_rint(b)) + c;
#else
  constexpr double part[] = {0x1.45f306dp-3,  0x1.9391054p-32,  0x1.4fe13abp-61,
                             0x1.d1f534dp-90, 0x1.b81b6c5p-119, 0x1.5993c43p-150};
  for (double c : part) {
    double v = x * c;
    sum += v - __builtin_rint(v);
  }
#endif
  return sum + sum;
}
// sin(πh) for a double h
ADJOINT_FN float sin_half_turns(double h) {
  double n = __builtin_rint(h);
  float r = float((h - n) * kPi), s = r * r;
  float p =
      horner(s, -2.388774234e-08f, 2.752531964e-06f, -1.984086698e-04f, 8.333331099e-03f, -1.666666663e-01f);
  return bits_to_float(float_to_bits(madd(p * s, r, r)) ^ int32_t(uint32_t(int32_t(n)) << 31));
}
// asin(√s)/√s - 1 over s, s in [0, 1/4]
ADJOINT_FN double asin_tail(double s) {
  return horner(s, 0.034646308764551728, 0.0075094896981802196, 0.024604706815154025, 0.030112526182512311,
                0.044659972104324798, 0.074999488977635448, 0.16666667180258707);
}
ADJOINT_FN double atan_unit(double z) {  // z in [0, 1]
  double s = z * z;
  return z * horner(s, 0.0010911112413012265, -0.0071993842257440108, 0.022274350392214072,
                    -0.044357482289481671, 0.067161059225101058, -0.087987710060068114, 0.11054500849324569,
                    -0.14279159567386304, 0.1999960463094301, -0.33333323935093123, 0.9999999996282235);
}

}  // namespace detail

ADJOINT_FN float abs(float x) { return __builtin_fabsf(x); }
ADJOINT_FN float copysign(float x, float y) { return __builtin_copysignf(x, y); }
ADJOINT_FN float sqrt(float x) { return __builtin_sqrtf(x); }

namespace detail {
// (e^r - 1) / r, |r| <= ln2/2: Estrin's scheme, whose chain is shorter than Horner's
ADJOINT_FN float exp_slope(float r) {
  float s = r * r;
  float low = madd(1.666651952e-01f, r, 4.999999337e-01f), high = madd(8.368851085e-03f, r, 4.166840109e-02f);
  return madd(madd(madd(1.381432036e-03f, s, high), s, low), r, 1.f);
}
// e^x for x in [-87, 88]
ADJOINT_FN float exp_near(float x) {
  constexpr float kBias = kRound + 127.f;
  float t = madd(x, 1.442695041f, kBias), fn = t - kBias;
  float scale = bits_to_float(int32_t(uint32_t(float_to_bits(t)) << 23));
  float r = madd(fn, 2.12194440e-4f, madd(fn, -0.693359375f, x));
  return madd(exp_slope(r) * r, scale, scale);
}
}  // namespace detail
// The exponent is held as an integer, whose minimum and maximum are one instruction each, while those of floats
// are a comparison and a choice. NaN and inf travel in the remainder r. 2^n may be subnormal, so it comes in two
// factors, 2^floor(n/2) and 2^ceil(n/2): t's low bits hold n + 254, twice the exponent of the first. What is nothing
// has the factor 0, as a product that vanishes takes processors ten times as long.
namespace detail {
// e^x = p · low · high; from `least` down it is 0
struct FloatExp {
  float p, low, high;
};
ADJOINT_FN FloatExp exp_factors(float x, float least) {
  constexpr float kBias = kRound + 254.f;
  constexpr int32_t zero = 0x4B400000 + 254;
  int32_t b = float_to_bits(madd(x, 1.442695041f, kBias));
  b = b < zero + 128 ? b : zero + 128;
  bool none = x < least;
  b = none ? zero - 254 : b;
  float fn = bits_to_float(b) - kBias;
  uint32_t twice = uint32_t(b) << 22;
  float r = madd(fn, 2.12194440e-4f, madd(fn, -0.693359375f, x));
  r = none ? 0.f : r;
  return {madd(exp_slope(r), r, 1.f), bits_to_float(int32_t(twice & 0x7f800000u)),
          bits_to_float(int32_t((twice + 0x400000u) & 0x7f800000u))};
}
}  // namespace detail
ADJOINT_FN float exp(float x) {
  detail::FloatExp e = detail::exp_factors(x, -104.5f);
  return e.p * e.low * e.high;
}
// f e^x for x up to 88: digits that a small e^x has no place for are there in the product.
ADJOINT_FN float exp_times(float x, float f) {
  detail::FloatExp e = detail::exp_factors(x, -110.f);
  return e.p * f * e.low * e.high;
}
template <class T> struct ExpAndTimes {
  T exp, times;
};
ADJOINT_FN ExpAndTimes<float> exp_and_times(float x, float f) {
  detail::FloatExp e = detail::exp_factors(x, -110.f);
  return {e.p * e.low * e.high, e.p * f * e.low * e.high};
}
ADJOINT_FN float exp2(float x) {
  using namespace detail;
  x = x > 130.f ? 130.f : x;
  x = x < -151.f ? -151.f : x;
  float t = x + kRound, r = x - (t - kRound);
  int32_t n = minus(float_to_bits(t), 0x4B400000), half = n >> 1;
  float p = horner(r, 1.535315360e-04f, 1.339913268e-03f, 9.618439850e-03f, 5.550331854e-02f,
                   2.402264788e-01f, 6.931472031e-01f);
  p = madd(p, r, 1.f);
  return p * bits_to_float((half + 127) << 23) * bits_to_float((n - half + 127) << 23);
}
ADJOINT_FN float expm1(float x) {
  float y = float(detail::expm1_wide(detail::clamp_wide(x, 100.f)));
  return x == 0 ? x : y;
}
namespace detail {
// x = 2^n (1 + f), 1 + f in [2/3, 4/3); x positive and finite
struct FloatLog {
  float n, f;
};
ADJOINT_FN FloatLog log_parts(float x) {
  bool subnormal = x < 1.17549435e-38f;
  x = subnormal ? x * 8388608.f : x;
  int32_t e = minus(float_to_bits(x), 0x3f2aaaab) & int32_t(0xff800000);
  float n = madd(float(e), 1.19209290e-7f, subnormal ? -23.f : 0.f);
  return {n, bits_to_float(minus(float_to_bits(x), e)) - 1.f};
}
ADJOINT_FN float log_of(float f) {  // log(1 + f)
  float s = f * f;
  float r = horner(s, -0.130310059f, -0.121483803f, -0.166846126f, -0.249996200f);
  float t = horner(s, 0.140869141f, 0.139814854f, 0.200120345f);
  r = madd(t, f, r);
  r = madd(r, f, 0.333331972f);
  r = madd(r, f, -0.5f);
  return madd(r, s, f);
}
ADJOINT_FN float log_specials(float x, float r) {
  r = x < kInf ? r : x;  // inf and NaN
  r = x == 0.f ? -kInf : r;
  return x < 0.f ? kNan : r;
}
}  // namespace detail
ADJOINT_FN float log(float x) {
  detail::FloatLog v = detail::log_parts(x);
  return detail::log_specials(x, detail::madd(v.n, 0.693147182f, detail::log_of(v.f)));
}
ADJOINT_FN float log2(float x) {
  detail::FloatLog v = detail::log_parts(x);
  return detail::log_specials(x, detail::madd(detail::log_of(v.f), 1.44269502f, v.n));
}
ADJOINT_FN float log10(float x) {  // log10(2) in two parts, the first of 12 bits
  detail::FloatLog v = detail::log_parts(x);
  float low = detail::madd(detail::log_of(v.f), 0.434294492f, v.n * 4.60503900e-6f);
  return detail::log_specials(x, detail::madd(v.n, 0.301025391f, low));
}
// log u with u = 1 + x, and what was rounded away of u put back into f.
ADJOINT_FN float log1p(float x) {
  using namespace detail;
  float u = 1.f + x, lost = x > 1.f ? 1.f - (u - x) : x - (u - 1.f);
  FloatLog v = log_parts(u);
  int32_t n = int32_t(v.n > 60.f ? 60.f : v.n);
  v.f = madd(lost, bits_to_float((127 - n) << 23), v.f);
  float r = log_specials(u, madd(v.n, 0.693147182f, log_of(v.f)));
  return x == 0.f ? x : r;
}

#if defined(__FMA__) || defined(__aarch64__)
namespace detail {
// x = q π/2 + r, |r| < 0.8, for |x| up to 1e5
struct FloatQuarter {
  float r;
  int32_t q;
};
ADJOINT_FN FloatQuarter quarter(float x) {
  float t = madd(x, 0.636619747f, kRound), n = t - kRound;
  float r = madd(n, -0x1.921fb6p+0f, x);  // exact
  r = madd(n, 0x1.777a5cp-25f, r);
  return {madd(n, 0x1.ee59dap-50f, r), float_to_bits(t)};
}
ADJOINT_FN float sine(float r) {
  float z = r * r;
  return madd(z * r, horner(z, -0.000195878405f, 0.00833274804f, -0.166666647f), r);
}
ADJOINT_FN float cosine(float r) {
  float z = r * r;
  return madd(z * z, horner(z, 2.45478916e-05f, -0.00138883028f, 0.0416666647f), madd(z, -0.5f, 1.f));
}
ADJOINT_FN float negated_if(int32_t q, float x) {  // by q's second bit
  return bits_to_float(float_to_bits(x) ^ int32_t(uint32_t(q & 2) << 30));
}
}  // namespace detail
ADJOINT_FN float sin(float x) {
  detail::FloatQuarter v = detail::quarter(x);
  float s = detail::sine(v.r), c = detail::cosine(v.r);
  float y = detail::negated_if(v.q, v.q & 1 ? c : s);
  return x == 0.f ? x : y;
}
ADJOINT_FN float cos(float x) {
  detail::FloatQuarter v = detail::quarter(x);
  float s = detail::sine(v.r), c = detail::cosine(v.r);
  return detail::negated_if(v.q + 1, v.q & 1 ? s : c);
}
// What the reduction and its rounding lost is put back, as the quotient shows it.
ADJOINT_FN float tan(float x) {
  using namespace detail;
  float t = madd(x, 0.636619747f, kRound), n = t - kRound;
  float first = madd(n, -0x1.921fb6p+0f, x), p = n * 0x1.777a5cp-25f, r = first + p;
  float low = ((first - r) + p) + madd(n, 0x1.ee59dap-50f, madd(n, 0x1.777a5cp-25f, -p));
  int32_t q = float_to_bits(t);
  float s = sine(r), c = cosine(r), y = (q & 1 ? -c : s) / (q & 1 ? s : c);
  y = madd(low, madd(y, y, 1.f), y);
  return x == 0.f ? x : y;
}
#else
ADJOINT_FN float sin(float x) {
  float y = detail::sin_half_turns(detail::half_turns(x));
  return abs(x) < 1e-4f ? x * (1.f - x * x * (1 / 6.f)) : y;  // and keeps -0
}
ADJOINT_FN float cos(float x) { return detail::sin_half_turns(detail::half_turns(x) + 0.5); }
ADJOINT_FN float tan(float x) {
  using namespace detail;
  double h = 2 * half_turns(x), n = __builtin_rint(h), r = (h - n) * (kPi / 2), s = r * r;
  bool odd = (n - 2 * __builtin_rint(n * 0.5)) != 0;
  double sine = horner(s, -2.4757520831862744e-08, 2.7555299512680733e-06, -0.000198412635413568,
                       0.0083333333247382867, -0.16666666666628474);
  double cosine = horner(s, 2.0642489576239317e-09, -2.7555481982303038e-07, 2.4801580479006241e-05,
                         -0.0013888888877087271, 0.041666666666592439);
  sine = madd(sine * s, r, r);
  cosine = madd(cosine * s, s, madd(s, -0.5, 1.0));
  float y = float((odd ? -cosine : sine) / (odd ? sine : cosine));
  return abs(x) < 1e-4f ? x * (1.f + x * x * (1 / 3.f)) : y;
}
#endif
namespace detail {
ADJOINT_FN float asin_rest(float s) {  // (asin(z) - z) / z, s = z² up to 1/4
  return s * horner(s, 0.0380850236f, 0.0265545422f, 0.0450013801f, 0.0749885507f, 0.166666724f);
}
constexpr float kHalfPiFloat = 1.57079637f, kHalfPiFloatLow = -4.37113883e-8f;
}  // namespace detail
ADJOINT_FN float asin(float x) {
  using namespace detail;
  float a = abs(x);
  bool big = a > 0.5f;
  float s = big ? (1.f - a) * 0.5f : a * a, z = big ? sqrt(s) : a;
  float rest = z * asin_rest(s);
  float y = big ? (kHalfPiFloat - 2.f * z) - madd(2.f, rest, -kHalfPiFloatLow) : z + rest;
  return copysign(y, x);
}
ADJOINT_FN float acos(float x) {
  using namespace detail;
  float a = abs(x);
  bool big = a > 0.5f;
  float s = big ? (1.f - a) * 0.5f : a * a, z = big ? sqrt(s) : x;
  float rest = asin_rest(s), y = 2.f * madd(z, rest, z);
  float far = x < 0.f ? 2.f * kHalfPiFloat - (y - 2.f * kHalfPiFloatLow) : y;
  return big ? far : kHalfPiFloat - (z - madd(-z, rest, kHalfPiFloatLow));
}
ADJOINT_FN float atan(float x) {
  using namespace detail;
  float a = abs(x);
  bool big = a > 1.f;
  float z = big ? -1.f / a : a, s = z * z;
  float p = horner(s, -0.00238699732f, 0.0135077714f, -0.035871539f, 0.0625016944f, -0.0865688043f,
                   0.110337641f, -0.142785687f, 0.199997393f, -0.333333317f);
  float y = madd(z * s, p, z);
  return copysign(big ? kHalfPiFloat + (y + kHalfPiFloatLow) : y, x);
}
ADJOINT_FN float atan2(float y, float x) {
  double a = abs(x), b = abs(y), low = a < b ? a : b, high = a < b ? b : a;
  double z = high == 0 ? 0 : low == high ? 1 : low / high;
  double r = detail::atan_unit(z);
  r = b > a ? detail::kPi / 2 - r : r;
  r = copysign(1.f, x) < 0 ? detail::kPi - r : r;
  float result = copysign(float(r), y);
  result = x != x ? x : result;
  return y != y ? y : result;
}
ADJOINT_FN float sinh(float x) {
  double e = detail::expm1_wide(detail::clamp_wide(abs(x), 100.f));
  return copysign(float(0.5 * (e + e / (e + 1))), x);
}
ADJOINT_FN float cosh(float x) {
  double e = detail::exp_wide(detail::clamp_wide(abs(x), 100.f));
  return float(0.5 * (e + 1 / e));
}
ADJOINT_FN float tanh(float x) {
  using namespace detail;
  float y = 2.f * abs(x);
  y = y > 20.f ? 20.f : y;
  float t = madd(y, 1.442695041f, kRound), fn = t - kRound;
  int32_t n = minus(float_to_bits(t), 0x4B400000);
  float r = madd(fn, 2.12194440e-4f, madd(fn, -0.693359375f, y));
  float q =
      horner(r, 1.388249728e-03f, 8.366646804e-03f, 4.166720392e-02f, 1.666654268e-01f, 4.999999813e-01f);
  float em = madd(q * r, r, r), s = bits_to_float((n + 127) << 23);
  float e1 = madd(s, em, s - 1.f), v = e1 / (e1 + 2.f), a = abs(x), square = a * a;
  float p = horner(square, 0.0022695017978549004f, -0.0083231870085001f, 0.021762503311038017f,
                   -0.053958460688591f, 0.1333329975605011f, -0.3333333432674408f);
  v = a < 0.6f ? madd(p * square, a, a) : v;
  v = x != x ? x : v;
  return copysign(v, x);
}
ADJOINT_FN float asinh(float x) {
  double a = abs(x), d = a + a * a / (1 + __builtin_sqrt(1 + a * a));
  float y = float(detail::log_wide(1 + d));
  y = abs(x) < 1e-3f ? abs(x) - x * x * abs(x) * (1 / 6.f) : y;
  return copysign(abs(x) < detail::kInf ? y : abs(x), x);
}
ADJOINT_FN float acosh(float x) {
  double t = double(x) - 1;
  float y = float(detail::log_wide(1 + (t + __builtin_sqrt(t * (t + 2)))));
  return x < 1 ? detail::kNan : y;
}
ADJOINT_FN float atanh(float x) {
  double a = abs(x);
  float y = float(0.5 * detail::log_wide((1 + a) / (1 - a)));
  return copysign(abs(x) < 1e-3f ? abs(x) + x * x * abs(x) * (1 / 3.f) : y, x);
}
ADJOINT_FN float hypot(float x, float y) {
  float r = float(__builtin_sqrt(double(x) * x + double(y) * y));
  return abs(x) == detail::kInf || abs(y) == detail::kInf ? detail::kInf : r;
}
ADJOINT_FN float pow(float x, float y) {
  using namespace detail;
  float a = abs(x);
  double z = double(y) * log2_wide(a);
  z = z > 300 ? 300 : z;
  z = z < -300 ? -300 : z;
  float r = float(exp2_wide(z));
  float whole = __builtin_truncf(y), half = y * 0.5f;
  bool odd = whole == y && __builtin_truncf(half) != half;  // infinite y is even
  r = odd ? copysign(r, x) : r;
  r = x < 0 && a < kInf && whole != y ? kNan : r;
  r = a == 1.f && abs(y) == kInf ? 1.f : r;
  r = y != y ? y : r;
  return x == 1.f || y == 0.f ? 1.f : r;
}

namespace detail {
// |x|, held at `limit` by its bits: one instruction. NaN becomes the limit.
ADJOINT_FN float held_size(float x, float limit) {
  int32_t b = float_to_bits(x) & 0x7fffffff, most = float_to_bits(limit);
  return bits_to_float(b < most ? b : most);
}
}  // namespace detail
ADJOINT_FN float erf(float a) {
  using namespace detail;
  float t = abs(a), s = a * a, s2 = s * s;
  float c = held_size(a, 4.f), c2 = c * c;  // at 4 the float is 1 already
  float r = madd(-1.72853470e-5f, c, 3.83197126e-4f), u = madd(-3.88396438e-3f, c, 2.42546219e-2f);
  r = madd(madd(r, c2, u), c2, madd(-1.06777877e-1f, c, -6.34846687e-1f));
  r = madd(madd(r, c, -1.28717512e-1f), c, -c);
  float big = copysign(1.f - exp_near(r), a);
  float q0 = madd(-3.76125336e-1f, s, 1.28379166e-1f), q1 = madd(-2.67681349e-2f, s, 1.12819925e-1f);
  float q = madd(madd(madd(-5.96761703e-4f, s, 4.99119423e-3f), s2, q1), s2, q0);
  return t > 0.927734375f ? big : madd(q, a, a);  // NaN is not greater
}
// The normal distribution function and density share one exponential: a formula that has both (gelu's slope) pays
// for it once.
namespace detail {
// e^(-z²/2) 2^64 for z in [0, 16]: the factor keeps it normal. -2r is reduced from z² and what its rounding lost,
// so that the far tail keeps its relative accuracy.
ADJOINT_FN float scaled_bell(float z) {
  constexpr float kBias = kRound + 127.f + 64.f;
  float s = z * z, lost = madd(z, z, -s);
  float t = madd(s, -0.5f * 1.442695041f, kBias), fn = t - kBias;
  float scale = bits_to_float(int32_t(uint32_t(float_to_bits(t)) << 23));
  float r = -0.5f * madd(fn, -2 * 2.12194440e-4f, madd(fn, 2 * 0.693359375f, s) + lost);
  return madd(exp_slope(r) * r, scale, scale);
}
}  // namespace detail
// Far from 0 the tail is e^(-x²/2) t P(t), t = 1 / (1 + 0.4 |x|), whose roundings would show nearer. The factor f comes
// before what is small, so that the product has its digits where the function alone has no place for them.
ADJOINT_FN float normal_cdf_times(float x, float f) {
  using namespace detail;
  constexpr float kBack = 0x1p-64f;
  float a = abs(x), z = held_size(x, 16.f), e = scaled_bell(z), s = z * z, s2 = s * s;
  float t = 1.f / madd(0.4f, a, 1.f), t2 = t * t;
  float p0 = madd(0.159078985f * kBack, t, 0.15959686f * kBack);
  float p1 = madd(0.0549179874f * kBack, t, 0.139163226f * kBack);
  float p2 = madd(-0.187782228f * kBack, t, 0.106650442f * kBack);
  float p = madd(madd(madd(0.0686901361f * kBack, t2, p2), t2, p1), t2, p0);
  float tail = e * (t * p * f);
  float far = float_to_bits(x) < 0 ? tail : f - tail;
  float q1 = madd(0.0099717211f, s, -0.0664900318f), q2 = madd(0.000110665591f, s, -0.0011831295f);
  float q = madd(madd(-6.74106059e-06f, s2, q2), s2, q1);
  float near = madd(madd(q, s, 0.398942262f), x, 0.5f);
  return a > 1.2f ? far : near * f;
}
ADJOINT_FN float normal_cdf(float x) { return normal_cdf_times(x, 1.f); }
ADJOINT_FN float normal_density(float x) {
  float y = detail::scaled_bell(detail::held_size(x, 16.f)) * float(0.398942280401432678 * 0x1p-64);
  return x != x ? x : y;
}
ADJOINT_FN float erfc(float x) {
  using namespace detail;
  double a = clamp_wide(abs(x), 12.f), s = (a - 3.75) / (a + 3.75);
  double p = horner(s, -0.00019856907428833227, 0.00051742616314817713, 0.0018363177899619943,
                    -0.0098337422833043447, 0.02830596915801617, -0.058683393613503693, 0.092315096856490572,
                    -0.10880411589633539, 0.08227597731590966, 0.003585403743551771, -0.14024058369396564,
                    1.2375126309300206);
  double y = p / (1 + 2 * a) * exp_wide(-a * a);
  return float(x < 0 ? 2 - y : y);
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
