// Huge angles: M. Payne and R. Hanek, "Radian reduction for trigonometric functions" (1983). Of the product of x and 2/π
// only those digits are computed that tell the quarter of the turn and where in it.
#pragma once
#include "kernels/math_float.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {

// x = 4k quarters + `quarters` quarters + r + low, |r| <= π/4.
struct Reduction {
  double r, low;
  unsigned quarters;
};
[[gnu::noinline]] static inline Reduction reduced_angle(double x) {
  // 2/π in binary, 64 digits a number; none before the first.
  static constexpr uint64_t kDigits[] = {
      0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
      0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
      0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
      0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};
  using Wide = unsigned __int128;
  const uint64_t bits = uint64_t(detail::double_to_bits(x)), m = (bits & 0xfffffffffffff) | 0x10000000000000;
  const int exponent = int(bits >> 52 & 0x7ff) - 1075;  // |x| = m 2^exponent
  if (__builtin_fabs(x) < 0.78539816339744831) return {x, 0, 0};
  // 192 digits of 2/π from the one on whose product with m 2^exponent may be as small as 2 (the first counts as 0th).
  const int from = exponent - 2;
  auto digits = [&](int at) {  // 64 of them, those before the first are 0
    auto word = [&](int i) { return i < 0 ? uint64_t(0) : kDigits[i]; };
    const int i = at >= 0 ? at / 64 : -1, shift = at - 64 * i;
    return shift ? word(i) << shift | word(i + 1) >> (64 - shift) : word(i);
  };
  const uint64_t w0 = digits(from), w1 = digits(from + 64), w2 = digits(from + 128);
  const Wide low = Wide(m) * w2, middle = Wide(m) * w1 + uint64_t(low >> 64);
  uint64_t a = m * w0 + uint64_t(middle >> 64), b = uint64_t(middle), c = uint64_t(low);
  // a, b, c: two digits of whole quarters, then the fraction.
  unsigned quarters = unsigned(a >> 62);
  a = a << 2 | b >> 62, b = b << 2 | c >> 62;
  const bool above = a >> 63;  // half a quarter and more: from the next one down
  if (above) {
    quarters++;
    a = ~a, b = ~b;
  }
  const int lead = a ? __builtin_clzll(a) : 63;
  if (lead) a = a << lead | b >> (64 - lead), b <<= lead;
  const double scale = detail::bits_to_double(int64_t(1023 - lead) << 52);
  const double high = double(a >> 11) * 0x1p-53 * scale;
  const double rest = double((a & 0x7ff) << 53 | b >> 11) * 0x1p-117 * scale;
  constexpr double kHalf = 0x1.921fb54442d18p0, kHalfLow = 0x1.1a62633145c07p-54;
  double r = high * kHalf, r_low = __builtin_fma(high, kHalf, -r) + (high * kHalfLow + rest * kHalf);
  const bool negative = above != (x < 0);
  return {negative ? -r : r, negative ? -r_low : r_low, x < 0 ? 0u - quarters : quarters};
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
