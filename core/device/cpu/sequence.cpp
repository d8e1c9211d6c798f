// Tensors from a rule over positions: arange, range, linspace, logspace.
//
// Note [Lanes]: PyTorch computes ranges of floats with vectors: the first of a run of lanes is rounded to the
// type before the lane's offset is added, and both steps are fused multiply-adds. Its runs of 32 bytes are
// copied here, so that results have the same bits.
#include <cmath>
#include "device/cpu/entries.h"

namespace adjoint::cpu {
namespace {

template <class T> constexpr bool is_real = std::is_convertible_v<T, double> && !std::is_same_v<T, bool>;
// What the steps of real numbers are computed in.
template <class T> using StepOf =
    std::conditional_t<std::is_integral_v<T>, int64_t, std::conditional_t<sizeof(T) == 2, float, double>>;

template <class T> constexpr int64_t kLanes = 32 / int64_t(sizeof(T));

// T(start + step·i) in the wider type A, with lanes.
template <class T, class A> void write_arange(T* out, int64_t n, A start, A step) {
  constexpr int64_t lanes = kLanes<T>, run = 2 * lanes;
  int64_t i = 0;
  if constexpr (std::is_floating_point_v<T>) {
    for (; i + run <= n; i += run)
      for (int64_t h = 0; h < run; h += lanes) {
        T base = T(std::fma(step, A(i + h), start));
        for (int64_t k = 0; k < lanes; ++k) out[i + h + k] = T(std::fma(A(k), step, A(base)));
      }
    for (; i < n; ++i) out[i] = T(std::fma(step, A(i), start));
  }
  using U = std::conditional_t<std::is_integral_v<A>, uint64_t, A>;  // a step beyond the last may wrap
  for (; i < n; ++i) out[i] = T(U(start) + U(step) * U(i));
}

// The same without lanes.
template <class T, class A> void write_range(T* out, int64_t n, A start, A step) {
  using U = std::conditional_t<std::is_integral_v<A>, uint64_t, A>;  // the step after the last may wrap
  for (int64_t i = 0; i < n; ++i) out[i] = T(U(start) + U(i) * U(step));
}

// The step of n numbers from start to end: R counts, S may be complex. The span alone may overflow.
template <class R, class S> S linspace_step(S start, S end, int64_t n) {
  R steps = R(double(n - 1));
  S step = S((end - start) / S(steps));
  return std::isfinite(std::abs(step)) ? step : end / steps - start / steps;
}

// From both ends to the middle, so that the last element is exact. S: the type of the step.
template <class T, class S> void write_linspace(T* out, int64_t n, S start, S end) {
  S step = linspace_step<S>(start, end, n);
  for (int64_t i = 0; i < n; ++i)
    out[i] = T(i < n / 2 ? std::fma(step, S(i), start) : std::fma(-step, S(n - i - 1), end));
}

template <class C> void write_linspace_complex(C* out, int64_t n, C start, C end) {
  using R = typename C::value_type;
  C step = linspace_step<R>(start, end, n);
  int64_t halfway = n / 2;
  for (int64_t i = 0; i < n; ++i)
    out[i] = i < halfway ? start + step * C(R(i)) : end - step * C(R(n - i - 1));
}

// In double, as PyTorch; exactly where a bound has no double of its own.
template <class T> void write_linspace_whole(T* out, int64_t n, T start, T end) {
  constexpr int64_t exact = int64_t(1) << 53;
  if (auto fits = [](int64_t v) { return v >= -exact && v <= exact; }; !fits(start) || !fits(end)) {
    for (int64_t i = 0; i < n; ++i)
      out[i] = T((__int128(start) * (n - 1) + (__int128(end) - start) * i) / (n - 1));
    return;
  }
  double a = double(start), z = double(end), step = (z - a) / double(n - 1);
  for (int64_t i = 0; i < n; ++i)
    out[i] = i < n / 2 ? T(a + step * double(i)) : T(z - step * double(n - i - 1));
}

template <class T> void linspace(T* out, int64_t n, const Scalar& start, const Scalar& end) {
  if constexpr (std::is_integral_v<T>)
    write_linspace_whole<T>(out, n, start.to<T>(), end.to<T>());
  else if constexpr (!is_real<T>)
    write_linspace_complex<T>(out, n, start.to<T>(), end.to<T>());
  else if constexpr (sizeof(T) == 2)
    write_linspace<T, float>(out, n, T(start.to_double()), T(end.to_double()));
  else
    write_linspace<T, T>(out, n, start.to<T>(), end.to<T>());
}

template <class T, class S> void write_logspace(T* out, int64_t n, S start, S end, S base) {
  S step = linspace_step<S>(start, end, n);
  for (int64_t i = 0; i < n; ++i)
    out[i] = T(std::pow(base, i < n / 2 ? std::fma(step, S(i), start) : std::fma(-step, S(n - i - 1), end)));
}

template <class T> void logspace(T* out, int64_t n, const Scalar& a, const Scalar& b, double base) {
  if constexpr (!is_real<T>) {
    using R = typename T::value_type;
    T s = a.to<T>(), e = b.to<T>(), step = n > 1 ? linspace_step<R>(s, e, n) : T(0);
    for (int64_t i = 0; i < n; ++i)
      out[i] = std::pow(T(R(base)), n == 1 || i < n / 2 ? s + step * R(i) : e - step * R(n - i - 1));
  } else if (n == 1) {
    out[0] = T(std::pow(base, a.to_double()));
  } else if constexpr (std::is_integral_v<T> || sizeof(T) == 2) {
    write_logspace<T, float>(out, n, float(a.to<T>()), float(b.to<T>()), float(base));
  } else {
    write_logspace<T, T>(out, n, a.to<T>(), b.to<T>(), T(base));
  }
}

}  // namespace

void sequence(const TensorImpl& y, const Sequence& s) {
  const int64_t n = y.numel;
  if (n == 0) return;
  visit(y.dtype, [&]<class T>(T*) {
    T* out = y.host_as<T>();
    if constexpr (!std::is_same_v<T, bool>) {
      if (s.kind == Sequence::Between) return linspace(out, n, s.start, s.step_or_end);
      if (s.kind == Sequence::Powers) return logspace(out, n, s.start, s.step_or_end, s.base);
    }
    if constexpr (is_real<T>) {
      using A = StepOf<T>;
      const A start = s.start.to<A>(), step = s.step_or_end.to<A>();
      s.kind == Sequence::Steps ? write_arange(out, n, start, step) : write_range(out, n, start, step);
    }
  });
}

}  // namespace adjoint::cpu
