// Products of elements, and running products. The derivative of a product divides the result by the element, save where
// an element is zero: there the product of the others is built from running products of both sides.
#include <cfloat>
#include <cmath>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

Dtype prod_dtype(const Tensor& x, const std::optional<Dtype>& d) {
  return d ? *d : category_of(x->dtype) <= Category::Integer ? Dtype::I64 : x->dtype;
}

bool has_zero(const Tensor& x) {
  return !has_values(x) || item(reduce_all_raw(Reduction::CountNonzero, x)).to_int() != x->numel;
}

// Whether y / x is the product of the others: no zeros, and no product that left the normal numbers.
bool divides(const Tensor& x, const Tensor& y) {
  if (has_zero(x)) return false;
  const double least = real_of(y->dtype) == Dtype::F64 ? DBL_MIN : y->dtype == Dtype::F16 ? 0x1p-14 : FLT_MIN;
  return item_at(*reduce_all_raw(Reduction::MinAbs, y)).to_double() >= least &&
         item_at(*reduce_all_raw(Reduction::MaxAbs, y)).to_double() < HUGE_VAL;
}

Tensor conj_if(const Tensor& x) { return is_complex(x->dtype) ? ops::conj(x) : x; }

// Product of all the other elements along dim, for each element.
Tensor product_of_others(const Tensor& x, int64_t dim) {
  int64_t n = x->size(int(dim));
  if (n <= 1) return ops::ones_like(x);
  Dims one(x->sizes());
  one[dim] = 1;
  Tensor ones = full(one, 1, x->dtype, x->device);
  const Tensor before[2] = {ones, ops::narrow(x, dim, 0, n - 1)};
  const Tensor after[2] = {ones, ops::flip(ops::narrow(x, dim, 1, n - 1), Ints(&dim, 1))};
  Tensor l = ops::cumprod(ops::cat(before, dim), dim),
         r = ops::flip(ops::cumprod(ops::cat(after, dim), dim), Ints(&dim, 1));
  return ops::mul(l, r);
}

struct Prod {  // Π x
  static constexpr const char *name = "prod", *node = "ProdBackward0";
  Dtype out;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    return reduce_all_raw(Reduction::Prod, operand_of(Reduction::Prod, x, out), out);
  }
  static constexpr const char* rule = "gx = g·y/x, or g·(the product of the others) where x has zeros";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), g = ops::to(b.grad(), x->dtype);
    if (x->ndim == 0)
      b.gx[0] = g;
    else if (Tensor y = ops::to(y_.get(b.node), x->dtype); divides(x, y))
      b.gx[0] = ops::mul(g, conj_if(ops::div(y, x)));
    else {
      const int64_t flat = x->numel;
      Tensor others = product_of_others(ops::reshape(x, Ints(&flat, 1)), 0);
      b.gx[0] = ops::reshape(ops::mul(g, conj_if(others)), x->sizes());
    }
  }
  void fields(auto& f) {
    f("self", x_, input(0));
    f("result", y_, output(0));
  }
};

struct ProdDim {
  static constexpr const char *name = "prod", *node = "ProdBackward1";
  int64_t dim;
  bool keepdim;
  Dtype out;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    return reduce_raw(Reduction::Prod, operand_of(Reduction::Prod, x, out), Mask::one(dim), keepdim, out);
  }
  static constexpr const char* rule = "gx = g·y/x, or g·(the product of the others) where x has zeros";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), g = ops::to(b.grad(), x->dtype);
    if (x->ndim == 0) {
      b.gx[0] = g;
      return;
    }
    g = restore_dims(g, Mask::one(dim), x->ndim, keepdim);
    Tensor y = restore_dims(ops::to(y_.get(b.node), x->dtype), Mask::one(dim), x->ndim, keepdim);
    b.gx[0] = ops::mul(g, conj_if(divides(x, y) ? ops::div(y, x) : product_of_others(x, dim)));
  }
  void fields(auto& f) {
    f("dim", dim);
    f("keepdim", keepdim);
    f("self", x_, input(0));
    f("result", y_, output(0));
  }
};

// y[k] = x[k - by]; zeros come in.
Tensor shifted(const Tensor& x, int64_t dim, int by) {
  const int64_t n = x->size(int(dim));
  Dims one(x->sizes());
  one[dim] = 1;
  const Tensor in = full(one, 0, x->dtype, x->device), rest = ops::narrow(x, dim, by > 0 ? 0 : 1, n - 1);
  const Tensor parts[2] = {by > 0 ? in : rest, by > 0 ? rest : in};
  return ops::cat(parts, dim);
}

// y[k] = g[k] + c[k] · y[k ∓ 1], up from the first element or down from the last.
struct Recurrence {
  static constexpr const char *name = "recurrence", *node = "RecurrenceBackward0";
  int64_t dim;
  bool down;
  SavedTensor c_ = {}, y_ = {};
  Tensor forward(const Tensor& g, const Tensor& c) {
    Tensor y = empty(g->sizes(), g->dtype, g->device);
    if (g->numel == 0) return y;
    if (is_reduced(g->dtype))
      return raw::cast(Recurrence{dim, down}.forward(raw::cast(g, Dtype::F32), raw::cast(c, Dtype::F32)),
                       g->dtype);
    const Tensor dense_g = raw::contiguous(g), dense_c = raw::contiguous(c);
    const View3 v = layout_of(dense_g, dim).view;
    backend(y).recurrence(down, *dense_g, *dense_c, v, *y);
    return y;
  }
  static constexpr const char* rule =
      "gx is the recurrence of g with c, the other way; gc[k] = gx[k]·y[k ∓ 1]";
  void vjp(Backward& b) {
    const int by = down ? 1 : -1;
    const Tensor u = apply(Recurrence{dim, !down}, b.grad(), shifted(conj_if(c_.get(b.node)), dim, by));
    if (b.needs(0)) b.gx[0] = u;
    if (b.needs(1)) b.gx[1] = ops::mul(u, shifted(conj_if(y_.get(b.node)), dim, -by));
  }
  void fields(auto& f) {
    f("c", c_, input(1));
    f("result", y_, output(0));
  }
};

struct CumProd {
  static constexpr const char *name = "cumprod", *node = "CumprodBackward0";
  int64_t dim;
  Dtype out;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    Tensor c = raw::cast(x, out);
    Tensor y = empty(x->sizes(), out, x->device);
    if (x->numel == 0) return y;
    if (scanned_dtype(Scan::Prod, out) != out) return raw::cast(CumProd{dim, Dtype::I64}.forward(c), out);
    Layout l = layout_of(c, dim);
    if (!l.x.same(c)) l = layout_of(raw::contiguous(c), dim);
    backend(y).scan(Scan::Prod, *l.x, l.view, *y);
    return y;
  }
  static constexpr const char* rule = "gx[k] = sum over j ≥ k of g[j]·the product of x[0…j] without x[k]";
  // That is the product before k, which the result has, times s[k] = g[k] + x[k + 1]·s[k + 1].
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), g = ops::to(b.grad(), x->dtype);
    if (x->ndim == 0 || x->numel <= 1) {
      b.gx[0] = g;
      return;
    }
    Dims one(x->sizes());
    one[dim] = 1;
    const Tensor before[2] = {full(one, 1, x->dtype, x->device),
                              ops::narrow(ops::to(y_.get(b.node), x->dtype), dim, 0, x->size(int(dim)) - 1)};
    b.gx[0] = ops::mul(conj_if(ops::cat(before, dim)),
                       apply(Recurrence{dim, true}, g, shifted(conj_if(x), dim, -1)));
  }
  void fields(auto& f) {
    f("dim", dim);
    f("self", x_, input(0));
    f("result", y_, output(0));
  }
};

Tensor prod_all(const Tensor& x, std::optional<Dtype> d) { return apply(Prod{prod_dtype(x, d)}, x); }
Tensor prod_dim(const Tensor& x, int64_t dim, bool keepdim, std::optional<Dtype> d) {
  return apply(ProdDim{wrap_dim(dim, x->ndim), keepdim, prod_dtype(x, d)}, x);
}
Tensor cumprod(const Tensor& x, int64_t dim, std::optional<Dtype> d) {
  return apply(CumProd{wrap_dim(dim, x->ndim), prod_dtype(x, d)}, x);
}

}  // namespace

namespace ops {
Tensor prod(const Tensor& x) { return prod_all(x, {}); }
Tensor prod(const Tensor& x, int64_t dim, bool keepdim) { return prod_dim(x, dim, keepdim, {}); }
Tensor cumprod(const Tensor& x, int64_t dim) { return adjoint::cumprod(x, dim, {}); }
}  // namespace ops

static const auto defs = {
    def<prod_all>("prod(Tensor self, *, dtype? dtype=None) -> Tensor", kBoth | kOut,
                  "The product of all elements."),
    def<prod_dim>("prod(Tensor self, int dim, bool keepdim=False, *, dtype? dtype=None) -> Tensor",
                  kBoth | kOut, "The product along `dim`."),
    def<cumprod>("cumprod(Tensor self, int dim, *, dtype? dtype=None) -> Tensor", kAll,
                 "The running product along `dim`."),
};

}  // namespace adjoint
