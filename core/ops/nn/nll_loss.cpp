// nll_loss, and what it checks for cross_entropy.
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/nn/classes.h"

namespace adjoint {

ClassPlan class_plan(const TensorImpl& x, Reduce how) {
  ClassPlan p{.outer = 1, .classes = 1, .inner = 1, .each = how == Reduce::None, .mean = how == Reduce::Mean};
  const int channel = x.ndim > 1 ? 1 : 0;
  for (int d = 0; d < x.ndim; ++d) (d < channel ? p.outer : d == channel ? p.classes : p.inner) *= x.size(d);
  return p;
}

Dims loss_sizes(const TensorImpl& x, Reduce how) {
  Dims sizes;
  if (how != Reduce::None || x.ndim < 2) return sizes;
  sizes = x.sizes();
  sizes.erase(1);
  return sizes;
}

namespace {

// What PyTorch says to targets of images, and of more dimensions.
void check_places(const Tensor& x, const Tensor& target) {
  Dims wanted(x->sizes());
  wanted.erase(1);
  if (equal(wanted, target->sizes())) return;
  if (x->ndim == 4) {
    check(target->ndim == 3,
          "only batches of spatial targets supported (3D tensors) but got targets of dimension: ",
          int(target->ndim));
    fail("size mismatch (got input: ", x->sizes(), " , target: ", target->sizes());
  }
  fail("Expected target size ", wanted, ", got ", target->sizes());
}

}  // namespace

void check_class_shapes(const Tensor& x, const Tensor& target, const Tensor& weight) {
  check_as(x->ndim > 0, ErrorKind::Value, "Expected 1 or more dimensions (got 0)");
  if (x->ndim == 1) {
    check(target->ndim <= 1, "0D or 1D target tensor expected, multi-target not supported");
    check_as(target->numel == 1, ErrorKind::Value,
             "For 1D input, 1D target must have size 1, but got target size: ", target->numel);
  } else {
    const int64_t own = target->ndim ? target->size(0) : 1;
    check_as(target->ndim > 0 && own == x->size(0), ErrorKind::Value, "Expected input batch_size (",
             x->size(0), ") to match target batch_size (", own, ").");
    if (x->ndim == 2)
      check(target->ndim == 1, "0D or 1D target tensor expected, multi-target not supported");
    else
      check_places(x, target);
  }
  check(target->dtype == Dtype::I64 || target->dtype == Dtype::U8,
        "expected target dtype to be Long or Byte, but got ", label_of(target->dtype));
  const int64_t classes = x->size(x->ndim > 1 ? 1 : 0);
  check(!weight || (weight->ndim == 1 && weight->numel == classes),
        "weight tensor should be defined either for all ", classes,
        " classes or no classes but got weight tensor of shape: ", weight ? weight->sizes() : Ints());
  check(!weight || weight->dtype == x->dtype, "expected scalar type ", label_of(x->dtype), " but found ",
        label_of(weight ? weight->dtype : x->dtype));
  check(
      !requires_grad(weight),
      "The function 'nll_loss_forward' is not differentiable with respect to argument 'weight'. This input cannot "
      "have requires_grad True.");
}

Tensor checked_classes(const Tensor& target, const ClassPlan& p) {
  Tensor dense = raw::contiguous(raw::cast(target, Dtype::I64));
  const std::optional<int64_t> bad = backend(dense).loss->outside_classes(*dense, p.classes, p.ignored);
  if (!bad) return dense;
  const Scalar found = item_at(*dense, *bad * 8);
  std::string place;
  for (int64_t d = target->ndim - 1, at = *bad; d >= 0; at /= target->size(int(d)), --d)
    place = std::to_string(at % target->size(int(d))) + (place.empty() ? "" : ", ") + place;
  fail_with(str("target[", place, "] is ", found.to_int(), ", and there are ", p.classes, " classes, 0 to ",
                p.classes - 1),
            ErrorKind::Index, "Target ", found.to_int(), " is out of bounds.");
}

namespace {

// Linear in x: what it takes from x, NllBackward gives back, and the other way round.
struct NllLoss {
  static constexpr const char* name = "nll_loss";
  const char* node;
  ClassPlan plan;
  SavedTensor target, weight, total;
  Dims sizes = {};
  Dtype dtype = Dtype::F32;
  static constexpr const char* rule = "ginput = zeros with −g·weight[target] at target";
  void vjp(Backward& b);
  void fields(auto& f) {
    f("target", target);
    f("weight", weight);
    f("total_weight", total);
    f("ignore_index", plan.ignored);
    f(nullptr, sizes, input(0));
    f(nullptr, dtype, input(0));
  }
};

struct NllLossBackward {
  static constexpr const char *name = "nll_loss_backward", *node = "NllLossBackwardBackward0";
  ClassPlan plan;
  SavedTensor target, weight, total;
  static constexpr const char* rule = "gg = −weight[target]·g at target";
  void vjp(Backward& b);
  void fields(auto& f) {
    f("target", target);
    f("weight", weight);
    f("total_weight", total);
  }
};

Tensor picked(const ClassPlan& p, const Tensor& x, const Tensor& target, const Tensor& weight,
              const Tensor& total, Ints sizes) {
  Tensor y = empty(sizes, x->dtype, x->device), dense = raw::contiguous(x);
  backend(x).loss->nll(p, *dense, *target, weight.get(), *total, *y);
  return y;
}

void NllLoss::vjp(Backward& b) {
  Tensor t = target.get(b.node), w = weight.get(b.node), sum = total.get(b.node),
         g = raw::contiguous(b.grad()), gx = empty(sizes, dtype, t->device);
  raw::zero(gx);
  backend(gx).loss->nll_backward(plan, *g, *t, w.get(), *sum, *gx);
  b.gx[0] = apply_from(NllLossBackward{plan, t, w, sum}, gx, b.grad());
}

void NllLossBackward::vjp(Backward& b) {
  Tensor t = target.get(b.node), w = weight.get(b.node), fresh = empty(Dims{1}, Dtype::F64, t->device);
  const Tensor& gx = b.grad();
  const Dims sizes = plan.each ? loss_sizes(*gx, Reduce::None) : Dims{};
  b.gx[0] =
      apply_from(NllLoss{"NllLossBackward0", plan, t, w, fresh}, picked(plan, gx, t, w, fresh, sizes), gx);
}

}  // namespace

Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, Reduce how, int64_t ignored) {
  check_class_shapes(x, target, weight);
  if (!is_floating(x->dtype)) fail_dtype("nll_loss_out_frame", x->dtype);
  ClassPlan p = class_plan(*x, how);
  p.ignored = ignored;
  Tensor t = checked_classes(target, p), w = weight ? raw::contiguous(weight) : Tensor(),
         total = empty(Dims{1}, Dtype::F64, x->device), y = picked(p, x, t, w, total, loss_sizes(*x, how));
  return apply_from(NllLoss{x->ndim > 2 ? "NllLoss2DBackward0" : "NllLossBackward0", p, t, w, total}, y, x);
}

static const auto defs = {
    def<[](const Tensor& x, const Tensor& target, const Tensor& weight, std::optional<bool> size_average,
           int64_t ignored, std::optional<bool> reduce, std::string_view reduction) {
      return nll_loss(x, target, weight, reduction_of(reduction, size_average, reduce), ignored);
    }>("nll_loss(Tensor input, Tensor target, Tensor? weight=None, bool? size_average=None, int ignore_index=-100, "
       "bool? reduce=None, str reduction='mean') -> Tensor",
       kNN,
       "-weight[target] * input at the target, a class of dimension 1; their sum, or that over the sum of the weights."),
};

}  // namespace adjoint
