// Small transforms in registers, of numbers or vectors: y[k] = Σ x[j] exp(-2πi jk / R), in place.
#pragma once
#include "kernels/fft/simd.h"

namespace adjoint::fft {
namespace {

template <class V> FFT_INLINE Complex<V> operator+(Complex<V> a, Complex<V> b) {
  return {a.r + b.r, a.i + b.i};
}
template <class V> FFT_INLINE Complex<V> operator-(Complex<V> a, Complex<V> b) {
  return {a.r - b.r, a.i - b.i};
}
template <class V> FFT_INLINE Complex<V> times_minus_i(Complex<V> a) { return {a.i, -a.r}; }
template <class V, class W> FFT_INLINE Complex<V> times(Complex<V> a, W r, W i) {
  return {a.r * r - a.i * i, a.r * i + a.i * r};
}

constexpr double kHalfRoot = 0.70710678118654752440, kCos16 = 0.92387953251128675613,
                 kSin16 = 0.38268343236508977173;

template <class V> FFT_INLINE void dft4(Complex<V>& a, Complex<V>& b, Complex<V>& c, Complex<V>& d) {
  const Complex<V> s = a + c, t = a - c, u = b + d, v = times_minus_i(b - d);
  a = s + u, b = t + v, c = s - u, d = t - v;
}
// a (1 - i) / √2 and a (-1 - i) / √2
template <class T, class V> FFT_INLINE Complex<V> turn_eighth(Complex<V> a) {
  return {(a.r + a.i) * T(kHalfRoot), (a.i - a.r) * T(kHalfRoot)};
}
template <class T, class V> FFT_INLINE Complex<V> turn_three_eighths(Complex<V> a) {
  return {(a.i - a.r) * T(kHalfRoot), (a.r + a.i) * -T(kHalfRoot)};
}

template <class T, class V> FFT_INLINE void dft8(Complex<V>* x) {
  dft4(x[0], x[2], x[4], x[6]);
  dft4(x[1], x[3], x[5], x[7]);
  const Complex<V> o0 = x[1], o1 = turn_eighth<T>(x[3]), o2 = times_minus_i(x[5]),
                   o3 = turn_three_eighths<T>(x[7]);
  const Complex<V> e0 = x[0], e1 = x[2], e2 = x[4], e3 = x[6];
  x[0] = e0 + o0, x[4] = e0 - o0;
  x[1] = e1 + o1, x[5] = e1 - o1;
  x[2] = e2 + o2, x[6] = e2 - o2;
  x[3] = e3 + o3, x[7] = e3 - o3;
}

template <class T, class V> FFT_INLINE void dft16(Complex<V>* x) {
  constexpr T c = T(kCos16), s = T(kSin16);
  FFT_UNROLL for (int b = 0; b < 4; ++b)
      dft4(x[b], x[4 + b], x[8 + b], x[12 + b]);  // x[4k + b]: result k of row b
  x[5] = times(x[5], c, -s), x[6] = turn_eighth<T>(x[6]), x[7] = times(x[7], s, -c);
  x[9] = turn_eighth<T>(x[9]), x[10] = times_minus_i(x[10]), x[11] = turn_three_eighths<T>(x[11]);
  x[13] = times(x[13], s, -c), x[14] = turn_three_eighths<T>(x[14]), x[15] = times(x[15], -c, s);
  FFT_UNROLL for (int k = 0; k < 4; ++k) dft4(x[4 * k], x[4 * k + 1], x[4 * k + 2], x[4 * k + 3]);
  FFT_UNROLL for (int k = 0; k < 4; ++k) {  // x[4k + l] is result k + 4l
    FFT_UNROLL for (int l = 0; l < k; ++l) {
      const Complex<V> a = x[4 * k + l];
      x[4 * k + l] = x[4 * l + k], x[4 * l + k] = a;
    }
  }
}

// An odd R: sums and differences of x[j] and x[R - j] meet the cosines and the sines.
template <class T, int R, class V> FFT_INLINE void dft_odd(Complex<V>* x, const T* roots) {
  constexpr int h = R / 2;
  Complex<V> y[R];
  y[0] = x[0];
  FFT_UNROLL for (int j = 1; j <= h; ++j) {
    const Complex<V> a = x[j], b = x[R - j];
    x[j] = a + b, x[R - j] = times_minus_i(a - b);
    y[0] = y[0] + x[j];
  }
  FFT_UNROLL for (int k = 1; k <= h; ++k) {
    Complex<V> even = x[0], odd{V{}, V{}};
    FFT_UNROLL for (int j = 1; j <= h; ++j) {
      const int at = j * k % R;
      const T c = roots[2 * (at <= h ? at : R - at)],
              s = at <= h ? -roots[2 * at + 1] : roots[2 * (R - at) + 1];
      even.r += x[j].r * c, even.i += x[j].i * c;
      odd.r += x[R - j].r * s, odd.i += x[R - j].i * s;
    }
    y[k] = even + odd, y[R - k] = even - odd;
  }
  FFT_UNROLL for (int j = 0; j < R; ++j) x[j] = y[j];
}
// The same for an R that is known at run time alone.
template <class T, class V> void dft_any(int R, Complex<V>* x, Complex<V>* y, const T* roots) {
  const int h = R / 2;
  y[0] = x[0];
  for (int j = 1; j <= h; ++j) {
    const Complex<V> a = x[j], b = x[R - j];
    x[j] = a + b, x[R - j] = times_minus_i(a - b);
    y[0] = y[0] + x[j];
  }
  for (int k = 1; k <= h; ++k) {
    Complex<V> even = x[0], odd{V{}, V{}};
    for (int j = 1, at = k; j <= h; ++j, at = at + k < R ? at + k : at + k - R) {
      const T c = roots[2 * (at <= h ? at : R - at)],
              s = at <= h ? -roots[2 * at + 1] : roots[2 * (R - at) + 1];
      even.r += x[j].r * c, even.i += x[j].i * c;
      odd.r += x[R - j].r * s, odd.i += x[R - j].i * s;
    }
    y[k] = even + odd, y[R - k] = even - odd;
  }
}

template <class T, int R, class V> FFT_INLINE void butterfly(Complex<V>* x, const T* roots) {
  if constexpr (R == 2) {
    const Complex<V> a = x[0];
    x[0] = a + x[1], x[1] = a - x[1];
  } else if constexpr (R == 4) {
    dft4(x[0], x[1], x[2], x[3]);
  } else if constexpr (R == 8) {
    dft8<T>(x);
  } else if constexpr (R == 16) {
    dft16<T>(x);
  } else {
    dft_odd<T, R>(x, roots);
  }
}

}  // namespace
}  // namespace adjoint::fft
