// Windows over one plane: maxima and averages, a block of outputs at a time.
//
// A block is a piece of a row whose windows are whole, or the channels of a pixel where they lie side by side. For each
// element of the window it is one pass over vectors; what is accumulated stays in the first cache.
#include <cstdint>
#include <type_traits>
#include "kernels/isa.h"
#include "kernels/nn/pool_table.h"

namespace adjoint {
namespace {

constexpr int kBlock = 128;
constexpr int64_t kWhole = 16;  // elements of whole vectors

template <class T> constexpr T kLowest = std::is_same_v<T, int64_t> ? T(INT64_MIN) : -T(__builtin_inf());

constexpr int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Where the windows of a block lie: that of its element i at `at` + i · stride in memory, `place` + i · step in the plane.
struct Block {
  int64_t od, oh, w, w_end, n;
  int64_t at, stride, step;
};

// f(offset of a window's element from that of the first output, its place in the plane)
template <class F> [[gnu::always_inline]] inline void each_place(const PoolShape& s, const Block& b, F f) {
  for (int64_t d = s.d.begin[b.od]; d < s.d.end[b.od]; d += s.d.step)
    for (int64_t h = s.h.begin[b.oh]; h < s.h.end[b.oh]; h += s.h.step) {
      const int64_t row = (d * s.h.in + h) * s.w.in;
      for (int64_t w = b.w; w < b.w_end; w += s.w.step) f((row + w) * s.channels + b.at, row + w);
    }
}

// A piece of a row as its even elements and its odd ones: vectors of them have no gaps.
constexpr int64_t kReach = 64;  // of a window, at most
template <class T> struct Halves {
  T part[2][kBlock + kReach / 2 + kWhole] = {};
  [[gnu::always_inline]] void take(const T* __restrict p, int64_t n) {
    T* __restrict even = part[0], * __restrict odd = part[1];
    for (int64_t i = 0; i < n / 2; ++i) even[i] = p[2 * i], odd[i] = p[2 * i + 1];
    if (n & 1) even[n / 2] = p[n - 1];
  }
};

// How a block is gone through: with its elements side by side, every second one of a row, or otherwise far apart.
enum Way : int { kAnyStride = 0, kSideBySide = 1, kHalves = 2 };

// f(the elements that a place of the windows adds for each output, their stride, that place for the first output)
template <int kWay, class T, class F>
[[gnu::always_inline]] inline void each_pass(const PoolShape& s, const Block& b, const T* x, F f) {
  if constexpr (kWay != kHalves) {
    each_place(s, b, [&](int64_t offset, int64_t place) __attribute__((always_inline)) {
      f(x + offset, kWay == kSideBySide ? int64_t(1) : b.stride, place);
    });
  } else {
    Halves<T> halves;
    const int64_t reach = b.w_end - b.w;
    for (int64_t d = s.d.begin[b.od]; d < s.d.end[b.od]; d += s.d.step)
      for (int64_t h = s.h.begin[b.oh]; h < s.h.end[b.oh]; h += s.h.step) {
        const int64_t first = (d * s.h.in + h) * s.w.in + b.w;
        halves.take(x + first, 2 * (b.n - 1) + reach);
        for (int64_t k = 0; k < reach; k += s.w.step) f(halves.part[k & 1] + k / 2, int64_t(1), first + k);
      }
  }
}
// Loops over whole vectors are quicker. So they run on into what lies behind a block, where that is memory of the plane;
// nobody reads their last results.
template <int kWay> [[gnu::always_inline]] inline int64_t length_of(const PoolShape& s, const Block& b) {
  const int64_t whole = (b.n + kWhole - 1) / kWhole * kWhole;
  if (kWay == kHalves) return whole;
  if (kWay == kAnyStride || s.channels > 1) return b.n;
  const int64_t row = (s.d.end[b.od] - 1) * s.h.in + s.h.end[b.oh] - 1;  // the last that is read
  return row * s.w.in + b.w_end + whole <= s.d.in * s.h.in * s.w.in ? whole : b.n;
}
template <class F> [[gnu::always_inline]] inline void with_way(const Block& b, F f) {
  if (b.stride == 1) return f.template operator()<kSideBySide>();
  b.stride == 2 && b.w_end - b.w <= kReach ? f.template operator()<kHalves>()
                                           : f.template operator()<kAnyStride>();
}

// --- maxima ---
template <class T, class L, bool kIndex>
[[gnu::always_inline]] inline void take_larger(const T* __restrict p, L stride, L n, L place, L step,
                                               T* __restrict best, L* __restrict at) {
  for (L i = 0; i < n; ++i) {
    const T v = p[int64_t(i) * stride];
    bool take = v > best[i];
    if constexpr (!std::is_integral_v<T>) take |= v != v;
    best[i] = take ? v : best[i];
    if constexpr (kIndex) at[i] = take ? L(place + i * step) : at[i];
  }
}

template <int kWay, class T, class L, bool kIndex>
void max_block(const PoolShape& s, const Block& b, const T* x, T* __restrict y, int64_t* __restrict index) {
  T best[kBlock];
  L at[kBlock];
  const L n = L(length_of<kWay>(s, b)), step = L(b.step),
          first = L((s.d.begin[b.od] * s.h.in + s.h.begin[b.oh]) * s.w.in + b.w);
  for (L i = 0; i < n; ++i) best[i] = kLowest<T>;
  if constexpr (kIndex)
    for (L i = 0; i < n; ++i) at[i] = first + i * step;
  each_pass<kWay>(s, b, x, [&](const T* p, int64_t stride, int64_t place) __attribute__((always_inline)) {
    take_larger<T, L, kIndex>(p, L(stride), n, L(place), step, best, at);
  });
  for (L i = 0; i < L(b.n); ++i) y[i] = best[i];
  if constexpr (kIndex)
    for (L i = 0; i < L(b.n); ++i) index[i] = at[i];
}
template <class T> void max_one(const PoolShape& s, const Block& b, const T* x, T* y, int64_t* index) {
  T best = kLowest<T>;
  int64_t at = (s.d.begin[b.od] * s.h.in + s.h.begin[b.oh]) * s.w.in + b.w;
  each_place(s, b, [&](int64_t offset, int64_t place) __attribute__((always_inline)) {
    const T v = x[offset];
    if (v > best || v != v) best = v, at = place;
  });
  *y = best;
  if (index) *index = at;
}

// --- averages ---
template <class T> [[gnu::always_inline]] inline T quotient(T sum, T divisor) {
  if constexpr (std::is_integral_v<T>)
    if (divisor == -1) return -sum;  // the least integer has no negative: division would trap
  return sum / divisor;
}
template <class T> T divisor_of(const PoolShape& s, int64_t od, int64_t oh, int64_t ow) {
  return T(s.divisor ? s.divisor : s.d.size[od] * s.h.size[oh] * s.w.size[ow]);
}
template <int kWay, class T>
void sum_block(const PoolShape& s, const Block& b, const T* x, T divisor, T* __restrict y) {
  T sum[kBlock];
  const int64_t n = length_of<kWay>(s, b);
  for (int64_t i = 0; i < n; ++i) sum[i] = 0;
  each_pass<kWay>(s, b, x, [&](const T* p, int64_t stride, int64_t) __attribute__((always_inline)) {
    for (int64_t i = 0; i < n; ++i) sum[i] += p[i * stride];
  });
  for (int64_t i = 0; i < b.n; ++i) y[i] = quotient(sum[i], divisor);
}
// Sums of one window: of its runs of neighbours, which are a whole slice where rows are whole.
template <class T, int kLanes> struct Lanes {
  T lane[kLanes] = {}, rest = 0;
  void add(const T* __restrict p, int64_t n) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int l = 0; l < kLanes; ++l) lane[l] += p[i + l];
    for (; i < n; ++i) rest += p[i];
  }
  T total() const {
    T part[kLanes];
    for (int l = 0; l < kLanes; ++l) part[l] = lane[l];
    for (int h = kLanes / 2; h >= 1; h /= 2)
      for (int l = 0; l < h; ++l) part[l] += part[l + h];
    return part[0] + rest;
  }
};
template <class T> void sum_one(const PoolShape& s, const Block& b, const T* x, T divisor, T* y) {
  Lanes<T, 8> sum;
  const int64_t n = b.w_end - b.w, rows = s.h.end[b.oh] - s.h.begin[b.oh];
  if (s.w.step != 1) {
    each_place(s, b, [&](int64_t offset, int64_t) __attribute__((always_inline)) { sum.rest += x[offset]; });
  } else {
    const bool whole = n == s.w.in && s.h.step == 1;
    for (int64_t d = s.d.begin[b.od]; d < s.d.end[b.od]; d += s.d.step) {
      const T* p = x + (d * s.h.in + s.h.begin[b.oh]) * s.w.in + b.w;
      if (whole) {
        sum.add(p, rows * n);
        continue;
      }
      for (int64_t h = 0; h < rows; h += s.h.step) sum.add(p + h * s.w.in, n);
    }
  }
  *y = quotient(sum.total(), divisor);
}

// --- rows: one(block, output) for an output by itself, many(block, output) for a block ---
template <class One, class Many> void each_row(const PoolShape& s, One one, Many many) {
  for (int64_t r = s.row_from; r < s.row_to; ++r) {
    const int64_t od = r / s.h.out, oh = r % s.h.out, row = r * s.w.out;
    if (s.channels > 1) {
      for (int64_t o = 0; o < s.w.out; ++o)
        for (int64_t c = s.first; c < s.last; c += kBlock)
          many(Block{od, oh, s.w.begin[o], s.w.end[o], least(kBlock, s.last - c), c, 1, 0}, o,
               (row + o) * s.channels + c);
      continue;
    }
    for (int64_t o = 0; o < s.w.out;) {
      if (o < s.w.from || o >= s.w.to) {
        one(Block{od, oh, s.w.begin[o], s.w.end[o], 1, 0, 1, 0}, o, row + o);
        ++o;
      } else {
        const int64_t n = least(kBlock, s.w.to - o), w = s.w.begin[o];
        many(Block{od, oh, w, s.w.end[o], n, 0, s.w.stride, s.w.stride}, o, row + o);
        o += n;
      }
    }
  }
}

template <class T, class L, bool kIndex>
void max_plane(const PoolShape& s, const T* x, T* y, int64_t* index) {
  each_row(
      s,
      [&](const Block& b, int64_t, int64_t to) { max_one(s, b, x, y + to, kIndex ? index + to : nullptr); },
      [&](const Block& b, int64_t, int64_t to) {
        with_way(b, [&]<int kWay>() {
          max_block<kWay, T, L, kIndex>(s, b, x, y + to, kIndex ? index + to : nullptr);
        });
      });
}
template <class T> using Lane = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

template <class T> void max(const PoolShape& s, const T* x, T* y) {
  max_plane<T, Lane<T>, false>(s, x, y, nullptr);
}
template <class T> void max_index(const PoolShape& s, const T* x, T* y, int64_t* index) {
  if (s.d.in * s.h.in * s.w.in <= INT32_MAX)
    max_plane<T, Lane<T>, true>(s, x, y, index);
  else
    max_plane<T, int64_t, true>(s, x, y, index);
}
template <class T> void average(const PoolShape& s, const T* x, T* y) {
  each_row(
      s,
      [&](const Block& b, int64_t o, int64_t to) {
        sum_one(s, b, x, divisor_of<T>(s, b.od, b.oh, o), y + to);
      },
      [&](const Block& b, int64_t o, int64_t to) {
        with_way(b,
                 [&]<int kWay>() { sum_block<kWay, T>(s, b, x, divisor_of<T>(s, b.od, b.oh, o), y + to); });
      });
}

// --- averages backward: each row of g is spread along the width once, then added to the rows of its windows ---
template <class T> void spread_row(const PoolShape& s, int64_t od, int64_t oh, const T* g, T* row) {
  for (int64_t w = 0; w < s.w.in; ++w) row[w] = 0;
  for (int64_t o = 0; o < s.w.out;) {
    if (o < s.w.from || o >= s.w.to) {
      const T share = quotient(g[o], divisor_of<T>(s, od, oh, o));
      for (int64_t w = s.w.begin[o]; w < s.w.end[o]; w += s.w.step) row[w] += share;
      ++o;
      continue;
    }
    T share[kBlock];
    const int64_t n = least(kBlock, s.w.to - o);
    const T divisor = divisor_of<T>(s, od, oh, o);
    for (int64_t i = 0; i < n; ++i) share[i] = quotient(g[o + i], divisor);
    for (int64_t w = s.w.begin[o]; w < s.w.end[o]; w += s.w.step)
      for (int64_t i = 0; i < n; ++i) row[w + i * s.w.stride] += share[i];
    o += n;
  }
}
template <class T> void average_backward_channels(const PoolShape& s, const T* g, T* gx) {
  each_row(
      s, [](const Block&, int64_t, int64_t) {},
      [&](const Block& b, int64_t o, int64_t from) {
        T share[kBlock];
        const T divisor = divisor_of<T>(s, b.od, b.oh, o);
        for (int64_t i = 0; i < b.n; ++i) share[i] = quotient(g[from + i], divisor);
        each_place(s, b, [&](int64_t offset, int64_t) __attribute__((always_inline)) {
          for (int64_t i = 0; i < b.n; ++i) gx[offset + i] += share[i];
        });
      });
}
template <class T> void average_backward(const PoolShape& s, const T* g, T* gx, T* row) {
  if (s.channels > 1) return average_backward_channels(s, g, gx);
  for (int64_t od = 0; od < s.d.out; ++od)
    for (int64_t oh = 0; oh < s.h.out; ++oh) {
      spread_row(s, od, oh, g + (od * s.h.out + oh) * s.w.out, row);
      for (int64_t d = s.d.begin[od]; d < s.d.end[od]; d += s.d.step)
        for (int64_t h = s.h.begin[oh]; h < s.h.end[oh]; h += s.h.step) {
          T* to = gx + (d * s.h.in + h) * s.w.in;
#pragma GCC ivdep
          for (int64_t w = 0; w < s.w.in; ++w) to[w] += row[w];
        }
    }
}

template <class T> void means(int64_t rows, int64_t n, const T* x, T* y) {
  for (int64_t r = 0; r < rows; ++r) {
    Lanes<T, 16> sum;
    sum.add(x + r * n, n);
    y[r] = sum.total() / T(n);
  }
}
template <class T> void means_backward(int64_t rows, int64_t n, const T* g, T* gx) {
  for (int64_t r = 0; r < rows; ++r) {
    const T share = g[r] / T(n);
    for (int64_t i = 0; i < n; ++i) gx[r * n + i] = share;
  }
}

template <class T> constexpr PoolLoops<T> pool_loops() {
  return {max<T>, max_index<T>, average<T>, average_backward<T>, means<T>, means_backward<T>};
}

}  // namespace

extern const PoolTable ADJOINT_ISA_NAME(pool_table);
const PoolTable ADJOINT_ISA_NAME(pool_table) = {pool_loops<float>(), pool_loops<double>(),
                                                pool_loops<int64_t>()};

}  // namespace adjoint
