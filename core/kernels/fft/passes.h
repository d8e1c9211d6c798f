// The passes of a transform, of vectors (many lanes) or of numbers (one): Note [Passes].
#pragma once
#include "kernels/fft/butterflies.h"
#include "kernels/fft/table.h"

namespace adjoint::fft {
namespace {

constexpr int kMaxRadix = 61;

// Where passes read and write: split numbers in memory of their own, or complex columns side by side outside.
template <class V> struct Split {
  V *re, *im;
  FFT_INLINE Complex<V> get(int64_t i) const { return {re[2 * i], im[2 * i]}; }
  FFT_INLINE void put(int64_t i, Complex<V> x) const { re[2 * i] = x.r, im[2 * i] = x.i; }
};
template <class V> Split<V> split(V* p) { return {p, p + 1}; }

template <class T, bool kExchange> struct ColumnsIn {
  const T* base;
  int64_t step;
  FFT_INLINE Complex<Vector<T>> get(int64_t i) const {
    const T* p = base + i * step;
    const Vector<T> a = load(p), b = load(p + Simd<T>::kLanes);
    const Vector<T> re = Shuffle<T>::evens(a, b), im = Shuffle<T>::odds(a, b);
    return kExchange ? Complex<Vector<T>>{im, re} : Complex<Vector<T>>{re, im};
  }
};
template <class T, bool kExchange> struct ColumnsOut {
  T* base;
  int64_t step;
  T scale;
  FFT_INLINE void put(int64_t i, Complex<Vector<T>> x) const {
    T* p = base + i * step;
    const Vector<T> re = (kExchange ? x.i : x.r) * scale, im = (kExchange ? x.r : x.i) * scale;
    store(p, Shuffle<T>::low(re, im));
    store(p + Simd<T>::kLanes, Shuffle<T>::high(re, im));
  }
};

template <class T, int R, class V, bool kTurned, class In, class Out>
FFT_INLINE void pass_row(const Pass<T>& pass, int64_t p, const In& in, const Out& out) {
  const int64_t s = pass.s, m = pass.m;
  const T* w = pass.twiddles + (p - 1) * (R - 1) * 2;
  for (int64_t q = 0; q < s; ++q) {
    Complex<V> x[R];
    FFT_UNROLL for (int j = 0; j < R; ++j) x[j] = in.get(q + s * (p + m * j));
    butterfly<T, R>(x, pass.roots);
    if constexpr (kTurned)
      FFT_UNROLL for (int j = 1; j < R; ++j) x[j] = times(x[j], w[2 * j - 2], w[2 * j - 1]);
    FFT_UNROLL for (int j = 0; j < R; ++j) out.put(q + s * (R * p + j), x[j]);
  }
}

template <class T, int R, class V, class In, class Out>
__attribute__((noinline)) void fixed_pass(const Pass<T>& pass, In in, Out out) {
  pass_row<T, R, V, false>(pass, 0, in, out);
  for (int64_t p = 1; p < pass.m; ++p) pass_row<T, R, V, true>(pass, p, in, out);
}

template <class T, class V, class In, class Out>
__attribute__((noinline)) void any_pass(const Pass<T>& pass, In in, Out out) {
  const int64_t r = pass.radix, s = pass.s, m = pass.m;
  Complex<V> x[kMaxRadix], y[kMaxRadix];
  for (int64_t p = 0; p < m; ++p) {
    const T* w = pass.twiddles + (p - 1) * (r - 1) * 2;
    for (int64_t q = 0; q < s; ++q) {
      for (int64_t j = 0; j < r; ++j) x[j] = in.get(q + s * (p + m * j));
      dft_any(int(r), x, y, pass.roots);
      out.put(q + s * r * p, y[0]);
      for (int64_t j = 1; j < r; ++j)
        out.put(q + s * (r * p + j), p ? times(y[j], w[2 * j - 2], w[2 * j - 1]) : y[j]);
    }
  }
}

template <class T, class V> void run_pass(const Pass<T>& pass, Split<V> in, Split<V> out) {
  switch (pass.radix) {
    case 2: return fixed_pass<T, 2, V>(pass, in, out);
    case 3: return fixed_pass<T, 3, V>(pass, in, out);
    case 4: return fixed_pass<T, 4, V>(pass, in, out);
    case 5: return fixed_pass<T, 5, V>(pass, in, out);
    case 7: return fixed_pass<T, 7, V>(pass, in, out);
    case 8: return fixed_pass<T, 8, V>(pass, in, out);
    case 11: return fixed_pass<T, 11, V>(pass, in, out);
    case 13: return fixed_pass<T, 13, V>(pass, in, out);
    case 16: return fixed_pass<T, 16, V>(pass, in, out);
    default: return any_pass<T, V>(pass, in, out);
  }
}

// The first and the last pass of columns may read and write them where they are.
constexpr bool is_fused(int64_t radix) { return radix == 4 || radix == 8 || radix == 16; }
template <class T, class In, class Out> void run_fused(const Pass<T>& pass, In in, Out out) {
  using V = Vector<T>;
  if (pass.radix == 4) return fixed_pass<T, 4, V>(pass, in, out);
  if (pass.radix == 8) return fixed_pass<T, 8, V>(pass, in, out);
  return fixed_pass<T, 16, V>(pass, in, out);
}

// Passes [begin, end) from x on, by turns into a and b; says where the result is.
template <class T, class V>
V* run_passes(const Stages<T>& stages, int64_t begin, int64_t end, V* x, V* a, V* b) {
  for (int64_t i = begin; i < end; ++i) {
    V* y = x == a ? b : a;
    run_pass<T, V>(stages.passes[i], split(x), split(y));
    x = y;
  }
  return x;
}

}  // namespace
}  // namespace adjoint::fft
