// index_reduce: whole slices, joined by product, mean or extremum to those that an index names.
#include "autograd/door.h"
#include "device/groups.h"
#include "ops/index/groups.h"
#include "ops/index/offsets.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint::ops {
namespace {

// How many slices each result is made of, along dim and 1 elsewhere.
Tensor members(const Groups& what, const Tensor& like, const Tensor& index, Dtype dtype) {
  Dims sizes(int64_t(like->ndim), 1);
  if (like->ndim) sizes[what.dim] = like->size(int(what.dim));
  const int64_t n = like->ndim ? sizes[what.dim] : 1;
  Tensor counts = adjoint::full(Dims{n}, what.include_self ? 1 : 0, Dtype::I64, like->device);
  Tensor ones = adjoint::full(Dims{index->numel}, 1, Dtype::I64, like->device);
  counts = index_add(counts, 0, index, ones);
  return to(reshape(clamp(counts, Operand(1), std::nullopt), sizes), dtype);
}

void joined_raw(const Groups& what, const Tensor& y, const Tensor& index, const Tensor& source) {
  std::vector<Tensor> at(size_t(what.dim) + 1);
  at.back() = index;
  const Tensor line = y->ndim ? y : adjoint::alias(y, Dims{1}, Dims{1}, y->byte_offset);
  if (!what.include_self) {  // any member will do to start an extremum from
    const bool extremum = what.how == Join::Max || what.how == Join::Min;
    index_put_(line, at,
               extremum ? (source->ndim ? source : reshape(source, Dims{1}))
                        : scalar_tensor(what.how == Join::Prod ? 1 : 0, y->dtype, y->device));
  }
  const int64_t outer = numel_of(y->sizes().first(size_t(what.dim)));
  const int64_t rows = line->size(int(what.dim));
  const Combine how = what.how == Join::Prod  ? Combine::Mul
                      : what.how == Join::Max ? Combine::Max
                      : what.how == Join::Min ? Combine::Min
                                              : Combine::Add;
  if (y->numel)
    group_kernels(y).merge(how, *y, {outer, y->numel / (outer * rows)}, *index, *raw::contiguous(source));
  if (what.how != Join::Mean) return;
  Tensor n = members(what, y, index, y->dtype);
  raw::copy(y, is_floating(y->dtype) ? div(y, n) : pointwise(formula<"floor_divide">, {y, n}));
}

struct IndexReduce {
  static constexpr const char *name = "index_reduce", *node = "IndexReduceBackward0";
  Groups what;
  SavedTensor index;
  SavedTensor self_ = {}, source_ = {}, y_ = {};
  Tensor forward(const Tensor& x, const Tensor& source) {
    NoGrad off;
    Tensor y = raw::clone(x), i = as_index(index.raw(), name);
    if (i->ndim == 0) i = adjoint::alias(i, Dims{1}, Dims{1}, i->byte_offset);
    if (i->numel) joined_raw(what, y, i, source);
    return y;
  }
  const char* rule() const {
    switch (what.how) {
      case Join::Prod:
        return what.include_self ? "gx = g·y/x; gsource = (g·y)[index]/source"
                                 : "gx = g with 0 at index; gsource = (g·y)[index]/source";
      case Join::Mean:
        return what.include_self ? "gx = g/n; gsource = (g/n)[index], n values in each mean"
                                 : "gx = g with 0 at index; gsource = (g/n)[index], n values in each mean";
      default:
        return what.include_self
                   ? "gx = [x = y]·g/n; gsource = [source = y[index]]·(g/n)[index], n equal y"
                   : "gx = g with 0 at index; gsource = [source = y[index]]·(g/n)[index], n equal y";
    }
  }
  void vjp(Backward& b) {
    Tensor i = index.get(b.node);
    auto [gx, gs] = join_slopes(what, b.grad(), self_.get(b.node), i->ndim ? i : reshape(i, Dims{1}),
                                source_.get(b.node), y_.get(b.node));
    if (b.needs(0)) b.gx[0] = gx;
    if (b.needs(1)) b.gx[1] = gs;
  }
  void fields(auto& f) {
    f("dim", what.dim);
    f("include_self", what.include_self);
    f("index", index);
    f("result", y_, output(0));
    f("self", self_, input(0));
    f("source", source_, input(1));
  }
};

void check_join(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  check_as(index->ndim <= 1, ErrorKind::Index,
           "index_reduce_(): Index is supposed to be a vector, but got dim: ", int(index->ndim),
           " with type: ", label_of(index->dtype), " and size: ", index->sizes());
  check(index->dtype == Dtype::I64 || index->dtype == Dtype::I32,
        "index_reduce_(): Expected dtype int32/int64 for index but got: ", label_of(index->dtype));
  check(x->dtype == source->dtype, "index_reduce_(): self (", label_of(x->dtype), ") and source (",
        label_of(source->dtype), ") must have the same scalar type");
  const int64_t given = source->ndim == 0 ? 1 : dim < source->ndim ? source->size(int(dim)) : 0;
  check(index->numel == given, "index_reduce_(): Number of indices (", index->numel,
        ") should be equal to source.size(dim): (", given, "), for dim: ", dim);
  check(x->ndim == source->ndim && equal(without(x->sizes(), dim), without(source->sizes(), dim)),
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape "
        "= ",
        x->sizes(), " source.shape = ", source->sizes());
  if (is_complex(x->dtype) || x->dtype == Dtype::Bool) fail_dtype("index_reduce", x->dtype);
  const int64_t n = x->ndim ? x->size(int(dim)) : 1;
  if (auto bad = backend(index).outside(*as_index(index, "index_reduce"), 0, n)) [[unlikely]]
    fail_with(str("index ", *bad, " is out of bounds for dimension ", dim, " with size ", n),
              ErrorKind::Index, "index out of range in self");
}

Tensor index_reduce(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                    std::string_view reduce, bool include_self) {
  Join how = Join::Prod;
  if (reduce == "mean")
    how = Join::Mean;
  else if (reduce == "amax" || reduce == "amin")
    how = reduce == "amax" ? Join::Max : Join::Min;
  else
    check(reduce == "prod", "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ",
          std::string(reduce), ".");
  return join({how, wrap_dim(dim, x->ndim), include_self}, x, index, source);
}

// The slope of a factor is the product of the others. Quotients give it, save where the factor is 0: there it is the
// product of what is not 0, times the only other zero if there is one (so that second derivatives are right, too).
std::pair<Tensor, Tensor> product_slopes(const Groups& what, const Tensor& g, const Tensor& self,
                                         const Tensor& index, const Tensor& source, const Tensor& y) {
  auto ones_for = [](const Tensor& zero, const Tensor& t) {
    return where(zero, Operand(ones_like(t)), Operand(t));
  };
  auto zeros_but = [](const Tensor& zero, const Tensor& t) {
    return where(zero, Operand(t), Operand(zeros_like(t)));
  };
  auto spread = [&](const Tensor& t) { return index_select(t, what.dim, index); };
  auto total = [&](const Tensor& own, const Tensor& members) {
    return index_add(what.include_self ? own : zeros_like(own), what.dim, index, members);
  };
  const Tensor no = eq(self, 0), zero = eq(source, 0);
  const Tensor count = total(to(no, g->dtype), to(zero, g->dtype));
  const Tensor others = join(what, ones_for(no, self), index, ones_for(zero, source));
  const Tensor zeros = total(zeros_but(no, self), zeros_but(zero, source));
  auto at_zero = [&](const Tensor& n, const Tensor& p, const Tensor& z, const Tensor& factor) {
    const Tensor two = mul(p, sub(z, factor)), none = zeros_like(p);
    return where(eq(n, 1), Operand(p), Operand(where(eq(n, 2), Operand(two), Operand(none))));
  };
  const Tensor gs =
      mul(spread(g), where(zero, Operand(at_zero(spread(count), spread(others), spread(zeros), source)),
                           Operand(div(spread(y), ones_for(zero, source)))));
  if (!what.include_self) return {{}, gs};
  const Tensor gx =
      mul(g, where(no, Operand(at_zero(count, others, zeros, self)), Operand(div(y, ones_for(no, self)))));
  return {gx, gs};
}

// What equals the result shares its cotangent; NaN equals NaN.
std::pair<Tensor, Tensor> extremum_slopes(const Groups& what, const Tensor& g, const Tensor& self,
                                          const Tensor& index, const Tensor& source, const Tensor& y) {
  auto hits = [&](const Tensor& x, const Tensor& top) {
    Tensor same = eq(x, Operand(top)), both = logical_and(isnan(x), Operand(isnan(top)));
    return to(where(both, Operand(both), Operand(same)), g->dtype);
  };
  const Tensor of_source = hits(source, index_select(y, what.dim, index));
  const Tensor of_self = what.include_self ? hits(self, y) : zeros_like(g);
  const Tensor n = clamp(index_add(of_self, what.dim, index, of_source), Operand(1), std::nullopt);
  const Tensor share = div(g, n);
  return {mul(of_self, share), mul(of_source, index_select(share, what.dim, index))};
}

}  // namespace

Tensor join(const Groups& what, const Tensor& self, const Tensor& index, const Tensor& source) {
  if (what.how == Join::Sum)
    return index_add(what.include_self ? self : zeros_like(self), what.dim, index, source);
  check_join(self, what.dim, index, source);
  return apply(IndexReduce{what, index}, self, source);
}

std::pair<Tensor, Tensor> join_slopes(const Groups& what, const Tensor& g, const Tensor& self,
                                      const Tensor& index, const Tensor& source, const Tensor& y) {
  std::pair<Tensor, Tensor> slopes;
  if (what.how == Join::Prod) {
    slopes = product_slopes(what, g, self, index, source, y);
  } else if (what.how == Join::Mean) {
    const Tensor share = div(g, members(what, g, index, g->dtype));
    slopes = {share, index_select(share, what.dim, index)};
  } else if (what.how == Join::Sum) {
    slopes = {g, index_select(g, what.dim, index)};
  } else {
    slopes = extremum_slopes(what, g, self, index, source, y);
  }
  if (!what.include_self) {  // replaced where there are members
    const Tensor there = members({what.how, what.dim, true}, g, index, g->dtype);
    slopes.first = where(gt(there, 1), Operand(zeros_like(g)), Operand(g));
  }
  return slopes;
}

[[maybe_unused]] static const auto defs = {
    def<index_reduce>(
        "index_reduce(Tensor self, int dim, Tensor index, Tensor source, str reduce, *, bool "
        "include_self=True) -> Tensor",
        kAll,
        "Joins slice k of source along dim to slice index[k] of self, by prod, mean, amax or amin; without "
        "include_self the slices that index names count for nothing."),
};

}  // namespace adjoint::ops
