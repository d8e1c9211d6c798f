// Scans of rows, eight elements at a time by doubling steps (Hillis and Steele, "Data parallel algorithms", 1986), and of
// columns that lie side by side. The order in which a row is added up is the same on every instruction set.
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/math.h"
#include "kernels/scan_table.h"

namespace adjoint {
namespace {

constexpr int kEight = 8;
// Eight numbers of 8 bytes, in as many vectors as the instruction set takes.
constexpr int kWidth = kVectorBytes / 8, kParts = kEight / kWidth;
template <class A> using Part = typename VectorOf<A>::type;
template <class A> using Eight = Part<A>[kParts];

// b = a ∘ b. Vectors go by reference, lest how they are handed over depend on the instruction set.
struct Sum {
  template <class A> static constexpr A none() { return A(0); }
  template <class V> [[gnu::always_inline]] static void join(const V& a, V& b) { b = a + b; }
};
struct Product {
  template <class A> static constexpr A none() { return A(1); }
  template <class V> [[gnu::always_inline]] static void join(const V& a, V& b) { b = a * b; }
};
struct LogSumExp {
  template <class A> static constexpr A none() { return -A(__builtin_inf()); }
  template <class A> [[gnu::always_inline]] static void join(const A& a, A& b) { b = math::logaddexp(a, b); }
};

// The last `kBy` numbers of a, and those of b before its last `kBy`.
template <int kBy, class V> [[gnu::always_inline]] inline void shifted(const V& a, const V& b, V& to) {
  if constexpr (kBy >= kWidth)
    to = a;
  else if constexpr (kWidth == 2)
    to = __builtin_shufflevector(a, b, 1, 2);
  else if constexpr (kWidth == 4 && kBy == 1)
    to = __builtin_shufflevector(a, b, 3, 4, 5, 6);
  else if constexpr (kWidth == 4)
    to = __builtin_shufflevector(a, b, 2, 3, 4, 5);
  else if constexpr (kBy == 1)
    to = __builtin_shufflevector(a, b, 7, 8, 9, 10, 11, 12, 13, 14);
  else if constexpr (kBy == 2)
    to = __builtin_shufflevector(a, b, 6, 7, 8, 9, 10, 11, 12, 13);
  else
    to = __builtin_shufflevector(a, b, 4, 5, 6, 7, 8, 9, 10, 11);
}
// v[i] = v[i - kBy] ∘ v[i], where what stands before the first is nothing.
template <class Op, int kBy, class A>
[[gnu::always_inline]] inline void step(Eight<A>& v, const Part<A>& none) {
  constexpr int kBack = kBy >= kWidth ? kBy / kWidth : 1;
  for (int p = kParts - 1; p >= 0; --p) {
    Part<A> before;
    shifted<kBy>(p >= kBack ? v[p - kBack] : none, v[p], before);
    Op::join(before, v[p]);
  }
}
template <class Op, class A>
[[gnu::always_inline]] inline void scan_eight(Eight<A>& v, const Part<A>& none, const Part<A>& last) {
  step<Op, 1, A>(v, none);
  step<Op, 2, A>(v, none);
  step<Op, 4, A>(v, none);
  for (int p = 0; p < kParts; ++p) Op::join(last, v[p]);
}
template <class T, class A> [[gnu::always_inline]] inline void load(const T* x, Eight<A>& v) {
  for (int p = 0; p < kParts; ++p)
    for (int l = 0; l < kWidth; ++l) v[p][l] = A(x[p * kWidth + l]);
}
template <class Op, class T, class A>
[[gnu::always_inline]] inline void store(const Part<A>& ahead, Eight<A>& v, T* y) {
  for (int p = 0; p < kParts; ++p) {
    Op::join(ahead, v[p]);
    for (int l = 0; l < kWidth; ++l) y[p * kWidth + l] = T(v[p][l]);
  }
}

template <class Op, bool kWrite, class T, class A> A scan_block(const T* x, int64_t n, A before, T* y) {
  const Part<A> none = Op::template none<A>() - Part<A>{}, ahead = before - Part<A>{};
  Part<A> last = none;  // the total up to here, in every lane
  Eight<A> v;
  int64_t i = 0;
  for (; i + kEight <= n; i += kEight) {
    load<T, A>(x + i, v);
    scan_eight<Op, A>(v, none, last);
    last = v[kParts - 1][kWidth - 1] - Part<A>{};
    if constexpr (kWrite) store<Op, T, A>(ahead, v, y + i);
  }
  const int64_t rest = n - i;
  if (rest == 0) return last[0];
  T few[kEight], sums[kEight];
  for (int64_t l = 0; l < kEight; ++l) few[l] = l < rest ? x[i + l] : T(0);
  load<T, A>(few, v);
  scan_eight<Op, A>(v, none, last);
  const A total = v[(rest - 1) / kWidth][(rest - 1) % kWidth];
  if constexpr (kWrite) {
    store<Op, T, A>(ahead, v, sums);
    for (int64_t l = 0; l < rest; ++l) y[i + l] = sums[l];
  }
  return total;
}
template <class Op, class T, class A> A block_as(const T* x, int64_t n, A before, T* y) {
  return y ? scan_block<Op, true>(x, n, before, y) : scan_block<Op, false>(x, n, before, y);
}

// What costs more than a step of the loop is done twice for each element, not five times: the block is cut into chains,
// which run side by side.
constexpr int64_t kChains = 64;

template <class Op, class T, class A> A few(const T* x, int64_t n, A before, T* y) {
  A total = Op::template none<A>();
  for (int64_t i = 0; i < n; ++i) {
    A v = A(x[i]);
    Op::join(total, v);
    total = v;
    Op::join(before, v);
    if (y) y[i] = T(v);
  }
  return total;
}
template <class Op, class T, class A> A chains(const T* x, int64_t n, A before, T* y) {
  constexpr A none = Op::template none<A>();
  if (n <= 2 * kChains) return few<Op>(x, n, before, y);
  const int64_t length = (n + kChains - 1) / kChains;
  A side[kScanBlock], ahead[kChains];
  for (int64_t k = 0; k < length; ++k)
    for (int64_t c = 0; c < kChains; ++c)
      side[k * kChains + c] = c * length + k < n ? A(x[c * length + k]) : none;
  for (int64_t k = 1; k < length; ++k)
#pragma GCC ivdep
    for (int64_t c = 0; c < kChains; ++c) Op::join(side[(k - 1) * kChains + c], side[k * kChains + c]);
  A total = none;
  for (int64_t c = 0; c < kChains; ++c) {
    A v = side[(length - 1) * kChains + c];
    ahead[c] = total;
    Op::join(total, v);
    total = v;
  }
  if (!y) return total;
  for (int64_t c = 0; c < kChains; ++c) Op::join(before, ahead[c]);
  for (int64_t k = 0; k < length; ++k)
    for (int64_t c = 0; c < kChains; ++c) Op::join(ahead[c], side[k * kChains + c]);
  for (int64_t i = 0; i < n; ++i) y[i] = T(side[i % length * kChains + i / length]);
  return total;
}
template <class T, class A> A block(Scan op, const T* x, int64_t n, A before, T* y) {
  if (op == Scan::Sum) return block_as<Sum>(x, n, before, y);
  if (op == Scan::Prod) return block_as<Product>(x, n, before, y);
  if constexpr (!std::is_integral_v<T>) return chains<LogSumExp>(x, n, before, y);
  return before;
}

template <class Op, class T, class A>
void columns_as(const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride) {
  A sum[kScanTile];
  for (int64_t i = 0; i < width; ++i) sum[i] = Op::template none<A>();
  for (int64_t k = 0; k < n; ++k, x += stride, y += y_stride)
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) {
      A v = A(x[i]);
      Op::join(sum[i], v);
      y[i] = T(sum[i] = v);
    }
}
template <class T, class A>
void columns(Scan op, const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride) {
  if (op == Scan::Sum) return columns_as<Sum, T, A>(x, n, stride, width, y, y_stride);
  if (op == Scan::Prod) return columns_as<Product, T, A>(x, n, stride, width, y, y_stride);
  if constexpr (!std::is_integral_v<T>) columns_as<LogSumExp, T, A>(x, n, stride, width, y, y_stride);
}

template <bool kLargest, class T> [[gnu::always_inline]] inline bool stays(T v, T best) {
  return kLargest ? v < best : v > best;
}
// Mostly nothing changes in many elements.
template <bool kLargest, class T> void extremum_row(const T* x, int64_t n, T* values, int64_t* index) {
  constexpr int64_t kMany = 16;
  T best = x[0];
  int64_t at = 0, k = 0;
  auto step = [&](int64_t end) __attribute__((always_inline)) {
    for (; k < end; ++k) {
      const T v = x[k];
      if (v != v || (best == best && !stays<kLargest>(v, best))) best = v, at = k;
      values[k] = best;
      index[k] = at;
    }
  };
  while (k + kMany <= n) {
    bool all = true;
    for (int64_t i = 0; i < kMany; ++i) all &= stays<kLargest>(x[k + i], best);
    if (!all) {
      step(k + kMany);
      continue;
    }
    for (int64_t i = 0; i < kMany; ++i) values[k + i] = best;
    for (int64_t i = 0; i < kMany; ++i) index[k + i] = at;
    k += kMany;
  }
  step(n);
}
template <bool kLargest, class T> void extremum_columns(const T* x, int64_t n, int64_t stride, int64_t width,
                                                        T* values, int64_t* index, int64_t out_stride) {
  T best[kScanTile];
  int64_t at[kScanTile];
  for (int64_t i = 0; i < width; ++i) best[i] = x[i], at[i] = 0;
  for (int64_t k = 0; k < n; ++k, x += stride, values += out_stride, index += out_stride)
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) {
      const T v = x[i], b = best[i];
      const bool better = (v != v) | ((b == b) & !stays<kLargest>(v, b));
      values[i] = best[i] = better ? v : b;
      index[i] = at[i] = better ? k : at[i];
    }
}
template <class T> void row(bool largest, const T* x, int64_t n, T* values, int64_t* index) {
  largest ? extremum_row<true>(x, n, values, index) : extremum_row<false>(x, n, values, index);
}
template <class T> void sides(bool largest, const T* x, int64_t n, int64_t stride, int64_t width, T* values,
                              int64_t* index, int64_t out_stride) {
  largest ? extremum_columns<true>(x, n, stride, width, values, index, out_stride)
          : extremum_columns<false>(x, n, stride, width, values, index, out_stride);
}

}  // namespace

extern const ScanTable ADJOINT_ISA_NAME(scan_table);
const ScanTable ADJOINT_ISA_NAME(scan_table) = {{block<float, double>, columns<float, double>},
                                                {block<double, double>, columns<double, double>},
                                                {block<int64_t, int64_t>, columns<int64_t, int64_t>},
                                                {row<float>, sides<float>},
                                                {row<double>, sides<double>},
                                                {row<int32_t>, sides<int32_t>},
                                                {row<int64_t>, sides<int64_t>}};

}  // namespace adjoint
