// Convolutions' inner loops. Compiled per instruction set (Note [One source, several instruction sets]) with fused
// multiply-adds.
#include "kernels/nn/conv_table.h"
#include "kernels/isa.h"
#include "kernels/nn/conv_simd.h"

namespace adjoint::conv_detail {
namespace {

// ---- copies ----------------------------------------------------------------------------------------

template <class T, int N> void gather_some(const T* source, const int64_t* starts, int64_t rows,
                                           const Piece* pieces, T* to, int64_t to_step) {
  int64_t from[N], at[N];
  ADJOINT_UNROLL for (int i = 0; i < N; i++) from[i] = pieces[i].from, at[i] = pieces[i].to;
  for (int64_t r = 0; r < rows; r++, to += to_step) {
    const T* row = source + starts[r];
    ADJOINT_UNROLL for (int i = 0; i < N; i++) Simd<T>::store(to + at[i], Simd<T>::load(row + from[i]));
  }
}

template <class T> void gather(const T* source, const int64_t* starts, int64_t rows, const Piece* pieces,
                               int64_t count, T* to, int64_t to_step) {
  switch (count) {
    case 1: return gather_some<T, 1>(source, starts, rows, pieces, to, to_step);
    case 2: return gather_some<T, 2>(source, starts, rows, pieces, to, to_step);
    case 3: return gather_some<T, 3>(source, starts, rows, pieces, to, to_step);
    case 4: return gather_some<T, 4>(source, starts, rows, pieces, to, to_step);
    case 5: return gather_some<T, 5>(source, starts, rows, pieces, to, to_step);
    case 6: return gather_some<T, 6>(source, starts, rows, pieces, to, to_step);
  }
  for (int64_t r = 0; r < rows; r++, to += to_step) {
    const T* row = source + starts[r];
    for (int64_t i = 0; i < count; i++)
      Simd<T>::store(to + pieces[i].to, Simd<T>::load(row + pieces[i].from));
  }
}

// ---- windows ---------------------------------------------------------------------------------------

template <class T> ADJOINT_INLINE void copy_some(const T* from, int64_t n, T* to) {
  constexpr int W = Simd<T>::kLanes;
  if (n < W) return Simd<T>::store_some(to, Simd<T>::load_some(from, n), n);
  for (int64_t i = 0; i + W < n; i += W) Simd<T>::store(to + i, Simd<T>::load(from + i));
  Simd<T>::store(to + n - W, Simd<T>::load(from + n - W));
}

// The elements of a and b at even places.
template <class T, int N, int... I> struct Evens : Evens<T, N - 1, N - 1, I...> {};
template <class T, int... I> struct Evens<T, 0, I...> {
  using Vector = typename Simd<T>::Vector;
  static ADJOINT_INLINE Vector of(Vector a, Vector b) { return __builtin_shufflevector(a, b, (2 * I)...); }
};

template <class T> ADJOINT_INLINE void copy_second(const T* from, int64_t n, T* to) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  for (; n > W; n -= W, from += 2 * W, to += W)
    S::store(to, Evens<T, W>::of(S::load(from), S::load(from + W)));
  const int64_t places = 2 * n - 1;  // the last one's neighbour may not be the source's any more
  if (places >= W)
    S::store_some(to, Evens<T, W>::of(S::load(from), S::load_some(from + W, places - W)), n);
  else if (n > 0)
    S::store_some(to, Evens<T, W>::of(S::load_some(from, places), typename S::Vector{}), n);
}

template <class T> ADJOINT_INLINE void copy_steps(const T* from, int64_t step, int64_t n, T* to) {
  if (step == 2) return copy_second(from, n, to);
  for (int64_t i = 0; i < n; i++) to[i] = from[i * step];
}

template <class T> ADJOINT_INLINE void zero(T* to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = T(0);
}

template <class T, bool kWhole> void fill_rows(const T* source, const int64_t* rows, int64_t count,
                                               const Run* runs, int64_t n, int64_t size, T* to) {
  for (int64_t r = 0; r < count; r++) {
    if (rows[r] < 0) {
      if (kWhole) zero(to, size);
      to += size;
      continue;
    }
    const T* row = source + rows[r];
    for (int64_t i = 0; i < n; i++) {
      const Run& run = runs[i];
      if (kWhole) zero(to, run.zeros);
      if (run.step == 1)
        copy_some(row + run.start, run.count, to + run.zeros);
      else
        copy_steps(row + run.start, run.step, run.count, to + run.zeros);
      if (kWhole) zero(to + run.zeros + run.count, run.size - run.zeros - run.count);
      to += run.size;
    }
  }
}

template <class T> void fill(const T* source, const int64_t* rows, int64_t count, const Run* runs, int64_t n,
                             int64_t size, bool whole, T* to) {
  (whole ? fill_rows<T, true> : fill_rows<T, false>)(source, rows, count, runs, n, size, to);
}

// ---- few channels ----------------------------------------------------------------------------------

// R rows, V vectors wide, the last one of `last` elements.
template <class T, int R, int V>
ADJOINT_INLINE void sum_tile(const T* source, const int64_t* starts, const T* weights, int64_t terms, T start,
                             int64_t row_step, int64_t last, T* to, int64_t to_step) {
  using S = Simd<T>;
  typename S::Vector sum[R][V];
  ADJOINT_UNROLL for (int r = 0; r < R; r++) {
    ADJOINT_UNROLL for (int v = 0; v < V; v++) sum[r][v] = typename S::Vector{} + start;
  }
  for (int64_t i = 0; i < terms; i++) {
    const T *from = source + starts[i], weight = weights[i];
    ADJOINT_UNROLL for (int r = 0; r < R; r++) {
      ADJOINT_UNROLL for (int v = 0; v < V; v++) sum[r][v] +=
          weight * S::load(from + r * row_step + v * S::kLanes);
    }
  }
  ADJOINT_UNROLL for (int r = 0; r < R; r++) {
    ADJOINT_UNROLL for (int v = 0; v < V - 1; v++) S::store(to + r * to_step + v * S::kLanes, sum[r][v]);
    T* end = to + r * to_step + (V - 1) * S::kLanes;
    if (last == S::kLanes)
      S::store(end, sum[r][V - 1]);
    else
      S::store_some(end, sum[r][V - 1], last);
  }
}

// `rows` rows, R at a time, then fewer.
template <class T, int R, int V> ADJOINT_INLINE void sum_columns(const T* source, const int64_t* starts,
                                                                 const T* weights, int64_t terms, T start,
                                                                 int64_t rows, int64_t row_step, int64_t last,
                                                                 T* to, int64_t to_step) {
  int64_t r = 0;
  for (; r + R <= rows; r += R)
    sum_tile<T, R, V>(source + r * row_step, starts, weights, terms, start, row_step, last, to + r * to_step,
                      to_step);
  if constexpr (R > 1)
    sum_columns<T, R / 2, V>(source + r * row_step, starts, weights, terms, start, rows - r, row_step, last,
                             to + r * to_step, to_step);
}

template <class T> void sum_rows(const T* source, const int64_t* starts, const T* weights, int64_t terms,
                                 T start, int64_t rows, int64_t row_step, int64_t n, T* to, int64_t to_step) {
  constexpr int W = Simd<T>::kLanes;
  for (int64_t j = 0; j < n; j += 2 * W) {
    const int64_t left = n - j;
    if (left > W)
      sum_columns<T, 4, 2>(source + j, starts, weights, terms, start, rows, row_step,
                           left < 2 * W ? left - W : W, to + j, to_step);
    else
      sum_columns<T, 8, 1>(source + j, starts, weights, terms, start, rows, row_step, left, to + j, to_step);
  }
}

template <class T, int N> void add_some_products(const T* source, const int64_t* starts, const T* other,
                                                 int64_t other_step, int64_t rows, int64_t row_step,
                                                 int64_t n, T* sums) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  typename S::Vector sum[N];
  const T* from[N];
  ADJOINT_UNROLL for (int i = 0; i < N; i++) sum[i] = S::load(sums + i * W), from[i] = source + starts[i];
  for (int64_t r = 0; r < rows; r++, other += other_step) {
    int64_t j = 0;
    for (; j + W <= n; j += W) {
      const typename S::Vector y = S::load(other + j);
      ADJOINT_UNROLL for (int i = 0; i < N; i++) sum[i] += y * S::load(from[i] + r * row_step + j);
    }
    if (j < n) {
      const typename S::Vector y = S::load_some(other + j, n - j);
      ADJOINT_UNROLL for (int i = 0; i < N; i++) sum[i] +=
          y * S::load_some(from[i] + r * row_step + j, n - j);
    }
  }
  ADJOINT_UNROLL for (int i = 0; i < N; i++) S::store(sums + i * W, sum[i]);
}

template <class T> void add_products(const T* source, const int64_t* starts, int64_t terms, const T* other,
                                     int64_t other_step, int64_t rows, int64_t row_step, int64_t n, T* sums) {
  constexpr int W = Simd<T>::kLanes;
  int64_t i = 0;
  for (; i + 9 <= terms; i += 9)
    add_some_products<T, 9>(source, starts + i, other, other_step, rows, row_step, n, sums + i * W);
  for (; i + 5 <= terms; i += 5)
    add_some_products<T, 5>(source, starts + i, other, other_step, rows, row_step, n, sums + i * W);
  for (; i < terms; i++)
    add_some_products<T, 1>(source, starts + i, other, other_step, rows, row_step, n, sums + i * W);
}

template <class T> T total(const T* sums) {
  T sum[Simd<T>::kLanes];
  for (int i = 0; i < Simd<T>::kLanes; i++) sum[i] = sums[i];
  for (int half = Simd<T>::kLanes / 2; half; half /= 2)
    for (int i = 0; i < half; i++) sum[i] += sum[i + half];
  return sum[0];
}

template <class T>
constexpr Table<T> kTable = {Simd<T>::kLanes, fill<T>, gather<T>, sum_rows<T>, add_products<T>, total<T>};

}  // namespace

extern const Table<float> ADJOINT_ISA_NAME(f32);
extern const Table<double> ADJOINT_ISA_NAME(f64);
const Table<float> ADJOINT_ISA_NAME(f32) = kTable<float>;
const Table<double> ADJOINT_ISA_NAME(f64) = kTable<double>;

}  // namespace adjoint::conv_detail
