// Running sums and running extremes.
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

struct CumSum {
  static constexpr const char *name = "cumsum", *node = "CumsumBackward0";
  int64_t dim;
  Dtype out, in = Dtype::F32;
  Tensor forward(const Tensor& x) {
    in = x->dtype;
    Tensor c = raw::cast(x, out);
    Tensor y = empty(x->sizes(), out, x->device);
    if (x->numel == 0) return y;
    // Small integers scan as int64: every dtype= a user may ask for is then cut from that.
    if (scanned_dtype(Scan::Sum, out) != out) return raw::cast(CumSum{dim, Dtype::I64}.forward(c), out);
    Layout l = layout_of(c, dim);
    if (!l.x.same(c)) l = layout_of(raw::contiguous(c), dim);
    backend(y).scan(Scan::Sum, *l.x, l.view, *y);
    return y;
  }
  static constexpr const char* rule = "gx[k] = sum over j ≥ k of g[j]";
  void vjp(Backward& b) {
    Tensor g = ops::to(b.grad(), in);
    Ints d(&dim, 1);
    b.gx[0] = g->ndim == 0 ? g : ops::flip(ops::cumsum(ops::flip(g, d), dim), d);
  }
  void fields(auto& f) { f("dim", dim); }
};

Tensor cumsum(const Tensor& x, int64_t dim, std::optional<Dtype> d) {
  Dtype out = d ? *d : category_of(x->dtype) <= Category::Integer ? Dtype::I64 : x->dtype;
  return apply(CumSum{wrap_dim(dim, x->ndim), out}, x);
}

template <bool kMax> struct CumExtreme : Picked {
  static constexpr const char *name = kMax ? "cummax" : "cummin",
                              *node = kMax ? "CummaxBackward0" : "CumminBackward0";
  static constexpr const char* rule = "gx = scatter_add(zeros, dim, indices, g)";
  void vjp(Backward& b) {  // an element may be the extreme of many places
    if (!b.grad()) return;
    Tensor at = index_.get(b.node);  // of a number, too: it may have been freed
    b.gx[0] = sizes.empty()
                  ? b.grad()
                  : ops::scatter_add(zeros(sizes, b.grad()->dtype, b.grad()->device), dim, at, b.grad());
  }
  void fields(auto& f) {
    f("dim", dim);
    f("indices", index_, output(1));
    f(nullptr, sizes, input(0));
  }
};

template <bool kMax> Pair cumulative_extreme(const Tensor& x, int64_t dim) {
  int64_t d = wrap_dim(dim, x->ndim);
  if (is_complex(x->dtype) && x->ndim) fail_dtype(kMax ? "cummax_cpu" : "cummin_cpu", x->dtype);
  ValueIndex y{empty(x->sizes(), x->dtype, x->device), empty(x->sizes(), Dtype::I64, x->device)};
  if (x->ndim == 0) {
    raw::copy(y.values, x);
    raw::zero(y.indices);
  } else if (x->numel) {
    Layout l = layout_of(x, d);
    if (!l.x.same(x)) l = layout_of(raw::contiguous(x), d);
    backend(x).scan_extremum(kMax, *l.x, l.view, *y.values, *y.indices);
  }
  return apply_picked<CumExtreme<kMax>>(x, d, true, std::move(y));
}

}  // namespace

namespace ops {
Tensor cumsum(const Tensor& x, int64_t dim) { return adjoint::cumsum(x, dim, {}); }
}  // namespace ops

static const auto defs = {
    def<cumsum>("cumsum(Tensor self, int dim, *, dtype? dtype=None) -> Tensor", kAll,
                "The running sum along `dim`."),
    def<cumulative_extreme<true>>("cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)",
                                  kBoth | kOut, "The running maximum and its place: the last of equals."),
    def<cumulative_extreme<false>>("cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)",
                                   kBoth | kOut, "The running minimum and its place: the last of equals."),
};

}  // namespace adjoint
