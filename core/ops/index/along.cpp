// gather and scatter: an index tensor that says, element by element, where along one dimension to read or
// write.
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/index/offsets.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {
namespace {

// Mean is Add, then a division.
enum class How { Set, Add, Mul, Max, Min, Mean };
Combine combine(How how) { return how == How::Mean ? Combine::Add : Combine(how); }

void check_shapes(const char* op, const Tensor& x, int64_t dim, const Tensor& index, bool reading) {
  check(std::max<int>(index->ndim, 1) == std::max<int>(x->ndim, 1),
        "Index tensor must have the same number of dimensions as ", reading ? "input" : "self", " tensor");
  for (int d = 0; d < index->ndim && x->ndim; ++d)
    check(d == dim || index->size(d) <= x->size(d), op, ": Size does not match at dimension ", d,
          " expected index ", index->sizes(), " to be no larger than self ", x->sizes(),
          " apart from dimension ", dim);
}

Tensor gathered(const Tensor& x, int64_t dim, const Tensor& index) {
  Tensor y = empty(index->sizes(), x->dtype, x->device);
  if (y->numel) backend(x).gather(*x, dim, *as_index(index, "gather"), *y);
  return y;
}

struct Gather {
  static constexpr const char *name = "gather", *node = "GatherBackward0";
  int64_t dim;
  SavedTensor index;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return gathered(x, dim, index.raw()); }
  static constexpr const char* rule = "gx = scatter_add(zeros, dim, index, g)";
  void vjp(Backward& b) {
    Tensor zero = adjoint::zeros(shape, b.grad()->dtype, b.grad()->device);
    b.gx[0] = scatter_add(zero, dim, index.get(b.node), b.grad());
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
    f(nullptr, shape, input(0));
  }
};

void scatter_raw(const Tensor& y, int64_t dim, const Tensor& index, const Tensor& source, How how) {
  if (index->numel) backend(y).scatter(combine(how), *y, dim, *as_index(index, "scatter"), *source);
}

Tensor part(const Tensor& source,
            const Tensor& index) {  // the leading corner of source that the index covers
  Tensor s = source;
  for (int d = 0; d < index->ndim && s->ndim; ++d)
    if (s->size(d) != index->size(d)) s = narrow(s, d, 0, index->size(d));
  return s;
}

// The cotangent of the part of src that the index covers becomes that of all of src.
Tensor widened(const Tensor& g, Ints source_shape) {
  if (equal(g->sizes(), source_shape)) return g;
  Dims pad;
  for (int d = g->ndim - 1; d >= 0; --d) {
    pad.push_back(0);
    pad.push_back(source_shape[size_t(d)] - g->size(d));
  }
  return constant_pad(g, pad, 0);
}

// y[index] = source, for tensors; the vjp of self is g with the written places zeroed, that of source their
// gather.
struct Scatter {
  static constexpr const char *name = "scatter", *node = "ScatterBackward0";
  int64_t dim;
  SavedTensor index;
  Dims source_shape;
  static constexpr const char* rule = "gx = g with 0 at index; gsrc = gather(g, dim, index)";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor i = index.get(b.node);
    if (b.needs(0)) b.gx[0] = scatter(g, dim, i, adjoint::zeros(i->sizes(), g->dtype, g->device));
    if (b.needs(1)) b.gx[1] = widened(gather(g, dim, i), source_shape);
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
  }
};
struct ScatterAdd : Scatter {
  static constexpr const char *name = "scatter_add", *node = "ScatterAddBackward0";
  static constexpr const char* rule = "gx = g; gsrc = gather(g, dim, index)";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = b.grad();
    if (b.needs(1)) b.gx[1] = widened(gather(b.grad(), dim, index.get(b.node)), source_shape);
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index, kGiven.if_edge(1));
  }
};
struct ScatterValue {
  static constexpr const char *name = "scatter", *node = "ScatterBackward1";
  int64_t dim;
  SavedTensor index;
  static constexpr const char* rule = "gx = g with 0 at index";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor i = index.get(b.node);
    b.gx[0] = scatter(g, dim, i, adjoint::zeros(i->sizes(), g->dtype, g->device));
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
  }
};

Tensor checked(const char* op, const Tensor& x, int64_t& dim, const Tensor& index, const Tensor& source) {
  dim = wrap_dim(dim, x->ndim);
  if (index->numel == 0) return source;
  check(index->dtype == Dtype::I64 || index->dtype == Dtype::I32, op,
        "(): Expected dtype int32/int64 for index");
  check_shapes(op, x, dim, index, false);
  check(std::max<int>(index->ndim, 1) == std::max<int>(source->ndim, 1),
        "Index tensor must have the same number of dimensions as src tensor");
  check(source->dtype == x->dtype, op, "(): Expected self.dtype to be equal to src.dtype");
  for (int d = 0; d < index->ndim; ++d)
    check(index->size(d) <= (source->ndim ? source->size(d) : 1), "Expected index ", index->sizes(),
          " to be no larger than self ", x->sizes(), " apart from dimension ", dim,
          " and to be no larger size than src ", source->sizes());
  return source;
}

Tensor scatter_into(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, bool add,
                    const char* name) {
  Tensor src = checked(add ? "scatter_add" : "scatter", x, dim, index, source);
  if (index->numel == 0) return x;
  auto write = [&] {
    NoGrad no_grad;
    scatter_raw(x, dim, index, part(overlap(*x, *src) != Overlap::None ? raw::clone(src) : src, index),
                add ? How::Add : How::Set);
  };
  if (add) return apply_inplace(ScatterAdd{{dim, index, src->sizes()}}, x, name, write, src);
  return apply_inplace(Scatter{dim, index, src->sizes()}, x, name, write, src);
}

Tensor scatter_value_(const Tensor& x, int64_t dim, const Tensor& index, const Scalar& value) {
  dim = wrap_dim(dim, x->ndim);
  check(index->dtype == Dtype::I64 || index->dtype == Dtype::I32,
        "scatter(): Expected dtype int32/int64 for index");
  if (index->numel == 0) return x;
  check_shapes("scatter", x, dim, index, false);
  check_scalar_fits(value, x->dtype);
  auto write = [&] {
    scatter_raw(x, dim, index, expand(scalar_tensor(value, x->dtype, x->device), index->sizes()), How::Set);
  };
  return apply_inplace(ScatterValue{dim, index}, x, "scatter_", write);
}

How how_of(std::string_view reduce, bool named) {
  if (!named) {
    check(reduce == "add" || reduce == "multiply", "reduce argument must be either add or multiply.");
    return reduce == "add" ? How::Add : How::Mul;
  }
  if (reduce == "sum") return How::Add;
  if (reduce == "prod") return How::Mul;
  if (reduce == "mean") return How::Mean;
  if (reduce == "amax") return How::Max;
  if (reduce == "amin") return How::Min;
  fail("reduce argument must be either sum, prod, mean, amax or amin, got ", std::string(reduce));
}

Tensor ones_at(const Tensor& like, int64_t dim, const Tensor& index, bool include_self) {
  Tensor count = include_self ? ones_like(like) : zeros_like(like);
  return scatter_add(count, dim, index,
                     ones_like(index->dtype == like->dtype ? index : to(index, like->dtype)));
}

Tensor scatter_reduce(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src,
                      std::string_view reduce, bool include_self);

// The rule of scatter_reduce, by its kind.
struct ScatterReduce {
  static constexpr const char* node = "ScatterReduceBackward0";
  int64_t dim;
  SavedTensor index;
  How how;
  bool include_self;
  SavedTensor x = {}, source = {}, y = {};
  void fields(auto& f) {
    f("dim", dim);
    f("include_self", include_self);
    f("index", index);
    f("self", x, input(0));
    f("src", source, input(1));
    f("result", y, output(0));
  }
  // Each factor's slope is the product of the others. Quotients give it except where the factor is zero:
  // there the product is taken again with that factor as one (two zeros in one product leave zero).
  void product_rule(const Tensor& g, const Tensor& self, const Tensor& src, const Tensor& out,
                    const Tensor& at, Tensor& gs, Tensor& gr) const {
    auto one_where = [](const Tensor& mask, const Tensor& t) {
      return where(mask, Operand(ones_like(t)), Operand(t));
    };
    auto product = [&](const Tensor& a, const Tensor& b) {
      return scatter_reduce(a, dim, at, b, "prod", include_self);
    };
    Tensor self1 = one_where(eq(self, 0), self);
    gs = div(mul(g, conj(product(self1, src))), conj(self1));
    Tensor zero = eq(src, 0);
    Tensor zeros = gather(scatter_add(zeros_like(self), dim, at, to(zero, self->dtype)), dim, at);
    Tensor single = logical_and(zero, eq(zeros, 1));
    Tensor alone = gather(mul(g, conj(product(self, one_where(single, src)))), dim, at);
    Tensor quotient = div(gather(mul(g, conj(out)), dim, at), conj(one_where(zero, src)));
    gr = where(single, Operand(alone), Operand(quotient));
  }
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor self = x.get(b.node), src = source.get(b.node), out = y.get(b.node), at = index.get(b.node);
    Tensor gs, gr;
    if (how == How::Add) {
      gs = g, gr = gather(g, dim, at);
    } else if (how == How::Mul) {
      product_rule(g, self, part(src, at), out, at, gs, gr);
    } else if (how == How::Mean) {
      Tensor n = ones_at(g, dim, at, include_self);
      n = where(eq(n, 0), Operand(ones_like(n)), Operand(n));
      gs = div(g, n), gr = gather(div(g, n), dim, at);
    } else {
      Tensor hit_self = to(eq(self, Operand(out)), g->dtype);
      if (!include_self)
        hit_self = scatter(hit_self, dim, at, adjoint::zeros(at->sizes(), g->dtype, g->device));
      Tensor hit_src = to(eq(part(src, at), Operand(gather(out, dim, at))), g->dtype);
      Tensor n = scatter_add(hit_self, dim, at, hit_src);
      Tensor share = div(g, n);
      gs = mul(hit_self, share), gr = mul(hit_src, gather(share, dim, at));
    }
    if (b.needs(0))
      b.gx[0] = include_self ? gs : scatter(gs, dim, at, adjoint::zeros(at->sizes(), g->dtype, g->device));
    if (b.needs(1)) b.gx[1] = widened(gr, src->sizes());
  }
  const char* rule() const {
    switch (how) {
      case How::Add:
        return include_self ? "gx = g; gsrc = gather(g)" : "gx = g with 0 at index; gsrc = gather(g)";
      case How::Mul:
        return include_self ? "gx = g·y/x; gsrc = gather(g·y)/src"
                            : "gx = g with 0 at index; gsrc = gather(g·y)/src";
      case How::Mean:
        return include_self ? "gx = g/n; gsrc = gather(g/n), n values in each mean"
                            : "gx = g with 0 at index; gsrc = gather(g/n), n values in each mean";
      default:
        return include_self ? "gx = [x = y]·g/n; gsrc = [src = gather(y)]·gather(g/n), n equal y"
                            : "gx = g with 0 at index; gsrc = [src = gather(y)]·gather(g/n), n equal y";
    }
  }
};

Tensor reduce_values(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src, How how,
                     bool include_self) {
  // Complex numbers have no order, truth values no mean.
  if ((how == How::Max || how == How::Min) && is_complex(x->dtype)) fail_dtype("scatter_reduce", x->dtype);
  if (how == How::Mean && x->dtype == Dtype::Bool) fail_dtype("scatter_reduce", x->dtype);
  Tensor y = raw::clone(x);
  NoGrad no_grad;
  Tensor s = part(src, index);
  if (!include_self) {
    Dtype d = x->dtype;
    bool real = is_floating(d);
    constexpr double inf = __builtin_inf();
    Scalar start = how == How::Mul   ? Scalar(1)
                   : how == How::Max ? (real ? Scalar(-inf) : Scalar(INT64_MIN))
                   : how == How::Min ? (real ? Scalar(inf) : Scalar(INT64_MAX))
                                     : Scalar(0);
    if (!real && (how == How::Max || how == How::Min))
      scatter_raw(y, dim, index, s, How::Set);  // any of them is a fair start
    else
      scatter_raw(y, dim, index, expand(scalar_tensor(start, d, x->device), index->sizes()), How::Set);
  }
  scatter_raw(y, dim, index, s, how);
  if (how == How::Mean) {
    Tensor n = ones_at(to(x, Dtype::I64), dim, index, include_self);
    n = clamp(n, Operand(1), std::nullopt);
    Tensor m = is_differentiable(y->dtype) ? div(y, to(n, y->dtype))
                                           : to(pointwise(formula<"floor_divide">, {y, n}), y->dtype);
    raw::copy(y, m);
  }
  return y;
}

Tensor scatter_reduce(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src,
                      std::string_view reduce, bool include_self) {
  checked("scatter_reduce", x, dim, index, src);
  How how = how_of(reduce, true);
  if (index->numel == 0) return clone(x);
  Tensor y = reduce_values(x, dim, index, src, how, include_self);
  return apply_from(ScatterReduce{dim, index, how, include_self}, y, x, src);
}

Tensor scatter_with(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src,
                    std::string_view reduce) {
  How how = how_of(reduce, false);
  checked("scatter", x, dim, index, src);
  return reduce_values(x, dim, index, src, how, true);
}
Tensor scatter_value_with(const Tensor& x, int64_t dim, const Tensor& index, const Scalar& value,
                          std::string_view reduce) {
  return scatter_with(x, dim, index, expand(scalar_tensor(value, x->dtype, x->device), index->sizes()),
                      reduce);
}
Tensor scatter_value(const Tensor& x, int64_t dim, const Tensor& index, const Scalar& value) {
  return scatter_value_(clone(x), dim, index, value);
}

}  // namespace

Tensor gather(const Tensor& x, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, x->ndim);
  check(index->numel == 0 || index->dtype == Dtype::I64 || index->dtype == Dtype::I32,
        "gather(): Expected dtype int32/int64 for index");
  if (index->numel) check_shapes("gather", x, dim, index, true);
  return apply(Gather{dim, index}, x);
}
Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return scatter_into(clone(x), dim, index, source, false, "scatter");
}
Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return scatter_into(clone(x), dim, index, source, true, "scatter_add");
}

namespace {
Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<int64_t> dim) {
  if (!dim) return gather(reshape(x, Dims{-1}), 0, reshape(index, Dims{-1}));
  check(index->dtype == Dtype::I64, "torch.take_along_dim(): dtype of indices should be Long but got ",
        label_of(index->dtype));
  check(x->ndim == index->ndim,
        "torch.take_along_dim(): input and indices should have the same number of dimensions, but got ",
        int(x->ndim), " dimensions for input, and ", int(index->ndim), " dimensions for indices");
  int64_t d = wrap_dim(*dim, x->ndim);
  Dims xs = broadcast_shapes(without(x->sizes(), d), without(index->sizes(), d)), is = xs;
  xs.insert(d, x->size(int(d)));
  is.insert(d, index->size(int(d)));
  Tensor wrapped = where(lt(index, 0), Operand(add(index, Scalar(x->size(int(d))))), Operand(index));
  return gather(expand(x, xs), d, expand(wrapped, is));
}

[[maybe_unused]] const auto defs = {
    def<[](const Tensor& x, int64_t dim, const Tensor& index, bool) { return gather(x, dim, index); }>(
        "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor", kBoth | kOut,
        "out[i][j] = self[index[i][j]][j] for dim 0. The vjp adds the cotangent up where it was read from."),
    def<scatter>("scatter(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", kBoth | kOut,
                 "out[index[i][j]][j] = src[i][j] for dim 0."),
    def<scatter_value>("scatter(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", kBoth | kOut,
                       "With one value for all."),
    def<scatter_with>("scatter(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor",
                      kAll, "Adds or multiplies."),
    def<scatter_value_with>(
        "scatter(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor", kAll,
        "Adds or multiplies."),
    def<[](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src) {
      return scatter_into(x, dim, index, src, false, "scatter_");
    }>("scatter_(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", kMethod, "scatter in place."),
    def<scatter_value_>("scatter_(Tensor self, int dim, Tensor index, Scalar value) -> Tensor", kMethod,
                        "scatter in place."),
    def<scatter_add>("scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", kBoth | kOut,
                     "out[index[i][j]][j] += src[i][j] for dim 0."),
    def<[](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& src) {
      return scatter_into(x, dim, index, src, true, "scatter_add_");
    }>("scatter_add_(Tensor self, int dim, Tensor index, Tensor src) -> Tensor", kMethod,
       "scatter_add in place."),
    def<scatter_reduce>("scatter_reduce(Tensor self, int dim, Tensor index, Tensor src, str reduce, *, bool "
                        "include_self=True) -> Tensor",
                        kAll, "Combines src into self by sum, prod, mean, amax or amin."),
    def<take_along_dim>("take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor", kBoth | kOut,
                        "gather with broadcasting."),
};
}  // namespace

}  // namespace adjoint::ops
