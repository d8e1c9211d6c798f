// Vectors for the inner loops of convolutions: only for files that are compiled per instruction set, each of which has
// these for itself.
#pragma once
#include <cstdint>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace adjoint::conv_detail {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

#define ADJOINT_INLINE inline __attribute__((always_inline))
#define ADJOINT_UNROLL _Pragma("GCC unroll 16")

template <class T> struct Simd {
  static constexpr int kLanes = kVectorBytes / int(sizeof(T));
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
  static ADJOINT_INLINE Vector load(const T* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static ADJOINT_INLINE void store(T* p, Vector v) { *reinterpret_cast<Unaligned*>(p) = v; }
  // The first n elements, the others 0.
  static ADJOINT_INLINE Vector load_some(const T* p, int64_t n) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      return Vector(_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p));
    else
      return Vector(_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p));
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4)
      return Vector(_mm256_maskload_ps(p, mask(n)));
    else
      return Vector(_mm256_maskload_pd(p, mask(n)));
#else
    Vector v{};
    for (int64_t i = 0; i < n; i++) v[i] = p[i];
    return v;
#endif
  }
  static ADJOINT_INLINE void store_some(T* p, Vector v, int64_t n) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), __m512(v));
    else
      _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), __m512d(v));
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4)
      _mm256_maskstore_ps(p, mask(n), __m256(v));
    else
      _mm256_maskstore_pd(p, mask(n), __m256d(v));
#else
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
#endif
  }
#if defined(__AVX2__) && !defined(__AVX512F__)
  static ADJOINT_INLINE __m256i mask(int64_t n) {
    if constexpr (sizeof(T) == 4)
      return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    else
      return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
#endif
};

}  // namespace
}  // namespace adjoint::conv_detail
