// Losses composed of other operations, each of which records itself.
#include <cmath>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/nn/reduction.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/reduce/norm.h"

namespace adjoint {
namespace {

using OptBool = std::optional<bool>;

Tensor at_least(const Tensor& x, double low) {
  return pointwise(formula_as<"clamp_min", "ClampMinBackward0">, {x, low});
}
Tensor from(double a, const Tensor& x) {  // a - x
  check(
      x->dtype != Dtype::Bool,
      "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
      "`~` or `logical_not()` operator instead.");
  return pointwise(formula<"rsub">, {x, a});
}
Tensor logsigmoid(const Tensor& x) { return pointwise(formula<"log_sigmoid">, {x}); }

// --- of distributions ---

Tensor kl_of(const Tensor& x, const Tensor& target, Reduce how, bool log_target) {
  check(!is_complex(x->dtype) && !is_complex(target->dtype), "kl_div: Complex inputs not supported.");
  check(is_floating(x->dtype) && is_floating(target->dtype), "kl_div: Integral inputs not supported.");
  return reduced(log_target ? ops::mul(ops::exp(target), ops::sub(target, x))
                            : ops::sub(pointwise(formula<"xlogy">, {target, target}), ops::mul(target, x)),
                 how);
}
Tensor kl_div(const Tensor& x, const Tensor& target, OptBool size_average, OptBool reduce,
              std::string_view reduction, bool log_target) {
  const bool legacy = size_average || reduce, by_batch = !legacy && reduction == "batchmean";
  if (!legacy && reduction == "mean" && host.warn)
    host.warn(
        "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only "
        "by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as "
        "'batchmean' in the next major release.");
  const Reduce how = by_batch ? Reduce::Sum : reduction_of(reduction, size_average, reduce);
  const Tensor y = kl_of(x, target, how, log_target);
  return by_batch && x->ndim ? ops::div(y, double(x->size(0))) : y;
}

Tensor poisson_of(const Tensor& x, const Tensor& target, bool log_input, bool full, double eps, Reduce how) {
  Tensor y = log_input ? ops::sub(ops::exp(x), ops::mul(target, x))
                       : ops::sub(x, ops::mul(target, ops::log(ops::add(x, eps))));
  if (full) {  // Stirling's approximation of log(target!)
    const Tensor stirling = ops::add(ops::sub(ops::mul(target, ops::log(target)), target),
                                     ops::mul(ops::log(ops::mul(target, 2 * M_PI)), 0.5));
    y = ops::add(y, ops::masked_fill(stirling, ops::le(target, 1), 0));
  }
  return reduced(y, how);
}
Tensor poisson_nll_loss(const Tensor& x, const Tensor& target, bool log_input, bool full,
                        OptBool size_average, double eps, OptBool reduce, std::string_view reduction) {
  return poisson_of(x, target, log_input, full, eps, reduction_of(reduction, size_average, reduce));
}

// Variances as a tensor that broadcasts over x: of x's sizes, without the last one, or with one that is 1.
Tensor variances(const Tensor& x, const Operand& var) {
  if (!var.is_tensor()) {
    check_as(!(var.scalar.to_double() < 0), ErrorKind::Value, "var has negative entry/entries");
    return ops::full_like(x, var.scalar);
  }
  const Tensor& v = *var.tensor;
  {
    NoGrad off;
    check_as(!has_values(v) || !item(ops::any(ops::lt(v, 0))).to_bool(), ErrorKind::Value,
             "var has negative entry/entries");
  }
  if (same_sizes(*v, *x)) return v;
  if (x->ndim && equal(x->sizes().first(size_t(x->ndim) - 1), v->sizes())) return ops::unsqueeze(v, -1);
  int64_t differing = 0, ones = 0;  // PyTorch counts the sizes themselves: they must add up to 1
  for (int d = 0; v->ndim == x->ndim && d < x->ndim; ++d)
    if (v->size(d) != x->size(d)) ++differing, ones += v->size(d);
  check_as(differing > 0 && ones == 1, ErrorKind::Value, "var is of incorrect size");
  return v;
}
Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Operand& var, bool full, double eps,
                         std::string_view reduction) {
  Tensor v = variances(x, var);
  check_as(reduction == "none" || reduction == "mean" || reduction == "sum", ErrorKind::Value, reduction,
           " is not valid");
  v = ops::clone(v);
  {
    NoGrad off;  // raising a small variance to eps does not change its rule
    pointwise(formula<"clamp_min">, {v, eps}, Dest{&v, true, "clamp_"});
  }
  Tensor y = ops::mul(ops::add(ops::log(v), ops::div(ops::pow(ops::sub(x, target), 2), v)), 0.5);
  if (full) y = ops::add(y, 0.5 * std::log(2 * M_PI));
  return reduced(y, reduction_of(reduction));
}

// --- with margins ---

Tensor hinge_of(const Tensor& x, const Tensor& target, double margin, Reduce how) {
  const Tensor zeros = ops::zeros_like(x), apart = at_least(from(margin, x), 0);
  return reduced(
      ops::add(ops::where(ops::ne(target, 1), apart, zeros), ops::where(ops::ne(target, -1), x, zeros)), how);
}
Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, double margin, OptBool size_average,
                            OptBool reduce, std::string_view reduction) {
  return hinge_of(x, target, margin, reduction_of(reduction, size_average, reduce));
}

Tensor ranking_of(const Tensor& a, const Tensor& b, const Tensor& target, double margin, Reduce how) {
  return reduced(at_least(ops::add(ops::mul(ops::neg(target), ops::sub(a, b)), margin), 0), how);
}
Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& target, double margin,
                           OptBool size_average, OptBool reduce, std::string_view reduction) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check(
      a->ndim == b->ndim && a->ndim == target->ndim,
      "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: torch.Size(",
      a->sizes(), "), input2: torch.Size(", b->sizes(), "), target: torch.Size(", target->sizes(), ") ");
  return ranking_of(a, b, target, margin, how);
}

Tensor cosine_of(const Tensor& a, const Tensor& b, const Tensor& target, double margin, Reduce how) {
  const int dim = target->ndim;
  check(dim <= 1, "0D or 1D target tensor expected, multi-target not supported");
  check(a->ndim == dim + 1 && b->ndim == dim + 1, dim, "D target tensor expects ", dim + 1,
        "D input tensors, but found inputs with sizes ", a->sizes(), " and ", b->sizes(), ".");
  auto real = [](const Tensor& x) { return is_differentiable(x->dtype) ? x : ops::to(x, default_dtype()); };
  const Tensor cosine = cosine_similarity(real(a), real(b), dim, 1e-8), zeros = ops::zeros_like(cosine);
  const Tensor alike = from(1, cosine), apart = at_least(ops::sub(cosine, margin), 0);
  return reduced(
      ops::add(ops::where(ops::eq(target, 1), alike, zeros), ops::where(ops::eq(target, -1), apart, zeros)),
      how);
}
Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& target, double margin,
                             OptBool size_average, OptBool reduce, std::string_view reduction) {
  return cosine_of(a, b, target, margin, reduction_of(reduction, size_average, reduce));
}

Tensor triplet_of(const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin,
                  double p, double eps, bool swap, Reduce how) {
  const int a = anchor->ndim, b = positive->ndim, c = negative->ndim;
  check(
      a == b && b == c,
      "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ",
      a, "D, positive ", b, "D, and negative ", c, "D inputs");
  auto distance = [&](const Tensor& x, const Tensor& y) { return pairwise_distance(x, y, p, eps, false); };
  const Tensor near = distance(anchor, positive);
  Tensor far = distance(anchor, negative);
  if (swap) far = ops::minimum(far, distance(positive, negative));
  return reduced(at_least(ops::sub(ops::add(near, margin), far), 0), how);
}
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           double margin, double p, double eps, bool swap, OptBool size_average,
                           OptBool reduce, std::string_view reduction) {
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check_as(margin > 0, ErrorKind::Value, "margin must be greater than 0, got ", margin);
  return triplet_of(anchor, positive, negative, margin, p, eps, swap, how);
}

Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, const Tensor& weight,
                                   OptBool size_average, OptBool reduce, std::string_view reduction) {
  check_as(size_average || reduce || reduction == "none" || reduction == "mean" || reduction == "sum",
           ErrorKind::Value, reduction, " is not valid");
  const Reduce how = reduction_of(reduction, size_average, reduce);
  check(x->ndim > 0, "multilabel_soft_margin_loss: input must have a dimension of classes");
  Tensor y =
      ops::neg(ops::add(ops::mul(target, logsigmoid(x)), ops::mul(from(1, target), logsigmoid(ops::neg(x)))));
  if (weight) y = ops::mul(y, weight);
  const int64_t classes = x->ndim - 1;
  return reduced(ops::div(ops::sum(y, Ints(&classes, 1)), double(x->size(int(classes)))), how);
}

// torch.kl_div and its like name the reduction by its number, and have none by themselves.
Tensor kl_numbered(const Tensor& x, const Tensor& target, int64_t reduction, bool log_target) {
  return kl_of(x, target, reduction_of(reduction), log_target);
}
Tensor poisson_numbered(const Tensor& x, const Tensor& target, bool log_input, bool full, double eps,
                        int64_t reduction) {
  return poisson_of(x, target, log_input, full, eps, reduction_of(reduction));
}
Tensor hinge_numbered(const Tensor& x, const Tensor& target, double margin, int64_t reduction) {
  return hinge_of(x, target, margin, reduction_of(reduction));
}
Tensor ranking_numbered(const Tensor& a, const Tensor& b, const Tensor& target, double margin,
                        int64_t reduction) {
  return ranking_of(a, b, target, margin, reduction_of(reduction));
}
Tensor cosine_numbered(const Tensor& a, const Tensor& b, const Tensor& target, double margin,
                       int64_t reduction) {
  return cosine_of(a, b, target, margin, reduction_of(reduction));
}
Tensor triplet_numbered(const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin,
                        double p, double eps, bool swap, int64_t reduction) {
  return triplet_of(anchor, positive, negative, margin, p, eps, swap, reduction_of(reduction));
}

#define LEGACY "bool? size_average=None, bool? reduce=None, str reduction='mean'"

[[maybe_unused]] const auto definitions = {
    def<kl_div>(
        "kl_div(Tensor self, Tensor target, " LEGACY ", bool log_target=False) -> Tensor", kNN,
        "The divergence of distributions, target log(target) - target · input, of log-probabilities."),
    def<kl_numbered>(
        "kl_div(Tensor self, Tensor target, int reduction=0, *, bool log_target=False) -> Tensor", kFunction),
    def<poisson_nll_loss>(
        "poisson_nll_loss(Tensor self, Tensor target, bool log_input=True, bool full=False, bool? size_average=None, "
        "float eps=1e-08, bool? reduce=None, str reduction='mean') -> Tensor",
        kNN, "The negative log-likelihood of counts: exp(input) - target · input."),
    def<poisson_numbered>(
        "poisson_nll_loss(Tensor self, Tensor target, bool log_input, bool full, float eps, int "
        "reduction) -> Tensor",
        kFunction),
    def<gaussian_nll_loss>(
        "gaussian_nll_loss(Tensor self, Tensor target, Number var, bool full=False, float "
        "eps=1e-06, str reduction='mean') -> Tensor",
        kNN, "The negative log-likelihood of normal numbers: (log(var) + (input - target)²/var)/2."),
    def<hinge_embedding_loss>("hinge_embedding_loss(Tensor self, Tensor target, float margin=1.0, " LEGACY
                              ") -> Tensor",
                              kNN, "input where target is 1, max(0, margin - input) where it is -1."),
    def<hinge_numbered>(
        "hinge_embedding_loss(Tensor self, Tensor target, float margin=1.0, int reduction=0) -> Tensor",
        kFunction),
    def<margin_ranking_loss>(
        "margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, " LEGACY
        ") -> Tensor",
        kNN, "max(0, margin - target (input1 - input2))"),
    def<ranking_numbered>(
        "margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0.0, int "
        "reduction=0) -> Tensor",
        kFunction),
    def<cosine_embedding_loss>(
        "cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, " LEGACY
        ") -> Tensor",
        kNN, "1 - cos where target is 1, max(0, cos - margin) where it is -1."),
    def<cosine_numbered>(
        "cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0.0, int "
        "reduction=0) -> Tensor",
        kFunction),
    def<triplet_margin_loss>(
        "triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1.0, "
        "float p=2, float eps=1e-06, bool swap=False, " LEGACY ") -> Tensor",
        kNN, "max(0, margin + d(anchor, positive) - d(anchor, negative))"),
    def<triplet_numbered>(
        "triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1.0, "
        "float p=2.0, float eps=1e-06, bool swap=False, int reduction=0) -> Tensor",
        kFunction),
    def<multilabel_soft_margin_loss>(
        "multilabel_soft_margin_loss(Tensor self, Tensor target, Tensor? weight=None, " LEGACY ") -> Tensor",
        kNN, "The mean over classes of -target log(σ) - (1 - target) log(1 - σ), σ = sigmoid(input)."),
};

}  // namespace
}  // namespace adjoint
