// poisson: counts at given rates.
#include <cmath>
#include "autograd/door.h"
#include "device/generator.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

// Transformed rejection (W. Hoermann, 1993, algorithm PTRS), for rates of at least 10.
double by_rejection(double rate, Generator& g) {
  double root = std::sqrt(rate), log_rate = std::log(rate);
  double b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double u = random::uniform<double>(g) - 0.5, v = random::uniform<double>(g);
    double us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    double log_v = std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b);
    if (log_v <= -rate + k * log_rate - std::lgamma(k + 1)) return k;
  }
}

// Events until the product of uniform numbers falls below `bound`, exp(-rate).
double by_product(double rate, double bound, Generator& g) {
  if (rate == 0) return 0;
  double product = 1;
  for (double count = 0;; ++count) {
    product *= random::uniform<double>(g);
    if (!(product > bound)) return count;
  }
}

struct Poisson {
  static constexpr const char *name = "poisson", *node = "PoissonBackward0";
  Generator* generator;
  Tensor forward(const Tensor& x) {
    if (!has_values(x)) return adjoint::empty(x->sizes(), x->dtype, x->device);
    HostElements<double> rates(raw::cast(x, Dtype::F64));
    HostTensor<double> y(x->sizes());
    double last = 0, bound = 1;  // equal rates often follow each other
    for (int64_t i = 0; i < rates.size(); ++i) {
      double rate = rates[i];
      check(rate >= 0, "invalid Poisson rate, expected rate to be non-negative");
      if (rate != last && rate < 10) last = rate, bound = std::exp(-rate);
      y[i] = rate >= 10 ? by_rejection(rate, *generator) : by_product(rate, bound, *generator);
    }
    return raw::cast(y.on(x->device), x->dtype);
  }
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = zeros_like(b.grad()); }
};

Tensor poisson(const Tensor& x, Generator* g) {
  if (!is_floating(x->dtype)) fail_dtype("poisson_cpu", x->dtype);
  return apply(Poisson{&generator_or_default(g)}, x);
}

[[maybe_unused]] const auto defs = {
    def<poisson>("poisson(Tensor self, Generator? generator=None) -> Tensor", kFunction,
                 "A count for each element, Poisson-distributed with that rate."),
};

}  // namespace

}  // namespace adjoint::ops
