// Folding rows and columns with vectors. See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/reduce_table.h"

#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace adjoint {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLaneBytes = 256;  // accumulators of a row: four of the widest vectors

template <class T> struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};
template <class T> using Vector = typename VectorOf<T>::type;
template <class T> inline constexpr int kLanes = kLaneBytes / int(sizeof(T));
constexpr int kVectors = kLaneBytes / kVectorBytes;

template <class T> constexpr T lowest() {
  if constexpr (math::Floating<T>)
    return -T(__builtin_inf());
  else
    return T(-1) < T(0) ? T(uint64_t(1) << (8 * sizeof(T) - 1)) : T(0);
}
template <class T> constexpr T highest() {
  if constexpr (math::Floating<T>)
    return T(__builtin_inf());
  else
    return T(-1) < T(0) ? T(~(uint64_t(1) << (8 * sizeof(T) - 1))) : T(-1);
}

// Each works on numbers and on vectors. NaN wins comparisons: a NaN in b is taken, one in a stays.
struct Sum {
  template <class T> static constexpr T identity() { return T(0); }
  template <class V> ADJOINT_FN V map(V x) { return x; }
  template <class V> ADJOINT_FN V combine(V a, V b) { return a + b; }
};
struct Prod {
  template <class T> static constexpr T identity() { return T(1); }
  template <class V> ADJOINT_FN V map(V x) { return x; }
  template <class V> ADJOINT_FN V combine(V a, V b) { return a * b; }
};
struct Max {
  template <class T> static constexpr T identity() { return lowest<T>(); }
  template <class V> ADJOINT_FN V map(V x) { return x; }
  template <class V> ADJOINT_FN V combine(V a, V b) {
    if constexpr (requires { a % b; })  // of integers: one instruction
      return b > a ? b : a;
    else
      return ((b > a) | (b != b)) ? b : a;
  }
};
struct Min {
  template <class T> static constexpr T identity() { return highest<T>(); }
  template <class V> ADJOINT_FN V map(V x) { return x; }
  template <class V> ADJOINT_FN V combine(V a, V b) {
    if constexpr (requires { a % b; })  // of integers: one instruction
      return b < a ? b : a;
    else
      return ((b < a) | (b != b)) ? b : a;
  }
};
template <class V> ADJOINT_FN V absolute(V x) { return x < V{} ? -x : x; }
struct SumAbs : Sum {
  template <class V> ADJOINT_FN V map(V x) { return absolute(x); }
};
struct SumSquares : Sum {
  template <class V> ADJOINT_FN V map(V x) { return x * x; }
};
struct MaxAbs : Max {
  template <class T> static constexpr T identity() { return T(0); }
  template <class V> ADJOINT_FN V map(V x) { return absolute(x); }
};
struct MinAbs : Min {
  template <class V> ADJOINT_FN V map(V x) { return absolute(x); }
};
// Maps with functions of math.h, which plain loops vectorise: into a buffer first.
struct SumPow : Sum {
  template <class T> ADJOINT_FN T outer_map(T x, T p) { return math::pow(math::abs(x), p); }
};
struct ExpSum : Sum {
  template <class T> ADJOINT_FN T outer_map(T x, T c) { return math::exp(x - c); }
};

template <class Op, class T> struct Lanes {
  Vector<T> acc[kVectors];
  ADJOINT_FN void start(Lanes& s) {
    for (int k = 0; k < kVectors; ++k) s.acc[k] = Op::template identity<T>() - Vector<T>{};
  }
  ADJOINT_FN void take(Lanes& s, const T* x) {
    constexpr int W = kVectorBytes / sizeof(T);
    for (int k = 0; k < kVectors; ++k)
      s.acc[k] = Op::combine(s.acc[k], Op::map(*reinterpret_cast<const Vector<T>*>(x + k * W)));
  }
  ADJOINT_FN void take_tail(Lanes& s, const T* x, int64_t n) {
    T padded[kLanes<T>];
    for (int i = 0; i < kLanes<T>; ++i) padded[i] = Op::template identity<T>();
    for (int64_t i = 0; i < n; ++i) padded[i] = x[i];
    take(s, padded);
  }
  ADJOINT_FN T finish(const Lanes& s) {
    T t[kLanes<T>];
    constexpr int W = kVectorBytes / sizeof(T);
    for (int k = 0; k < kVectors; ++k) *reinterpret_cast<Vector<T>*>(t + k * W) = s.acc[k];
    for (int h = kLanes<T> / 2; h >= 1; h /= 2)
      for (int i = 0; i < h; ++i) t[i] = Op::combine(t[i], t[i + h]);
    return t[0];
  }
};

constexpr int kShort = 32;  // rows below it are folded without vectors, in four chains

template <class Op, class T> ADJOINT_FN T fold_short(const T* x, int64_t n) {
  T a[4];
  for (T& v : a) v = Op::template identity<T>();
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; ++k) a[k] = Op::combine(a[k], Op::map(x[i + k]));
  for (; i < n; ++i) a[0] = Op::combine(a[0], Op::map(x[i]));
  return Op::combine(Op::combine(a[0], a[1]), Op::combine(a[2], a[3]));
}
template <class Op, class T> ADJOINT_FN T fold_row(const T* x, int64_t n) {
  using L = Lanes<Op, T>;
  L s;
  L::start(s);
  int64_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) L::take(s, x + i);
  if (i < n) L::take_tail(s, x + i, n - i);
  return L::finish(s);
}
template <class Op, class T>
void fold_rows(const T* x, int64_t rows, int64_t row_stride, int64_t n, const T*, T* out, T*) {
  if (n < kShort)
    for (int64_t r = 0; r < rows; ++r) out[r] = fold_short<Op>(x + r * row_stride, n);
  else
    for (int64_t r = 0; r < rows; ++r) out[r] = fold_row<Op>(x + r * row_stride, n);
}
template <class Op, class T>
void fold_cols(const T* x, int64_t n, int64_t stride, int64_t width, const T*, T* __restrict acc, T*) {
  int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    const T *a = x + k * stride, *b = a + stride, *c = b + stride, *d = c + stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i)
      acc[i] = Op::combine(acc[i], Op::combine(Op::combine(Op::map(a[i]), Op::map(b[i])),
                                               Op::combine(Op::map(c[i]), Op::map(d[i]))));
  }
  for (; k < n; ++k) {
    const T* a = x + k * stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) acc[i] = Op::combine(acc[i], Op::map(a[i]));
  }
}

constexpr int64_t kBuffer = 512;

template <class Op, class T> void map_into(const T* x, int64_t n, T c, T* __restrict y) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = Op::outer_map(x[i], c);
}
template <class Op, class T>
void mapped_rows(const T* x, int64_t rows, int64_t row_stride, int64_t n, const T* centre, T* out, T*) {
  using L = Lanes<Op, T>;
  T buffer[kBuffer];
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    L s;
    L::start(s);
    for (int64_t i = 0; i < n; i += kBuffer) {
      int64_t m = n - i < kBuffer ? n - i : kBuffer, j = 0;
      map_into<Op>(x + i, m, centre[r], buffer);
      for (; j + kLanes<T> <= m; j += kLanes<T>) L::take(s, buffer + j);
      if (j < m) L::take_tail(s, buffer + j, m - j);
    }
    out[r] = L::finish(s);
  }
}
template <class Op, class T> void mapped_cols(const T* x, int64_t n, int64_t stride, int64_t width,
                                              const T* centre, T* __restrict acc, T*) {
  for (int64_t k = 0; k < n; ++k) {
    const T* a = x + k * stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) acc[i] += Op::outer_map(a[i], centre[i]);
  }
}

template <class T>
void moments_rows(const T* x, int64_t rows, int64_t row_stride, int64_t n, const T* centre, T* out, T* out1) {
  using L = Lanes<Sum, T>;
  constexpr int W = kVectorBytes / sizeof(T);
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    const Vector<T> c = centre[r] - Vector<T>{};
    L s, q;
    L::start(s), L::start(q);
    auto take = [&](const T* p) {
      for (int k = 0; k < kVectors; ++k) {
        Vector<T> d = *reinterpret_cast<const Vector<T>*>(p + k * W) - c;
        s.acc[k] += d, q.acc[k] += d * d;
      }
    };
    int64_t i = 0;
    for (; i + kLanes<T> <= n; i += kLanes<T>) take(x + i);
    if (i < n) {
      T padded[kLanes<T>];
      for (int j = 0; j < kLanes<T>; ++j) padded[j] = centre[r];
      for (int64_t j = i; j < n; ++j) padded[j - i] = x[j];
      if (centre[r] - centre[r] == 0)
        take(padded);
      else
        L::take_tail(s, x + i, n - i), L::take_tail(q, x + i, n - i);  // an infinite mean: NaN either way
    }
    out[r] = L::finish(s), out1[r] = L::finish(q);
  }
}
template <class T> void moments_cols(const T* x, int64_t n, int64_t stride, int64_t width, const T* centre,
                                     T* __restrict acc, T* __restrict acc1) {
  for (int64_t k = 0; k < n; ++k) {
    const T* a = x + k * stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) {
      T d = a[i] - centre[i];
      acc[i] += d, acc1[i] += d * d;
    }
  }
}

#if defined(__F16C__)
#if defined(__AVX512F__)
// With a mask of all lanes: what the plain forms expand to reads an undefined register, and GCC warns of it.
constexpr __mmask16 kAllLanes = 0xffff;
#endif
struct HalfToFloat {
  ADJOINT_FN Vector<float> load(const uint16_t* x) {
#if defined(__AVX512F__)
    return Vector<float>(
        _mm512_maskz_cvtph_ps(kAllLanes, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))));
#else
    return Vector<float>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))));
#endif
  }
  ADJOINT_FN float one(uint16_t x) { return _cvtsh_ss(x); }
};
struct BFloatToFloat {
  ADJOINT_FN Vector<float> load(const uint16_t* x) {
#if defined(__AVX512F__)
    const __m512i wide =
        _mm512_maskz_cvtepu16_epi32(kAllLanes, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
    return Vector<float>(_mm512_maskz_slli_epi32(kAllLanes, wide, 16));
#else
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
    return Vector<float>(_mm256_slli_epi32(wide, 16));
#endif
  }
  ADJOINT_FN float one(uint16_t x) { return __builtin_bit_cast(float, uint32_t(x) << 16); }
};
template <class To>
void sum_narrow_rows(const uint16_t* x, int64_t rows, int64_t row_stride, int64_t n, float* out) {
  using L = Lanes<Sum, float>;
  constexpr int W = kVectorBytes / sizeof(float), kAll = kLanes<float>;
  for (int64_t r = 0; r < rows; ++r, x += row_stride) {
    float tail[kAll];
    int64_t i = 0;
    L s;
    L::start(s);
    for (; n >= kShort && i + kAll <= n; i += kAll)
      for (int k = 0; k < kVectors; ++k) s.acc[k] += To::load(x + i + k * W);
    for (int64_t j = i; j < n; ++j) tail[j - i] = To::one(x[j]);
    if (i < n && n >= kShort) L::take_tail(s, tail, n - i);
    out[r] = n < kShort ? fold_short<Sum>(tail, n) : L::finish(s);
  }
}
constexpr SumNarrowRows kSumHalf = sum_narrow_rows<HalfToFloat>, kSumBFloat = sum_narrow_rows<BFloatToFloat>;
#else
constexpr SumNarrowRows kSumHalf = nullptr, kSumBFloat = nullptr;
#endif

template <class Op, class T> constexpr FoldKernels<T> kernels_of() {
  return {fold_rows<Op, T>, fold_cols<Op, T>};
}
template <class Op, class T> constexpr FoldKernels<T> mapped_of() {
  return {mapped_rows<Op, T>, mapped_cols<Op, T>};
}

#define ADJOINT_PLAIN_FOLDS(T)                                                             \
  kernels_of<Sum, T>(), kernels_of<Prod, T>(), kernels_of<Max, T>(), kernels_of<Min, T>(), \
      kernels_of<SumAbs, T>(), kernels_of<SumSquares, T>(), kernels_of<MaxAbs, T>(), kernels_of<MinAbs, T>()
#define ADJOINT_ALL_FOLDS(T)                                                               \
  ADJOINT_PLAIN_FOLDS(T), mapped_of<SumPow, T>(), mapped_of<ExpSum, T>(), FoldKernels<T> { \
    moments_rows<T>, moments_cols<T>                                                       \
  }

}  // namespace

extern const ReduceTable ADJOINT_ISA_NAME(reduce_table);
const ReduceTable ADJOINT_ISA_NAME(reduce_table) = {
    {ADJOINT_ALL_FOLDS(float)},
    {ADJOINT_ALL_FOLDS(double)},
    {ADJOINT_PLAIN_FOLDS(int64_t)},
    {{}, {}, kernels_of<Max, int32_t>(), kernels_of<Min, int32_t>()},
    {{}, {}, kernels_of<Max, uint8_t>(), kernels_of<Min, uint8_t>()},
    kSumHalf,
    kSumBFloat,
};

}  // namespace adjoint
