// Rows in vectors: sums and maxima that run in the same lanes on every instruction set, loops without a tail.
// For *.isa.cpp alone. See Note [One source, several instruction sets].
#pragma once
#include <cstdint>
#include <type_traits>

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

// e^x for x <= 0 and NaN, where what lies below the normal numbers may be 0: in a sum with 1, or beside it.
ADJOINT_FN float exp_below(float x) {
  const bool none = x < -87.f;
  const float power = math::detail::exp_near(none ? 0.f : x);
  return none ? 0.f : power;
}
ADJOINT_FN double exp_below(double x) { return math::exp(x); }

// y = e^(x - shift) and its sum; n >= kLanes
template <class T> ADJOINT_FN T sum_of_powers(const T* __restrict x, int64_t n, T shift, T* __restrict y) {
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
    for (int l = 0; l < kLanes; ++l) y[i + l] = math::exp(x[i + l] - shift);
  for (int64_t i = rest_from(n); i < n; i += kStep)
    for (int l = 0; l < kStep; ++l) y[i + l] = math::exp(x[i + l] - shift);
  return sum_of(y, n);
}
// The sum of e^(x - shift), where shift is the largest of x; `scratch` takes n numbers; n >= kLanes
template <class T>
ADJOINT_FN T sum_of_powers_below(const T* __restrict x, int64_t n, T shift, T* __restrict scratch) {
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
    for (int l = 0; l < kLanes; ++l) scratch[i + l] = exp_below(x[i + l] - shift);
  for (int64_t i = rest_from(n); i < n; i += kStep)
    for (int l = 0; l < kStep; ++l) scratch[i + l] = exp_below(x[i + l] - shift);
  return sum_of(scratch, n);
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

}  // namespace
}  // namespace adjoint
