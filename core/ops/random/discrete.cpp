// bernoulli and multinomial: choices by given probabilities.
#include <cmath>
#include <limits>
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "device/generator.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct BernoulliInplace {
  const char* node;
  static constexpr const char* name = "bernoulli_";
  Dims p;
  static constexpr const char* rule = "gx = 0; gp = 0";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = zeros_like(b.grad());
    if (b.needs(1)) b.gx[1] = adjoint::zeros(p, b.grad()->dtype, b.grad()->device);
  }
};
// x[i] = u < p[i], with p broadcast; a float draw for float probabilities, a double draw for doubles.
void draw(const Tensor& x, const Tensor& p0, Generator& g) {
  if (!has_values(x)) return;
  Tensor p = adjoint::empty(x->sizes(), p0->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32, p0->device);
  raw::copy(p, p0);
  auto sample = [&]<class P>(P*) {
    HostElements<P> at(p);
    visit(x->dtype, [&]<class T>(T*) {
      if constexpr (std::is_convertible_v<T, double>) {
        HostTensor<T> y(x->sizes());
        for (int64_t i = 0; i < at.size(); ++i) {
          check(at[i] >= 0 && at[i] <= 1,
                "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be "
                "improved?  "
                "If so, please report an enhancement request to PyTorch.)");
          y[i] = T(float(random::uniform<P>(g) < at[i]));
        }
        raw::copy(x, y.on(x->device));
      }
    });
  };
  if (p->dtype == Dtype::F64)
    sample((double*)nullptr);
  else
    sample((float*)nullptr);
}

struct Bernoulli {
  static constexpr const char *name = "bernoulli", *node = "BernoulliBackward0";
  Generator* generator;
  Tensor forward(const Tensor& p) {
    Tensor y = empty_like_strides(p, p->dtype);
    draw(y, p, generator_or_default(generator));
    return y;
  }
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = zeros_like(b.grad()); }
};

Tensor bernoulli_by_(const Tensor& x, const Tensor& p, Generator* g) {
  if (!is_floating(p->dtype)) fail_dtype("bernoulli_tensor_cpu_p_", p->dtype);
  return apply_inplace(
      BernoulliInplace{"BernoulliBackward1", p->sizes()}, x, "bernoulli_",
      [&] { draw(x, p, generator_or_default(g)); }, p);
}
Tensor bernoulli(const Tensor& p, Generator* g) {
  if (!is_floating(p->dtype)) fail_dtype("bernoulli_tensor_cpu_p_", p->dtype);
  return apply(Bernoulli{g}, p);
}
Tensor bernoulli_number(const Tensor& x, double p, Generator* g) {
  return bernoulli_(empty_like_strides(x, x->dtype), p, g);
}

// Running sums of weights times scale, divided by the whole. Is the whole finite?
template <class T> bool accumulate(const T* p, double scale, std::vector<T>& cumulative) {
  std::conditional_t<sizeof(T) == 8, double, float> sum = 0;
  for (size_t i = 0; i < cumulative.size(); ++i) cumulative[i] = T(sum = T(sum + T(p[i] * T(scale))));
  check(sum > 0, "invalid multinomial distribution (sum of probabilities <= 0)");
  for (T& c : cumulative) c = T(c / sum);
  return std::isfinite(double(sum));
}

// By inversion of the cumulative distribution, a double draw a sample.
template <class T> void with_replacement(const T* p, int64_t n, int64_t samples, int64_t* out, Generator& g) {
  for (int64_t i = 0; i < n; ++i) {
    check(p[i] >= T(0.0f), "invalid multinomial distribution (encountering probability entry < 0)");
    check(std::isfinite(double(p[i])),
          "invalid multinomial distribution (encountering probability entry = infinity or NaN)");
  }
  std::vector<T> cumulative(static_cast<size_t>(n));
  if (!accumulate(p, 1, cumulative)) accumulate(p, std::ldexp(1.0, -std::ilogb(double(n)) - 1), cumulative);
  cumulative.back() = T(1.0f);
  int64_t last = n - 1;
  while (p[last] == T(0.0f)) --last;
  for (int64_t k = 0; k < samples; ++k) {
    double u = random::uniform<double>(g);
    int64_t i =
        std::partition_point(cumulative.begin(), cumulative.end(), [u](T c) { return double(c) < u; }) -
        cumulative.begin();
    while (i < last && p[i] == T(0.0f)) ++i;  // u = 0, or the sums end in rounding: never a weight of 0
    out[k] = std::min(i, last);
  }
}

// Without replacement: the largest p / q with q exponential.
Tensor by_race(const Tensor& p, int64_t samples, Generator& g) {
  Tensor sane = logical_and(lt(p, Scalar(std::numeric_limits<double>::infinity())), ge(p, 0));
  check(item(all(sane)).to_bool(), "probability tensor contains either `inf`, `nan` or element < 0");
  Tensor none = eq(p, 0), positive = sum(logical_not(none), Dims{-1});
  check(!item(any(eq(positive, 0))).to_bool(),
        "invalid multinomial distribution (sum of probabilities <= 0)");
  check(
      !item(any(lt(positive, Scalar(samples)))).to_bool(),
      "invalid multinomial distribution (with replacement=False, not enough non-negative category to sample)");
  Tensor q = empty_like_strides(p, p->dtype);  // PyTorch draws in the order of memory
  backend(q).draw({Draw::Exponential, 1}, *q, g);
  q = masked_fill(div(p, q), none, -1);  // below quotients that underflow, and 0 / 0
  if (samples == 1) return argmax(q, -1, true);
  return contiguous(narrow(sort(q, -1, true).second, -1, 0, samples));
}

Tensor multinomial(const Tensor& p0, int64_t samples, bool replacement, Generator* gen) {
  check(p0->ndim > 0 && p0->ndim <= 2, "prob_dist must be 1 or 2 dim");
  check(is_floating(p0->dtype),
        "multinomial only supports floating-point dtypes for input, got: ", label_of(p0->dtype));
  check(samples > 0, "cannot sample n_sample <= 0 samples");
  int64_t n = p0->size(p0->ndim - 1);
  check(replacement || samples <= n,
        "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  check(n <= int64_t(1) << 24, "number of categories cannot exceed 2^24");
  Dims shape(p0->sizes());
  shape.back() = samples;
  if (!has_values(p0)) return adjoint::empty(shape, Dtype::I64, p0->device);
  NoGrad off;
  Tensor p = detach(p0);
  Generator& g = generator_or_default(gen);
  if (!replacement || samples == 1) return by_race(p, samples, g);
  HostTensor<int64_t> y(shape);
  int64_t rows = p->ndim == 2 ? p->size(0) : 1;
  visit(p->dtype, [&]<class T>(T*) {
    if constexpr (std::is_convertible_v<T, double> && !std::is_integral_v<T>) {
      HostElements<T> weights(p);
      for (int64_t r = 0; r < rows; ++r)
        with_replacement<T>(weights.data() + r * n, n, samples, y.data() + r * samples, g);
    }
  });
  return y.on(p->device);
}

}  // namespace

#define GEN "*, Generator? generator=None) -> Tensor"

[[maybe_unused]] static const auto defs = {
    def<bernoulli>("bernoulli(Tensor self, " GEN, kBoth | kOut, "1 with probability self, else 0."),
    def<bernoulli_number>("bernoulli(Tensor self, float p, " GEN, kBoth, "1 with probability p, else 0."),
    def<bernoulli_by_>("bernoulli_(Tensor self, Tensor p, " GEN, kMethod,
                       "1 with probability p, else 0, in place."),
    def<[](const Tensor& x, double p, Generator* g) { return bernoulli_(x, p, g); }>(
        "bernoulli_(Tensor self, float p=0.5, " GEN, kMethod, "1 with probability p, else 0, in place."),
    def<multinomial>("multinomial(Tensor self, int num_samples, bool replacement=False, " GEN, kBoth | kOut,
                     "Positions drawn by the weights in each row."),
};

}  // namespace adjoint::ops
