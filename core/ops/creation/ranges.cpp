// arange, range, linspace, logspace, eye, tril_indices, triu_indices: tensors from a rule over positions.
//
// Note [Lanes]: PyTorch computes ranges of floats with vectors: the first of a run of lanes is rounded to the
// type before the lane's offset is added, and both steps are fused multiply-adds. Its runs of 32 bytes are
// copied here, so that results have the same bits.
#include <cmath>
#include <optional>
#include "autograd/door.h"
#include "ops/creation/options.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;

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

template <class T> void check_order(T start, T end, T step) {
  check(step > 0 ? end >= start : end <= start, "upper bound and lower bound inconsistent with step sign");
}
void check_range(double start, double end, double step) {
  check(step > 0 || step < 0, "step must be nonzero");
  check(std::isfinite(start) && std::isfinite(end), "unsupported range: ", start, " -> ", end);
  check_order(start, end, step);
}

void refuse_complex(const Scalar& v) {
  check(!v.is_complex(), "value cannot be converted to type double without overflow");
}

constexpr const char* kBadSize = "invalid size, possible overflow?";
int64_t size_of(double n) {
  check(n >= 0 && n < 0x1p63, kBadSize);
  return int64_t(n);
}

// (end - start) / step, where the difference alone may overflow.
double steps_between(double start, double end, double step) {
  double span = end - start;
  return std::isfinite(span) ? span / step : end / step - start / step;
}

// The steps that fit between two integers, and whether they leave a rest: exact, whatever the span.
struct Steps {
  uint64_t count;
  bool rest;
};
Steps whole_steps(const Scalar& start, const Scalar& end, const Scalar& step) {
  int64_t a = start.to_int(), b = end.to_int(), s = step.to_int();
  check_as(s != 0, ErrorKind::Value, "step must be nonzero");
  check_order(a, b, s);
  uint64_t span = s > 0 ? uint64_t(b) - uint64_t(a) : uint64_t(a) - uint64_t(b),
           by = s > 0 ? uint64_t(s) : -uint64_t(s);
  return {span / by, span % by != 0};
}
int64_t size_of(const Steps& s, bool more) {
  check(s.count < uint64_t(INT64_MAX), kBadSize);
  return int64_t(s.count) + more;
}

int64_t arange_count(const Scalar& start, const Scalar& end, const Scalar& step, Dtype dtype) {
  for (const Scalar* v : {&start, &end, &step}) refuse_complex(*v);
  check_range(start.to_double(), end.to_double(), step.to_double());
  if (dtype == Dtype::Bool || is_complex(dtype)) fail_dtype("arange_cpu", dtype);
  // For int64 the bounds are cut to integers first; for the narrower types they are not.
  if (dtype == Dtype::I64 ||
      (is_integral(dtype) && start.is_integral() && end.is_integral() && step.is_integral())) {
    Steps s = whole_steps(start, end, step);
    return size_of(s, s.rest);
  }
  return size_of(std::ceil(steps_between(start.to_double(), end.to_double(), step.to_double())));
}

Tensor arange_on(const Scalar& start, const Scalar& end, const Scalar& step, Dtype dtype, Device device) {
  int64_t n = arange_count(start, end, step, dtype);
  Tensor y = adjoint::empty(Dims{n}, dtype, device);
  if (y->meta_device()) return y;
  visit(dtype, [&]<class T>(T*) {
    if constexpr (std::is_same_v<T, bool> || !std::is_convertible_v<T, double>)
      return;
    else if constexpr (std::is_integral_v<T>)
      write_arange<T, int64_t>(y->host_as<T>(), n, start.to_int(), step.to_int());
    else if constexpr (sizeof(T) == 2)
      write_arange<T, float>(y->host_as<T>(), n, float(start.to_double()), float(step.to_double()));
    else
      write_arange<T, double>(y->host_as<T>(), n, start.to_double(), step.to_double());
  });
  return y;
}

}  // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, Dtype dtype) {
  return arange_on(start, end, step, dtype, Device::Cpu);
}

namespace {

Tensor on_device(Tensor y, MaybeDevice device) {
  return device.value_or(Device::Cpu) == Device::Cpu ? y : adjoint::empty(y->sizes(), y->dtype, *device);
}

Tensor arange_step(const Scalar& start, const Scalar& end, const Scalar& step, MaybeDtype dtype,
                   MaybeDevice device, Dest dest) {
  bool whole = start.is_integral() && end.is_integral() && step.is_integral();
  Dtype d = wanted_dtype(dtype, dest, whole ? Dtype::I64 : default_dtype());
  return finish_creation(arange_on(start, end, step, d, device.value_or(Device::Cpu)), dest, "arange");
}
Tensor arange_start(const Scalar& start, const Scalar& end, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return arange_step(start, end, 1, dtype, device, dest);
}
Tensor arange_end(const Scalar& end, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return arange_step(0, end, 1, dtype, device, dest);
}

// Closed at the end, deprecated.
Tensor range(const Scalar& start, const Scalar& end, const Scalar& step, MaybeDtype dtype, MaybeDevice device,
             Dest dest) {
  if (host.warn)
    host.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).");
  Dtype d = wanted_dtype(dtype, dest, default_dtype());
  check_range(start.to_double(), end.to_double(), step.to_double());
  int64_t n = d == Dtype::I64
                  ? size_of(whole_steps(start, end, step), true)
                  : size_of(steps_between(start.to_double(), end.to_double(), step.to_double()) + 1);
  Tensor y = adjoint::empty(Dims{n}, d, device.value_or(Device::Cpu));
  if (y->meta_device()) return finish_creation(y, dest, "range");
  visit(d, [&]<class T>(T*) {
    if constexpr (std::is_same_v<T, bool> || !std::is_convertible_v<T, double>)
      fail_dtype("range_cpu", d);
    else {
      using A = std::conditional_t<std::is_integral_v<T>, int64_t,
                                   std::conditional_t<sizeof(T) == 2, float, double>>;
      A a = start.to<A>(), s = step.to<A>();
      using U = std::conditional_t<std::is_integral_v<A>, uint64_t, A>;  // the step after the last may wrap
      for (int64_t i = 0; i < n; ++i) y->host_as<T>()[i] = T(U(a) + U(i) * U(s));
    }
  });
  return finish_creation(y, dest, "range");
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

void fill_linspace(const Tensor& y, const Scalar& start, const Scalar& end) {
  int64_t n = y->numel;
  if (n == 0) return;
  if (n == 1) return raw::fill(y, start);
  visit(y->dtype, [&]<class T>(T*) {
    T* out = y->host_as<T>();
    if constexpr (std::is_same_v<T, bool>)
      fail_dtype("linspace_cpu", Dtype::Bool);
    else if constexpr (std::is_integral_v<T>)
      check_scalar_fits(start, y->dtype), check_scalar_fits(end, y->dtype),
          write_linspace_whole<T>(out, n, start.to<T>(), end.to<T>());
    else if constexpr (!std::is_convertible_v<T, double>)
      write_linspace_complex<T>(out, n, start.to<T>(), end.to<T>());
    else if constexpr (sizeof(T) == 2)
      write_linspace<T, float>(out, n, T(start.to_double()), T(end.to_double()));
    else
      write_linspace<T, T>(out, n, start.to<T>(), end.to<T>());
  });
}

Scalar number_of(const Operand& v, const char* name) {
  if (!v.is_tensor()) return v.scalar;
  check((*v.tensor)->ndim == 0, name,
        " only supports 0-dimensional start and end tensors, but got a tensor with ", int((*v.tensor)->ndim),
        " dimension(s).");
  return item(*v.tensor);
}

Dtype space_dtype(const Scalar& start, const Scalar& end, MaybeDtype dtype, const Dest& dest,
                  const char* name) {
  bool cplx = start.is_complex() || end.is_complex();
  Dtype d = wanted_dtype(dtype, dest, cplx ? complex_of(default_dtype()) : default_dtype());
  check(!cplx || is_complex(d), "torch.", name, "(): inferred dtype ", label_of(complex_of(default_dtype())),
        " can't be safely cast to passed dtype ", label_of(d));
  return d;
}

Tensor linspace(Operand start, Operand end, int64_t steps, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  Scalar a = number_of(start, "linspace"), b = number_of(end, "linspace");
  Dtype d = space_dtype(a, b, dtype, dest, "linspace");
  check(steps >= 0, "number of steps must be non-negative");
  Tensor y = adjoint::empty(Dims{steps}, d, device.value_or(Device::Cpu));
  if (!y->meta_device()) fill_linspace(y, a, b);
  return finish_creation(y, dest, "linspace");
}

template <class T, class S> void write_logspace(T* out, int64_t n, S start, S end, S base) {
  S step = linspace_step<S>(start, end, n);
  for (int64_t i = 0; i < n; ++i)
    out[i] = T(std::pow(base, i < n / 2 ? std::fma(step, S(i), start) : std::fma(-step, S(n - i - 1), end)));
}

Tensor logspace(Operand start, Operand end, int64_t steps, double base, MaybeDtype dtype, MaybeDevice device,
                Dest dest) {
  Scalar a = number_of(start, "logspace"), b = number_of(end, "logspace");
  Dtype d = space_dtype(a, b, dtype, dest, "logspace");
  check(steps >= 0, "number of steps must be non-negative");
  Tensor y = adjoint::empty(Dims{steps}, d, device.value_or(Device::Cpu));
  if (y->meta_device() || steps == 0) return finish_creation(y, dest, "logspace");
  visit(d, [&]<class T>(T*) {
    T* out = y->host_as<T>();
    if constexpr (std::is_same_v<T, bool>)
      fail_dtype("logspace_cpu", d);
    else if constexpr (!std::is_convertible_v<T, double>) {
      using R = typename T::value_type;
      T s = a.to<T>(), e = b.to<T>(), step = steps > 1 ? linspace_step<R>(s, e, steps) : T(0);
      for (int64_t i = 0; i < steps; ++i) {
        out[i] =
            std::pow(T(R(base)), steps == 1 || i < steps / 2 ? s + step * R(i) : e - step * R(steps - i - 1));
      }
    } else if (steps == 1)
      out[0] = T(std::pow(base, a.to_double()));
    else if constexpr (std::is_integral_v<T> || sizeof(T) == 2)
      write_logspace<T, float>(out, steps, float(a.to<T>()), float(b.to<T>()), float(base));
    else
      write_logspace<T, T>(out, steps, a.to<T>(), b.to<T>(), T(base));
  });
  return finish_creation(y, dest, "logspace");
}

Tensor eye_of(int64_t n, int64_t m, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  check(n >= 0, "n must be greater or equal to 0, got ", n);
  check(m >= 0, "m must be greater or equal to 0, got ", m);
  Tensor y =
      adjoint::zeros(Dims{n, m}, wanted_dtype(dtype, dest, default_dtype()), device.value_or(Device::Cpu));
  int64_t k = std::min(n, m);
  raw::fill(adjoint::alias(y, Dims{k}, Dims{m + 1}, 0), 1);
  return finish_creation(y, dest, "eye");
}
Tensor eye_square(int64_t n, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return eye_of(n, n, dtype, device, dest);
}

// The (row, column) pairs of a triangle, row by row; `upper` is the other triangle.
template <bool Upper>
Tensor triangle(int64_t rows, int64_t cols, int64_t offset, MaybeDtype dtype, MaybeDevice device) {
  check(rows >= 0, "row must be non-negative, got", rows);
  check(cols >= 0, "col must be non-negative, got", cols);
  // Row r is cut at column r + shift: the lower triangle has what lies before, the upper one the rest. Rows before
  // `first` are cut at 0, those from `last` on at their end.
  using Wide = __int128;
  const Wide shift = Wide(offset) + (Upper ? 0 : 1);
  const Wide first = std::clamp<Wide>(-shift, 0, rows), last = std::clamp<Wide>(cols - shift, first, rows);
  const Wide below = (last - first) * (first + last - 1 + 2 * shift) / 2 + (rows - last) * cols;
  const Wide count = Upper ? Wide(rows) * cols - below : below;
  check(count <= INT64_MAX / 16, Upper ? "triu" : "tril",
        "_indices: Storage size calculation overflowed with row=", rows, " and col=", cols);
  const auto n = int64_t(count);
  Tensor pairs = adjoint::empty(Dims{2, n}, Dtype::I64);
  int64_t *row = pairs->host_as<int64_t>(), *col = row + n;
  for (int64_t r = Upper ? 0 : int64_t(first); n && r < (Upper ? int64_t(last) : rows); ++r) {
    const auto edge = int64_t(std::clamp<Wide>(r + shift, 0, cols));
    for (int64_t c = Upper ? edge : 0; c < (Upper ? cols : edge); ++c) {
      *row++ = r;
      *col++ = c;
    }
  }
  return on_device(raw::cast(pairs, dtype.value_or(Dtype::I64)), device);
}

}  // namespace

#define OPTIONS "*, dtype? dtype=None, device? device=None) -> Tensor"

[[maybe_unused]] static const auto defs = {
    def<arange_end>("arange(Scalar end, " OPTIONS, kFunction | kOut, "0, 1, 2, ... below `end`."),
    def<arange_start>("arange(Scalar start, Scalar end, " OPTIONS, kFunction | kOut,
                      "start, start + 1, ... before `end`."),
    def<arange_step>("arange(Scalar start, Scalar end, Scalar step=1, " OPTIONS, kFunction | kOut,
                     "start, start + step, ... before `end`."),
    def<range>("range(Scalar start, Scalar end, Scalar step=1, " OPTIONS, kFunction | kOut,
               "Deprecated: arange that includes its end."),
    def<linspace>("linspace(Number start, Number end, int steps, " OPTIONS, kFunction | kOut | kNumbersAlone,
                  "`steps` numbers from start to end, equally far apart."),
    def<logspace>("logspace(Number start, Number end, int steps, float base=10.0, " OPTIONS,
                  kFunction | kOut | kNumbersAlone, "base ** linspace(start, end, steps)"),
    def<eye_square>("eye(int n, " OPTIONS, kFunction | kOut, "The identity matrix."),
    def<eye_of>("eye(int n, int m, " OPTIONS, kFunction | kOut, "Ones on the diagonal of an n by m matrix."),
    def<triangle<false>>("tril_indices(int row, int col, int offset=0, " OPTIONS, kFunction,
                         "Positions of the lower triangle of a matrix, as two rows."),
    def<triangle<true>>("triu_indices(int row, int col, int offset=0, " OPTIONS, kFunction,
                        "Positions of the upper triangle of a matrix, as two rows."),
};

}  // namespace adjoint::ops
