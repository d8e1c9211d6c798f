// Fourier transforms for one instruction set: lines side by side, long lines, their real halves.
// See Note [One source, several instruction sets].
#include "kernels/fft/lines.h"
#include "kernels/isa.h"

namespace adjoint::fft {
namespace {

// --- long lines: Note [Lines] ---

// A block of columns of complex numbers, of which `width` are there; the others become 0.
template <class T>
void load_block(const T* x, int64_t step, int64_t n, int64_t width, int64_t exchange, Vector<T>* block) {
  constexpr int W = Simd<T>::kLanes;
  if (width == W) {
    const ColumnsIn<T, false> in{x, step};
    for (int64_t j = 0; j < n; ++j, block += 2) {
      const Complex<Vector<T>> v = in.get(j);
      block[exchange] = v.r, block[1 - exchange] = v.i;
    }
    return;
  }
  for (int64_t j = 0; j < n; ++j, x += step, block += 2) {
    T parts[2][W] = {};
    for (int64_t l = 0; l < width; ++l) parts[exchange][l] = x[2 * l], parts[1 - exchange][l] = x[2 * l + 1];
    block[0] = load(parts[0]), block[1] = load(parts[1]);
  }
}
template <class T> void store_block(const Vector<T>* block, int64_t n, int64_t width, int64_t exchange,
                                    T scale, T* y, int64_t step) {
  constexpr int W = Simd<T>::kLanes;
  if (width == W) {
    const ColumnsOut<T, false> out{y, step, scale};
    for (int64_t j = 0; j < n; ++j, block += 2) out.put(j, {block[exchange], block[1 - exchange]});
    return;
  }
  for (int64_t j = 0; j < n; ++j, y += step, block += 2) {
    T parts[2][W];
    store(parts[0], block[exchange] * scale), store(parts[1], block[1 - exchange] * scale);
    for (int64_t l = 0; l < width; ++l) y[2 * l] = parts[0][l], y[2 * l + 1] = parts[1][l];
  }
}

template <class T> Vector<T>* transform_columns(const Stages<T>& stages, const T* x, int64_t step,
                                                int64_t width, bool inverse, Vector<T>* a, Vector<T>* b) {
  if (width < Simd<T>::kLanes || !is_fused(stages.passes[0].radix)) {
    load_block(x, step, stages.n, width, inverse, a);
    return run_passes(stages, 0, stages.count, a, a, b);
  }
  if (inverse)
    run_fused<T>(stages.passes[0], ColumnsIn<T, true>{x, step}, split(b));
  else
    run_fused<T>(stages.passes[0], ColumnsIn<T, false>{x, step}, split(b));
  return run_passes(stages, 1, stages.count, b, a, b);
}
template <class T> void transform_rows(const Stages<T>& stages, Vector<T>* x, int64_t width, bool inverse,
                                       T scale, T* y, int64_t step, Vector<T>* a, Vector<T>* b) {
  const Pass<T>& last = stages.passes[stages.count - 1];
  if (width < Simd<T>::kLanes || !is_fused(last.radix))
    return store_block(run_passes(stages, 0, stages.count, x, a, b), stages.n, width, inverse, scale, y,
                       step);
  x = run_passes(stages, 0, stages.count - 1, x, a, b);
  if (inverse)
    run_fused<T>(last, split(x), ColumnsOut<T, true>{y, step, scale});
  else
    run_fused<T>(last, split(x), ColumnsOut<T, false>{y, step, scale});
}

// The roots of unity by which row k of block j is turned.
template <class T> struct Turns {
  const Vector<T>*w, *fine;
  Turns(const Line<T>& line, int64_t j)
      : w(reinterpret_cast<const Vector<T>*>(line.twiddles) +
          2 * j * (line.fine ? (line.n1 + kFine - 1) / kFine : line.n1)),
        fine(line.fine ? reinterpret_cast<const Vector<T>*>(line.fine) + 2 * j * kFine : nullptr) {}
  FFT_INLINE Complex<Vector<T>> at(int64_t k) const {
    if (!fine) return {w[2 * k], w[2 * k + 1]};
    const Vector<T>*a = w + 2 * (k / kFine), *b = fine + 2 * (k % kFine);
    return times(Complex<Vector<T>>{a[0], a[1]}, b[0], b[1]);
  }
};
// Block j of columns, turned, into the j-th part of each block of rows.
template <class T> void turn_block(const Line<T>& line, const Vector<T>* x, int64_t j, T* between) {
  constexpr int W = Simd<T>::kLanes;
  const int64_t wide = (line.n2 + W - 1) / W * W;
  const Turns<T> turns(line, j);
  for (int64_t k = 0; k < line.n1; k += W, between += 2 * wide * W) {
    Vector<T> r[W], i[W];
    FFT_UNROLL for (int l = 0; l < W; ++l) {
      const int64_t at = k + l < line.n1 ? k + l : line.n1 - 1;
      const Complex<Vector<T>> w = turns.at(at),
                               y = times(Complex<Vector<T>>{x[2 * at], x[2 * at + 1]}, w.r, w.i);
      r[l] = y.r, i[l] = y.i;
    }
    transpose<T>(r);
    FFT_UNROLL for (int l = 0; l < W; ++l) store(between + 2 * (j * W + l) * W, r[l]);
    transpose<T>(i);
    FFT_UNROLL for (int l = 0; l < W; ++l) store(between + (2 * (j * W + l) + 1) * W, i[l]);
  }
}

template <class T>
void columns(const Line<T>& line, const T* x, bool inverse, int64_t begin, int64_t end, T* between, T* work) {
  constexpr int W = Simd<T>::kLanes;
  auto *a = vectors<Vector<T>>(work), *b = a + 2 * line.n1;
  for (int64_t j = begin; j < end; ++j) {
    const int64_t width = line.n2 - j * W < W ? line.n2 - j * W : W;
    const Vector<T>* y = transform_columns(line.columns, x + 2 * j * W, 2 * line.n2, width, inverse, a, b);
    turn_block(line, y, j, between);
  }
}
template <class T> void rows(const Line<T>& line, const T* between, bool inverse, T scale, int64_t begin,
                             int64_t end, T* y, T* work) {
  constexpr int W = Simd<T>::kLanes;
  const int64_t wide = (line.n2 + W - 1) / W * W;
  auto *a = vectors<Vector<T>>(work), *b = a + 2 * line.n2;
  for (int64_t k = begin; k < end; ++k) {
    const int64_t width = line.n1 - k * W < W ? line.n1 - k * W : W;
    auto* x = vectors<Vector<T>>(const_cast<T*>(between) + 2 * k * wide * W);
    transform_rows(line.rows, x, width, inverse, scale, y + 2 * k * W, 2 * line.n1, a, b);
  }
}

// --- lines of complex numbers, one element after the other ---

template <class T> void turn(int64_t n, const T* x, bool in, const T* w, T scale, bool out, T* y) {
  for (int64_t j = 0; j < n; ++j, x += 2, w += 2, y += 2) {
    const T r = x[in], i = x[1 - in], re = (r * w[0] - i * w[1]) * scale, im = (r * w[1] + i * w[0]) * scale;
    y[out] = re, y[1 - out] = im;
  }
}

template <class T>
void from_half(int64_t h, const T* z, const T* roots, T scale, int64_t begin, int64_t end, T* y) {
  for (int64_t k = begin; k < end; ++k) {
    const int64_t o = h - k;
    Complex<T> first, second;
    if (k == 0) {
      first = {z[0] + z[1], T(0)}, second = {z[0] - z[1], T(0)};
    } else {
      pair_from_half<T>(Complex<T>{z[2 * k], z[2 * k + 1]}, Complex<T>{z[2 * o], z[2 * o + 1]}, roots[2 * k],
                        roots[2 * k + 1], first, second);
    }
    y[2 * o] = second.r * scale, y[2 * o + 1] = second.i * scale;
    y[2 * k] = first.r * scale, y[2 * k + 1] = first.i * scale;
  }
}
template <class T> void to_half(int64_t h, const T* x, const T* roots, int64_t begin, int64_t end, T* z) {
  for (int64_t k = begin; k < end; ++k) {
    const int64_t o = h - k;
    if (k == 0) {
      const T a = x[0], b = x[2 * h];
      z[0] = a + b, z[1] = a - b;
      continue;
    }
    Complex<T> first, second;
    pair_to_half<T>(Complex<T>{x[2 * k], x[2 * k + 1]}, Complex<T>{x[2 * o], x[2 * o + 1]}, roots[2 * k],
                    roots[2 * k + 1], first, second);
    z[2 * o] = second.r, z[2 * o + 1] = second.i;
    z[2 * k] = first.r, z[2 * k + 1] = first.i;
  }
}

template <class T> constexpr Kernels<T> kernels_of() {
  return {Simd<T>::kLanes, lines<T, Vector<T>>, lines<T, T>, columns<T>, rows<T>,
          turn<T>,         from_half<T>,        to_half<T>};
}

}  // namespace

extern const Table ADJOINT_ISA_NAME(table);
const Table ADJOINT_ISA_NAME(table) = {kernels_of<float>(), kernels_of<double>()};

}  // namespace adjoint::fft
