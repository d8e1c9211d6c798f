// Rows of cross entropy: see nn/cross_entropy.h. See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/nn/cross_entropy_table.h"

namespace adjoint {
namespace {

constexpr int64_t kBlock = 1024;  // sums of so many, lest small terms vanish in large sums

template <class T> void log_sum(const T* x, int64_t n, T& top, T& log_sum) {
  T powers[2 * kBlock], sum = 0;
  if (n < kLanes) {
    Padded<T> row(x, n, -T(__builtin_inf()));
    top = max_of(row.v, kLanes);
    sum = sum_of_powers_below(row.v, kLanes, top, powers);
  } else {
    top = max_of(x, n);
    for (int64_t i = 0, m; i < n; i += m) {
      m = n - i < 2 * kBlock ? n - i : kBlock;
      sum += sum_of_powers_below(x + i, m, top, powers);
    }
  }
  log_sum = math::log(sum);
}

template <class T> void weigh(const T* x, const T* q, int64_t n, T top, T& of_q, T& of_x) {
  if (n < kLanes) {
    Padded<T> row(x, n, top), weights(q, n, 0);
    return weigh(row.v, weights.v, kLanes, top, of_q, of_x);
  }
  of_q = of_x = 0;
  for (int64_t i = 0, m; i < n; i += m) {
    m = n - i < 2 * kBlock ? n - i : kBlock;
    const T *from = x + i, *by = q + i;
    of_q += sum_of(by, m);
    of_x += fold_lanes(m, T(0), Add{}, [=](auto v, int64_t k) __attribute__((always_inline)) {
      return load(v, by + k) * (load(v, from + k) - top);
    });
  }
}

// y[i] = f(i), y no operand of it; n >= kLanes.
template <class T, class F> ADJOINT_FN void fill_row(int64_t n, T* __restrict y, F f) {
  for (int64_t i = 0; i + kLanes <= n; i += kLanes)
#pragma GCC ivdep
    for (int l = 0; l < kLanes; ++l) y[i + l] = f(i + l);
  for (int64_t i = rest_from(n); i < n; i += kStep)
#pragma GCC ivdep
    for (int l = 0; l < kStep; ++l) y[i + l] = f(i + l);
}
template <class T> void pull(const T* x, const T* q, int64_t n, T top, T log_sum, T a, T g, T* gx) {
  if (n < kLanes) {
    T out[kLanes];
    Padded<T> row(x, n, top), weights(q ? q : x, n, 0);
    pull(row.v, q ? weights.v : nullptr, kLanes, top, log_sum, a, g, out);
    return copy_few<kLanes / 2>(out, n, gx);
  }
  if (q)
    fill_row(n, gx, [=](int64_t i) __attribute__((always_inline)) {
      return exp_below(x[i] - top - log_sum) * a - q[i] * g;
    });
  else
    fill_row(n, gx,
             [=](int64_t i) __attribute__((always_inline)) { return exp_below(x[i] - top - log_sum) * a; });
}

// --- columns: every loop over i runs across the tile ---

constexpr int64_t kSumBlock = 64;

// total[i] = Σ term(k, i), k < n.
template <class T, class F>
ADJOINT_FN void sum_columns(int64_t n, int64_t width, T* __restrict total, F term) {
  T part[kClassTile];
  for (int64_t i = 0; i < width; ++i) total[i] = 0;
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
void column_log_sums(const T* x, int64_t n, int64_t stride, int64_t width, T* tops, T* log_sums) {
  T top[kClassTile], sum[kClassTile];
  for (int64_t i = 0; i < width; ++i) top[i] = -T(__builtin_inf());
  for (int64_t k = 0; k < n; ++k) {
    const T* p = x + k * stride;
    for (int64_t i = 0; i < width; ++i) top[i] = Larger{}(top[i], p[i]);
  }
  sum_columns(n, width, sum, [=, &top](int64_t k, int64_t i) __attribute__((always_inline)) {
    return exp_below(x[k * stride + i] - top[i]);
  });
  for (int64_t i = 0; i < width; ++i) tops[i] = top[i], log_sums[i] = math::log(sum[i]);
}
template <class T>
void weigh_columns(const T* x, const T* q, int64_t n, int64_t stride, int64_t width, const T* tops, T* of_x) {
  T sum[kClassTile];
  sum_columns(n, width, sum, [=](int64_t k, int64_t i) __attribute__((always_inline)) {
    return q[k] * (x[k * stride + i] - tops[i]);
  });
  for (int64_t i = 0; i < width; ++i) of_x[i] = sum[i];
}
template <class T> void pull_columns(const T* x, const T* q, int64_t n, int64_t stride, int64_t width,
                                     const T* top, const T* log_sum, const T* a, const T* g, T* gx) {
  for (int64_t k = 0; k < n; ++k) {
    const T *p = x + k * stride, share = q ? q[k] : T(0);
    T* to = gx + k * stride;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) to[i] = exp_below(p[i] - top[i] - log_sum[i]) * a[i];
    if (!q) continue;
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) to[i] -= share * g[i];
  }
}

template <class T> constexpr CrossEntropyKernels<T> kernels() {
  return {log_sum<T>, weigh<T>, pull<T>, column_log_sums<T>, weigh_columns<T>, pull_columns<T>};
}

}  // namespace

extern const CrossEntropyTable ADJOINT_ISA_NAME(cross_entropy_table);
const CrossEntropyTable ADJOINT_ISA_NAME(cross_entropy_table) = {kernels<float>(), kernels<double>()};

}  // namespace adjoint
