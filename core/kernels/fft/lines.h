// Several transforms at once, one in each lane, or one alone: load, passes, store.
#pragma once
#include "kernels/fft/passes.h"

namespace adjoint::fft {
namespace {

template <class T, class V> constexpr int kWidth = int(sizeof(V) / sizeof(T));
template <class V, class T> FFT_INLINE V* vectors(T* p) { return reinterpret_cast<V*>(p); }

// How the lines of a block lie to one another.
enum class Layout { ComplexColumns, RealColumns, ComplexRows, RealRows, Any };
template <class T> Layout layout_of(const Side<T>& side, int64_t count, int64_t width) {
  if (count == 1 || width == 1) return Layout::Any;
  int64_t gap = side.lane[1] - side.lane[0];
  for (int64_t l = 1; l < count; ++l)
    if (side.lane[l] != side.lane[0] + l * gap) gap = 0;
  if (count == width && gap == 2 && side.imag == 1) return Layout::ComplexColumns;
  if (count == width && gap == 1) return Layout::RealColumns;
  if (side.imag == 1 && side.step == 2) return Layout::ComplexRows;
  if (side.imag == 0 && side.step == 1) return Layout::RealRows;
  return Layout::Any;
}

// W rows become W columns and the reverse: blocks of W x W numbers, and what is left one by one. Number k of a row is
// vector at(k) of `block`.
template <class T, class At>
void load_rows(const Side<const T>& in, int64_t lines, int64_t numbers, T* block, At at) {
  constexpr int W = Simd<T>::kLanes;
  int64_t k = 0;
  for (; k + W <= numbers; k += W) {
    Vector<T> r[W];
    FFT_UNROLL for (int l = 0; l < W; ++l) r[l] = load(in.base + in.lane[l < lines ? l : 0] + k);
    transpose<T>(r);
    FFT_UNROLL for (int l = 0; l < W; ++l) store(block + at(k + l) * W, r[l]);
  }
  for (; k < numbers; ++k)
    for (int64_t l = 0; l < W; ++l) block[at(k) * W + l] = in.base[in.lane[l < lines ? l : 0] + k];
}
template <class T, class At>
void store_rows(const Side<T>& out, int64_t lines, int64_t numbers, const T* block, T scale, At at) {
  constexpr int W = Simd<T>::kLanes;
  int64_t k = 0;
  for (; k + W <= numbers; k += W) {
    Vector<T> r[W];
    FFT_UNROLL for (int l = 0; l < W; ++l) r[l] = load(block + at(k + l) * W) * scale;
    transpose<T>(r);
    FFT_UNROLL for (int l = 0; l < W; ++l) if (l < lines) store(out.base + out.lane[l] + k, r[l]);
  }
  for (; k < numbers; ++k)
    for (int64_t l = 0; l < lines; ++l) out.base[out.lane[l] + k] = block[at(k) * W + l] * scale;
}

// n complex elements of each line into block[n][2][W], their parts exchanged where `exchange` is 1.
template <class T, class V>
void load_lines(const Side<const T>& in, int64_t lines, int64_t n, int64_t exchange, T* block) {
  constexpr int W = kWidth<T, V>;
  if constexpr (W > 1) {
    const Layout layout = layout_of(in, lines, W);
    if (layout == Layout::ComplexColumns) {
      const ColumnsIn<T, false> columns{in.base + in.lane[0], in.step};
      for (int64_t j = 0; j < n; ++j) {
        const Complex<V> x = columns.get(j);
        store(block + (2 * j + exchange) * W, x.r), store(block + (2 * j + 1 - exchange) * W, x.i);
      }
      return;
    }
    if (layout == Layout::RealColumns) {
      for (int64_t j = 0; j < n; ++j) {
        const T* p = in.base + in.lane[0] + j * in.step;
        store(block + (2 * j + exchange) * W, load(p));
        store(block + (2 * j + 1 - exchange) * W, in.imag ? load(p + in.imag) : V{});
      }
      return;
    }
    if (layout == Layout::ComplexRows)
      return load_rows<T>(in, lines, 2 * n, block, [=](int64_t k) { return k ^ exchange; });
    if (layout == Layout::RealRows) {
      load_rows<T>(in, lines, n, block, [=](int64_t k) { return 2 * k + exchange; });
      for (int64_t j = 0; j < n; ++j) store(block + (2 * j + 1 - exchange) * W, V{});
      return;
    }
  }
  for (int64_t j = 0; j < n; ++j)
    for (int64_t l = 0; l < W; ++l) {
      const T* p = in.base + in.lane[l < lines ? l : 0] + j * in.step;
      block[(2 * j + exchange) * W + l] = *p;
      block[(2 * j + 1 - exchange) * W + l] = in.imag ? p[in.imag] : T(0);
    }
}
template <class T, class V>
void store_lines(const Side<T>& out, int64_t lines, int64_t n, int64_t exchange, T scale, const T* block) {
  constexpr int W = kWidth<T, V>;
  if constexpr (W > 1) {
    const Layout layout = layout_of(out, lines, W);
    if (layout == Layout::ComplexColumns) {
      const ColumnsOut<T, false> columns{out.base + out.lane[0], out.step, scale};
      for (int64_t j = 0; j < n; ++j)
        columns.put(j, {load(block + (2 * j + exchange) * W), load(block + (2 * j + 1 - exchange) * W)});
      return;
    }
    if (layout == Layout::RealColumns) {
      for (int64_t j = 0; j < n; ++j) {
        T* p = out.base + out.lane[0] + j * out.step;
        store(p, load(block + (2 * j + exchange) * W) * scale);
        if (out.imag) store(p + out.imag, load(block + (2 * j + 1 - exchange) * W) * scale);
      }
      return;
    }
    if (layout == Layout::ComplexRows)
      return store_rows<T>(out, lines, 2 * n, block, scale, [=](int64_t k) { return k ^ exchange; });
    if (layout == Layout::RealRows)
      return store_rows<T>(out, lines, n, block, scale, [=](int64_t k) { return 2 * k + exchange; });
  }
  for (int64_t j = 0; j < n; ++j)
    for (int64_t l = 0; l < lines; ++l) {
      T* p = out.base + out.lane[l] + j * out.step;
      *p = block[(2 * j + exchange) * W + l] * scale;
      if (out.imag) p[out.imag] = block[(2 * j + 1 - exchange) * W + l] * scale;
    }
}

// Note [Real transforms]: z[j] = x[2j] + i x[2j + 1] has half the length h, and of its transform Z come E, that of the
// even elements, and O, that of the odd ones: X[k] = E[k] + w^k O[k] with E = (Z[k] + Z*[h - k]) / 2 and
// O = (Z[k] - Z*[h - k]) / 2i. Roots w^k, k <= h / 2, are enough, as the pair h - k has conj(E - w^k O).
template <class V, class T>
FFT_INLINE void pair_from_half(Complex<V> a, Complex<V> b, T r, T i, Complex<V>& first, Complex<V>& second) {
  b.i = -b.i;
  const Complex<V> s = a + b, d = times(times_minus_i(a - b), r, i);
  first = s + d, second = s - d;
  first.r *= T(0.5), first.i *= T(0.5), second.r *= T(0.5), second.i *= T(-0.5);
}
// Z[k] and Z[h - k], times 2, of X[k] and X[h - k].
template <class V, class T>
FFT_INLINE void pair_to_half(Complex<V> a, Complex<V> b, T r, T i, Complex<V>& first, Complex<V>& second) {
  b.i = -b.i;
  const Complex<V> s = a + b, d = times(a - b, r, -i), t{-d.i, d.r};
  first = s + t, second = s - t;
  second.i = -second.i;
}

template <class T, class V> void from_half_lines(int64_t h, const T* roots, V* block) {
  auto at = split(block);
  const Complex<V> z = at.get(0);
  for (int64_t k = 1; 2 * k <= h; ++k) {
    Complex<V> first, second;
    pair_from_half(at.get(k), at.get(h - k), roots[2 * k], roots[2 * k + 1], first, second);
    at.put(h - k, second), at.put(k, first);
  }
  at.put(0, {z.r + z.i, V{}}), at.put(h, {z.r - z.i, V{}});
}
template <class T, class V> void to_half_lines(int64_t h, const T* roots, V* block) {
  auto at = split(block);
  const V a = at.get(0).r, b = at.get(h).r;
  at.put(0, {a - b, a + b});  // parts exchanged, here and below: what follows runs backwards
  for (int64_t k = 1; 2 * k <= h; ++k) {
    Complex<V> first, second;
    pair_to_half(at.get(k), at.get(h - k), roots[2 * k], roots[2 * k + 1], first, second);
    at.put(h - k, {second.i, second.r}), at.put(k, {first.i, first.r});
  }
}
// The other half of a transform whose result is real, parts exchanged, in full length.
template <class T, class V> void mirror_lines(int64_t n, V* block) {
  auto at = split(block);
  at.put(0, {V{}, at.get(0).r});
  for (int64_t k = 1; 2 * k < n; ++k) {
    const Complex<V> x = at.get(k);
    at.put(k, {x.i, x.r}), at.put(n - k, {-x.i, x.r});
  }
}

template <class T, class V> void lines(const LinesJob<T>& job, T* work) {
  constexpr int W = kWidth<T, V>;
  const int64_t n = job.n, half = n / 2 + 1;
  const bool even = n % 2 == 0, from_real = job.kind == Kind::FromReal, to_real = job.kind == Kind::ToReal;
  V *a = vectors<V>(work), *b = vectors<V>(work + 2 * (n + 1) * W);
  load_lines<T, V>(job.in, job.count, to_real ? half : job.stages.n, job.inverse && !to_real, work);
  if (to_real) even ? to_half_lines(n / 2, job.real_roots, a) : mirror_lines<T>(n, a);
  V* y = run_passes(job.stages, 0, job.stages.count, a, a, b);
  if (from_real && even) from_half_lines(n / 2, job.real_roots, y);
  store_lines<T, V>(job.out, job.count, from_real ? half : job.stages.n, job.inverse, job.scale,
                    reinterpret_cast<const T*>(y));
}

}  // namespace
}  // namespace adjoint::fft
