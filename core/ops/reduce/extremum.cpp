// Largest and smallest elements: of all, along a dimension with their places, along several; and the places
// alone.
#include <cmath>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

// --- of all elements: the cotangent is shared by all that equal the result ---
struct Extreme {
  SavedTensor x_ = {}, y_ = {};
  static constexpr const char* rule = "gx = [x = y]·g/count(x = y)";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), y = y_.get(b.node);
    Tensor mask = ops::eq(x, y);
    if (has_values(y) && std::isnan(item(y).to_double())) mask = ops::isnan(x);
    Tensor share = ops::div(b.grad(), ops::sum(mask));
    b.gx[0] = ops::masked_fill(ops::zeros_like(x), mask, share);
  }
  void fields(auto& f) {
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

template <bool kMax> struct ExtremeAll : Extreme {
  static constexpr const char *name = kMax ? "max" : "min", *node = kMax ? "MaxBackward1" : "MinBackward1";
  Tensor forward(const Tensor& x) {
    return reduce_all_raw(kMax ? Reduction::Max : Reduction::Min, x, x->dtype);
  }
};

template <bool kMax> Tensor extreme_all(const Tensor& x) {
  check_not_empty(*x, kMax ? "max" : "min");
  if (is_complex(x->dtype)) fail_dtype(kMax ? "max_all" : "min_all", x->dtype);
  return apply(ExtremeAll<kMax>{}, x);
}

// --- along one dimension, with places ---
template <bool kMax> struct ExtremeDim : Picked {
  static constexpr const char *name = kMax ? "max" : "min", *node = kMax ? "MaxBackward0" : "MinBackward0";
};

ValueIndex extreme_raw(bool largest, const Tensor& x, int64_t dim, bool keepdim) {
  Dims sizes = reduced_sizes(*x, Mask::one(dim), keepdim);
  ValueIndex y{empty(sizes, x->dtype, x->device), empty(sizes, Dtype::I64, x->device)};
  if (y.values->numel == 0) return y;
  Layout l = layout_of(x, dim);
  backend(x).reduce_arg(largest, *l.x, l.view, *y.indices, y.values.get());
  return y;
}

template <bool kMax> Pair extreme_dim(const Tensor& x, int64_t dim, bool keepdim) {
  const char* name = kMax ? "max" : "min";
  int64_t d = wrap_dim(dim, x->ndim);
  check_not_empty_dim(*x, d, name);
  check(!is_complex(x->dtype), name, "(): does not support complex input");
  return apply_picked<ExtremeDim<kMax>>(x, d, keepdim, extreme_raw(kMax, x, d, keepdim));
}

// --- along several dimensions: equals share the cotangent ---
template <bool kMax> struct ExtremeDims {
  static constexpr const char *name = kMax ? "amax" : "amin",
                              *node = kMax ? "AmaxBackward0" : "AminBackward0";
  Mask mask;
  bool keepdim;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    return reduce_raw(kMax ? Reduction::Max : Reduction::Min, x, mask, keepdim, x->dtype);
  }
  static constexpr const char* rule = "gx = [x = y]·g/count(x = y)";
  void vjp(Backward& b);
  void fields(auto& f) {
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

Tensor share_among_equals(const Tensor& g, const Tensor& x, const Tensor& y, Mask m, bool keepdim) {
  Tensor hit = ops::eq(x, restore_dims(y, m, x->ndim, keepdim));
  Tensor wide = ops::mul(restore_dims(g, m, x->ndim, keepdim), hit);
  return ops::div(wide, x->ndim ? ops::sum(hit, dims_of(m, x->ndim), true) : ops::sum(hit));
}
template <bool kMax> void ExtremeDims<kMax>::vjp(Backward& b) {
  b.gx[0] = share_among_equals(b.grad(), x_.get(b.node), y_.get(b.node), mask, keepdim);
}

template <bool kMax> Tensor extreme_dims(const Tensor& x, Ints dims, bool keepdim) {
  const char* name = kMax ? "amax" : "amin";
  Mask m = mask_of(dims, x->ndim);
  if (dims.empty())
    check_not_empty(*x, name);
  else
    check_not_empty(*x, m, name);
  if (is_complex(x->dtype)) fail_dtype(kMax ? "max_values_cpu" : "min_values_cpu", x->dtype);
  return apply(ExtremeDims<kMax>{m, keepdim}, x);
}

struct Aminmax {
  static constexpr const char *name = "aminmax", *node = "AminmaxBackward0";
  Mask mask;
  bool keepdim;
  SavedTensor x_ = {}, min_ = {}, max_ = {};
  static constexpr const char* rule = "gx = [x = y₀]·g₀/count(x = y₀) + [x = y₁]·g₁/count(x = y₁)";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), total;
    for (int i = 0; i < 2; ++i) {
      if (!b.g[i]) continue;
      Tensor part = share_among_equals(b.g[i], x, (i ? max_ : min_).get(b.node), mask, keepdim);
      total = total ? ops::add(total, part) : part;
    }
    b.gx[0] = total;
  }
  void fields(auto& f) {
    f("keepdim", keepdim);
    f("max", max_, output(1));
    f("min", min_, output(0));
    f("self", x_, input(0));
  }
};

Pair aminmax(const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  Mask m = dim ? mask_of(*dim, x->ndim) : Mask::all(x->ndim);
  if (dim)
    check_not_empty_dim(*x, wrap_dim(*dim, x->ndim), "aminmax");
  else
    check(x->numel > 0,
          "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.");
  if (is_complex(x->dtype)) fail_dtype("aminmax_cpu", x->dtype);
  std::array ys{reduce_raw(Reduction::Min, x, m, keepdim, x->dtype),
                reduce_raw(Reduction::Max, x, m, keepdim, x->dtype)};
  auto [min, max] = apply_multi(Aminmax{m, keepdim}, std::span(&x, 1), std::move(ys), 2);
  return {min, max};
}

// --- the places ---
template <bool kMax> struct ExtremePlace {
  static constexpr const char* name = kMax ? "argmax" : "argmin";
  std::optional<int64_t> dim;
  bool keepdim;
  Tensor forward(const Tensor& x) {
    Mask m = dim ? Mask::one(*dim) : Mask::all(x->ndim);
    Tensor y = empty(reduced_sizes(*x, m, keepdim), Dtype::I64, x->device);
    if (y->numel == 0) return y;
    Layout l = dim ? layout_of(x, *dim) : Layout{raw::contiguous(x), contiguous_view(1, x->numel, 1)};
    backend(x).reduce_arg(kMax, *l.x, l.view, *y, nullptr);
    return y;
  }
};

template <bool kMax> Tensor extreme_place(const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  const char* name = ExtremePlace<kMax>::name;
  check(!is_complex(x->dtype), name, "(): does not support complex input");
  check(x->dtype != Dtype::Bool, name, "(): does not support bool input");
  if (!dim)
    check_as(x->numel > 0, ErrorKind::Index, name,
             "(): Expected reduction dim to be specified for input.numel() == 0.");
  if (dim) {
    dim = wrap_dim(*dim, x->ndim);
    check_not_empty_dim(*x, *dim, name);
  }
  return apply(ExtremePlace<kMax>{dim, keepdim}, x);
}

}  // namespace

namespace ops {
Tensor amax(const Tensor& x, Ints dims, bool keepdim) { return extreme_dims<true>(x, dims, keepdim); }
Tensor amin(const Tensor& x, Ints dims, bool keepdim) { return extreme_dims<false>(x, dims, keepdim); }
Tensor argmax(const Tensor& x, int64_t dim, bool keepdim) { return extreme_place<true>(x, dim, keepdim); }
std::pair<Tensor, Tensor> max(const Tensor& x, int64_t dim, bool keepdim) {
  auto [v, i] = extreme_dim<true>(x, dim, keepdim);
  return {v, i};
}
std::pair<Tensor, Tensor> min(const Tensor& x, int64_t dim, bool keepdim) {
  auto [v, i] = extreme_dim<false>(x, dim, keepdim);
  return {v, i};
}
}  // namespace ops

static const auto defs = {
    def<extreme_all<true>>("max(Tensor self) -> Tensor", kBoth | kOut,
                           "The largest element; NaN if there is one."),
    def<extreme_dim<true>>("max(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
                           kBoth | kOut,
                           "The largest elements along `dim` and their places: the first of equals."),
    def<[](const Tensor& a, const Tensor& b) { return ops::maximum(a, b); }>(
        "max(Tensor self, Tensor other) -> Tensor", kBoth | kOut),
    def<extreme_all<false>>("min(Tensor self) -> Tensor", kBoth | kOut,
                            "The smallest element; NaN if there is one."),
    def<extreme_dim<false>>(
        "min(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)", kBoth | kOut,
        "The smallest elements along `dim` and their places: the first of equals."),
    def<[](const Tensor& a, const Tensor& b) { return ops::minimum(a, b); }>(
        "min(Tensor self, Tensor other) -> Tensor", kBoth | kOut),
    def<extreme_dims<true>>("amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor", kBoth | kOut,
                            "The largest elements over dimensions; equals share the gradient."),
    def<extreme_dims<false>>("amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor", kBoth | kOut,
                             "The smallest elements over dimensions; equals share the gradient."),
    def<aminmax>("aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)",
                 kBoth | kOut, "The smallest and the largest elements."),
    def<extreme_place<true>>("argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor", kBoth | kOut,
                             "Where the largest element is: the first of equals."),
    def<extreme_place<false>>("argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
                              kBoth | kOut, "Where the smallest element is: the first of equals."),
};

}  // namespace adjoint
