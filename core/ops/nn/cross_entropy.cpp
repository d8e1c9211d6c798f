// cross_entropy: log_softmax and nll_loss in one pass, of classes or of probabilities.
#include "autograd/door.h"
#include "ops/nn/classes.h"
#include "ops/promotion.h"

namespace adjoint {
namespace {

Dtype computed_in(Dtype x) { return x == Dtype::F64 ? Dtype::F64 : Dtype::F32; }

// Of classes: its node has the name of PyTorch's last operation.
struct CrossEntropy {
  static constexpr const char* name = "cross_entropy";
  const char* node;
  ClassPlan plan;
  SavedTensor target_, weight, norms, total;
  SavedTensor x_ = {};
  const char* rule() const {
    return plan.smoothing == 0
               ? "ginput = g·weight[target]·(softmax(input) − onehot(target))"
               : "ginput = g·(softmax(input)·sum(q) − q), q = weight·((1 − s)·onehot(target) + s/C)";
  }
  void vjp(Backward& b);
  void fields(auto& f) {
    f("input", x_, input(0));
    f("target", target_);
    f("weight", weight);
    f("norms", norms);
    f("total_weight", total);
    f("ignore_index", plan.ignored);
    f("label_smoothing", plan.smoothing);
  }
};

// Of probabilities, which have a gradient, too.
struct SoftCrossEntropy {
  static constexpr const char *name = "cross_entropy", *node = "CrossEntropyBackward0";
  ClassPlan plan;
  SavedTensor weight, norms, total;
  SavedTensor x_ = {}, target_ = {};
  static constexpr const char* rule =
      "ginput = g·(softmax(input)·sum(q) − q), q = weight·target; gtarget = −g·weight·log_softmax(input)";
  void vjp(Backward& b);
  void fields(auto& f) {
    f("input", x_, input(0));
    f("target", target_, input(1));
    f("weight", weight);
    f("norms", norms);
    f("total_weight", total);
    f("label_smoothing", plan.smoothing);
  }
};

// The rules in differentiable operations, over [outer, classes, inner].
struct Composed {
  const ClassPlan& p;
  Tensor x, w, log_p, g;  // g: [outer, 1, inner], of each row's loss
  Composed(const ClassPlan& plan, const Tensor& input, const Tensor& weight, const Tensor& total,
           const Tensor& cotangent)
      : p(plan) {
    const Dtype type = computed_in(input->dtype);
    x = ops::reshape(ops::to(input, type), Dims{p.outer, p.classes, p.inner});
    if (weight) w = ops::reshape(ops::to(weight, type), Dims{1, p.classes, 1});
    log_p = ops::log_softmax(x, 1);
    g = ops::to(cotangent, type);
    if (p.mean) g = ops::div(g, ops::to(ops::reshape(total, Dims{}), type));
    g = p.each ? ops::reshape(g, Dims{p.outer, 1, p.inner}) : ops::reshape(g, Dims{1, 1, 1});
  }
  Tensor rows(const Tensor& target) const { return ops::reshape(target, Dims{p.outer, 1, p.inner}); }
  // Rows that do not count have no cotangent, whatever the others' is (a mean over none).
  void ignore(const Tensor& target) {
    g = ops::masked_fill(ops::expand(g, Dims{p.outer, 1, p.inner}), ops::eq(rows(target), Scalar(p.ignored)),
                         0);
  }
  Tensor weighed(const Tensor& q) const { return w ? ops::mul(q, w) : q; }
  // q of probabilities, smoothed.
  Tensor smoothed(const Tensor& t) const {
    if (p.smoothing == 0) return weighed(t);
    return weighed(ops::add(ops::mul(t, 1 - p.smoothing), p.smoothing / double(p.classes)));
  }
  // Of classes: ones at them, zeros in rows that do not count.
  Tensor shares(const Tensor& target) const {
    NoGrad off;
    Tensor t = rows(target), ignored = ops::eq(t, Scalar(p.ignored)),
           c = ops::reshape(ops::arange(0, p.classes, 1, Dtype::I64, t->device), Dims{1, p.classes, 1}),
           one = ops::to(ops::eq(t, c), x->dtype), all = ops::mul(one, 1 - p.smoothing);
    if (p.smoothing != 0) all = ops::add(all, p.smoothing / double(p.classes));
    return ops::masked_fill(w ? ops::mul(all, w) : all, ignored, 0);
  }
  Tensor pull(const Tensor& q) const {
    const int64_t over[] = {1};
    return ops::mul(g, ops::sub(ops::mul(ops::exp(log_p), ops::sum(q, over, true)), q));
  }
};

template <class Op>
void fused_vjp(const Op& op, Backward& b, const Tensor& x, const Tensor& target, const Tensor& w, bool soft) {
  Tensor g = raw::contiguous(b.grad()), from = raw::contiguous(x), t = raw::contiguous(target), gx, gt;
  if (b.needs(0)) gx = empty(x->sizes(), x->dtype, x->device);
  if (soft && b.needs(1)) gt = empty(x->sizes(), x->dtype, x->device);
  backend(x).loss->cross_entropy_backward(op.plan, *g, *from, *t, w.get(), *op.norms.get(b.node),
                                          *op.total.get(b.node), gx.get(), gt.get());
  b.gx[0] = gx;
  if (soft) b.gx[1] = gt;
}

void CrossEntropy::vjp(Backward& b) {
  Tensor x = x_.get(b.node), t = target_.get(b.node), w = weight.get(b.node);
  if (!grad_enabled()) return fused_vjp(*this, b, x, t, w, false);
  Composed c(plan, x, w, total.get(b.node), b.grad());
  c.ignore(t);
  b.gx[0] = ops::to(ops::reshape(c.pull(c.shares(t)), x->sizes()), x->dtype);
}

void SoftCrossEntropy::vjp(Backward& b) {
  Tensor x = x_.get(b.node), t = target_.get(b.node), w = weight.get(b.node);
  if (!grad_enabled()) return fused_vjp(*this, b, x, t, w, true);
  const Composed c(plan, x, w, total.get(b.node), b.grad());
  auto as = [&](const Tensor& value) { return ops::to(ops::reshape(value, x->sizes()), x->dtype); };
  if (b.needs(0)) b.gx[0] = as(c.pull(c.smoothed(ops::reshape(ops::to(t, c.x->dtype), c.x->sizes()))));
  if (b.needs(1)) b.gx[1] = as(ops::mul(ops::mul(c.g, plan.smoothing - 1), c.weighed(c.log_p)));
}

struct Fused {
  Tensor y, norms, total;
};
Fused fused(const ClassPlan& p, const Tensor& x, const Tensor& target, const Tensor& w, Ints sizes) {
  Tensor dense = raw::contiguous(x), norms = empty(Dims{2, p.rows()}, computed_in(x->dtype), x->device),
         total = empty(Dims{1}, Dtype::F64, x->device), y = empty(sizes, x->dtype, x->device);
  backend(x).loss->cross_entropy(p, *dense, *target, w.get(), *norms, *total, *y);
  return {y, norms, total};
}
Tensor class_weight(const Tensor& w, Dtype x) {
  return w ? raw::contiguous(raw::cast(w, computed_in(x))) : Tensor();
}

void check_input(const Tensor& x) {
  if (!is_floating(x->dtype)) fail_dtype("log_softmax_lastdim_kernel_impl", x->dtype);
}

Tensor of_classes(const Tensor& x, const Tensor& target, const Tensor& weight, Reduce how, int64_t ignored,
                  double smoothing) {
  check_input(x);
  check_class_shapes(x, target, weight);
  ClassPlan p = class_plan(*x, how);
  p.ignored = ignored, p.smoothing = smoothing;
  Tensor t = checked_classes(target, p), w = class_weight(weight, x->dtype);
  Fused f = fused(p, x, t, w, loss_sizes(*x, how));
  const char* node = smoothing != 0 ? "CrossEntropyBackward0"
                     : x->ndim > 2  ? "NllLoss2DBackward0"
                                    : "NllLossBackward0";
  return apply_from(CrossEntropy{node, p, t, w, f.norms, f.total}, f.y, x);
}

// Where the weight of classes has a gradient, too.
Tensor composed_loss(const ClassPlan& p, const Tensor& x, const Tensor& target, const Tensor& weight,
                     Reduce how) {
  const int64_t channel = x->ndim > 1 ? 1 : 0;
  Dims sizes(int64_t(x->ndim), 1);
  sizes[channel] = p.classes;
  Tensor q = p.smoothing == 0 ? target
                              : ops::add(ops::mul(target, 1 - p.smoothing), p.smoothing / double(p.classes));
  Tensor loss = ops::mul(ops::mul(q, ops::reshape(weight, sizes)), ops::log_softmax(x, channel));
  if (how == Reduce::None) return ops::neg(ops::sum(loss, Ints(&channel, 1)));
  Tensor total = ops::neg(ops::sum(loss));
  return how == Reduce::Mean ? ops::div(total, double(p.rows())) : total;
}

Tensor of_probabilities(Tensor x, Tensor target, const Tensor& weight, Reduce how, int64_t ignored,
                        double smoothing) {
  check(is_floating(target->dtype), "Expected floating point type for target with class probabilities, got ",
        label_of(target->dtype));
  check(ignored < 0, "ignore_index is not supported for floating point target");
  check_input(x);
  const int64_t classes = x->ndim ? x->size(x->ndim > 1 ? 1 : 0) : 1;
  check(!weight || (weight->ndim == 1 && weight->numel == classes),
        "cross_entropy: weight tensor should be defined either for all ", classes,
        " classes or no classes but got weight tensor of shape: ", weight ? weight->sizes() : Ints());
  Dtype common = promote(x->dtype, target->dtype);
  if (weight) common = promote(common, weight->dtype);
  x = ops::to(x, common), target = ops::to(target, common);
  ClassPlan p = class_plan(*x, how);
  p.smoothing = smoothing;
  if (requires_grad(weight) && grad_enabled())
    return composed_loss(p, x, target, ops::to(weight, common), how);
  Tensor w = class_weight(weight, common);
  Fused f = fused(p, x, raw::contiguous(target), w, loss_sizes(*x, how));
  return apply_from(SoftCrossEntropy{p, w, f.norms, f.total}, f.y, x, target);
}

Tensor class_loss(const Tensor& x, const Tensor& target, const Tensor& weight,
                  std::optional<bool> size_average, int64_t ignored, std::optional<bool> reduce,
                  std::string_view reduction, double smoothing) {
  return cross_entropy(x, target, weight, reduction_of(reduction, size_average, reduce), ignored, smoothing);
}

}  // namespace

Tensor cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, Reduce how, int64_t ignored,
                     double smoothing) {
  if (same_sizes(*x, *target))
    return of_probabilities(x, target, weight, how, ignored, std::max(0.0, smoothing));
  check(smoothing <= 1, "label_smoothing must be between 0.0 and 1.0. Got: ", smoothing);
  return of_classes(x, target, weight, how, ignored, std::max(0.0, smoothing));
}

static const auto defs = {
    def<class_loss>(
        "cross_entropy(Tensor input, Tensor target, Tensor? weight=None, bool? size_average=None, int "
        "ignore_index=-100, bool? reduce=None, str reduction='mean', float label_smoothing=0.0) -> Tensor",
        kNN,
        "-Σ weight · q · log_softmax(input) over the classes, dimension 1: q is 1 at the target, or the target where "
        "it is probabilities, and (1 - label_smoothing) · q + label_smoothing / C; their sum, or mean."),
};

}  // namespace adjoint
