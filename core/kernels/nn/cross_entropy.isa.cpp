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
    sum = sum_of_powers(row.v, kLanes, top, powers);
  } else {
    top = max_of(x, n);
    for (int64_t i = 0, m; i < n; i += m) {
      m = n - i < 2 * kBlock ? n - i : kBlock;
      sum += sum_of_powers(x + i, m, top, powers);
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
    for (int l = 0; l < kLanes; ++l) y[i + l] = f(i + l);
  for (int64_t i = rest_from(n); i < n; i += kStep)
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
      return math::exp(x[i] - top - log_sum) * a - q[i] * g;
    });
  else
    fill_row(n, gx,
             [=](int64_t i) __attribute__((always_inline)) { return math::exp(x[i] - top - log_sum) * a; });
}

template <class T> constexpr CrossEntropyKernels<T> kernels() { return {log_sum<T>, weigh<T>, pull<T>}; }

}  // namespace

extern const CrossEntropyTable ADJOINT_ISA_NAME(cross_entropy_table);
const CrossEntropyTable ADJOINT_ISA_NAME(cross_entropy_table) = {kernels<float>(), kernels<double>()};

}  // namespace adjoint
