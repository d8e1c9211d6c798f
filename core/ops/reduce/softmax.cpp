// softmax, log_softmax and softmin, each one fused pass over a row.
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

// Results are contiguous [outer, n, inner] in x's order of dimensions, which `layout_of(x, dim)` keeps.
Tensor softmax_raw(bool log, const Tensor& x, int64_t dim) {
  if (!is_floating(x->dtype))
    fail_dtype(log ? "log_softmax_lastdim_kernel_impl" : "softmax_lastdim_kernel_impl", x->dtype);
  Tensor y = empty(x->sizes(), x->dtype, x->device);
  if (x->numel == 0) return y;
  Layout l = layout_of(x, dim);
  // A packed copy has the reduced dimension last: only right when it was last already.
  if (!l.x.same(x)) l = layout_of(raw::contiguous(x), dim);
  backend(y).softmax(log, *l.x, l.view, *y);
  return y;
}

Tensor softmax_backward_raw(bool log, const Tensor& g, const Tensor& y, int64_t dim) {
  Tensor gx = empty(y->sizes(), y->dtype, y->device);
  if (y->numel == 0) return gx;
  Tensor gc = raw::contiguous(raw::cast(g, y->dtype)), yc = raw::contiguous(y);
  int64_t outer = 1, n = 1, inner = 1;
  for (int i = 0; i < y->ndim; ++i) (i < dim ? outer : i == dim ? n : inner) *= y->size(i);
  backend(y).softmax_backward(log, *gc, *yc, contiguous_view(outer, n, inner), *gx);
  return gx;
}

template <bool kLog> struct Softmax {
  static constexpr const char *name = kLog ? "log_softmax" : "softmax",
                              *node = kLog ? "LogSoftmaxBackward0" : "SoftmaxBackward0";
  int64_t dim;
  Dtype out, in = Dtype::F32;
  SavedTensor y_ = {};
  Tensor forward(const Tensor& x) {
    in = x->dtype;
    return softmax_raw(kLog, x->dtype == out ? x : raw::cast(x, out), dim);
  }
  static constexpr const char* rule = kLog ? "gx = g − exp(y)·sum(g)" : "gx = y·(g − sum(g·y))";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor y = y_.get(b.node);
    Tensor gx;
    if (!grad_enabled())
      gx = softmax_backward_raw(kLog, g, y, dim);
    else if (kLog)
      gx = ops::sub(g, ops::mul(ops::exp(y), ops::sum(g, Ints(&dim, 1), true)));
    else
      gx = ops::mul(y, ops::sub(g, ops::sum(ops::mul(g, y), Ints(&dim, 1), true)));
    b.gx[0] = ops::to(gx, in);
  }
  void fields(auto& f) {
    f("dim", dim);
    f("result", y_, output(0));
  }
};

template <bool kLog> Tensor softmax_op(const Tensor& x, int64_t dim, std::optional<Dtype> d) {
  return apply(Softmax<kLog>{wrap_dim(dim, x->ndim), d.value_or(x->dtype)}, x);
}

// nn.functional's dimension when none is given.
int64_t implicit_dim(const Tensor& x, std::optional<int64_t> dim, const char* name) {
  if (dim) return *dim;
  if (host.warn)
    host.warn(str("Implicit dimension choice for ", name,
                  " has been deprecated. Change the call to include dim=X as an argument."));
  return x->ndim == 0 || x->ndim == 1 || x->ndim == 3 ? 0 : 1;
}

template <bool kLog>
Tensor nn_softmax(const Tensor& x, std::optional<int64_t> dim, int64_t, std::optional<Dtype> d) {
  return softmax_op<kLog>(x, implicit_dim(x, dim, kLog ? "log_softmax" : "softmax"), d);
}
Tensor nn_softmin(const Tensor& x, std::optional<int64_t> dim, int64_t, std::optional<Dtype> d) {
  return softmax_op<false>(ops::neg(x), implicit_dim(x, dim, "softmin"), d);
}

}  // namespace

namespace ops {
Tensor softmax(const Tensor& x, int64_t dim) { return softmax_op<false>(x, dim, {}); }
Tensor log_softmax(const Tensor& x, int64_t dim) { return softmax_op<true>(x, dim, {}); }
}  // namespace ops

static const auto defs = {
    def<softmax_op<false>>("softmax(Tensor self, int dim, dtype? dtype=None) -> Tensor",
                           kBoth | kOut | kSpecial, "exp(x) / Σ exp(x) along `dim`."),
    def<softmax_op<true>>("log_softmax(Tensor self, int dim, dtype? dtype=None) -> Tensor",
                          kBoth | kOut | kSpecial, "x - log Σ exp(x) along `dim`."),
    def<nn_softmax<false>>(
        "softmax(Tensor input, int? dim=None, int _stacklevel=3, dtype? dtype=None) -> Tensor", kNN),
    def<nn_softmax<true>>(
        "log_softmax(Tensor input, int? dim=None, int _stacklevel=3, dtype? dtype=None) -> Tensor", kNN),
    def<nn_softmin>("softmin(Tensor input, int? dim=None, int _stacklevel=3, dtype? dtype=None) -> Tensor",
                    kNN, "softmax of -input along `dim`."),
};

}  // namespace adjoint
