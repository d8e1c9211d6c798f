// Sums and maps of normalisations: see nn/norm.h. See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/nn/norm_table.h"

namespace adjoint {
namespace {

constexpr int64_t kBlock = 1024;    // elements whose sums stay in T
constexpr int64_t kGather = 256;    // shorter segments are gathered into blocks
constexpr int64_t kBlockRows = 32;  // of columns

template <class T> struct Two {
  T a, b;
};
// Σa and Σb, where term(i, a, b) puts them into two vectors; n >= kLanes.
template <class T, class F> ADJOINT_FN Two<T> sum_two(int64_t n, F term) {
  using V = typename VectorOf<T>::type;
  using I = typename VectorOf<Bits<T>>::type;
  constexpr int W = kVectorBytes / sizeof(T), K = kLanes / W > 0 ? kLanes / W : 1;
  V a[K], b[K];
  for (int k = 0; k < K; ++k) a[k] = b[k] = V{};
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
    for (int k = 0; k < K; ++k) {
      V s, t;
      term(i + k * W, s, t);
      a[k] += s, b[k] += t;
    }
  if (int done = done_of(n)) {
    const Bits<T>* mask = kMasks.of(T{}) + kLanes - done;
    for (int k = 0; k < K; ++k) {
      V s, t;
      term(n - kLanes + k * W, s, t);
      const I m = load(I{}, mask + k * W);
      a[k] += V(I(s) & m), b[k] += V(I(t) & m);
    }
  }
  T s[kLanes], t[kLanes];
  for (int k = 0; k < K; ++k)
    *reinterpret_cast<V*>(s + k * W) = a[k], *reinterpret_cast<V*>(t + k * W) = b[k];
  return {fold_halves<kLanes>(s, Add{}), fold_halves<kLanes>(t, Add{})};
}

// --- moments ---

template <class T> ADJOINT_FN Two<T> differences(const T* x, int64_t n, T from) {
  return sum_two<T>(n, [=](int64_t i, auto& d, auto& q) __attribute__((always_inline)) {
    d = load(d, x + i) - from;
    q = d * d;
  });
}

// Moments of blocks joined by Chan, Golub and LeVeque's formula.
struct Joined {
  bool centred;
  double n = 0;
  Moments m;
  template <class T> void add(const T* x, int64_t size) {
    T high = 0;
    Two<T> s;
    if (size >= kLanes) {
      if (centred) high = sum_of(x, size) / T(size);
      s = differences(x, size, high);
    } else {
      if (centred) high = sum_of(Padded<T>(x, size, 0).v, kLanes) / T(size);
      s = differences(Padded<T>(x, size, high).v, kLanes, high);
    }
    if (!centred) {
      m.squares += double(s.b);
      return;
    }
    const double correction = double(s.a) / double(size);
    join({double(high) + correction, double(s.b) - double(s.a) * correction}, double(size));
  }
  void join(const Moments& b, double size) {
    if (n == 0) {
      n = size, m = b;
      return;
    }
    const double all = n + size, step = b.mean - m.mean;
    m.mean += step * (size / all);
    m.squares += b.squares + step * step * (n * size / all);
    n = all;
  }
};

// f(block of x, size, block of g) over all elements of a row, segment by segment; g may be x.
template <class T, class F> ADJOINT_FN void each_block(const NormPlan& p, const T* x, const T* g, F f) {
  if (p.length >= kGather || p.segments == 1) {
    for (int64_t k = 0; k < p.segments; ++k)
      for (int64_t i = 0, m; i < p.length; i += m) {
        m = p.length - i < 2 * kBlock ? p.length - i : kBlock;
        f(x + k * p.segment_stride + i, m, g + k * p.segment_stride + i);
      }
    return;
  }
  T xs[kBlock], gs[kBlock];
  const int64_t together = kBlock / p.length;
  for (int64_t k = 0; k < p.segments;) {
    int64_t n = 0;
    for (int64_t end = k + together < p.segments ? k + together : p.segments; k < end; ++k, n += p.length) {
      __builtin_memcpy(xs + n, x + k * p.segment_stride, size_t(p.length) * sizeof(T));
      if (g != x) __builtin_memcpy(gs + n, g + k * p.segment_stride, size_t(p.length) * sizeof(T));
    }
    f(xs, n, g != x ? gs : xs);
  }
}

template <class T> Moments moments(const NormPlan& p, const T* x) {
  Joined all{p.centred, 0, {}};
  each_block(p, x, x, [&](const T* block, int64_t n, const T*) { all.add(block, n); });
  return all.m;
}

// --- forward ---

template <class T> ADJOINT_FN T hat(T x, const Centre<T>& c) { return ((x - c.high) - c.low) * c.scale; }

template <class T> void apply_vectors(const T* __restrict x, int64_t n, const Centre<T>& centre,
                                      const T* __restrict w, const T* __restrict b, T* __restrict y) {
  const Centre<T> c = centre;
  if (w && b)
    for (int64_t i = 0; i < n; ++i) y[i] = hat(x[i], c) * w[i] + b[i];
  else if (w)
    for (int64_t i = 0; i < n; ++i) y[i] = hat(x[i], c) * w[i];
  else if (b)
    for (int64_t i = 0; i < n; ++i) y[i] = hat(x[i], c) + b[i];
  else
    for (int64_t i = 0; i < n; ++i) y[i] = hat(x[i], c);
}
template <class T>
void apply_numbers(const T* __restrict x, int64_t n, const Line<T>& line, T* __restrict y) {
  const T high = line.high, a = line.a, d = line.d;
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - high) * a + d;
}

// --- backward ---

// Σg and Σ g·(x - high), by which Σ g·x̂ is known: see centred().
template <class T> ADJOINT_FN Two<T> block_sums(const T* g, const T* x, int64_t n, T high) {
  return sum_two<T>(n, [=](int64_t i, auto& a, auto& b) __attribute__((always_inline)) {
    a = load(a, g + i);
    b = a * (load(b, x + i) - high);
  });
}
template <class T> ADJOINT_FN Two<T> weighted_sums(const T* g, const T* x, int64_t n, T high, const T* w) {
  return sum_two<T>(n, [=](int64_t i, auto& a, auto& b) __attribute__((always_inline)) {
    a = load(a, g + i) * load(a, w + i);
    b = a * (load(b, x + i) - high);
  });
}
template <class T>
ADJOINT_FN void add_sums(GradSums& s, const T* g, const T* x, int64_t n, T high, const T* w) {
  Two<T> t;
  if (n >= kLanes)
    t = w ? weighted_sums(g, x, n, high, w) : block_sums(g, x, n, high);
  else {
    Padded<T> xs(x, n, high), gs(g, n, 0);
    t = w ? weighted_sums(gs.v, xs.v, kLanes, high, static_cast<const T*>(Padded<T>(w, n, 0).v))
          : block_sums(gs.v, xs.v, kLanes, high);
  }
  s.g += double(t.a), s.gx += double(t.b);
}
template <class T> ADJOINT_FN GradSums centred(GradSums s, const Centre<T>& c) {
  s.gx = (s.gx - double(c.low) * s.g) * double(c.scale);
  return s;
}
template <class T> GradSums segment_sums(const T* g, const T* x, int64_t n, const Centre<T>& c, const T* w) {
  GradSums s;
  for (int64_t i = 0, m; i < n; i += m) {
    m = n - i < 2 * kBlock ? n - i : kBlock;
    add_sums(s, g + i, x + i, m, c.high, w ? w + i : nullptr);
  }
  return centred(s, c);
}
template <class T> GradSums row_sums(const NormPlan& p, const T* g, const T* x, const Centre<T>& c) {
  GradSums s;
  each_block(p, x, g, [&](const T* xs, int64_t n, const T* gs) {
    add_sums(s, gs, xs, n, c.high, static_cast<const T*>(nullptr));
  });
  return centred(s, c);
}

template <bool kWeight, bool kGx, bool kGw, class T>
ADJOINT_FN void pull_row(const T* __restrict g, const T* __restrict x, int64_t n, Centre<T> c,
                         const T* __restrict w, T mean_g, T mean_gx, T* __restrict gx, T* __restrict gw,
                         T* __restrict gb) {
  for (int64_t i = 0; i < n; ++i) {
    const T h = hat(x[i], c);
    if constexpr (kGx) gx[i] = ((kWeight ? g[i] * w[i] : g[i]) - mean_g - h * mean_gx) * c.scale;
    if constexpr (kGw) gw[i] += g[i] * h, gb[i] += g[i];
  }
}
template <class T> void pull_vectors(const T* g, const T* x, int64_t n, const Centre<T>& c, const T* w,
                                     T mean_g, T mean_gx, T* gx, T* gw, T* gb) {
  if (gx && gw)
    w ? pull_row<true, true, true>(g, x, n, c, w, mean_g, mean_gx, gx, gw, gb)
      : pull_row<false, true, true>(g, x, n, c, w, mean_g, mean_gx, gx, gw, gb);
  else if (gx)
    w ? pull_row<true, true, false>(g, x, n, c, w, mean_g, mean_gx, gx, gw, gb)
      : pull_row<false, true, false>(g, x, n, c, w, mean_g, mean_gx, gx, gw, gb);
  else
    pull_row<false, false, true>(g, x, n, c, w, mean_g, mean_gx, gx, gw, gb);
}
template <class T> void pull_numbers(const T* __restrict g, const T* __restrict x, int64_t n,
                                     const Line<T>& line, T* __restrict gx) {
  const T high = line.high, a = line.a, b = line.b, d = line.d;
  if (b == 0)  // x counts for nothing, infinite ones, too
    for (int64_t i = 0; i < n; ++i) gx[i] = g[i] * a + d;
  else
    for (int64_t i = 0; i < n; ++i) gx[i] = g[i] * a - (x[i] - high) * b + d;
}

// --- columns ---

template <class T> ADJOINT_FN void prefetch(const T* p, int64_t n) {
  for (int64_t i = 0; i < n; i += 64 / int64_t(sizeof(T))) __builtin_prefetch(p + i, 0, 2);
}

// Around a block's first line, which is one of its numbers: so the sum of squares is at most kBlockRows + 1 times that
// around the mean, whatever the numbers are.
template <class T> void column_moments(const T* x, int64_t n, int64_t stride, int64_t width, Moments* m) {
  T d[kNormTile], q[kNormTile];
  double mean[kNormTile] = {}, squares[kNormTile] = {};
  for (int64_t k = 0; k < n; k += kBlockRows) {
    const int64_t rows = n - k < kBlockRows ? n - k : kBlockRows;
    const T* from = x + k * stride;
    for (int64_t i = 0; i < width; ++i) d[i] = q[i] = 0;
    for (int64_t r = 1; r < rows; ++r) {
      const T* line = from + r * stride;
      prefetch(line + 2 * stride, width);
      for (int64_t i = 0; i < width; ++i) {
        const T v = line[i] - from[i];
        d[i] += v;
        q[i] += v * v;
      }
    }
    const double size = double(rows), all = double(k) + size, one = 1 / size, share = size / all,
                 both = double(k) * share;
    for (int64_t i = 0; i < width; ++i) {
      const double own = double(d[i]) * one, step = double(from[i]) + own - mean[i];
      mean[i] += step * share;
      squares[i] += double(q[i]) - double(d[i]) * own + step * step * both;
    }
  }
  for (int64_t i = 0; i < width; ++i) m[i] = {mean[i], squares[i]};
}
template <class T> void column_sums(const T* g, const T* x, int64_t n, int64_t stride, int64_t width,
                                    const T* high, GradSums* s) {
  T a[kNormTile], b[kNormTile];
  double of_g[kNormTile] = {}, of_gx[kNormTile] = {};
  for (int64_t k = 0; k < n;) {
    for (int64_t i = 0; i < width; ++i) a[i] = b[i] = 0;
    for (int64_t end = n - k < kBlockRows ? n : k + kBlockRows; k < end; ++k) {
      const T *gs = g + k * stride, *xs = x + k * stride;
      for (int64_t i = 0; i < width; ++i) {
        a[i] += gs[i];
        b[i] += gs[i] * (xs[i] - high[i]);
      }
    }
    for (int64_t i = 0; i < width; ++i) of_g[i] += double(a[i]), of_gx[i] += double(b[i]);
  }
  for (int64_t i = 0; i < width; ++i) s[i] = {of_g[i], of_gx[i]};
}
template <class T>
void column_apply(const T* __restrict x, int64_t n, const Lines<T>& lines, T* __restrict y) {
  const T *high = lines.high, *a = lines.a, *d = lines.d;
  for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - high[i]) * a[i] + d[i];
}
template <class T> void column_pull(const T* __restrict g, const T* __restrict x, int64_t n,
                                    const Lines<T>& lines, T* __restrict gx) {
  const T *high = lines.high, *a = lines.a, *b = lines.b, *d = lines.d;
  if (b)
    for (int64_t i = 0; i < n; ++i) gx[i] = g[i] * a[i] - (x[i] - high[i]) * b[i] + d[i];
  else
    for (int64_t i = 0; i < n; ++i) gx[i] = g[i] * a[i] + d[i];
}

template <class T> constexpr NormKernels<T> norm_kernels() {
  return {moments<T>,       row_sums<T>,     segment_sums<T>, apply_vectors<T>,
          apply_numbers<T>, pull_vectors<T>, pull_numbers<T>, column_moments<T>,
          column_sums<T>,   column_apply<T>, column_pull<T>};
}

}  // namespace

extern const NormTable ADJOINT_ISA_NAME(norm_table);
const NormTable ADJOINT_ISA_NAME(norm_table) = {norm_kernels<float>(), norm_kernels<double>()};

}  // namespace adjoint
