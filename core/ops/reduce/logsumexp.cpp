// logsumexp and its running form: sums of exponentials that cannot overflow.
#include <cfloat>
#include <cmath>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

Tensor conj_if(const Tensor& x) { return is_complex(x->dtype) ? ops::conj(x) : x; }

struct LogSumExp {  // log Σ exp(x)
  static constexpr const char *name = "logsumexp", *node = "LogsumexpBackward0";
  Mask mask;
  bool keepdim;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    if (!is_complex(x->dtype)) return reduce_raw(Reduction::LogSumExp, x, mask, keepdim, x->dtype);
    NoGrad off;  // the largest real part is taken out, as for real numbers
    Dims dims = dims_of(mask, x->ndim);
    Tensor top = x->numel ? ops::amax(ops::real(x), dims, true) : ops::sum(ops::real(x), dims, true);
    top = ops::masked_fill(top, ops::eq(ops::abs(top), HUGE_VAL), 0);
    Tensor y = ops::add(ops::log(ops::sum(ops::exp(ops::sub(x, top)), dims, true)), top);
    return raw::clone(adjoint::alias(y, reduced_sizes(*x, mask, keepdim),
                                     contiguous_strides(reduced_sizes(*x, mask, keepdim)), y->byte_offset));
  }
  static constexpr const char* rule = "gx = g·exp(x − y)";
  // exp(x - y). Where y is -∞ (all x are), it is 0; where y is ∞, those x that are share it.
  Tensor weights(const Tensor& x, const Tensor& y) const {
    Tensor size = detach(is_complex(y->dtype) ? ops::real(y) : y);
    if (!has_values(y) || !item(ops::any(ops::eq(ops::abs(size), HUGE_VAL))).to_bool())
      return ops::exp(ops::sub(x, y));
    Tensor w = ops::exp(ops::sub(x, ops::masked_fill(y, ops::eq(size, -HUGE_VAL), 0)));
    if (is_complex(x->dtype)) return w;
    Tensor hit = ops::logical_and(ops::eq(size, HUGE_VAL), ops::eq(x, size));
    Tensor count = x->ndim ? ops::sum(hit, dims_of(mask, x->ndim), true) : ops::sum(hit);
    return ops::where(hit, ops::reciprocal(ops::to(count, x->dtype)), w);
  }
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), y = restore_dims(y_.get(b.node), mask, x->ndim, keepdim);
    b.gx[0] = ops::mul(restore_dims(b.grad(), mask, x->ndim, keepdim), conj_if(weights(x, y)));
  }
  void fields(auto& f) {
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

Tensor logsumexp(const Tensor& x, Ints dims, bool keepdim) {
  Tensor c = is_differentiable(x->dtype) ? x : raw::cast(x, default_dtype());
  return apply(LogSumExp{mask_of(dims, x->ndim), keepdim}, c);
}

struct LogCumSumExp {
  static constexpr const char *name = "logcumsumexp", *node = "LogcumsumexpBackward0";
  int64_t dim;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    Tensor y = empty(x->sizes(), x->dtype, x->device);
    if (x->numel == 0) return y;
    Layout l = layout_of(x, dim);
    if (!l.x.same(x)) l = layout_of(raw::contiguous(x), dim);
    backend(y).scan(Scan::LogSumExp, *l.x, l.view, *y);
    return y;
  }
  static constexpr const char* rule = "gx[k] = sum over j ≥ k of g[j]·exp(x[k] − y[j])";
  // gx[k] = Σ over j >= k of g[j] · exp(x[k] - y[j]); signs are split so that the sums can stay logarithms.
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), y = y_.get(b.node);
    const Tensor& g = b.grad();
    if (x->ndim == 0) {
      b.gx[0] = g;
      return;
    }
    Ints d(&dim, 1);
    // Where y is still -∞, g meets weights of 0 alone.
    Tensor unmet = ops::eq(detach(is_complex(y->dtype) ? ops::real(y) : y), -HUGE_VAL);
    Tensor size = ops::log(ops::abs(g));
    // The smallest number stands for log 0: with -∞ the next derivative would meet ∞ - ∞.
    Tensor none = ops::full_like(size, size->dtype == Dtype::F64    ? -DBL_MAX
                                       : size->dtype == Dtype::F16  ? -65504.0
                                       : size->dtype == Dtype::BF16 ? -0x1.fep127
                                                                    : -FLT_MAX);
    auto sum_from = [&](const Tensor& log_g) {
      Tensor terms = ops::where(unmet, none, ops::sub(log_g, conj_if(ops::masked_fill(y, unmet, 0))));
      Tensor s = ops::flip(apply(LogCumSumExp{dim}, ops::flip(terms, d)), d);
      return ops::exp(ops::add(s, conj_if(x)));
    };
    if (is_complex(x->dtype)) {
      b.gx[0] = sum_from(ops::log(g));
    } else {
      b.gx[0] = ops::sub(sum_from(ops::where(ops::gt(g, 0), size, none)),
                         sum_from(ops::where(ops::lt(g, 0), size, none)));
    }
  }
  void fields(auto& f) {
    f("dim", dim);
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

Tensor logcumsumexp(const Tensor& x, int64_t dim) {
  int64_t d = wrap_dim(dim, x->ndim);
  if (!is_differentiable(x->dtype)) fail_dtype("logcumsumexp_out_cpu", x->dtype);
  return apply(LogCumSumExp{d}, x);
}

}  // namespace

namespace ops {
Tensor logsumexp(const Tensor& x, Ints dims, bool keepdim) { return adjoint::logsumexp(x, dims, keepdim); }
}  // namespace ops

static const auto defs = {
    def<logsumexp>("logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
                   kBoth | kOut | kSpecial, "log Σ exp(x), safe from overflow."),
    def<logcumsumexp>("logcumsumexp(Tensor self, int dim) -> Tensor", kBoth | kOut,
                      "log Σ exp(x) of all elements so far."),
};

}  // namespace adjoint
