// Activations with a gate or with chance: glu, rrelu, gumbel_softmax.
#include "autograd/door.h"
#include "device/generator.h"
#include "device/host_values.h"
#include "ops/pointwise_node.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

// The first half along a dimension times the sigmoid of the second.
struct Glu {
  static constexpr const char *name = "glu", *node = "GluBackward0";
  int64_t dim;
  SavedTensor x_ = {};
  static std::pair<Tensor, Tensor> halves(const Tensor& x, int64_t dim) {
    const int64_t n = x->size(int(dim)) / 2;
    return {ops::narrow(x, dim, 0, n), ops::narrow(x, dim, n, n)};
  }
  static const PointwiseOp& gate() { return formula<"glu">; }
  Tensor forward(const Tensor& x) {
    NoGrad off;
    const auto [a, b] = halves(x, dim);
    return pointwise(gate(), {a, b});
  }
  static constexpr const char* rule = "gx = [g·sigmoid(b), g·a·sigmoid(b)·sigmoid(−b)], x = [a, b]";
  void vjp(Backward& w) {
    const Tensor x = x_.get(w.node);
    const Tensor& g = w.grad();
    const auto [a, b] = halves(x, dim);
    if (!grad_enabled()) return void(w.gx[0] = fused(g, x, a, b));
    const V operands[] = {V(a), V(b)};
    const Tensor parts[] = {gate().pull[0].tensors(V(g), V(), operands).tensor,
                            gate().pull[1].tensors(V(g), V(), operands).tensor};
    w.gx[0] = ops::cat(parts, dim);
  }
  // Both parts into their places.
  Tensor fused(const Tensor& g, const Tensor& x, const Tensor& a, const Tensor& b) const {
    using namespace pointwise_detail;
    const Tensor gx = empty(x->sizes(), x->dtype, x->device);
    const auto [ga, gb] = halves(gx, dim);
    const auto compute = Compute(compute_of(gate(), x->dtype));
    const Operand for_a[] = {g, b}, for_b[] = {g, a, b};
    run_loop({gate().kernels, compute, 0}, ga, kKernelType[compute], kKernelType[compute], for_a, -1);
    run_loop({gate().kernels, compute, 1}, gb, kKernelType[compute], kKernelType[compute], for_b, -1);
    return gx;
  }
  void fields(auto& f) {
    f("dim", dim);
    f("self", x_, input(0));
  }
};
Tensor glu(const Tensor& x, int64_t dim) {
  check(x->ndim > 0, "glu does not support scalars because halving size must be even");
  dim = wrap_dim(dim, x->ndim);
  const int64_t n = x->size(int(dim));
  check(n % 2 == 0, "Halving dimension must be even, but dimension ", dim, " is size ", n);
  if (!is_floating(x->dtype)) fail_dtype("glu_cpu", x->dtype);
  return apply(Glu{dim}, x);
}

// A slope for each element that is not positive, drawn in order; 1 for the others.
Tensor slopes(const Tensor& x, double lower, double upper, Generator& g) {
  if (!has_values(x)) return empty(x->sizes(), x->dtype, x->device);
  const Tensor wide = raw::cast(x, Dtype::F64);
  const HostElements<double> at(wide);
  HostTensor<double> slope(x->sizes());
  for (int64_t i = 0; i < at.size(); ++i)
    slope[i] = at[i] <= 0 ? random::uniform<double>(g, lower, upper) : 1;
  return raw::cast(slope.on(x->device), x->dtype);
}
Tensor rrelu(const Tensor& x, const Scalar& lower, const Scalar& upper, bool training, Generator* g,
             const Dest& dest) {
  const double low = lower.to_double(), high = upper.to_double();
  check(low <= high, "Lower bound should be less than or equal to the upper bound");
  if (!is_floating(x->dtype)) fail_dtype("leaky_relu_cpu", x->dtype);
  if (!training)
    return pointwise(formula_as<"leaky_relu", "RreluWithNoiseBackward0">, {x, (low + high) / 2}, dest);
  return pointwise(formula_as<"mul", "RreluWithNoiseBackward0">,
                   {x, slopes(x, low, high, generator_or_default(g))}, dest);
}
Tensor nn_rrelu(const Tensor& x, const Scalar& lower, const Scalar& upper, bool training, bool inplace) {
  return rrelu(x, lower, upper, training, nullptr, inplace ? Dest{&x, true, "rrelu_"} : Dest{});
}
Tensor plain_rrelu(const Tensor& x, const Scalar& lower, const Scalar& upper, bool training, Generator* g) {
  return rrelu(x, lower, upper, training, g, {});
}
Tensor rrelu_(const Tensor& x, const Scalar& lower, const Scalar& upper, bool training, Generator* g) {
  return rrelu(x, lower, upper, training, g, Dest{&x, true, "rrelu_"});
}

// softmax((logits + Gumbel noise) / tau), or its largest element as a one-hot vector, with the gradient of the former
// (Jang, Gu and Poole 2017; Maddison, Mnih and Teh 2017).
Tensor gumbel_softmax(const Tensor& logits, const Scalar& tau, bool hard, double eps, int64_t dim) {
  if (eps != 1e-10 && host.warn) host.warn("`eps` parameter is deprecated and has no effect.");
  check(
      is_floating(logits->dtype),
      "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you "
      "specified ",
      label_of(logits->dtype));
  Tensor noise = empty(logits->sizes(), logits->dtype, logits->device);
  {
    NoGrad off;
    if (noise->numel) backend(noise).draw({Draw::Exponential, 1}, *noise, generator_or_default(nullptr));
    noise = ops::neg(ops::log(noise));
  }
  const Tensor y = ops::softmax(ops::div(ops::add(logits, noise), tau), dim);
  if (!hard) return y;
  Tensor picked;
  {
    NoGrad off;
    const Tensor at = ops::max(y, dim, true).second;
    picked = zeros(logits->sizes(), y->dtype, y->device);
    picked = ops::scatter(picked, dim, at, full(at->sizes(), 1, y->dtype, y->device));
  }
  return ops::add(ops::sub(picked, detach(y)), y);
}

#define BOUNDS "Tensor self, Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False"

[[maybe_unused]] const auto definitions = {
    def<glu>("glu(Tensor self, int dim=-1) -> Tensor", kNN, "a · sigmoid(b), the halves of self along dim."),
    def<nn_rrelu>(
        "rrelu(" BOUNDS ", bool inplace=False) -> Tensor", kNN,
        "self where positive, else self times a slope: drawn from [lower, upper] in training, or their mean."),
    def<plain_rrelu>("rrelu(" BOUNDS ", Generator? generator=None) -> Tensor", kFunction),
    def<rrelu_>("rrelu_(" BOUNDS ", Generator? generator=None) -> Tensor", kFunction | kNN,
                "rrelu over its input."),
    def<gumbel_softmax>(
        "gumbel_softmax(Tensor logits, Scalar tau=1, bool hard=False, float eps=1e-10, int dim=-1) -> Tensor",
        kNN,
        "softmax of logits and Gumbel noise, divided by tau: samples of categories that have a gradient."),
};

}  // namespace
}  // namespace adjoint
