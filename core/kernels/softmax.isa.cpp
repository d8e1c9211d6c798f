// Softmax, log-softmax and their vjps, a row or a tile of columns at a time while it is in the cache.
// See Note [One source, several instruction sets].
#include <cstdint>
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/softmax_table.h"

namespace adjoint {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
template <class T, int Bytes = kVectorBytes> struct VectorOf {
  typedef T type __attribute__((vector_size(Bytes), aligned(alignof(T)), may_alias));
};
template <class T> using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

struct Add {
  template <class V> [[gnu::always_inline]] V operator()(V a, V b) const { return a + b; }
};
struct Larger {  // NaN wins
  template <class V> [[gnu::always_inline]] V operator()(V a, V b) const {
    return ((b > a) | (b != b)) ? b : a;
  }
};

// A row is cut into groups of kLanes. Where its length is no multiple, one more group ends at the row's end: its
// first `done` elements belong to the group before it too. So no loop has a tail, and sums run in the same kLanes
// accumulators on every instruction set.
constexpr int kLanes = 32;

constexpr int done_of(int64_t n) { return int((kLanes - n % kLanes) % kLanes); }

// t[0] ∘ ... ∘ t[N - 1], the upper half upon the lower one again and again. In vectors to the end: a choice between
// two numbers alone would become a jump.
template <int N, class T, class C> ADJOINT_FN T fold_halves(const T* t, C combine) {
  constexpr int kBytes = N * sizeof(T) / 2 < kVectorBytes ? N * sizeof(T) / 2 : kVectorBytes;
  using V = typename VectorOf<T, kBytes>::type;
  constexpr int W = kBytes / sizeof(T);
  if constexpr (kBytes >= 16) {
    T half[N / 2];
    for (int l = 0; l < N / 2; l += W)
      *reinterpret_cast<V*>(half + l) =
          combine(*reinterpret_cast<const V*>(t + l), *reinterpret_cast<const V*>(t + l + N / 2));
    return fold_halves<N / 2>(half, combine);
  } else {
    typename VectorOf<T, 16>::type v = *reinterpret_cast<const decltype(v)*>(t), w = v;
    for (int h = N / 2; h >= 1; h /= 2) {
      for (int l = 0; l < h; ++l) w[l] = v[l + h];
      v = combine(v, w);
    }
    return v[0];
  }
}
constexpr struct Masks {  // kLanes times 0, then kLanes times -1
  int32_t f32[2 * kLanes] = {};
  int64_t f64[2 * kLanes] = {};
  constexpr Masks() {
    for (int l = kLanes; l < 2 * kLanes; ++l) f32[l] = f64[l] = -1;
  }
  const int32_t* of(float) const { return f32; }
  const int64_t* of(double) const { return f64; }
} kMasks;

template <class V, class T> ADJOINT_FN V load(V, const T* p) { return *reinterpret_cast<const V*>(p); }

// Folds term(i) for i < n, where term gives a vector at i; n >= kLanes
template <class T, class C, class F> ADJOINT_FN T fold_lanes(int64_t n, T identity, C combine, F term) {
  using V = typename VectorOf<T>::type;
  using I = typename VectorOf<Bits<T>>::type;
  constexpr int W = kVectorBytes / sizeof(T), K = kLanes / W > 0 ? kLanes / W : 1;
  V acc[K];
  for (V& a : acc) a = identity - V{};
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < K; ++k) acc[k] = combine(acc[k], term(V{}, i + k * W));
  if (int done = done_of(n)) {
    const Bits<T>* mask = kMasks.of(T{}) + kLanes - done;
    for (int k = 0; k < K; ++k) {
      V v = term(V{}, n - kLanes + k * W);
      if constexpr (std::is_same_v<C, Add>) v = V(I(v) & load(I{}, mask + k * W));  // a maximum may see twice
      acc[k] = combine(acc[k], v);
    }
  }
  T t[kLanes];
  for (int k = 0; k < K; ++k) *reinterpret_cast<V*>(t + k * W) = acc[k];
  return fold_halves<kLanes>(t, combine);
}

template <class T> ADJOINT_FN T max_of(const T* x, int64_t n) {
  return fold_lanes(n, -T(__builtin_inf()), Larger{},
                    [&](auto v, int64_t i) __attribute__((always_inline)) { return load(v, x + i); });
}
template <class T> ADJOINT_FN T sum_of(const T* x, int64_t n) {
  return fold_lanes(n, T(0), Add{},
                    [&](auto v, int64_t i) __attribute__((always_inline)) { return load(v, x + i); });
}
template <class T> ADJOINT_FN T dot_of(const T* x, const T* y, int64_t n) {
  return fold_lanes(n, T(0), Add{}, [&](auto v, int64_t i) __attribute__((always_inline)) {
    return load(v, x + i) * load(v, y + i);
  });
}
// Where what lies behind the whole groups begins, rounded down to steps of kStep from the row's end
constexpr int kStep = 16;
constexpr int64_t rest_from(int64_t n) { return n - (n % kLanes + kStep - 1) / kStep * kStep; }

// y = e^(x - shift) and its sum; n >= kLanes
template <class T> ADJOINT_FN T sum_of_powers(const T* __restrict x, int64_t n, T shift, T* __restrict y) {
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
    for (int l = 0; l < kLanes; ++l) y[i + l] = math::exp(x[i + l] - shift);
  for (int64_t i = rest_from(n); i < n; i += kStep)
    for (int l = 0; l < kStep; ++l) y[i + l] = math::exp(x[i + l] - shift);
  return sum_of(y, n);
}
// y[i] = f(a[i], b[i]), where y may be a or b; n >= kLanes
template <class T, class F> ADJOINT_FN void map_row(const T* a, const T* b, int64_t n, T* y, F f) {
  T rest[kLanes];
  const int64_t from = rest_from(n);
  for (int64_t i = from; i < n; i += kStep)
    for (int l = 0; l < kStep; ++l) rest[i - from + l] = f(a[i + l], b[i + l]);
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
#pragma GCC ivdep
    for (int l = 0; l < kLanes; ++l) y[i + l] = f(a[i + l], b[i + l]);
  for (int64_t i = from; i < n; i += kStep)
    for (int l = 0; l < kStep; ++l) y[i + l] = rest[i - from + l];
}

template <class T> void softmax_row(const T* x, int64_t n, T* __restrict y) {
  T scale = T(1) / sum_of_powers(x, n, max_of(x, n), y);
  map_row(y, y, n, y, [=](T p, T) __attribute__((always_inline)) { return p * scale; });
}
template <class T> void log_softmax_row(const T* x, int64_t n, T* __restrict y) {
  constexpr int64_t kBlock = 1024;  // sums of so many, lest small terms vanish in large sums
  T powers[2 * kBlock], shift = max_of(x, n), sum = 0;
  for (int64_t i = 0, m; i < n; i += m) {
    m = n - i < 2 * kBlock ? n - i : kBlock;
    sum += sum_of_powers(x + i, m, shift, powers);
  }
  T log_sum = math::log(sum);
  map_row(x, x, n, y, [=](T v, T) __attribute__((always_inline)) { return v - shift - log_sum; });
}
template <class T> void backward_row(bool log, const T* g, const T* y, int64_t n, T* gx) {
  const T sum = log ? sum_of(g, n) : dot_of(g, y, n);
  if (log)
    map_row(g, y, n, gx, [=](T a, T b) __attribute__((always_inline)) { return a - math::exp(b) * sum; });
  else
    map_row(g, y, n, gx, [=](T a, T b) __attribute__((always_inline)) { return b * (a - sum); });
}
// Copies n <= 2 · kMost elements in two pieces, which overlap.
template <int kMost, class T> ADJOINT_FN void copy_few(const T* x, int64_t n, T* __restrict y) {
  if (n >= kMost) {
    T first[kMost], last[kMost];
    for (int l = 0; l < kMost; ++l) first[l] = x[l], last[l] = x[n - kMost + l];
    for (int l = 0; l < kMost; ++l) y[l] = first[l];
    for (int l = 0; l < kMost; ++l) y[n - kMost + l] = last[l];
  } else if constexpr (kMost > 1)
    copy_few<kMost / 2>(x, n, y);
}
// A row shorter than kLanes, and what makes it as long without being seen in the result
template <class T> struct Padded {
  T v[kLanes];
  Padded(const T* x, int64_t n, T with) {
    for (T& e : v) e = with;
    copy_few<kLanes / 2>(x, n, v);
  }
};

template <class T> void backward_rows(bool log, const T* g, const T* y, int64_t rows, int64_t n, T* gx) {
  for (int64_t r = 0; r < rows; ++r, g += n, y += n, gx += n) {
    if (n >= kLanes)
      backward_row(log, g, y, n, gx);
    else {
      Padded<T> a(g, n, 0), b(y, n, 0);
      backward_row(log, a.v, b.v, kLanes, a.v);
      copy_few<kLanes / 2>(a.v, n, gx);
    }
  }
}

// Columns: every loop over i runs across the tile. Long columns sum in blocks, lest small terms vanish in
// large sums.
constexpr int64_t kSumBlock = 64;

// total[i] += Σ_k term(k, i), k < n.
template <class T, class F> ADJOINT_FN void sum_cols(int64_t n, int64_t width, T* __restrict total, F term) {
  T part[kSoftmaxTile];
  for (int64_t k = 0; k < n;) {
    for (int64_t i = 0; i < width; ++i) part[i] = 0;
    for (int64_t end = n - k < kSumBlock ? n : k + kSumBlock; k < end; ++k) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) part[i] += term(k, i);
    }
    for (int64_t i = 0; i < width; ++i) total[i] += part[i];
  }
}
template <class T>
void softmax_cols(bool log, const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride) {
  T top[kSoftmaxTile], sum[kSoftmaxTile];
  for (int64_t i = 0; i < width; ++i) top[i] = -T(__builtin_inf()), sum[i] = 0;
  for (int64_t k = 0; k < n; ++k) {
    const T* p = x + k * stride;
    for (int64_t i = 0; i < width; ++i) top[i] = Larger{}(top[i], p[i]);
  }
  if (log)
    sum_cols(n, width, sum, [=, &top](int64_t k, int64_t i) __attribute__((always_inline)) {
      return math::exp(x[k * stride + i] - top[i]);
    });
  else
    sum_cols(n, width, sum, [=, &top](int64_t k, int64_t i) __attribute__((always_inline)) {
      return y[k * y_stride + i] = math::exp(x[k * stride + i] - top[i]);
    });
  for (int64_t i = 0; i < width; ++i) sum[i] = log ? math::log(sum[i]) : T(1) / sum[i];
  for (int64_t k = 0; k < n; ++k) {
    const T* p = x + k * stride;
    T* q = y + k * y_stride;
    if (log) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = p[i] - top[i] - sum[i];
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] *= sum[i];
    }
  }
}
// Very short rows: a tile of them, transposed, is softmax over columns. Which way a row goes depends on its
// length only, see Note [Same bits for any number of threads].
constexpr int kTransposed = 16;

template <class T>
void transposed_rows(bool log, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y) {
  T tile[kTransposed * kSoftmaxTile], result[kTransposed * kSoftmaxTile];
  for (int64_t r = 0; r < rows; r += kSoftmaxTile, x += kSoftmaxTile * row_stride, y += kSoftmaxTile * n) {
    int64_t w = rows - r < kSoftmaxTile ? rows - r : kSoftmaxTile;
    for (int64_t i = 0; i < w; ++i)
      for (int64_t k = 0; k < n; ++k) tile[k * kSoftmaxTile + i] = x[i * row_stride + k];
    softmax_cols(log, tile, n, kSoftmaxTile, w, result, kSoftmaxTile);
    for (int64_t i = 0; i < w; ++i)
      for (int64_t k = 0; k < n; ++k) y[i * n + k] = result[k * kSoftmaxTile + i];
  }
}
template <class T>
void softmax_rows(bool log, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y) {
  if (n <= kTransposed) return transposed_rows(log, x, rows, row_stride, n, y);
  const auto row = log ? log_softmax_row<T> : softmax_row<T>;
  for (int64_t r = 0; r < rows; ++r, x += row_stride, y += n) {
    if (n >= kLanes)
      row(x, n, y);
    else {
      Padded<T> a(x, n, -T(__builtin_inf()));
      T b[kLanes];
      row(a.v, kLanes, b);
      copy_few<kLanes / 2>(b, n, y);
    }
  }
}

template <class T>
void backward_cols(bool log, const T* g, const T* y, int64_t n, int64_t stride, int64_t width, T* gx) {
  T sum[kSoftmaxTile];
  for (int64_t i = 0; i < width; ++i) sum[i] = 0;
  if (log)
    sum_cols(n, width, sum,
             [=](int64_t k, int64_t i) __attribute__((always_inline)) { return g[k * stride + i]; });
  else
    sum_cols(n, width, sum, [=](int64_t k, int64_t i) __attribute__((always_inline)) {
      return g[k * stride + i] * y[k * stride + i];
    });
  for (int64_t k = 0; k < n; ++k) {
    const T *a = g + k * stride, *b = y + k * stride;
    T* q = gx + k * stride;
    if (log) {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = a[i] - math::exp(b[i]) * sum[i];
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < width; ++i) q[i] = b[i] * (a[i] - sum[i]);
    }
  }
}

template <class T> constexpr SoftmaxKernels<T> softmax_kernels() {
  return {softmax_rows<T>, backward_rows<T>, softmax_cols<T>, backward_cols<T>};
}

}  // namespace

extern const SoftmaxTable ADJOINT_ISA_NAME(softmax_table);
const SoftmaxTable ADJOINT_ISA_NAME(softmax_table) = {softmax_kernels<float>(), softmax_kernels<double>()};

}  // namespace adjoint
