// Dense conversions, once per instruction set: wide vectors, and the processor's own half floats.
#include "kernels/convert_table.h"

#include <cstdint>

#include "kernels/convert.h"
#include "kernels/isa.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace adjoint {
namespace {

template <class To, class From> void plain(char* dst, const char* src, int64_t n) {
  To* to = reinterpret_cast<To*>(dst);
  const From* from = reinterpret_cast<const From*>(src);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] = convert_to<To>(from[i]);
}

#if defined(__F16C__)
void half_to_float(char* dst, const char* src, int64_t n) {
  float* to = reinterpret_cast<float*>(dst);
  const uint16_t* from = reinterpret_cast<const uint16_t*>(src);
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
  for (; i < n; ++i) to[i] = _cvtsh_ss(from[i]);
}
void float_to_half(char* dst, const char* src, int64_t n) {
  uint16_t* to = reinterpret_cast<uint16_t*>(dst);
  const float* from = reinterpret_cast<const float*>(src);
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), kNearest));
  for (; i < n; ++i) to[i] = _cvtss_sh(from[i], kNearest);
}
constexpr DenseConvert kHalfToFloat = half_to_float, kFloatToHalf = float_to_half;
#else
constexpr DenseConvert kHalfToFloat = nullptr, kFloatToHalf = nullptr;
#endif

void bfloat_to_float(char* dst, const char* src, int64_t n) {
  uint32_t* to = reinterpret_cast<uint32_t*>(dst);
  const uint16_t* from = reinterpret_cast<const uint16_t*>(src);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) to[i] = uint32_t(from[i]) << 16;
}
void float_to_bfloat(char* dst, const char* src, int64_t n) {  // BFloat16::encode
  uint16_t* to = reinterpret_cast<uint16_t*>(dst);
  const uint32_t* from = reinterpret_cast<const uint32_t*>(src);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    uint32_t u = from[i], rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    to[i] = uint16_t((u & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
  }
}

// Dtype bool lies in memory as 0 or 1.
#define ADJOINT_ROW(To)                                                           \
  {plain<To, bool>,    plain<To, uint8_t>, plain<To, int8_t>, plain<To, int32_t>, \
   plain<To, int64_t>, plain<To, float>,   plain<To, double>}
constexpr ConvertTable kTable = {
    kHalfToFloat,
    kFloatToHalf,
    bfloat_to_float,
    float_to_bfloat,
    {ADJOINT_ROW(bool), ADJOINT_ROW(uint8_t), ADJOINT_ROW(int8_t), ADJOINT_ROW(int32_t), ADJOINT_ROW(int64_t),
     ADJOINT_ROW(float), ADJOINT_ROW(double)}};
#undef ADJOINT_ROW

}  // namespace

extern const ConvertTable ADJOINT_ISA_NAME(convert);
const ConvertTable ADJOINT_ISA_NAME(convert) = kTable;

}  // namespace adjoint
