// The double functions of math.h, without branches or calls, so that plain loops over them vectorise.
// Within 1 to 2 units in the last place. Arguments are reduced with fused multiply-adds, whose one rounding
// the analysis needs: instruction sets without them take the C library's functions instead.
//
// The polynomials are near-minimax ones (Chebyshev), fitted with 60 digits; erf's is weighted by how much
// erf feels its error.
#pragma once
#include "kernels/math_float.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
constexpr double kHalfPi = 0x1.921fb54442d18p0, kHalfPiLow = 0x1.1a62633145c07p-54;

// 2^n for an integer n in [-1022, 1023]
ADJOINT_FN double power_of_two(double n) {
  return bits_to_double(int64_t(uint64_t(double_to_bits(n + kRoundWide) + 1023) << 52));
}

// e^x = 2^n (1 + p), |p| < 0.42 with its own relative accuracy
struct ExpParts {
  double n, p;
};
ADJOINT_FN double exp_rest(double r) {  // (e^r - 1 - r) / r
  return r * horner(r, 2.509563297507093e-08, 2.761390867578486e-07, 2.755727992579576e-06,
                    2.480153620505534e-05, 0.00019841269854409363, 0.0013888888905973543,
                    0.008333333333332147, 0.041666666666651246, 0.16666666666666666, 0.5);
}
ADJOINT_FN ExpParts exp_parts(double x) {
  double n = madd(x, 1.44269504088896341, kRoundWide) - kRoundWide;
  double r = madd(n, -kLn2Low, madd(n, -kLn2High, x));
  return {n, madd(exp_rest(r), r, r)};
}
// In two steps, as 2^n may be subnormal, or overflow where the product does not.
ADJOINT_FN double scaled(double x, double n) {
  double half = __builtin_rint(n * 0.5);
  return x * power_of_two(half) * power_of_two(n - half);
}
// The same as r and the rest, where e^x - 1 shows what 1 + p would not: how much r's rounding lost is in the rest.
struct Expm1Parts {
  double n, r, rest;
};
ADJOINT_FN Expm1Parts expm1_parts(double x) {
  double n = madd(x, 1.44269504088896341, kRoundWide) - kRoundWide;
  double high = madd(n, -kLn2High, x), r = madd(n, -kLn2Low, high), low = madd(n, -kLn2Low, high - r);
  return {n, r, madd(exp_rest(r), r, low)};
}
ADJOINT_FN double expm1_small(double x) {  // |x| < 600
  Expm1Parts e = expm1_parts(x);
  double s = power_of_two(e.n);
  return madd(s, e.rest, madd(s, e.r, s - 1));
}
ADJOINT_FN double half_exp(double x) {  // e^x / 2, which may be finite where e^x is not
  ExpParts e = exp_parts(clamp_to(x, -746, 711));
  return scaled(1 + e.p, e.n - 1);
}

// x = 2^n (1 + f), 1 + f in [√½, √2); x positive and finite
struct LogParts {
  double n, f;
};
ADJOINT_FN LogParts log_parts(double x) {
  bool subnormal = x < 0x1p-1022;
  x = subnormal ? x * 0x1p54 : x;
  int64_t b = double_to_bits(x), e = (b - 0x3fe6a09e667f3bcdLL) & int64_t(0xfff0000000000000LL);
  double n = bits_to_double(int64_t(uint64_t(e) >> 52) ^ double_to_bits(kRoundWide)) - kRoundWide;
  n = n >= 2048 ? n - 4096 : n;
  return {subnormal ? n - 54 : n, bits_to_double(b - e) - 1};
}
// log(1 + f) = f - (square - rest), the square f²/2 apart, because f cancels most of it
struct LogTerms {
  double square, rest;
};
ADJOINT_FN LogTerms log_terms(double f) {
  double s = f / (2 + f), z = s * s, square = 0.5 * f * f;
  double p = z * horner(z, 0.1461703754879165, 0.1533167403016786, 0.18182890556695602, 0.2222221111514416,
                        0.2857142862609589, 0.3999999999989924, 0.666666666666667);
  return {square, s * (square + p)};
}
ADJOINT_FN double log_sum(LogParts v) {  // n ln2 + log(1 + f)
  LogTerms t = log_terms(v.f);
  return v.n * kLn2High - ((t.square - (t.rest + v.n * kLn2Low)) - v.f);
}
ADJOINT_FN double log_specials(double x, double r) {
  r = x < kWideInf ? r : x;  // inf and NaN
  r = x == 0 ? -kWideInf : r;
  return x < 0 ? kWideNan : r;
}

// x = q π/2 + r + low, |r| < 0.8, for |x| up to 2^50: n is exact, and so is x - n · (π/2's first 53 bits).
struct Quarter {
  double r, low;
  int64_t q;
};
ADJOINT_FN Quarter quarter(double x) {
  double t = madd(x, 0x1.45f306dc9c883p-1, kRoundWide), n = t - kRoundWide;
  double first = madd(n, -kHalfPi, x), second = n * kHalfPiLow, r = first - second;
  double low = ((first - r) - second) - madd(n, kHalfPiLow, -second);
  return {r, madd(n, 0x1.f1976b7ed8fbcp-110, low), double_to_bits(t)};
}
ADJOINT_FN double sine(double r, double low) {
  double z = r * r;
  double p = horner(z, 1.591810123027412e-10, -2.5051131455427946e-08, 2.755731610068303e-06,
                    -0.0001984126983675497, 0.008333333333330946, -0.16666666666666666);
  return r + madd(z * r, p, low);
}
ADJOINT_FN double cosine(double r, double low) {
  double z = r * r, half = 0.5 * z, w = 1 - half;
  double p = horner(z, -1.1382614868556325e-11, 2.0876146024689747e-09, -2.7557317270560326e-07,
                    2.4801587298763433e-05, -0.0013888888888887395, 0.041666666666666664);
  return w + (((1 - w) - half) + madd(z * z, p, -r * low));
}
ADJOINT_FN double negated_if(int64_t q, double x) {  // by q's second bit
  return bits_to_double(double_to_bits(x) ^ int64_t(uint64_t(q & 2) << 62));
}

// (asin(z) - z) / z, of s = z² up to 1/4
ADJOINT_FN double asin_rest(double s) {
  return s * horner(s, 0.028757851367421566, -0.014851887071247204, 0.01740087944269402, 0.005457506718640358,
                    0.01032281435018578, 0.011479177415184906, 0.013971212973552933, 0.017352392720869973,
                    0.02237217294214989, 0.030381944138531247, 0.04464285714635543, 0.07499999999998433,
                    0.16666666666666669);
}
ADJOINT_FN double atan_of(double z) {  // |z| <= 1
  double s = z * z;
  double p =
      horner(s, 1.806195461861215e-05, -0.00019996189377901382, 0.0010496035084968515, -0.0034958859739163094,
             0.008368931178450162, -0.015535152475414177, 0.023696731580048622, -0.031277189066996385,
             0.03749486812535247, -0.04260356632601652, 0.04737749579527779, -0.052579733342841106,
             0.05881506877793656, -0.06666564699289104, 0.07692298971033217, -0.09090908590891934,
             0.11111111093490827, -0.14285714285384132, 0.1999999999999753, -0.3333333333333333);
  return madd(z * s, p, z);
}

}  // namespace detail

ADJOINT_FN double exp(double x) {
  detail::ExpParts e = detail::exp_parts(detail::clamp_to(x, -746, 710));
  return detail::scaled(x < -746 ? 0 : 1 + e.p, e.n);  // 0 does not vanish slowly
}
// f e^x: neither overflows or vanishes before the product does.
ADJOINT_FN double exp_times(double x, double f) {
  detail::ExpParts e = detail::exp_parts(detail::clamp_to(x, -800, 800));
  return detail::scaled(x < -760 ? 0 * f : detail::madd(e.p, f, f), e.n);
}
ADJOINT_FN ExpAndTimes<double> exp_and_times(double x, double f) {
  detail::ExpParts e = detail::exp_parts(detail::clamp_to(x, -800, 709));
  double half = __builtin_rint(e.n * 0.5), low = detail::power_of_two(half),
         high = detail::power_of_two(e.n - half);
  return {(1 + e.p) * low * high, detail::madd(e.p, f, f) * low * high};
}
ADJOINT_FN double exp2(double x) {
  using namespace detail;
  x = clamp_to(x, -1076, 1025);
  double n = __builtin_rint(x), r = x - n;
  double q = horner(r, 4.45410341058704e-10, 7.070977866508138e-09, 1.0178067267449427e-07,
                    1.3215451633221434e-06, 1.5252733820795803e-05, 0.00015403530424776529,
                    0.0013333558146423213, 0.009618129107618665, 0.05550410866482158, 0.24022650695910075);
  return scaled(1 + madd(r, kLn2, q * r * r), n);
}
ADJOINT_FN double expm1(double x) {
  using namespace detail;
  Expm1Parts e = expm1_parts(clamp_to(x, -60, 710));
  double s = power_of_two(e.n > 100 ? 100 : e.n);
  double small = madd(s, e.rest, madd(s, e.r, s - 1));
  double y = e.n > 60 ? scaled(1 + (e.r + e.rest), e.n) : small;
  return x == 0 ? x : y;
}
ADJOINT_FN double log(double x) { return detail::log_specials(x, detail::log_sum(detail::log_parts(x))); }
ADJOINT_FN double log2(double x) {
  using namespace detail;
  LogParts v = log_parts(x);
  LogTerms t = log_terms(v.f);
  double r = v.f - (t.square - t.rest);
  r = v.n + madd(r, 1.44269504088896341, r * 2.0355273740931033e-17);
  return log_specials(x, r);
}
ADJOINT_FN double log10(double x) {
  using namespace detail;
  LogParts v = log_parts(x);
  LogTerms t = log_terms(v.f);
  double r = v.f - (t.square - t.rest);
  r = madd(r, 0.43429448190325182, r * 1.0983196502167651e-17);
  // log10(2) in two parts, the first of 32 bits
  r = v.n * 3.01029995549470186e-01 + madd(v.n, 1.1451100898021838e-10, r);
  return log_specials(x, r);
}
// log u with u = 1 + x, and what was rounded away of u put back into f.
ADJOINT_FN double log1p(double x) {
  using namespace detail;
  double u = 1 + x, lost = x > 1 ? 1 - (u - x) : x - (u - 1);
  LogParts v = log_parts(u);
  double n = v.n > 200 ? 200 : v.n;
  v.f = madd(lost, power_of_two(-n), v.f);
  double r = log_specials(u, log_sum(v));
  return x == 0 ? x : r;
}

ADJOINT_FN double sin(double x) {
  detail::Quarter v = detail::quarter(x);
  double s = detail::sine(v.r, v.low), c = detail::cosine(v.r, v.low);
  double y = detail::negated_if(v.q, v.q & 1 ? c : s);
  return x == 0 ? x : y;
}
ADJOINT_FN double cos(double x) {
  detail::Quarter v = detail::quarter(x);
  double s = detail::sine(v.r, v.low), c = detail::cosine(v.r, v.low);
  return detail::negated_if(v.q + 1, v.q & 1 ? s : c);
}
ADJOINT_FN double tan(double x) {
  detail::Quarter v = detail::quarter(x);
  double s = detail::sine(v.r, v.low), c = detail::cosine(v.r, v.low);
  double y = (v.q & 1 ? -c : s) / (v.q & 1 ? s : c);
  return x == 0 ? x : y;
}
ADJOINT_FN double asin(double x) {
  using namespace detail;
  double a = __builtin_fabs(x);
  bool big = a > 0.5;
  double s = big ? (1 - a) * 0.5 : a * a, z = big ? __builtin_sqrt(s) : a;
  double rest = z * asin_rest(s);
  double y = big ? (kHalfPi - 2 * z) - madd(2, rest, -kHalfPiLow) : z + rest;
  return __builtin_copysign(y, x);
}
ADJOINT_FN double acos(double x) {
  using namespace detail;
  double a = __builtin_fabs(x);
  bool big = a > 0.5;
  double s = big ? (1 - a) * 0.5 : a * a, z = big ? __builtin_sqrt(s) : x;
  double rest = asin_rest(s), y = 2 * madd(z, rest, z);
  double far = x < 0 ? 2 * kHalfPi - (y - 2 * kHalfPiLow) : y;
  return big ? far : kHalfPi - (z - (kHalfPiLow - z * rest));
}
ADJOINT_FN double atan(double x) {
  using namespace detail;
  double a = __builtin_fabs(x);
  bool big = a > 1;
  double y = atan_of(big ? -1 / a : a);
  return __builtin_copysign(big ? kHalfPi + (y + kHalfPiLow) : y, x);
}
ADJOINT_FN double atan2(double y, double x) {
  using namespace detail;
  double a = __builtin_fabs(x), b = __builtin_fabs(y), low = a < b ? a : b, high = a < b ? b : a;
  double r = atan_of(high == 0 ? 0 : low == high ? 1 : low / high);
  r = b > a ? kHalfPi - (r - kHalfPiLow) : r;
  r = __builtin_copysign(1.0, x) < 0 ? 2 * kHalfPi - (r - 2 * kHalfPiLow) : r;
  r = __builtin_copysign(r, y);
  r = x != x ? x : r;
  return y != y ? y : r;
}
ADJOINT_FN double sinh(double x) {
  using namespace detail;
  double a = __builtin_fabs(x), e = expm1_small(clamp_to(a, 0, 40));
  return __builtin_copysign(a > 40 ? half_exp(a) : 0.5 * (e + e / (e + 1)), x);
}
ADJOINT_FN double cosh(double x) {
  double e = detail::half_exp(__builtin_fabs(x));
  return e + 0.25 / e;
}
ADJOINT_FN double tanh(double x) {
  double e = detail::expm1_small(detail::clamp_to(2 * __builtin_fabs(x), 0, 44));
  return __builtin_copysign(e / (e + 2), x);
}
ADJOINT_FN double asinh(double x) {
  double a = __builtin_fabs(x), d = a + a * a / (1 + __builtin_sqrt(1 + a * a));
  bool big = a > 0x1p28;
  return __builtin_copysign(log1p(big ? a - 1 : d) + (big ? detail::kLn2 : 0), x);
}
ADJOINT_FN double acosh(double x) {
  double t = x - 1;
  bool big = x > 0x1p28;
  double y = log1p(big ? t : t + __builtin_sqrt(detail::madd(t, t, 2 * t))) + (big ? detail::kLn2 : 0);
  return x < 1 ? detail::kWideNan : y;
}
ADJOINT_FN double atanh(double x) {
  double a = __builtin_fabs(x);
  return __builtin_copysign(0.5 * log1p(2 * a / (1 - a)), x);
}

// x^y = e^(y log x), the logarithm in two numbers, the second of which holds what the first lost: 2s + 2/3 s³ + ... with
// s = f / (2 + f). Within a unit in the last place; powers that are numbers are exact.
namespace detail {
struct Pair {
  double high, low;
};
ADJOINT_FN Pair sum(double a, double b) {  // |a| >= |b|, or a = 0
  double high = a + b;
  return {high, b - (high - a)};
}
ADJOINT_FN Pair log_pair(double x) {  // x positive and finite
  LogParts v = log_parts(x);
  Pair d = sum(2, v.f);
  double inverse = 1 / d.high, s = v.f * inverse;
  double low = madd(-s, d.low, madd(-s, d.high, v.f)) * inverse;
  double z = s * s, z_low = madd(s, s, -z) + 2 * s * low;
  double cube = s * z, cube_low = madd(s, z, -cube) + madd(s, z_low, low * z);
  double third = cube * 0.6666666666666666;
  double third_low = madd(cube, 0.6666666666666666, -third) +
                     madd(cube_low, 0.6666666666666666, cube * 3.700743415417188e-17);
  double rest = cube * z *
                polynomial(z, 0.08, 0.08695652173913043, 0.09523809523809523, 0.10526315789473684,
                           0.11764705882352941, 0.13333333333333333, 0.15384615384615385, 0.18181818181818182,
                           0.2222222222222222, 0.2857142857142857, 0.4);
  Pair a = sum(v.n * kLn2High, 2 * s), b = sum(a.high, third);
  double small = a.low + b.low + (2 * low + third_low + madd(v.n, kLn2Low, rest));
  return sum(b.high, small);
}
}  // namespace detail
ADJOINT_FN double pow(double x, double y) {
  using namespace detail;
  double a = __builtin_fabs(x);
  Pair l = log_pair(a);
  l.high = a == kWideInf ? kWideInf : l.high;
  l.high = a == 0 ? -kWideInf : l.high;
  double t = y * l.high, t_low = madd(y, l.high, -t) + y * l.low;
  bool near = __builtin_fabs(t) < 750;  // nor NaN, as 0 times infinity is
  t_low = near ? t_low : 0;
  t = near ? t : __builtin_copysign(750, t);
  double n = madd(t, 1.44269504088896341, kRoundWide) - kRoundWide;
  double high = madd(n, -kLn2High, t), r = madd(n, -kLn2Low, high), low = madd(n, -kLn2Low, high - r) + t_low;
  Pair e = sum(1, r);
  double rest = exp_rest(r) * r;
  double p = scaled(e.high + (e.low + (rest + madd(low, r + rest, low))), n);
  double half = y * 0.5;
  bool whole = __builtin_trunc(y) == y, even = __builtin_trunc(half) == half;  // infinite y is even
  p = x < 0 && a < kWideInf && !whole ? kWideNan : p;
  p = whole && !even ? __builtin_copysign(p, x) : p;
  p = a == 1 && __builtin_fabs(y) == kWideInf ? 1 : p;
  p = __builtin_isunordered(x, y) ? x + y : p;
  return x == 1 || y == 0 ? 1 : p;
}
// erf(a) = 1 - exp(-a R(a)): one smooth R for all a.
namespace detail {
ADJOINT_FN double erf_positive(double a) {  // a up to 6
  double r =
      polynomial(a, 1.1609698029013423e-14, -4.680117783924499e-13, 8.585629144202984e-12,
                 -9.39791441159532e-11, 6.696504460156962e-10, -3.089703016366867e-09, 7.517570615491791e-09,
                 9.22309542546109e-09, -1.7623013669226076e-07, 8.579232284744388e-07, -2.436323081432252e-06,
                 3.5726396797163992e-06, 2.7882833658674394e-06, -2.9317944548697477e-05,
                 6.428685883860023e-05, 2.5956536079480964e-05, -0.0005901472208079523, 0.0016962106174338023,
                 -0.0002091952427049837, -0.019128446961997392, 0.10277260330001113, 0.6366197723676126);
  // 2/√π in two parts, so that the last rounding is the only large one
  double rest = madd(r, a, 1.533545961316588e-17);
  return -expm1_small(-madd(a, 1.1283791670955126, rest * a));
}
}  // namespace detail
ADJOINT_FN double erf(double x) {
  return __builtin_copysign(detail::erf_positive(detail::clamp_to(__builtin_fabs(x), 0, 6)), x);
}
// erfc(a) = exp(-a²) p(t) / (1 + 2a), t = (a - 4) / (a + 4) (Shepherd and Laframboise, 1981), for a up to 28; a² is
// square + lost. The series about 0 where the result is near 1.
namespace detail {
// f erfc(a)
ADJOINT_FN double erfc_positive(double a, double square, double lost, double f = 1) {
  double t = (a - 4) / (a + 4);
  double high = polynomial(
      t, -8.791338540915347e-09, -9.122432641818368e-09, 1.0182310939611469e-07, 5.8048265766627736e-08,
      -8.192379625773451e-07, 3.1069099723587845e-07, 5.707503149095396e-06, -1.123245041907427e-05,
      -2.4399062228211182e-05, 0.00015062576331303587, -0.00019925652396391021, -0.0007577743151013204,
      0.005031969913248749, -0.016197733896764707, 0.037167515547607895, -0.06633036582703292,
      0.09373283499761037, -0.1010390660356004, 0.06809705425471449, 0.015379652102606604);
  double p = horner(t, high, -0.13962111684056266, 1.2329951186255526);
  ExpParts e = exp_parts(-square);
  p /= 1 + 2 * a;
  double y = scaled(madd(p, e.p, p) * (1 - lost) * f, e.n);
  double s = a * a,
         q = polynomial(s, -1.2290555301717928e-09, 1.4807192815879218e-08, -1.6365844691234924e-07,
                        1.6462114365889248e-06, -1.492565035840625e-05, 0.00012055332981789664,
                        -0.0008548327023450853, 0.005223977625442188, -0.026866170645131252,
                        0.11283791670955126, -0.37612638903183754, 1.1283791670955126);
  return a < 0.5 ? madd(-a, q, 1) * f : y;
}
}  // namespace detail
ADJOINT_FN double erfc(double x) {
  double a = detail::clamp_to(__builtin_fabs(x), 0, 28), square = a * a;
  double y = detail::erfc_positive(a, square, detail::madd(a, a, -square));
  return x < 0 ? 2 - y : y;
}
ADJOINT_FN double normal_cdf_times(double x, double f) {
  x = detail::clamp_to(x, -39, 39);
  double square = x * x, half = 0.5 * f;
  double y = detail::erfc_positive(__builtin_fabs(x) * 0.70710678118654752440, 0.5 * square,
                                   0.5 * detail::madd(x, x, -square), half);
  return x > 0 ? f - y : y;
}
ADJOINT_FN double normal_cdf(double x) { return normal_cdf_times(x, 1); }
// Scaled by the larger side's power of two, so that no square overflows or vanishes.
ADJOINT_FN double hypot(double x, double y) {
  using namespace detail;
  double a = __builtin_fabs(x), b = __builtin_fabs(y), high = a < b ? b : a, low = a < b ? a : b;
  double up = high < 0x1p-500 ? 0x1p600 : 1, scale = high > 0x1p500 ? 0x1p-600 : up;
  double back = high > 0x1p500 ? 0x1p600 : high < 0x1p-500 ? 0x1p-600 : 1;
  high *= scale, low *= scale;
  double r = __builtin_sqrt(madd(high, high, low * low)) * back;
  r = x != x || y != y ? x + y : r;
  return a == kWideInf || b == kWideInf ? kWideInf : r;
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
