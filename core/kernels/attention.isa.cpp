// Passes over a tile of attention scores. See Note [One source, several instruction sets].
#include <cstdint>
#include <type_traits>

#include "kernels/attention_table.h"
#include "kernels/isa.h"
#include "kernels/math.h"

namespace adjoint {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
template <class T> struct Vectors {
  typedef T V __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  static constexpr int W = kVectorBytes / sizeof(T), K = kTileStep / W;
  static inline __attribute__((always_inline)) V load(const T* p) { return *reinterpret_cast<const V*>(p); }
  static inline __attribute__((always_inline)) void store(T* p, V v) { *reinterpret_cast<V*>(p) = v; }
};

template <class V> ADJOINT_FN V larger(V a, V b) { return ((b > a) | (b != b)) ? b : a; }  // NaN wins
template <class V> ADJOINT_FN V plus(V a, V b) { return a + b; }

// start ∘ the tile's rows of kTileStep columns, in two chains, so that none waits for the other.
template <class T, class C> ADJOINT_FN void fold_keys(const T* x, int64_t keys, T* start, C combine) {
  using S = Vectors<T>;
  typename S::V even[S::K], odd[S::K];
  for (int k = 0; k < S::K; ++k) {
    even[k] = S::load(start + k * S::W);
    odd[k] = keys > 1 ? S::load(x + kTileWidth + k * S::W) : even[k];
  }
  int64_t j = 0;
  for (; j + 3 < keys; j += 2)
    for (int k = 0; k < S::K; ++k) {
      even[k] = combine(even[k], S::load(x + j * kTileWidth + k * S::W));
      odd[k] = combine(odd[k], S::load(x + (j + 3) * kTileWidth + k * S::W));
    }
  for (int k = 0; k < S::K; ++k) {
    for (int64_t i = j; i < keys; i += 2) even[k] = combine(even[k], S::load(x + i * kTileWidth + k * S::W));
    S::store(start + k * S::W, keys > 1 ? combine(even[k], odd[k]) : even[k]);
  }
}

template <class T> void weights(T* scores, int64_t keys, int64_t width, T* top, T* sum, T* shrink) {
  constexpr T kNone = -T(__builtin_inf());
  for (int64_t c = 0; c < width; c += kTileStep, scores += kTileStep) {
    T shift[kTileStep], total[kTileStep];
    for (int l = 0; l < kTileStep; ++l) shift[l] = top[c + l];
    fold_keys(scores, keys, shift, larger<typename Vectors<T>::V>);
    for (int l = 0; l < kTileStep; ++l) {
      T was = top[c + l];
      top[c + l] = shift[l];
      shift[l] = shift[l] == kNone ? T(0) : shift[l];  // all masked so far: -inf - 0
      shrink[c + l] = math::exp(was - shift[l]);
      total[l] = sum[c + l] * shrink[c + l];
    }
    for (int64_t j = 0; j < keys; ++j)
      for (int l = 0; l < kTileStep; ++l)
        scores[j * kTileWidth + l] = math::exp(scores[j * kTileWidth + l] - shift[l]);
    fold_keys(scores, keys, total, plus<typename Vectors<T>::V>);
    for (int l = 0; l < kTileStep; ++l) sum[c + l] = total[l];
  }
}

template <class T> void slopes(T* __restrict scores, T* __restrict dp, int64_t keys, int64_t width,
                               const T* log_sum, const T* delta) {
  for (int64_t c = 0; c < width; c += kTileStep) {
    T shift[kTileStep], mean[kTileStep];
    for (int l = 0; l < kTileStep; ++l) shift[l] = log_sum[c + l], mean[l] = delta[c + l];
    for (int64_t j = 0; j < keys; ++j) {
      T *s = scores + j * kTileWidth + c, *d = dp + j * kTileWidth + c;
      for (int l = 0; l < kTileStep; ++l) {
        T p = math::exp(s[l] - shift[l]), slope = p * (d[l] - mean[l]);
        s[l] = p;
        d[l] = p == T(0) ? T(0) : slope;
      }
    }
  }
}

template <class T>
void scale_rows(const T* from, int64_t from_ld, T* to, int64_t to_ld, int64_t rows, int64_t n, const T* by) {
  for (int64_t i = 0; i < rows; ++i, from += from_ld, to += to_ld) {
    const T f = by[i];
#pragma GCC ivdep
    for (int64_t k = 0; k < n; ++k) to[k] = f * from[k];
  }
}

// In kTileStep running sums, whatever the instruction set.
template <class T> ADJOINT_FN T row_dot(const T* a, const T* b, int64_t n) {
  T sum[kTileStep] = {};
  int64_t k = 0;
  for (; k + kTileStep <= n; k += kTileStep)
    for (int l = 0; l < kTileStep; ++l) sum[l] += a[k + l] * b[k + l];
  for (int l = 0; k < n; ++k, ++l) sum[l] += a[k] * b[k];
  for (int h = kTileStep / 2; h > 0; h /= 2)
    for (int l = 0; l < h; ++l) sum[l] += sum[l + h];
  return sum[0];
}
template <class T>
void row_dots(const T* a, int64_t lda, const T* b, int64_t ldb, int64_t rows, int64_t n, T* out) {
  for (int64_t i = 0; i < rows; ++i) out[i] = row_dot(a + i * lda, b + i * ldb, n);
}

template <class T> void finish(const T* top, const T* sum, int64_t n, T* by, T* log_sum) {
  for (int64_t i = 0; i < n; ++i) {
    by[i] = sum[i] == T(0) ? T(0) : T(1) / sum[i];
    log_sum[i] = sum[i] == T(0) ? T(__builtin_inf()) : top[i] + math::log(sum[i]);
  }
}

// x · 0 is NaN for what is not finite.
template <class T> bool finite(const T* x, int64_t ld, int64_t rows, int64_t n) {
  T sum = 0;
  for (int64_t i = 0; i < rows; ++i, x += ld) {
    T zeros[kTileStep] = {};
    int64_t k = 0;
    for (; k + kTileStep <= n; k += kTileStep)
      for (int l = 0; l < kTileStep; ++l) zeros[l] += x[k + l] * T(0);
    for (int l = 0; k < n; ++k, ++l) zeros[l] += x[k] * T(0);
    for (int l = 0; l < kTileStep; ++l) sum += zeros[l];
  }
  return sum == T(0);
}

template <class T> constexpr AttentionPasses<T> passes() {
  return {weights<T>, slopes<T>, scale_rows<T>, row_dots<T>, finish<T>, finite<T>};
}

}  // namespace

extern const AttentionTable ADJOINT_ISA_NAME(attention_table);
const AttentionTable ADJOINT_ISA_NAME(attention_table) = {passes<float>(), passes<double>()};

}  // namespace adjoint
