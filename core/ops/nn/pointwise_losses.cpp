// Losses of one element and its target each: squared, smooth absolute, binary cross entropy ... Their sum or mean is
// one node, and their values never lie in memory: a device runs the formula (ops/pointwise/losses.isa.cpp) block by
// block. Without a reduction they are pointwise operations like others.
#include <string>
#include "device/host_values.h"
#include "device/nn/loss.h"
#include "ops/nn/reduction.h"
#include "ops/ops.h"
#include "ops/pointwise_node.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

using pointwise_detail::compute_of, pointwise_detail::kKernelType, pointwise_detail::run_loop;

// A formula that is summed. Its operands are tensors, some of which are optional, and then perhaps a number.
struct Loss {
  const Formula& formula;
  std::string mean_rule, sum_rule;  // a sum's is the mean's without its "/n"
  const char* last;                 // the number's name
  Loss(const Formula& f, std::string rule, const char* number = nullptr)
      : formula(f), mean_rule(rule), sum_rule(std::move(rule)), last(number) {
    for (size_t at; (at = sum_rule.find("/n")) != std::string::npos;) sum_rule.erase(at, 2);
  }
  const PointwiseOp& op() const { return formula; }
};

// A dense operand as the loop takes it. One element may go with all.
const TensorImpl* dense(const Tensor& x, Ints sizes, Dtype kernel, Tensor& held) {
  if (x->dtype == kernel && (x->numel == 1 || (x->contiguous() && equal(x->sizes(), sizes)))) return x.get();
  held = raw::cast(x, kernel);
  if (held->numel != 1) {
    if (!equal(held->sizes(), sizes)) {
      NoGrad off;
      held = ops::expand(held, sizes);
    }
    held = raw::contiguous(held);
  }
  return held.get();
}

Tensor total(const PointwiseOp& op, std::span<const Operand> xs, Ints sizes, bool mean) {
  const Tensor& x = *xs[0].tensor;
  const auto compute = Compute(compute_of(op, x->dtype));
  const Dtype kernel = kKernelType[compute];
  Tensor held[kMaxOperands];
  LoopOperand operands[kMaxOperands];
  for (size_t k = 0; k < xs.size(); ++k) {
    operands[k].kernel = kernel;
    operands[k].tensor = xs[k].is_tensor() ? dense(*xs[k].tensor, sizes, kernel, held[k]) : nullptr;
    if (!operands[k].tensor) xs[k].scalar.store(operands[k].number, kernel);
  }
  Tensor y = empty(Ints(), kernel, x->device);
  backend(y).loss->total({op.kernels, compute}, {operands, xs.size()}, numel_of(sizes), mean, *y);
  return raw::cast(y, x->dtype);
}

// The sum, or mean, over all elements; kTensors of the formula's operands are tensors, or 1 where they are absent. All
// have one type.
template <int kTensors> struct ReducedLoss {
  const Loss* loss;
  const char *name, *node;
  Reduce reduction;
  double number;  // the last operand's
  Dims sizes = {};
  SavedTensor x_ = {}, target_ = {}, weight_ = {}, pos_weight_ = {};

  Operand absent(int k) const { return k < kTensors ? Operand(1.0) : Operand(number); }
  template <class... T> Tensor forward(const T&... x) {
    Operand operands[kMaxOperands] = {absent(0), absent(1), absent(2), absent(3)};
    int k = 0;
    ((x ? void(operands[k++] = Operand(x)) : void(++k)), ...);
    return total(loss->op(), {operands, size_t(loss->op().arity)}, sizes, reduction == Reduce::Mean);
  }
  const char* rule() const { return (reduction == Reduce::Mean ? loss->mean_rule : loss->sum_rule).c_str(); }

  void vjp(Backward& b) {
    Tensor x[kMaxOperands] = {x_.get(b.node), target_.get(b.node)};
    if constexpr (kTensors > 2) x[2] = weight_.get(b.node);
    if constexpr (kTensors > 3) x[3] = pos_weight_.get(b.node);
    const Tensor& cotangent = b.grad();
    const double count = double(std::max<int64_t>(numel_of(sizes), 1));
    const Tensor g = reduction == Reduce::Mean ? ops::div(cotangent, count) : cotangent;
    for (int i = 0; i < kTensors; ++i)
      if (b.needs(i)) b.gx[i] = grad_enabled() ? recorded(g, x, i) : fused(g, x, i);
  }
  Tensor recorded(const Tensor& g, const Tensor* x, int i) const {
    V operands[kMaxOperands];
    for (int k = 0; k < loss->op().arity; ++k) operands[k] = x[k] ? V(x[k]) : V(absent(k).scalar);
    Tensor r = loss->op().pull[i].tensors(V(g), V(), operands).tensor;
    return ops::sum_to(equal(r->sizes(), sizes) ? r : ops::expand(r, sizes), x[i]->sizes());
  }
  Tensor fused(const Tensor& g, const Tensor* x, int i) const {
    const PointwiseOp& op = loss->op();
    Operand operands[kMaxOperands + 1] = {g, 0, 0, 0, 0};
    size_t n = 1;
    for (int k = 0; k < op.arity; ++k)
      if (op.pull[i].reads >> k & 1) operands[n++] = x[k] ? Operand(x[k]) : absent(k);
    const auto compute = Compute(compute_of(op, x[0]->dtype));
    const Dtype kernel = kKernelType[compute];
    Tensor out = equal(x[0]->sizes(), sizes) ? empty_like_strides(x[0], x[0]->dtype)
                                             : empty(sizes, x[0]->dtype, x[0]->device);
    run_loop({op.kernels, compute, i}, out, kernel, kernel, {operands, n}, -1);
    return ops::sum_to(out, x[i]->sizes());
  }
  void fields(auto& f) {
    f("reduction", int64_t(reduction));
    if (loss->last) f(loss->last, number);
    f("self", x_, input(0));
    f("target", target_, input(1));
    if constexpr (kTensors > 2) f("weight", weight_, input(2));
    if constexpr (kTensors > 3) f("pos_weight", pos_weight_, input(3));
  }
};

// All in the type that they have together, which is what pointwise operations do, too.
template <class... T> auto promoted(const T&... x) {
  std::array<Tensor, sizeof...(T)> xs{x...};
  bool alike = true;
  for (const Tensor& t : xs) alike &= !t || t->dtype == xs[0]->dtype;
  if (alike) return xs;
  ResultType type;
  ((x ? type.add(x) : void()), ...);
  for (Tensor& t : xs)
    if (t && t->dtype != type.get()) t = ops::to(t, type.get());
  return xs;
}

template <class... T> Tensor run(const Loss& loss, Reduce how, double number, const T&... x) {
  constexpr int kTensors = int(sizeof...(T));
  const PointwiseOp& op = loss.op();
  auto in = promoted(x...);
  if (!is_floating(in[0]->dtype))
    fail(ErrorKind::NotImplemented, "\"", op.kernel ? op.kernel : op.name, "\" not implemented for '",
         label_of(in[0]->dtype), "'");
  if (how == Reduce::None) {
    Operand operands[kMaxOperands] = {number, number, number, number};
    for (int k = 0; k < kTensors; ++k) operands[k] = in[size_t(k)] ? Operand(in[size_t(k)]) : Operand(1.0);
    return pointwise(op, {operands, size_t(op.arity)});
  }
  Dims sizes(in[0]->sizes());
  for (const Tensor& t : in)
    if (t && !equal(t->sizes(), sizes)) sizes = broadcast_shapes(sizes, t->sizes());
  ReducedLoss<kTensors> node{&loss, op.name.c_str(), op.node.c_str(), how, number, sizes};
  return std::apply([&](const auto&... t) { return apply(std::move(node), t...); }, in);
}

const Loss kMse{formula<"mse_loss">, "gx = 2·g·(x − target)/n; gtarget = −gx"},
    kSmoothL1{formula<"smooth_l1_loss">, "gx = g·clamp((x − target)/beta, −1, 1)/n; gtarget = −gx", "beta"},
    kHuber{formula<"huber_loss">, "gx = g·clamp(x − target, −delta, delta)/n; gtarget = −gx", "delta"},
    kSoftMargin{formula<"soft_margin_loss">,
                "gx = −g·target·sigmoid(−target·x)/n; gtarget = −g·x·sigmoid(−target·x)/n"},
    kBce{formula<"binary_cross_entropy">,
         "gx = g·weight·(x − target)/(x·(1 − x))/n; gtarget = g·weight·log((1 − x)/x)/n"},
    kBceLogits{formula<"binary_cross_entropy_with_logits">,
               "gx = g·weight·(sigmoid(x) − target)/n; gtarget = −g·weight·x/n"};

using OptBool = std::optional<bool>;

Reduce weighted_reduction(std::string_view name) {
  if (name == "none" || name == "mean" || name == "sum") return reduction_of(name);
  fail(ErrorKind::Value, "Invalid reduction mode: ", name, ". Expected one of 'none', 'mean', 'sum'.");
}
std::string_view legacy(std::string_view name, OptBool size_average, OptBool reduce) {
  if (!size_average && !reduce) return name;
  constexpr std::string_view names[] = {"none", "mean", "sum"};
  return names[int(reduction_of(name, size_average, reduce))];
}
// Values with a weight each: PyTorch's mean divides by the sum of weights, except huber_loss's.
Tensor weighted(const Tensor& loss, const Tensor& x, const Tensor& weight, std::string_view reduction,
                bool by_weights) {
  check_as(same_sizes(*weight, *x), ErrorKind::Value, "Weights and input must have the same size.");
  const Tensor each = ops::mul(loss, weight);
  const Reduce how = weighted_reduction(reduction);
  if (how == Reduce::Mean && by_weights) return ops::div(ops::sum(each), ops::sum(weight));
  return reduced(each, how);
}

Tensor mse_loss(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
                std::string_view reduction, const Tensor& weight) {
  warn_sizes(x, target);
  if (weight)
    return weighted(ops::pow(ops::sub(x, target), 2), x, weight, legacy(reduction, size_average, reduce),
                    true);
  return run(kMse, reduction_of(reduction, size_average, reduce), 0, x, target);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
               std::string_view reduction, const Tensor& weight) {
  warn_sizes(x, target);
  if (!weight) {
    const Reduce how = reduction_of(reduction, size_average, reduce);
    return reduced(ops::abs(ops::sub(x, target)), how);
  }
  return weighted(ops::abs(ops::sub(x, target)), x, weight, legacy(reduction, size_average, reduce), true);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
                      std::string_view reduction, double beta) {
  warn_sizes(x, target);
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check(beta >= 0, "smooth_l1_loss does not support negative values for beta.");
  if (beta == 0) return reduced(ops::abs(ops::sub(x, target)), how);
  return run(kSmoothL1, how, beta, x, target);
}

Tensor huber_loss(const Tensor& x, const Tensor& target, std::string_view reduction, double delta,
                  const Tensor& weight) {
  warn_sizes(x, target);
  check(delta > 0, "huber_loss does not support non-positive values for delta.");
  if (!weight) return run(kHuber, reduction_of(reduction), delta, x, target);
  return weighted(run(kHuber, Reduce::None, delta, x, target), x, weight, reduction, false);
}

Tensor soft_margin_loss(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
                        std::string_view reduction) {
  return run(kSoftMargin, reduction_of(reduction, size_average, reduce), 0, x, target);
}

void check_probabilities(const Tensor& x, const char* what) {
  if (!is_floating(x->dtype) || x->numel == 0) return;
  const Tensor dense = raw::contiguous(x);
  if (const auto at = backend(x).loss->outside_unit(*dense))
    fail_with(str("the element at ", place_of(*x, *at), " is ",
                  item_at(*dense, dense->byte_offset + *at * int64_t(x->itemsize())).to_double()),
              ErrorKind::Runtime, "all elements of ", what, " should be between 0 and 1");
}

// Those of both, in the words of PyTorch's broadcast_shapes.
Dims weight_sizes(const TensorImpl& target, const TensorImpl& weight) {
  for (int i = 1; i <= std::min(target.ndim, weight.ndim); ++i) {
    const int64_t n = weight.size(weight.ndim - i), m = target.size(target.ndim - i);
    check(n == m || n == 1 || m == 1, "Attempting to broadcast a dimension of length ", n, " at ", -i,
          "! Mismatching argument at index 1 had torch.Size(", weight.sizes(),
          "); but expected shape should be broadcastable to ", target.sizes());
  }
  return broadcast_shapes(target.sizes(), weight.sizes());
}
Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, OptBool size_average,
                            OptBool reduce, std::string_view reduction) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check_as(same_sizes(*x, *target), ErrorKind::Value, "Using a target size (torch.Size(", target->sizes(),
           ")) that is different to the input size (torch.Size(", x->sizes(),
           ")) is deprecated. Please ensure they have the same size.");
  check_probabilities(x, "input");
  check_probabilities(target, "target");
  return run(kBce, how, 1, x, target, weight ? ops::expand(weight, weight_sizes(*target, *weight)) : weight);
}

Tensor bce_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight, const Tensor& pos_weight,
                       Reduce how) {
  return run(kBceLogits, how, 1, x, target, weight, pos_weight);
}
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight,
                                        OptBool size_average, OptBool reduce, std::string_view reduction,
                                        const Tensor& pos_weight) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check_as(same_sizes(*x, *target), ErrorKind::Value, "Target size (torch.Size(", target->sizes(),
           ")) must be the same as input size (torch.Size(", x->sizes(), "))");
  return bce_with_logits(x, target, weight, pos_weight, how);
}
Tensor bce_with_logits_numbered(const Tensor& x, const Tensor& target, const Tensor& weight,
                                const Tensor& pos_weight, int64_t reduction) {
  return bce_with_logits(x, target, weight, pos_weight, reduction_of(reduction));
}

#define LEGACY "bool? size_average=None, bool? reduce=None, str reduction='mean'"

[[maybe_unused]] const auto definitions = {
    def<mse_loss>("mse_loss(Tensor self, Tensor target, " LEGACY ", Tensor? weight=None) -> Tensor", kNN,
                  "The mean, or sum, of (input - target)²."),
    def<l1_loss>("l1_loss(Tensor self, Tensor target, " LEGACY ", Tensor? weight=None) -> Tensor", kNN,
                 "The mean, or sum, of |input - target|."),
    def<smooth_l1_loss>(
        "smooth_l1_loss(Tensor self, Tensor target, " LEGACY ", float beta=1.0) -> Tensor", kNN,
        "The mean, or sum, of d²/(2 beta) where d = |input - target| < beta, else d - beta/2."),
    def<huber_loss>(
        "huber_loss(Tensor self, Tensor target, str reduction='mean', float delta=1.0, Tensor? "
        "weight=None) -> Tensor",
        kNN, "The mean, or sum, of d²/2 where d = |input - target| <= delta, else delta (d - delta/2)."),
    def<soft_margin_loss>("soft_margin_loss(Tensor self, Tensor target, " LEGACY ") -> Tensor", kNN,
                          "The mean, or sum, of log(1 + exp(-target · input)); targets are 1 or -1."),
    def<binary_cross_entropy>(
        "binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, " LEGACY ") -> Tensor", kNN,
        "The mean, or sum, of -weight (target log(input) + (1 - target) log(1 - input)) of probabilities."),
    def<binary_cross_entropy_with_logits>(
        "binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, " LEGACY
        ", Tensor? pos_weight=None) -> Tensor",
        kNN, "binary_cross_entropy of sigmoid(input), in one pass that loses no digits."),
    def<bce_with_logits_numbered>(
        "binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, "
        "Tensor? pos_weight=None, int reduction=0) -> Tensor",
        kFunction),
};

}  // namespace
}  // namespace adjoint
