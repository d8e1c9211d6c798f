// Slices combined by number, segments, and counting into bins. Plain loops; work is cut by columns, segments and
// pieces of a fixed size, so that the bits do not depend on the number of threads.
#include "kernels/groups.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kGrain = 16384;

// What T is added up in.
template <class T> struct Within {
  using type = T;
};
template <> struct Within<Half> {
  using type = float;
};
template <> struct Within<BFloat16> {
  using type = float;
};

template <Joining kHow, class A> [[gnu::always_inline]] inline A joined(A a, A x) {
  if constexpr (kHow == Joining::Add)
    return A(a + x);
  else if constexpr (kHow == Joining::Mul)
    return A(a * x);
  else if constexpr (kHow == Joining::Max)
    return x > a || x != x ? x : a;
  else
    return x < a || x != x ? x : a;
}
// As above, where a itself may be NaN.
template <Joining kHow, class A> [[gnu::always_inline]] inline A merged(A a, A x) {
  if constexpr (kHow == Joining::Add || kHow == Joining::Mul)
    return joined<kHow>(a, x);
  else
    return a != a ? a : joined<kHow>(a, x);
}

template <class F> void with(Joining how, F f) {
  switch (how) {
    case Joining::Add: return f.template operator()<Joining::Add>();
    case Joining::Mul: return f.template operator()<Joining::Mul>();
    case Joining::Max: return f.template operator()<Joining::Max>();
    default: return f.template operator()<Joining::Min>();
  }
}

// f(outer index, first column, width) over tiles of columns.
template <class F> void each_tile(int64_t outer, int64_t inner, int64_t most, int64_t length, F f) {
  const int64_t width = std::min(inner, most), tiles = (inner + most - 1) / most;
  parallel_for(outer * tiles, kGrain / (length * width + 1) + 1, [&](int64_t begin, int64_t end) {
    for (; begin < end; ++begin) {
      const int64_t first = begin % tiles * most;
      f(begin / tiles, first, std::min(most, inner - first));
    }
  });
}

constexpr int64_t kTile = 64;  // columns of a segment side by side

// One segment of n rows, `width` columns `stride` apart from row to row.
template <Joining kHow, class T>
void merge_columns(const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t divisor) {
  using A = typename Within<T>::type;
  A a[kTile];
  for (int64_t i = 0; i < width; ++i) a[i] = A(y[i]);
  for (int64_t k = 0; k < n; ++k, x += stride)
    for (int64_t i = 0; i < width; ++i) a[i] = merged<kHow>(a[i], A(x[i]));
  for (int64_t i = 0; i < width; ++i) y[i] = T(a[i] / A(divisor));
}
// The same of one column: lanes advance side by side, then join by halves.
template <Joining kHow, class T> void merge_line(const T* x, int64_t n, T* y, int64_t divisor) {
  using A = typename Within<T>::type;
  constexpr int64_t kLanes = 16;
  A all = A(*y);
  if (n >= 2 * kLanes) {
    A a[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) a[i] = A(x[i]);
    int64_t k = kLanes;
    for (; k + kLanes <= n; k += kLanes)
      for (int64_t i = 0; i < kLanes; ++i) a[i] = merged<kHow>(a[i], A(x[k + i]));
    for (int64_t half = kLanes / 2; half; half /= 2)
      for (int64_t i = 0; i < half; ++i) a[i] = merged<kHow>(a[i], a[i + half]);
    all = merged<kHow>(all, a[0]);
    x += k, n -= k;
  }
  for (int64_t k = 0; k < n; ++k) all = merged<kHow>(all, A(x[k]));
  *y = T(all / A(divisor));
}

// The slopes of one segment of `width` columns; kLine: of one column.
template <Joining kHow, bool kLine, class T>
void slope_columns(const SegmentParts<T>& p, int64_t n, int64_t stride, int64_t columns, bool mean) {
  using A = typename Within<T>::type;
  const int64_t width = kLine ? 1 : columns, step = kLine ? 1 : stride;
  int64_t count[kTile] = {};
  A share[kTile], others[kTile], top[kTile];
  const auto each = [&](auto f) __attribute__((always_inline)) {
    for (int64_t k = 0; k < n; ++k)
      for (int64_t i = 0; i < width; ++i) f(i, A(p.x[k * step + i]), p.gx[k * step + i]);
  };
  for (int64_t i = 0; i < width; ++i) share[i] = A(p.g[i]) / A(mean ? n : 1), top[i] = A(p.y[i]);
  if constexpr (kHow == Joining::Add) {
    each([&](int64_t i, A, T& gx) { gx = T(share[i]); });
  } else if constexpr (kHow == Joining::Mul) {  // the product of the others: see join_slopes
    const bool none = A(p.start) == 0;
    bool zeros = false;
    for (int64_t i = 0; i < width; ++i)
      others[i] = none ? A(1) : A(p.start), count[i] = none, zeros |= !(top[i] > 0 || top[i] < 0);
    if (zeros) each([&](int64_t i, A x, T&) { x == 0 ? void(++count[i]) : void(others[i] *= x); });
    each([&](int64_t i, A x, T& gx) {
      gx = T(share[i] * (x != 0          ? top[i] / x
                         : count[i] == 1 ? others[i]
                         : count[i] == 2 ? others[i] * 0
                                         : A(0)));
    });
  } else {
    const auto hit = [](A x, A y) { return x == y || (x != x && y != y); };
    if constexpr (kLine)
      for (int64_t k = 0; k < n; ++k) count[0] += hit(A(p.x[k]), top[0]);
    else
      each([&](int64_t i, A x, T&) { count[i] += hit(x, top[i]); });
    for (int64_t i = 0; i < width; ++i) share[i] /= A(count[i] ? count[i] : 1);
    each([&](int64_t i, A x, T& gx) { gx = T(hit(x, top[i]) ? share[i] : A(0)); });
  }
}

template <class T> int64_t first_above(const T* edge, int64_t n, T v) {
  const T* at = edge;  // without branches: which way it goes cannot be foreseen
  while (n > 1) {
    const int64_t half = n / 2;
    at += int64_t(!(v < at[half - 1])) * half;
    n -= half;
  }
  return at - edge + (n == 1 && !(v < *at));
}

// The bin of v along one column, in [0, bins); -1 where it lies outside. Never outside of the edges, whatever they are.
template <class T> struct Finder {
  const T* edge;
  int64_t bins;
  T low, high, scale;  // scale 0: search
  Finder(const Edges<T>& e, bool even)
      : edge(e.edge), bins(e.bins), low(edge[0]), high(edge[bins]), scale(0) {
    const T s = T(bins) / (high - low);
    if (even && std::isfinite(s) && std::isfinite((high - low) * s)) scale = s;
  }
  [[gnu::always_inline]] int64_t operator()(T v) const {
    if (!(v >= low && v <= high)) return -1;
    if (scale == 0) return searched(v);
    int64_t at = std::min(int64_t((v - low) * scale), bins - 1);
    // Rounding may have missed by one; by more only where edges are as near as their last digits.
    if (v < edge[at]) return at > 0 && v >= edge[at - 1] ? at - 1 : searched(v);
    if (at + 1 < bins && v >= edge[at + 1]) return at + 2 >= bins || v < edge[at + 2] ? at + 1 : searched(v);
    return at;
  }
  [[gnu::noinline]] int64_t searched(T v) const {
    return std::clamp<int64_t>(first_above(edge, bins + 1, v) - 1, 0, bins - 1);
  }
};

template <class T, class Find> void count_rows(const T* x, int64_t columns, const T* weights, int64_t begin,
                                               int64_t end, double* counts, const Find& find) {
  for (int64_t k = begin; k < end; ++k) {
    const int64_t at = find(x + k * columns);
    if (at >= 0) counts[at] += weights ? double(weights[k]) : 1.0;
  }
}

}  // namespace

template <class T> void merge_slices(Joining how, T* y, int64_t outer, int64_t m, int64_t inner,
                                     const int64_t* index, int64_t n, const T* x) {
  using A = typename Within<T>::type;
  with(how, [&]<Joining kHow>() {
    each_tile(outer, inner, 4096, n, [&](int64_t o, int64_t first, int64_t width) {
      T* to = y + o * m * inner + first;
      const T* from = x + o * n * inner + first;
      for (int64_t k = 0; k < n; ++k, from += inner) {
        T* row = to + index[k] * inner;
        for (int64_t i = 0; i < width; ++i) row[i] = T(merged<kHow>(A(row[i]), A(from[i])));
      }
    });
  });
}

template <class T> void merge_segments(Joining how, bool mean, const T* x, int64_t outer, int64_t n,
                                       int64_t inner, const int64_t* bounds, int64_t count, T* y) {
  const int64_t average = n / (count + 1) + 1;
  with(how, [&]<Joining kHow>() {
    each_tile(outer * count, inner, kTile, average, [&](int64_t at, int64_t first, int64_t width) {
      const int64_t o = at / count, s = at % count;
      const int64_t *bound = bounds + o * (count + 1) + s, length = bound[1] - bound[0];
      const T* from = x + (o * n + bound[0]) * inner + first;
      const int64_t divisor = mean && length ? length : 1;
      if (inner == 1)
        merge_line<kHow>(from, length, y + at, divisor);
      else
        merge_columns<kHow>(from, length, inner, width, y + at * inner + first, divisor);
    });
  });
}

template <class T> void slope_segments(Joining how, bool mean, const SegmentParts<T>& p, int64_t outer,
                                       int64_t n, int64_t inner, const int64_t* bounds, int64_t count) {
  with(how, [&]<Joining kHow>() {
    each_tile(outer * count, inner, kTile, n / (count + 1) + 1,
              [&](int64_t at, int64_t first, int64_t width) {
                const int64_t o = at / count, *bound = bounds + o * (count + 1) + at % count;
                const int64_t from = (o * n + bound[0]) * inner + first, to = at * inner + first;
                const SegmentParts<T> part{p.x + from, p.y + to, p.g + to, p.start, p.gx + from};
                if (inner == 1)
                  slope_columns<kHow, true>(part, bound[1] - bound[0], inner, width, mean);
                else
                  slope_columns<kHow, false>(part, bound[1] - bound[0], inner, width, mean);
              });
  });
}

template <class T> void count_bins(const T* x, int64_t rows, std::span<const Edges<T>> edges, bool even,
                                   const T* weights, double* counts) {
  const int64_t columns = int64_t(edges.size());
  std::vector<Finder<T>> finders;
  int64_t bins = 1;
  for (const Edges<T>& e : edges) {
    finders.emplace_back(e, even);
    bins *= e.bins;
  }
  const int64_t pieces = std::clamp<int64_t>(std::min(rows / 65536, rows / bins), 1, 16);
  std::unique_ptr<double[]> partial(new double[size_t((pieces - 1) * bins)]());
  std::fill_n(counts, bins, 0.0);
  parallel_chunks(pieces, [&](int64_t piece) {
    const int64_t begin = rows * piece / pieces, end = rows * (piece + 1) / pieces;
    double* into = piece ? partial.get() + (piece - 1) * bins : counts;
    if (columns == 1)
      return count_rows(x, 1, weights, begin, end, into, [f = finders[0]](const T* v) { return f(*v); });
    count_rows(x, columns, weights, begin, end, into, [&](const T* v) {
      int64_t at = 0;
      for (int64_t c = 0; c < columns; ++c) {
        const int64_t own = finders[size_t(c)](v[c]);
        if (own < 0) return int64_t(-1);
        at = at * edges[size_t(c)].bins + own;
      }
      return at;
    });
  });
  for (int64_t p = 0; p + 1 < pieces; ++p)
    for (int64_t b = 0; b < bins; ++b) counts[b] += partial[size_t(p * bins + b)];
}

#define MERGE(T) \
  template void merge_slices(Joining, T*, int64_t, int64_t, int64_t, const int64_t*, int64_t, const T*);
#define SEGMENTS(T)                                                                                         \
  template void slope_segments(Joining, bool, const SegmentParts<T>&, int64_t, int64_t, int64_t,            \
                               const int64_t*, int64_t);                                                    \
  template void merge_segments(Joining, bool, const T*, int64_t, int64_t, int64_t, const int64_t*, int64_t, \
                               T*);
MERGE(uint8_t)
MERGE(int8_t)
MERGE(int16_t)
MERGE(int32_t)
MERGE(int64_t)
MERGE(Half)
MERGE(BFloat16)
MERGE(float)
MERGE(double)
SEGMENTS(Half)
SEGMENTS(BFloat16)
SEGMENTS(float)
SEGMENTS(double)
#undef MERGE
#undef SEGMENTS
template void count_bins(const float*, int64_t, std::span<const Edges<float>>, bool, const float*, double*);
template void count_bins(const double*, int64_t, std::span<const Edges<double>>, bool, const double*,
                         double*);

}  // namespace adjoint
