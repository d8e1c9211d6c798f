// The frequencies that a transform's places stand for, and the order in which zero is in the middle.
#include <optional>
#include "autograd/grad_mode.h"
#include "ops/creation/options.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;

Tensor frequencies(const Tensor& steps, int64_t n, double d) { return mul(steps, 1.0 / (double(n) * d)); }

Tensor fftfreq(int64_t n, double d, MaybeDtype dtype, MaybeDevice device, const Dest& dest) {
  const Dtype t = wanted_dtype(dtype, dest, default_dtype());
  check(is_floating(t) || is_complex(t), "fftfreq requires a floating point or complex dtype");
  check(n >= 0, "Trying to create tensor with negative dimension ", n, ": [", n, "]");
  const Device where = device.value_or(Device::Cpu);
  NoGrad no_grad;
  const Tensor parts[] = {arange(0, (n + 1) / 2, 1, t, where), arange(-(n / 2), 0, 1, t, where)};
  return finish_creation(n ? frequencies(cat(parts), n, d) : empty(Dims{0}, t, where), dest, "fftfreq");
}
Tensor rfftfreq(int64_t n, double d, MaybeDtype dtype, MaybeDevice device, const Dest& dest) {
  const Dtype t = wanted_dtype(dtype, dest, default_dtype());
  check(is_floating(t) || is_complex(t), "rfftfreq requires a floating point or complex dtype");
  check(n >= 0, "Trying to create tensor with negative dimension ", n / 2 + 1, ": [", n / 2 + 1, "]");
  NoGrad no_grad;
  return finish_creation(frequencies(arange(0, n / 2 + 1, 1, t, device.value_or(Device::Cpu)), n, d), dest,
                         "rfftfreq");
}

Tensor shifted(const Tensor& x, const std::optional<Ints>& dim, bool back) {
  Dims dims, shifts;
  if (dim)
    dims = *dim;
  else
    for (int64_t d = 0; d < x->ndim; ++d) dims.push_back(d);
  for (int64_t d : dims) {
    check_as(x->ndim > 0, ErrorKind::Index, "Dimension specified as ", d, " but tensor has no dimensions");
    shifts.push_back((x->size(int(wrap_dim(d, x->ndim))) + back) / 2);
  }
  return roll(x, shifts, dims);
}
Tensor fftshift(const Tensor& x, std::optional<Ints> dim) { return shifted(x, dim, false); }
Tensor ifftshift(const Tensor& x, std::optional<Ints> dim) { return shifted(x, dim, true); }

#define OPTIONS "*, dtype? dtype=None, device? device=None) -> Tensor", kFft | kOut

[[maybe_unused]] const auto defs = {
    def<fftfreq>("fftfreq(int n, float d=1.0, " OPTIONS,
                 "[0, 1, ..., (n - 1) / 2, -(n / 2), ..., -1] / (n d)"),
    def<rfftfreq>("rfftfreq(int n, float d=1.0, " OPTIONS, "[0, 1, ..., n / 2] / (n d)"),
    def<fftshift>("fftshift(Tensor self, int[1]? dim=None) -> Tensor", kFft,
                  "Rolled by n / 2 along `dim` (default: all), so that frequency 0 is in the middle."),
    def<ifftshift>("ifftshift(Tensor self, int[1]? dim=None) -> Tensor", kFft, "The inverse of fftshift."),
};

}  // namespace

}  // namespace adjoint::ops
