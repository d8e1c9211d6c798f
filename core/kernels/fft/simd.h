// Vectors for Fourier transforms: only for files that are compiled per instruction set.
#pragma once
#include <cstdint>

namespace adjoint::fft {
namespace {

#define FFT_INLINE inline __attribute__((always_inline))
#define FFT_UNROLL _Pragma("GCC unroll 64")

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T> struct Simd {
  static constexpr int kLanes = kVectorBytes / int(sizeof(T));
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};
template <class T> using Vector = typename Simd<T>::Vector;
template <class T> FFT_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const typename Simd<T>::Unaligned*>(p);
}
template <class T> FFT_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<typename Simd<T>::Unaligned*>(p) = v;
}

template <class V> struct Complex {
  V r, i;
};

// Pairs (a0, b0, a1, b1, ...) taken apart, and put together.
template <class T, int N, int... I> struct Shuffles : Shuffles<T, N - 1, N - 1, I...> {};
template <class T, int... I> struct Shuffles<T, 0, I...> {
  using V = Vector<T>;
  static constexpr int W = sizeof...(I);
  static FFT_INLINE V evens(V a, V b) { return __builtin_shufflevector(a, b, (2 * I)...); }
  static FFT_INLINE V odds(V a, V b) { return __builtin_shufflevector(a, b, (2 * I + 1)...); }
  static FFT_INLINE V low(V a, V b) { return __builtin_shufflevector(a, b, (I / 2 + I % 2 * W)...); }
  static FFT_INLINE V high(V a, V b) { return __builtin_shufflevector(a, b, (W / 2 + I / 2 + I % 2 * W)...); }
  // Exchanges the halves of width H between two lines: a step of a transposition.
  template <int H> static FFT_INLINE void exchange(V& a, V& b) {
    const V low = __builtin_shufflevector(a, b, (I & H ? W + (I ^ H) : I)...);
    const V high = __builtin_shufflevector(a, b, (I & H ? W + I : I + H)...);
    a = low, b = high;
  }
};
template <class T> using Shuffle = Shuffles<T, Simd<T>::kLanes>;

template <class T, int H = Simd<T>::kLanes / 2> FFT_INLINE void transpose(Vector<T>* r) {
  if constexpr (H > 0) {
    FFT_UNROLL for (int i = 0; i < Simd<T>::kLanes; ++i) if (!(i & H))
        Shuffle<T>::template exchange<H>(r[i], r[i + H]);
    transpose<T, H / 2>(r);
  }
}

}  // namespace
}  // namespace adjoint::fft
