// The micro-kernel: a tile of C in registers, one pass along K; and the packing that feeds it.
// Compiled per instruction set (Note [One source, several instruction sets]) with fused multiply-adds.
#include <cstdint>
#include <type_traits>

#include "kernels/gemm_table.h"
#include "kernels/isa.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace adjoint::gemm_detail {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kRows = 14;  // 14 × 2 sums of 32 registers
constexpr bool kFreeMasks = true;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32, kRows = 6;  // 6 × 2 of 16
constexpr bool kFreeMasks = false;
#else
constexpr int kVectorBytes = 16, kRows = 4;  // 4 × 2 of 16, or of NEON's 32
constexpr bool kFreeMasks = false;
#endif

#define ADJOINT_INLINE inline __attribute__((always_inline))
#define ADJOINT_UNROLL _Pragma("GCC unroll 16")

template <class T> struct Simd {
  static constexpr int kLanes = kVectorBytes / int(sizeof(T));
  static constexpr int kCols = 2 * kLanes;
  static constexpr int kPanelA = (kRows + kLanes - 1) / kLanes * kLanes;
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));

  static ADJOINT_INLINE Vector load(const T* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static ADJOINT_INLINE void store(T* p, Vector v) { *reinterpret_cast<Unaligned*>(p) = v; }

  // Which of a vector's lanes exist. AVX-512 skips the others at no cost; AVX2 not on every processor (nine
  // cycles a load on AMD's first Zen), so only where lanes are missing; the rest takes a loop.
  struct Lanes {
    int n;
#if defined(__AVX512F__)
    unsigned mask;
    explicit Lanes(int64_t count) : n(count < kLanes ? int(count) : kLanes), mask((1u << n) - 1) {}
#elif defined(__AVX2__)
    typedef std::conditional_t<sizeof(T) == 4, int32_t, int64_t> Int;
    typedef Int Mask __attribute__((vector_size(32)));
    Mask mask;
    explicit Lanes(int64_t count) : n(count < kLanes ? int(count) : kLanes) {
      if constexpr (kLanes == 8)
        mask = Mask{0, 1, 2, 3, 4, 5, 6, 7} < n;
      else
        mask = Mask{0, 1, 2, 3} < Int(n);
    }
#else
    explicit Lanes(int64_t count) : n(count < kLanes ? int(count) : kLanes) {}
#endif
  };
  static ADJOINT_INLINE Vector load(const T* p, const Lanes& lanes) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      return Vector(_mm512_maskz_loadu_ps(__mmask16(lanes.mask), p));
    else
      return Vector(_mm512_maskz_loadu_pd(__mmask8(lanes.mask), p));
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4)
      return Vector(_mm256_maskload_ps(p, __m256i(lanes.mask)));
    else
      return Vector(_mm256_maskload_pd(p, __m256i(lanes.mask)));
#else
    if (lanes.n == kLanes) return load(p);
    Vector v{};
    for (int i = 0; i < lanes.n; i++) v[i] = p[i];
    return v;
#endif
  }
  static ADJOINT_INLINE void store(T* p, Vector v, const Lanes& lanes) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
      _mm512_mask_storeu_ps(p, __mmask16(lanes.mask), __m512(v));
    else
      _mm512_mask_storeu_pd(p, __mmask8(lanes.mask), __m512d(v));
#else
    if (lanes.n == kLanes) return store(p, v);
    for (int i = 0; i < lanes.n; i++) p[i] = v[i];
#endif
  }
};

// Rounds a product now: the compiler may not fuse it into the addition that follows, which it would do in
// some of the kernels and not in others.
template <class V> ADJOINT_INLINE V rounded(V v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

// Asks for a tile of C, which comes from afar while its sums are made. Into the second level: its rows may
// all fall into one set of the first.
template <class T, int M, int V> ADJOINT_INLINE void prefetch_tile(const T* c, int64_t ldc) {
  ADJOINT_UNROLL for (int i = 0; i < M; i++, c += ldc) {
    asm("" : "+r"(c));  // or the compiler keeps all the addresses, and spills a sum for them
    ADJOINT_UNROLL for (int v = 0; v < V; v++) __builtin_prefetch(c + v * Simd<T>::kLanes, 0, 2);
  }
}

// C[M, n] (+)= alpha · A B, where n fills V vectors, the last one perhaps in part. Where masks cost, a last
// vector of two stands back, over the first one's end, and a single one reads a panel, which is padded.
// kByRow: a row of A lies side by side and rows are `a_stride` apart; else columns are.
template <class T, int M, int V, bool kByRow>
__attribute__((noinline)) void micro(int64_t k, T alpha, const T* __restrict a, int64_t a_stride,
                                     const T* __restrict b, int64_t ldb, T* __restrict c, int64_t ldc,
                                     int64_t n, bool accumulate) {
  using S = Simd<T>;
  using Vector = typename S::Vector;
  constexpr int W = S::kLanes;
  const typename S::Lanes last(n - (V - 1) * W);
  const int64_t last_at = kFreeMasks || V == 1 ? (V - 1) * W : n - W;
  const int64_t row = kByRow ? a_stride : 1, next = kByRow ? 1 : a_stride;
  Vector sum[M][V];
  ADJOINT_UNROLL for (int i = 0; i < M; i++) {
    ADJOINT_UNROLL for (int v = 0; v < V; v++) sum[i][v] = Vector{};
  }
  if constexpr (!kByRow) prefetch_tile<T, M, V>(c, ldc);
  for (int64_t p = 0; p < k; p++) {
    if constexpr (!kByRow && M > 4) __builtin_prefetch(a + 24 * a_stride, 0, 3);
    Vector x[V];
    ADJOINT_UNROLL for (int v = 0; v < V - 1; v++) x[v] = S::load(b + v * W);
    x[V - 1] = kFreeMasks ? S::load(b + last_at, last) : S::load(b + last_at);
    ADJOINT_UNROLL for (int i = 0; i < M; i++) {
      T s = a[i * row];
      ADJOINT_UNROLL for (int v = 0; v < V; v++) sum[i][v] += s * x[v];
    }
    a += next;
    b += ldb;
  }
  ADJOINT_UNROLL for (int i = 0; i < M; i++) {
    T *to = c + i * ldc, *end = to + last_at;
    Vector y[V];
    ADJOINT_UNROLL for (int v = 0; v < V; v++) y[v] = rounded<Vector>(alpha * sum[i][v]);
    if (accumulate) {  // all is read before anything is written
      ADJOINT_UNROLL for (int v = 0; v < V - 1; v++) y[v] = S::load(to + v * W) + y[v];
      y[V - 1] = (kFreeMasks || V == 1 ? S::load(end, last) : S::load(end)) + y[V - 1];
    }
    ADJOINT_UNROLL for (int v = 0; v < V - 1; v++) S::store(to + v * W, y[v]);
    if (kFreeMasks || V == 1)
      S::store(end, y[V - 1], last);
    else
      S::store(end, y[V - 1]);
  }
}

template <class T>
using Micro = void (*)(int64_t, T, const T*, int64_t, const T*, int64_t, T*, int64_t, int64_t, bool);

// The kernel for `m` rows and one or two vectors of columns.
template <class T, int V, bool kByRow, int... I> struct Kernels {
  static constexpr Micro<T> list[sizeof...(I)] = {micro<T, I + 1, V, kByRow>...};
};
template <class T, int V, bool kByRow, int N, int... I> struct KernelList
    : KernelList<T, V, kByRow, N - 1, N - 1, I...> {};
template <class T, int V, bool kByRow, int... I> struct KernelList<T, V, kByRow, 0, I...>
    : Kernels<T, V, kByRow, I...> {};

template <class T, bool kByRow> ADJOINT_INLINE Micro<T> pick(int64_t m, int64_t n) {
  return n <= Simd<T>::kLanes ? KernelList<T, 1, kByRow, kRows>::list[m - 1]
                              : KernelList<T, 2, kByRow, kRows>::list[m - 1];
}

// ---- packing ---------------------------------------------------------------------------------------

// One step of a transposition in registers: exchanges the halves of width H between lines i and i + H.
template <class Vector, int H, int... I> ADJOINT_INLINE void exchange(Vector& a, Vector& b) {
  constexpr int W = sizeof...(I);
  Vector low = __builtin_shufflevector(a, b, (I & H ? W + (I ^ H) : I)...);
  Vector high = __builtin_shufflevector(a, b, (I & H ? W + I : I + H)...);
  a = low, b = high;
}
template <class Vector, int H, int N, int... I> struct Exchange : Exchange<Vector, H, N - 1, N - 1, I...> {};
template <class Vector, int H, int... I> struct Exchange<Vector, H, 0, I...> {
  static ADJOINT_INLINE void run(Vector& a, Vector& b) { exchange<Vector, H, I...>(a, b); }
};

template <class T, int H> ADJOINT_INLINE void exchange_all(typename Simd<T>::Vector* r) {
  constexpr int W = Simd<T>::kLanes;
  if constexpr (H > 0) {
    ADJOINT_UNROLL for (int i = 0; i < W; i++) {
      if (!(i & H)) Exchange<typename Simd<T>::Vector, H, W>::run(r[i], r[i + H]);
    }
    exchange_all<T, H / 2>(r);
  }
}

// W lines of at most W elements, `lines` of them present, become W elements for each k.
template <class T> __attribute__((noinline)) void transpose_block(const T* src, int64_t ld, int64_t lines,
                                                                  int64_t k, T* dst, int64_t dst_stride) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  typename S::Vector r[W];
  const typename S::Lanes lanes(k);
  if (!kFreeMasks && k >= W) {
    ADJOINT_UNROLL for (int i = 0; i < W; i++) r[i] =
        i < lines ? S::load(src + i * ld) : typename S::Vector{};
  } else {
    ADJOINT_UNROLL for (int i = 0; i < W; i++) r[i] =
        i < lines ? S::load(src + i * ld, lanes) : typename S::Vector{};
  }
  exchange_all<T, W / 2>(r);
  if (k >= W) {
    ADJOINT_UNROLL for (int i = 0; i < W; i++) S::store(dst + i * dst_stride, r[i]);
  } else {
    ADJOINT_UNROLL for (int i = 0; i < W; i++) {
      if (i < k) S::store(dst + i * dst_stride, r[i]);
    }
  }
}

// One panel of lines that lie along k: blocks of W × W, transposed.
template <class T> ADJOINT_INLINE void pack_along(const T* src, int64_t ld, int64_t width, int64_t k,
                                                  T* panel, int64_t panel_width) {
  constexpr int W = Simd<T>::kLanes;
  for (int64_t p = 0; p < k; p += W) {
    for (int64_t i = 0; i < panel_width; i += W) {
      transpose_block<T>(src + i * ld + p, ld, width - i, k - p, panel + p * panel_width + i, panel_width);
    }
  }
}

// Panels of lines that lie across k: whole rows of the source at a time, in the order of memory.
template <class T> ADJOINT_INLINE void pack_across(const T* src, int64_t ld, int64_t width, int64_t step,
                                                   int64_t k, T* panels, int64_t panel_width) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  for (int64_t p = 0; p < k; p++, src += ld, panels += panel_width) {
    T* to = panels;
    for (int64_t j = 0; j < width; j += step, to += k * panel_width) {
      if (width - j >= panel_width) {  // beyond `step`, what nobody reads: the next panel's first elements
        for (int64_t i = 0; i < panel_width; i += W) {
          __builtin_prefetch(src + 8 * ld + j + i, 0, 3);  // rows far apart are no stream to the processor
          S::store(to + i, S::load(src + j + i));
        }
        continue;
      }
      int64_t n = width - j < step ? width - j : step;
      for (int64_t i = 0; i < panel_width; i += W) {
        const typename S::Lanes lanes(n > i ? n - i : 0);
        S::store(to + i, S::load(src + j + i, lanes));
      }
    }
  }
}

template <class T> void pack(bool along_k, const T* src, int64_t ld, int64_t width, int64_t step, int64_t k,
                             T* panels, int64_t panel_width) {
  if (!along_k) return pack_across<T>(src, ld, width, step, k, panels, panel_width);
  for (int64_t j = 0; j < width; j += step, panels += k * panel_width) {
    pack_along<T>(src + j * ld, ld, width - j < step ? width - j : step, k, panels, panel_width);
  }
}

// ---- pieces of a product ---------------------------------------------------------------------------

template <class T> void packed(int64_t m, int64_t n, int64_t k, T alpha, const T* a_panels, const T* b_panels,
                               T* c, int64_t ldc, bool accumulate) {
  using S = Simd<T>;
  for (int64_t j = 0; j < n; j += S::kCols, b_panels += k * S::kCols) {
    int64_t nr = n - j < S::kCols ? n - j : S::kCols;
    const T* a = a_panels;
    for (int64_t i = 0; i < m; i += kRows, a += k * S::kPanelA) {
      int64_t mr = m - i < kRows ? m - i : kRows;
      pick<T, false>(mr, nr)(k, alpha, a, S::kPanelA, b_panels, S::kCols, c + i * ldc + j, ldc, nr,
                             accumulate);
    }
  }
}

// One block of K. Rows are dealt out evenly (15 = 8 + 7, not 14 + 1).
template <class T> ADJOINT_INLINE void direct_block(bool ta, int64_t m, int64_t n, int64_t k, T alpha,
                                                    const T* a, int64_t lda, const T* b, int64_t ldb, T* c,
                                                    int64_t ldc, bool accumulate) {
  int64_t left = (m + kRows - 1) / kRows;
  for (int64_t i = 0; i < m; left--) {
    int64_t mr = (m - i + left - 1) / left;
    auto kernel = ta ? pick<T, false>(mr, n) : pick<T, true>(mr, n);
    kernel(k, alpha, ta ? a + i : a + i * lda, lda, b, ldb, c + i * ldc, ldc, n, accumulate);
    i += mr;
  }
}

template <class T> void direct(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T* a,
                               int64_t lda, const T* b, int64_t ldb, T* c, int64_t ldc, bool accumulate,
                               T* b_panel) {
  constexpr int kCols = Simd<T>::kCols;
  const int64_t block = block_of(k);
  // Rows of B that are far apart are gathered once for all the rows of A.
  const bool copy = tb || (m > 2 * kRows && block * ldb * int64_t(sizeof(T)) > (64 << 10));
  for (int64_t j = 0; j < n; j += kCols) {
    int64_t nr = n - j < kCols ? n - j : kCols;
    const bool gather = copy || (!kFreeMasks && nr < Simd<T>::kLanes);
    bool more = accumulate;
    for (int64_t p = 0; p < k; p += block, more = true) {
      int64_t kb = k - p < block ? k - p : block;
      const T* from = tb ? b + j * ldb + p : b + p * ldb + j;
      if (gather) pack<T>(tb, from, ldb, nr, nr, kb, b_panel, kCols);
      direct_block<T>(ta, m, nr, kb, alpha, ta ? a + p * lda : a + p, lda, gather ? b_panel : from,
                      gather ? kCols : ldb, c + j, ldc, more);
    }
  }
}

// ---- dot products ----------------------------------------------------------------------------------

// The sum of N lanes: halves are added until one is left.
template <class T, int N, int... I> struct Halves : Halves<T, N - 1, N - 1, I...> {};
template <class T, int... I> struct Halves<T, 0, I...> {
  template <class Vector> static ADJOINT_INLINE T sum(Vector v) {
    constexpr int H = sizeof...(I);
    auto half = __builtin_shufflevector(v, v, I...) + __builtin_shufflevector(v, v, (I + H)...);
    if constexpr (H == 1)
      return half[0];
    else
      return Halves<T, H / 2>::sum(half);
  }
};

// alpha · sum, which is +0 where the products were all -0 or none.
template <class T> ADJOINT_INLINE void put_dot(T* y, T alpha, T sum, bool accumulate) {
  T dot = rounded<T>(alpha * (sum + T(0)));
  *y = accumulate ? *y + dot : dot;
}

// R rows of B against x, each with two running vectors, so that R does not change a row's bits.
template <class T, int R> ADJOINT_INLINE void dot_rows(int64_t k, T alpha, const T* x, const T* b,
                                                       int64_t ldb, T* y, int64_t y_stride, bool accumulate) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  typename S::Vector sum[R][2];
  ADJOINT_UNROLL for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = typename S::Vector{};
  int64_t p = 0;
  for (; p + 2 * W <= k; p += 2 * W) {
    typename S::Vector x0 = S::load(x + p), x1 = S::load(x + p + W);
    ADJOINT_UNROLL for (int r = 0; r < R; r++) {
      sum[r][0] += x0 * S::load(b + r * ldb + p);
      sum[r][1] += x1 * S::load(b + r * ldb + p + W);
    }
  }
  if (p < k) {
    const typename S::Lanes low(k - p), high(k - p > W ? k - p - W : 0);
    typename S::Vector x0 = S::load(x + p, low), x1 = S::load(x + p + W, high);
    ADJOINT_UNROLL for (int r = 0; r < R; r++) {
      sum[r][0] += x0 * S::load(b + r * ldb + p, low);
      sum[r][1] += x1 * S::load(b + r * ldb + p + W, high);
    }
  }
  ADJOINT_UNROLL for (int r = 0; r < R; r++) {
    put_dot<T>(y + r * y_stride, alpha, Halves<T, W / 2>::sum(sum[r][0] + sum[r][1]), accumulate);
  }
}

template <class T> void rows_dot(int64_t n, int64_t k, T alpha, const T* x, const T* b, int64_t ldb, T* y,
                                 int64_t y_stride, bool accumulate) {
  constexpr int R = kVectorBytes == 64 ? 8 : 4;  // as many rows as registers hold the sums of
  int64_t j = 0;
  for (; j + R <= n; j += R)
    dot_rows<T, R>(k, alpha, x, b + j * ldb, ldb, y + j * y_stride, y_stride, accumulate);
  for (; j < n; j++) dot_rows<T, 1>(k, alpha, x, b + j * ldb, ldb, y + j * y_stride, y_stride, accumulate);
}

// ---- the same, where the elements of a column do not lie side by side ----
//
// dot_rows' lane r sums the rows r, r + 2 W, r + 4 W, ... of B: here they are summed a strip of columns at a
// time, one lane after the other, and the strips of lanes added in the order in which Halves adds lanes. So
// every row is read once, in long runs, and a few strips of sums stay in the first-level cache.

template <class T> inline constexpr int64_t kStrip = 4096 / sizeof(T);

// Adds `Turns` rows of B, `step` elements apart, to a strip of sums, which is loaded and stored once for
// all. kAhead: B comes from memory, so the next rows are asked for.
template <class T, int Turns, bool kAhead>
ADJOINT_INLINE void add_rows(int64_t n, const T* x, const T* b, int64_t step, T* sums, bool first) {
  using S = Simd<T>;
  constexpr int W = S::kLanes;
  int64_t j = 0;
  for (; j + W <= n; j += W) {
    typename S::Vector sum = first ? typename S::Vector{} : S::load(sums + j);
    ADJOINT_UNROLL for (int t = 0; t < Turns; t++) {
      if constexpr (kAhead) __builtin_prefetch(b + (t + Turns) * step + j, 0, 2);
      sum += x[2 * W * t] * S::load(b + t * step + j);
    }
    S::store(sums + j, sum);
  }
  if (j < n) {
    const typename S::Lanes lanes(n - j);
    typename S::Vector sum = first ? typename S::Vector{} : S::load(sums + j);
    ADJOINT_UNROLL for (int t = 0; t < Turns; t++) sum += x[2 * W * t] * S::load(b + t * step + j, lanes);
    S::store(sums + j, sum);
  }
}

template <class T, bool kAhead>
__attribute__((noinline)) void sum_lane(int64_t n, int64_t k, const T* x, const T* b, int64_t ldb, T* sums) {
  constexpr int kTurns = 8, kEach = 2 * Simd<T>::kLanes;
  const int64_t step = kEach * ldb;
  int64_t p = 0;
  if constexpr (kAhead) {
    for (; p + (2 * kTurns - 1) * kEach < k; p += kTurns * kEach)
      add_rows<T, kTurns, true>(n, x + p, b + p * ldb, step, sums, p == 0);
  }
  for (; p + (kTurns - 1) * kEach < k; p += kTurns * kEach)
    add_rows<T, kTurns, false>(n, x + p, b + p * ldb, step, sums, p == 0);
  for (; p + 3 * kEach < k; p += 4 * kEach) add_rows<T, 4, false>(n, x + p, b + p * ldb, step, sums, p == 0);
  for (; p < k; p += kEach) add_rows<T, 1, false>(n, x + p, b + p * ldb, step, sums, p == 0);
}

// The lanes r, r + H, r + 2 H, ... of n ≤ kStrip columns, added up. Those beyond k are 0.
template <class T, int H, bool kAhead>
void sum_lanes(int64_t r, int64_t n, int64_t k, const T* x, const T* b, int64_t ldb, T* sums) {
  using S = Simd<T>;
  if constexpr (H == 2 * S::kLanes) {
    sum_lane<T, kAhead>(n, k - r, x + r, b + r * ldb, ldb, sums);
  } else {
    T* other = sums + kStrip<T>;
    sum_lanes<T, 2 * H, kAhead>(r, n, k, x, b, ldb, sums);
    if (r + H >= k) return;
    sum_lanes<T, 2 * H, kAhead>(r + H, n, k, x, b, ldb, other);
    for (int64_t j = 0; j < n; j += S::kLanes) S::store(sums + j, S::load(sums + j) + S::load(other + j));
  }
}

template <class T> void columns_dot(int64_t n, int64_t k, T alpha, const T* x, const T* b, int64_t ldb, T* y,
                                    int64_t y_stride, bool accumulate) {
  constexpr int kDepth = 7;              // of the tree of at most 64 lanes
  constexpr int64_t kCached = 16 << 20;  // bytes: more than that comes from memory
  alignas(64) T sums[kDepth * kStrip<T>];
  const bool ahead = n * k * int64_t(sizeof(T)) > kCached;
  for (int64_t begin = 0; begin < n; begin += kStrip<T>) {
    const int64_t width = n - begin < kStrip<T> ? n - begin : kStrip<T>;
    (ahead ? sum_lanes<T, 1, true> : sum_lanes<T, 1, false>)(0, width, k, x, b + begin, ldb, sums);
    for (int64_t j = 0; j < width; j++) put_dot<T>(y + (begin + j) * y_stride, alpha, sums[j], accumulate);
  }
}

// ---- tiny products ---------------------------------------------------------------------------------

// R rows of C, W columns wide, from rows of B that lie W apart.
template <class T, int W, int R> ADJOINT_INLINE void tiny_rows(int64_t k, const T* a, int64_t a_row,
                                                               int64_t a_col, const T* b, int64_t ldb, T* c,
                                                               int64_t ldc, int64_t n) {
  typedef T Row __attribute__((vector_size(W * sizeof(T)), aligned(sizeof(T)), may_alias));
  Row sum[R];
  ADJOINT_UNROLL for (int i = 0; i < R; i++) sum[i] = Row{};
  for (int64_t p = 0; p < k; p++, b += ldb) {
    Row x = *reinterpret_cast<const Row*>(b);
    ADJOINT_UNROLL for (int i = 0; i < R; i++) sum[i] += a[i * a_row + p * a_col] * x;
  }
  ADJOINT_UNROLL for (int i = 0; i < R; i++) {
    if (n == W)
      *reinterpret_cast<Row*>(c + i * ldc) = sum[i];
    else
      for (int j = 0; j < n; j++) c[i * ldc + j] = sum[i][j];
  }
}

template <class T, int W> __attribute__((noinline)) void tiny_wide(int64_t m, int64_t n, int64_t k,
                                                                   const T* a, int64_t a_row, int64_t a_col,
                                                                   const T* b, int64_t b_row, int64_t b_col,
                                                                   T* c, int64_t ldc) {
  alignas(64) T rows[kTinyDepth * W];
  if (b_col != 1 || n != W) {  // B as rows of W, padded with zeros
    for (int64_t p = 0; p < k; p++) {
      for (int64_t j = 0; j < W; j++) rows[p * W + j] = j < n ? b[p * b_row + j * b_col] : T(0);
    }
    b = rows, b_row = W;
  }
  int64_t i = 0;
  for (; i + 4 <= m; i += 4)
    tiny_rows<T, W, 4>(k, a + i * a_row, a_row, a_col, b, b_row, c + i * ldc, ldc, n);
  for (; i < m; i++) tiny_rows<T, W, 1>(k, a + i * a_row, a_row, a_col, b, b_row, c + i * ldc, ldc, n);
}

template <class T> void tiny(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_col,
                             const T* b, int64_t b_row, int64_t b_col, T* c, int64_t ldc) {
  auto run = n <= 4 ? tiny_wide<T, 4> : n <= 8 ? tiny_wide<T, 8> : tiny_wide<T, 16>;
  run(m, n, k, a, a_row, a_col, b, b_row, b_col, c, ldc);
}

// ---- the yardstick ---------------------------------------------------------------------------------

constexpr int kChains = 12;  // more than the latency of two units needs, fewer than there are registers

template <class T> T chains(int64_t turns, T factor) {
  using Vector = typename Simd<T>::Vector;
  const Vector x = Vector{} + factor, y = x;
  Vector sum[kChains];
  ADJOINT_UNROLL for (int i = 0; i < kChains; i++) sum[i] = Vector{} + T(i);
  for (int64_t p = 0; p < turns; p++) {
    ADJOINT_UNROLL for (int i = 0; i < kChains; i++) sum[i] = sum[i] * x + y;
  }
  ADJOINT_UNROLL for (int i = 1; i < kChains; i++) sum[0] += sum[i];
  return sum[0][0];
}

template <class T> constexpr Table<T> kTable = {kRows,
                                                Simd<T>::kCols,
                                                Simd<T>::kPanelA,
                                                pack<T>,
                                                packed<T>,
                                                direct<T>,
                                                tiny<T>,
                                                rows_dot<T>,
                                                columns_dot<T>,
                                                chains<T>,
                                                kChains * Simd<T>::kLanes};

}  // namespace

extern const Table<float> ADJOINT_ISA_NAME(f32);
extern const Table<double> ADJOINT_ISA_NAME(f64);
const Table<float> ADJOINT_ISA_NAME(f32) = kTable<float>;
const Table<double> ADJOINT_ISA_NAME(f64) = kTable<double>;

}  // namespace adjoint::gemm_detail
