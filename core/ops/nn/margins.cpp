// Losses of classes that keep a margin: of one class each, and of several.
#include <cmath>
#include "autograd/door.h"
#include "device/host_values.h"
#include "device/nn/loss.h"
#include "ops/nn/reduction.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

using OptBool = std::optional<bool>;
constexpr int64_t kClasses = 1;

// [samples, classes] of a matrix, a vector or a number.
Dims as_matrix(const TensorImpl& x) {
  const bool fits = x.ndim <= 1 ? x.numel > 0 : x.ndim == 2 && x.size(1) > 0;
  check(fits, "Expected non-empty vector or matrix with optional 0-dim batch size, but got: ", x.sizes());
  return x.ndim == 2 ? Dims(x.sizes()) : Dims{1, x.numel};
}
Tensor check_classes(const Tensor& target, int64_t low, int64_t classes, const char* message) {
  check(target->dtype == Dtype::I64, "expected scalar type Long but found ", label_of(target->dtype));
  const Tensor t = raw::contiguous(target);
  if (const auto bad = backend(t).outside(*t, low, classes))
    fail_with(str("class ", *bad, " of ", classes, " classes"), ErrorKind::Runtime, message);
  return t;
}
// The cotangent of a loss as one of each sample, a column.
Tensor per_sample(const Tensor& g, Reduce how, int64_t samples) {
  Tensor each = how == Reduce::Mean ? ops::div(g, double(std::max<int64_t>(samples, 1))) : g;
  return ops::expand(ops::reshape(each, Dims{-1, 1}), Dims{samples, 1});
}
Tensor by_samples(const Tensor& each, Reduce how, int64_t ndim) {
  return reduced(how == Reduce::None && ndim == 0 ? ops::reshape(each, Dims{}) : each, how);
}

// Σ over j ≠ y of weight[y] max(0, margin - x[y] + x[j])ᵖ / classes.
struct MultiMargin {
  static constexpr const char *name = "multi_margin_loss", *node = "MultiMarginLossBackward0";
  SavedTensor target;
  int64_t p;
  double margin;
  Reduce reduction;
  SavedTensor x_ = {}, weight_ = {};

  // Beyond the margin, the true class left out: [samples, classes].
  Tensor excess(const Tensor& x, const Tensor& t) const {
    const Tensor m = ops::reshape(x, as_matrix(*x));
    const Tensor z =
        ops::clamp(ops::add(ops::sub(m, ops::gather(m, kClasses, t)), margin), Operand(0), std::nullopt);
    return ops::scatter(z, kClasses, t, zeros(t->sizes(), z->dtype, z->device));
  }
  Tensor losses(const Tensor& x, const Tensor& t) const {
    const Tensor z = excess(x, t);
    return ops::div(ops::sum(p == 1 ? z : ops::square(z), Ints(&kClasses, 1)), double(z->size(1)));
  }
  static Tensor column(const Tensor& t) { return ops::reshape(t, Dims{-1, 1}); }
  Tensor forward(const Tensor& x, const Tensor& weight) {
    NoGrad off;
    const Tensor& t = target.raw();
    Tensor y = losses(x, column(t));
    if (weight) y = ops::mul(y, ops::index_select(weight, 0, ops::reshape(t, Dims{-1})));
    return by_samples(y, reduction, t->ndim);
  }
  const char* rule() const {
    return p == 1 ? "gx[j] = g·weight[y]·[margin − x[y] + x[j] > 0]/C for j ≠ y; gx[y] = −their sum"
                  : "gx[j] = 2·g·weight[y]·max(0, margin − x[y] + x[j])/C for j ≠ y; gx[y] = −their sum";
  }
  void vjp(Backward& b) {
    const Tensor x = x_.get(b.node), weight = weight_.get(b.node), t = target.get(b.node), at = column(t);
    const Tensor g = per_sample(b.grad(), reduction, at->size(0)), flat = ops::reshape(t, Dims{-1});
    if (b.needs(0)) {
      const Tensor z = excess(x, at);
      Tensor each =
          ops::div(weight ? ops::mul(g, column(ops::index_select(weight, 0, flat))) : g, double(z->size(1)));
      Tensor h = ops::mul(p == 1 ? ops::to(ops::gt(z, 0), x->dtype) : ops::mul(z, 2), each);
      h = ops::scatter_add(h, kClasses, at, ops::neg(ops::sum(h, Ints(&kClasses, 1), true)));
      b.gx[0] = ops::reshape(h, x->sizes());
    }
    if (b.needs(1))
      b.gx[1] = ops::index_add(ops::zeros_like(weight), 0, flat,
                               ops::mul(ops::reshape(g, Dims{-1}), losses(x, at)));
  }
  void fields(auto& f) {
    f("margin", margin);
    f("p", p);
    f("reduction", int64_t(reduction));
    f("self", x_, input(0));
    f("target", target);
    f("weight", weight_, input(1));
  }
};

Tensor multi_margin_loss(const Tensor& x, const Tensor& target, const Scalar& p, const Scalar& margin,
                         const Tensor& weight, OptBool size_average, OptBool reduce,
                         std::string_view reduction) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check_as(p.equals(1) || p.equals(2), ErrorKind::Value, "only p == 1 and p == 2 supported");
  check_as(!weight || weight->ndim == 1, ErrorKind::Value, "weight must be one-dimensional");
  const Dims sizes = as_matrix(*x);
  if (!is_floating(x->dtype)) fail_dtype("multi_margin_loss_cpu_kernel", x->dtype);
  check(
      target->ndim <= 1 && target->numel == sizes[0],
      "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
      "Expected target size [",
      sizes[0], "], but got ", target->sizes(), ". Input has shape ", x->sizes(), ".");
  check(!weight || weight->numel == sizes[1], "inconsistent weight size, expected ", sizes[1], " but got ",
        weight ? weight->sizes() : Ints());
  const Tensor t = check_classes(target, 0, sizes[1], "target out of range");
  return apply(MultiMargin{t, p.equals(1) ? 1 : 2, margin.to_double(), how}, x, weight);
}

// Σ over true classes k and others j of max(0, 1 - x[k] + x[j]) / classes. Piecewise linear: its slopes are numbers.
struct MultilabelMargin {
  static constexpr const char *name = "multilabel_margin_loss", *node = "MultilabelMarginLossBackward0";
  SavedTensor target;
  Reduce reduction;
  SavedTensor x_ = {};

  // Losses [samples], or their slopes [samples, classes].
  static Tensor run(const Tensor& x, const Tensor& target, bool slopes) {
    const Dims sizes = as_matrix(*x);
    const Dtype d = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
    const Tensor m = alias_contiguous(raw::contiguous(raw::cast(x, d)), sizes);
    const Tensor y = empty(slopes ? sizes : Dims{sizes[0]}, d, x->device);
    backend(m).loss->multilabel_margin(*m, *raw::contiguous(target), slopes, *y);
    return raw::cast(y, x->dtype);
  }
  Tensor forward(const Tensor& x) {
    NoGrad off;
    return by_samples(run(x, target.raw(), false), reduction, x->ndim == 2 ? 1 : 0);
  }
  static constexpr const char* rule =
      "gx = g·(times x[j] is too near a true class − times others are too near x[j])/C";
  void vjp(Backward& b) {
    const Tensor x = x_.get(b.node), slopes = run(x, target.get(b.node), true);
    b.gx[0] = ops::reshape(ops::mul(slopes, per_sample(b.grad(), reduction, slopes->size(0))), x->sizes());
  }
  void fields(auto& f) {
    f("reduction", int64_t(reduction));
    f("self", x_, input(0));
    f("target", target);
  }
};

Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
                              std::string_view reduction) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  const Dims sizes = as_matrix(*x);
  if (!is_floating(x->dtype)) fail_dtype("multilabel_margin_loss_forward_out_frame", x->dtype);
  const bool alike = x->ndim == 0 ? target->ndim <= 1 && target->numel == 1
                                  : x->ndim == target->ndim && same_sizes(*x, *target);
  check(alike, "inconsistent target size: ", target->sizes(), " for input of size: ", x->sizes());
  check_classes(target, -1, sizes[1], "argument #2 'target' is out of range");
  return apply(MultilabelMargin{target, how}, x);
}

#define LEGACY "bool? size_average=None, bool? reduce=None, str reduction='mean'"

[[maybe_unused]] const auto definitions = {
    def<multi_margin_loss>(
        "multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1.0, Tensor? "
        "weight=None, " LEGACY ") -> Tensor",
        kNN, "The mean over classes j of weight[y] max(0, margin - input[y] + input[j])ᵖ, y = target."),
    def<multilabel_margin_loss>(
        "multilabel_margin_loss(Tensor self, Tensor target, " LEGACY ") -> Tensor", kNN,
        "The sum over classes in target, up to -1, and all others of max(0, 1 - input[true] + input[other]) / classes."),
};

}  // namespace
}  // namespace adjoint
