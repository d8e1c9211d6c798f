// Numbers drawn from gamma, Dirichlet and binomial distributions, one stream of PyTorch's for the same seed.
#include <cmath>
#include <limits>
#include "autograd/door.h"
#include "device/generator.h"
#include "device/host_values.h"
#include "ops/formula.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

// G. Marsaglia and W. Tsang, A simple method for generating gamma variables, 2000; below 1 by a power of a uniform number.
// What PyTorch works out of the shape is worked out in its type, and some numbers are floats: so its stream has them.
template <class T> double draw_gamma(T shape, Generator& g) {
  if (shape == 0) return 0;
  double scale = 1;
  if (shape < 1) scale = std::pow(1 - random::uniform<double>(g), double(1 / shape)), shape += 1;
  const double d = shape - T(1.0f / 3), c = 1 / std::sqrt(9 * d), squeeze = 0.0331f;
  for (;;) {
    double x, y;
    do {
      x = random::normal(g);
      y = 1 + c * x;
    } while (y <= 0);
    const double v = y * y * y, u = 1 - random::uniform<double>(g), x2 = x * x;
    if (u < 1 - squeeze * x2 * x2 || std::log(u) < 0.5 * x2 + d * (1 - v + std::log(v))) return scale * d * v;
  }
}

// Samples are positive, as far as the type can say so.
double least_of(Dtype d) {
  return d == Dtype::F64   ? std::numeric_limits<double>::min()
         : d == Dtype::F16 ? std::ldexp(1.0, -14)
                           : double(std::numeric_limits<float>::min());
}
double epsilon_of(Dtype d) {
  return d == Dtype::F64    ? std::ldexp(1.0, -52)
         : d == Dtype::F32  ? std::ldexp(1.0, -23)
         : d == Dtype::BF16 ? std::ldexp(1.0, -7)
                            : std::ldexp(1.0, -10);
}

void check_shapes(const HostElements<double>& shapes, const char* name) {
  for (double s : shapes)
    check(!(s < 0) && !std::isinf(s), name, ": parameters must be finite and not negative, got ", s);
}

struct StandardGamma {
  static constexpr const char *name = "_standard_gamma", *node = "StandardGammaBackward0";
  Generator* generator;
  SavedTensor self = {}, result = {};
  Tensor forward(const Tensor& x) {
    if (!has_values(x)) return adjoint::empty(x->sizes(), x->dtype, x->device);
    HostElements<double> shapes(raw::cast(x, Dtype::F64));
    check_shapes(shapes, name);
    HostTensor<double> y(x->sizes());
    for (int64_t i = 0; i < shapes.size(); ++i)
      y[i] = std::max(least_of(x->dtype), x->dtype == Dtype::F64 ? draw_gamma(shapes[i], *generator)
                                                                 : draw_gamma(float(shapes[i]), *generator));
    return raw::cast(y.on(x->device), x->dtype);
  }
  static constexpr const char* rule = "gx = g · ∂y/∂x, its quantile held";
  void vjp(Backward& b) {
    Tensor x = self.get(b.node), y = result.get(b.node);
    b.gx[0] = mul(b.grad(), pointwise(formula<"_standard_gamma_grad">, {x, y}));
  }
  void fields(auto& f) { f("result", result, output(0)), f("self", self, input(0)); }
};

// Gamma numbers over their sum, a row each.
struct SampleDirichlet {
  static constexpr const char *name = "_sample_dirichlet", *node = "SampleDirichletBackward0";
  Generator* generator;
  SavedTensor self = {}, result = {};
  Tensor forward(const Tensor& x) {
    if (!has_values(x)) return adjoint::empty(x->sizes(), x->dtype, x->device);
    HostElements<double> shapes(raw::cast(x, Dtype::F64));
    check_shapes(shapes, name);
    HostTensor<double> y(x->sizes());
    const int64_t n = x->size(x->ndim - 1);
    const double least = least_of(x->dtype), most = 1 - epsilon_of(x->dtype);
    for (int64_t row = 0; row < shapes.size(); row += n) {
      double total = 0;
      for (int64_t i = row; i < row + n; ++i) total += y[i] = draw_gamma(shapes[i], *generator);
      for (int64_t i = row; i < row + n; ++i) y[i] = std::min(std::max(y[i] / total, least), most);
    }
    return raw::cast(y.on(x->device), x->dtype);
  }
  static constexpr const char* rule = "gx = (g - Σ y g) · ∂y/∂x, quantiles held";
  void vjp(Backward& b) {
    Tensor x = self.get(b.node), y = result.get(b.node), g = b.grad();
    Tensor total = expand(sum(x, Dims{-1}, true), x->sizes());
    Tensor shift = pointwise(formula<"_dirichlet_grad">, {y, x, total});
    b.gx[0] = mul(shift, sub(g, sum(mul(y, g), Dims{-1}, true)));
  }
  void fields(auto& f) { f("result", result, output(0)), f("self", self, input(0)); }
};

// --- binomial ---

// Failures until the count is used up: geometric gaps between successes.
double binomial_by_gaps(double count, double p, Generator& g) {
  const double log_q = std::log1p(-p);
  double used = 0;
  for (double successes = 0;; ++successes) {
    used += std::ceil(std::log(random::uniform<double>(g)) / log_q);
    if (used > count) return successes;
  }
}

// log k! - Stirling's formula for it, at k.
double stirling_rest(double k) {
  static const double small[] = {
      0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
      0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
  if (k <= 9) return small[int(k)];
  const double r = 1 / ((k + 1) * (k + 1));
  return (1. / 12 - (1. / 360 - 1. / 1260 * r) * r) / (k + 1);
}

// Transformed rejection with squeeze (W. Hoermann, 1993, algorithm BTRS), for count · p of at least 10.
double binomial_by_rejection(double count, double p, Generator& g) {
  const double spread = std::sqrt(count * p * (1 - p)), b = 1.15 + 2.53 * spread,
               a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = count * p + 0.5, vr = 0.92 - 4.2 / b, r = p / (1 - p), alpha = (2.83 + 5.1 / b) * spread;
  const double m = std::floor((count + 1) * p);
  for (;;) {
    const double u = random::uniform<double>(g) - 0.5, v = random::uniform<double>(g),
                 us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + c);
    if (k < 0 || k > count) continue;
    if (us >= 0.07 && v <= vr) return k;
    const double bound = (m + 0.5) * std::log((m + 1) / (r * (count - m + 1))) +
                         (count + 1) * std::log((count - m + 1) / (count - k + 1)) +
                         (k + 0.5) * std::log(r * (count - k + 1) / (k + 1)) + stirling_rest(m) +
                         stirling_rest(count - m) - stirling_rest(k) - stirling_rest(count - k);
    if (std::log(v * alpha / (a / (us * us) + b)) <= bound) return k;
  }
}

double draw_binomial(double count, double p, Generator& g) {
  if (!(count > 0) || p <= 0) return std::isnan(count) || std::isnan(p) ? std::nan("") : 0;
  if (p >= 1) return count;
  if (std::isnan(p)) return p;
  const double q = std::min(p, 1 - p);
  const double k = count * q >= 10 ? binomial_by_rejection(count, q, g) : binomial_by_gaps(count, q, g);
  return p <= 0.5 ? k : count - k;
}

struct Binomial {
  static constexpr const char *name = "binomial", *node = "BinomialBackward0";
  Generator* generator;
  Tensor forward(const Tensor& count, const Tensor& p) {
    if (!has_values(count)) return adjoint::empty(count->sizes(), count->dtype, count->device);
    HostElements<double> counts(raw::cast(count, Dtype::F64)), ps(raw::cast(p, Dtype::F64));
    HostTensor<double> y(count->sizes());
    for (int64_t i = 0; i < counts.size(); ++i) {
      check(counts[i] >= 0 && !std::isinf(counts[i]),
            "binomial: counts must be finite and not negative, got ", counts[i]);
      check(!(ps[i] < 0) && !(ps[i] > 1), "binomial: probabilities must be from 0 to 1, got ", ps[i]);
      y[i] = draw_binomial(counts[i], ps[i], *generator);
    }
    return raw::cast(y.on(count->device), count->dtype);
  }
  static constexpr const char* rule = "gcount = 0; gprob = 0";
  void vjp(Backward& b) {
    for (int i = 0; i < 2; ++i)
      if (b.needs(i)) b.gx[i] = zeros_like(b.grad());
  }
};

Tensor standard_gamma(const Tensor& x, Generator* g) {
  if (!is_floating(x->dtype)) fail_dtype("gamma", x->dtype);
  return apply(StandardGamma{&generator_or_default(g)}, x);
}
Tensor sample_dirichlet(const Tensor& x, Generator* g) {
  if (!is_floating(x->dtype)) fail_dtype("dirichlet", x->dtype);
  check(x->ndim > 0, "_sample_dirichlet: a number has no categories; give a vector of parameters");
  return apply(SampleDirichlet{&generator_or_default(g)}, x);
}
Tensor binomial(const Tensor& count, const Tensor& prob, Generator* g) {
  if (!is_floating(count->dtype)) fail_dtype("binomial_cpu", count->dtype);
  check(count->dtype == prob->dtype, "expected scalar type ", label_of(count->dtype), " but found ",
        label_of(prob->dtype));
  const Tensor both[] = {count, prob};
  std::vector<Tensor> wide = broadcast_tensors(both);
  return apply(Binomial{&generator_or_default(g)}, wide[0], wide[1]);
}

[[maybe_unused]] const auto defs = {
    def<standard_gamma>("_standard_gamma(Tensor self, Generator? generator=None) -> Tensor", kFunction,
                        "A number for each element, of the gamma distribution of that shape and scale 1."),
    def<sample_dirichlet>(
        "_sample_dirichlet(Tensor self, Generator? generator=None) -> Tensor", kFunction,
        "A point of the simplex for each row, of the Dirichlet distribution of those parameters."),
    def<binomial>("binomial(Tensor count, Tensor prob, Generator? generator=None) -> Tensor", kFunction,
                  "The number of successes among `count` trials of probability `prob`."),
};

}  // namespace

}  // namespace adjoint::ops
