// Graves et al. 2006, in logarithms. A step goes over all states at once, so that it vectorises.
// See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/nn/ctc_table.h"

namespace adjoint {
namespace {

constexpr int kPad = 2;  // states that are never reached, before the first (alpha) or behind the last (beta)
template <class T> constexpr T kNever = -T(__builtin_inf());

template <class T> ADJOINT_FN T larger(T a, T b) { return a < b ? b : a; }
// log(eᵃ + eᵇ + eᶜ); -∞ where all are.
template <class T> ADJOINT_FN T log_sum(T a, T b, T c) {
  T top = larger(larger(a, b), c);
  T shift = top == kNever<T> ? T(0) : top;
  return shift + math::log(math::exp(a - shift) + math::exp(b - shift) + math::exp(c - shift));
}

// What each state emits at step t.
template <class T> void emissions(const CtcSample<T>& s, int64_t t, T* e) {
  const T* p = s.log_probs + t * s.step;
  for (int64_t i = 0; i < s.states; ++i) e[i] = p[s.label[i]];
}

template <class T>
void forward_step(const T* __restrict from, const T* __restrict skips, int64_t n, T* __restrict to) {
  for (int64_t i = 0; i < n; ++i) to[i] += log_sum(from[i], from[i - 1], from[i - 2] + skips[i]);
}

template <class T> T forward(const CtcSample<T>& s, T* alpha, bool keep) {
  const int64_t n = s.states, row = n + kPad;
  T* last = alpha;
  for (int64_t t = 0; t < s.steps; ++t) {
    T* now = alpha + (keep ? t : t & 1) * row;
    for (int i = 0; i < kPad; ++i) now[i] = kNever<T>;
    emissions(s, t, now + kPad);
    if (t == 0)
      for (int64_t i = 2; i < n; ++i) now[kPad + i] = kNever<T>;
    else
      forward_step(last + kPad, s.skips, n, now + kPad);
    last = now;
  }
  return log_sum(last[kPad + n - 1], n > 1 ? last[kPad + n - 2] : kNever<T>, kNever<T>);
}

// beta[i] = log p(labels from step t + 1 on | state i at t), from what it and the emissions were at t + 1.
template <class T>
void backward_step(const T* __restrict next, const T* __restrict skips, int64_t n, T* __restrict to) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = log_sum(next[i], next[i + 1], next[i + 2] + (i + 2 < n ? skips[i + 2] : kNever<T>));
}

template <class T> void backward(const CtcSample<T>& s, const T* alpha, T log_p, T g, T* beta, T* gx) {
  const int64_t n = s.states, row = n + kPad;
  T *now = beta, *next = beta + row, *posterior = beta + 2 * row;
  for (int64_t i = 0; i < n; ++i) now[i] = i + 2 >= n ? T(0) : kNever<T>;
  for (int64_t t = s.steps - 1; t >= 0; --t) {
    const T* a = alpha + t * row + kPad;
    for (int64_t i = 0; i < n; ++i) posterior[i] = g * math::exp(a[i] + now[i] - log_p);
    T* to = gx + t * s.step;
    for (int64_t i = 0; i < n; ++i) to[s.label[i]] -= posterior[i];
    if (t == 0) break;
    emissions(s, t, next);
    for (int64_t i = 0; i < n; ++i) next[i] += now[i];
    next[n] = next[n + 1] = kNever<T>;
    backward_step(next, s.skips, n, now);
  }
}

template <class T> constexpr CtcKernels<T> ctc_kernels() { return {forward<T>, backward<T>}; }

}  // namespace

extern const CtcTable ADJOINT_ISA_NAME(ctc_table);
const CtcTable ADJOINT_ISA_NAME(ctc_table) = {ctc_kernels<float>(), ctc_kernels<double>()};

}  // namespace adjoint
