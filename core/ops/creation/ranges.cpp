// arange, range, linspace, logspace, eye, tril_indices, triu_indices: tensors from a rule over positions.
#include <cmath>
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "device/host_values.h"
#include "ops/creation/options.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;

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

}  // namespace

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, Dtype dtype, Device device) {
  int64_t n = arange_count(start, end, step, dtype);
  Tensor y = adjoint::empty(Dims{n}, dtype, device);
  backend(device).sequence(*y, {Sequence::Steps, start, step});
  return y;
}

namespace {

Tensor arange_step(const Scalar& start, const Scalar& end, const Scalar& step, MaybeDtype dtype,
                   MaybeDevice device, Dest dest) {
  bool whole = start.is_integral() && end.is_integral() && step.is_integral();
  Dtype d = wanted_dtype(dtype, dest, whole ? Dtype::I64 : default_dtype());
  return finish_creation(arange(start, end, step, d, device.value_or(Device::Cpu)), dest, "arange");
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
  if (d == Dtype::Bool || is_complex(d)) fail_dtype("range_cpu", d);
  int64_t n = d == Dtype::I64
                  ? size_of(whole_steps(start, end, step), true)
                  : size_of(steps_between(start.to_double(), end.to_double(), step.to_double()) + 1);
  Tensor y = adjoint::empty(Dims{n}, d, device.value_or(Device::Cpu));
  backend(y).sequence(*y, {Sequence::WholeSteps, start, step});
  return finish_creation(y, dest, "range");
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
  if (d == Dtype::Bool && steps > 1) fail_dtype("linspace_cpu", d);
  if (is_integral(d) && steps > 1) check_scalar_fits(a, d), check_scalar_fits(b, d);
  if (steps == 1)
    raw::fill(y, a);
  else
    backend(y).sequence(*y, {Sequence::Between, a, b});
  return finish_creation(y, dest, "linspace");
}

Tensor logspace(Operand start, Operand end, int64_t steps, double base, MaybeDtype dtype, MaybeDevice device,
                Dest dest) {
  Scalar a = number_of(start, "logspace"), b = number_of(end, "logspace");
  Dtype d = space_dtype(a, b, dtype, dest, "logspace");
  check(steps >= 0, "number of steps must be non-negative");
  Tensor y = adjoint::empty(Dims{steps}, d, device.value_or(Device::Cpu));
  if (d == Dtype::Bool && steps > 0) fail_dtype("logspace_cpu", d);
  backend(y).sequence(*y, {Sequence::Powers, a, b, base});
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
  HostTensor<int64_t> pairs(Dims{2, n});
  int64_t *row = pairs.data(), *col = row + n;
  for (int64_t r = Upper ? 0 : int64_t(first); n && r < (Upper ? int64_t(last) : rows); ++r) {
    const auto edge = int64_t(std::clamp<Wide>(r + shift, 0, cols));
    for (int64_t c = Upper ? edge : 0; c < (Upper ? cols : edge); ++c) {
      *row++ = r;
      *col++ = c;
    }
  }
  return raw::cast(pairs.on(device.value_or(Device::Cpu)), dtype.value_or(Dtype::I64));
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
