// Windows of signal processing: hann, hamming, blackman, bartlett, kaiser.
#include <cmath>
#include <numbers>
#include <optional>
#include "autograd/grad_mode.h"
#include "device/host_values.h"
#include "ops/creation/options.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;

// A window of n points: shape(t) at t = 0, 1/(m-1) ... with m = n, or n + 1 without the last one, so that the
// window repeats with period n.
template <class F>
Tensor window(const char* name, int64_t n, bool periodic, MaybeDtype dtype, MaybeDevice device, F shape) {
  Dtype d = dtype.value_or(default_dtype());
  if (is_complex(d) && n > 1) fail_dtype("arange_cpu", d);  // shorter ones are made without, as in PyTorch
  check(is_floating(d) || is_complex(d), name, " expects floating point dtypes, got: ", name_of(d));
  check(n >= 0, name, " requires non-negative window_length, got window_length=", n);
  Device where = device.value_or(Device::Cpu);
  HostTensor<double> y(Dims{n});
  const double last = double(periodic ? n : n - 1);
  for (int64_t i = 0; i < n; ++i) y[i] = n == 1 ? 1 : shape(double(i) / last);
  return raw::cast(y.on(where), d);
}

double cosine(double t, int k) { return std::cos(2 * std::numbers::pi * k * t); }

Tensor hamming(int64_t n, bool periodic, double alpha, double beta, MaybeDtype dtype, MaybeDevice device) {
  return window("hamming_window", n, periodic, dtype, device,
                [=](double t) { return alpha - beta * cosine(t, 1); });
}
Tensor hann(int64_t n, bool periodic, MaybeDtype dtype, MaybeDevice device) {
  return window("hann_window", n, periodic, dtype, device, [](double t) { return 0.5 - 0.5 * cosine(t, 1); });
}
Tensor blackman(int64_t n, bool periodic, MaybeDtype dtype, MaybeDevice device) {
  return window("blackman_window", n, periodic, dtype, device,
                [](double t) { return 0.42 - 0.5 * cosine(t, 1) + 0.08 * cosine(t, 2); });
}
Tensor bartlett(int64_t n, bool periodic, MaybeDtype dtype, MaybeDevice device) {
  return window("bartlett_window", n, periodic, dtype, device,
                [](double t) { return 1 - std::fabs(2 * t - 1); });
}

double bessel_i0(double x) {
  NoGrad no_grad;
  return item(pointwise(formula<"i0">, {scalar_tensor(x, Dtype::F64)})).to_double();
}
Tensor kaiser(int64_t n, bool periodic, double beta, MaybeDtype dtype, MaybeDevice device) {
  double whole = bessel_i0(beta);
  return window("kaiser_window", n, periodic, dtype, device, [=](double t) {
    return bessel_i0(beta * std::sqrt(std::fmax(0, 1 - (2 * t - 1) * (2 * t - 1)))) / whole;
  });
}

#define OPTIONS "*, dtype? dtype=None, device? device=None) -> Tensor"

[[maybe_unused]] const auto defs = {
    def<hann>("hann_window(int window_length, bool periodic=True, " OPTIONS, kFunction, "sin²(π n / N)"),
    def<hamming>(
        "hamming_window(int window_length, bool periodic=True, float alpha=0.54, float beta=0.46, " OPTIONS,
        kFunction, "alpha - beta cos(2π n / N)"),
    def<blackman>("blackman_window(int window_length, bool periodic=True, " OPTIONS, kFunction,
                  "0.42 - 0.5 cos(2π n / N) + 0.08 cos(4π n / N)"),
    def<bartlett>("bartlett_window(int window_length, bool periodic=True, " OPTIONS, kFunction,
                  "A triangle: 1 - |2n / N - 1|"),
    def<kaiser>("kaiser_window(int window_length, bool periodic=True, float beta=12.0, " OPTIONS, kFunction,
                "I₀(beta √(1 - (2n / N - 1)²)) / I₀(beta)"),
};

}  // namespace

}  // namespace adjoint::ops
