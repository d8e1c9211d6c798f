// segment_reduce: reductions of neighbours along one dimension, whose numbers (lengths) or borders (offsets) are given.
#include "autograd/door.h"
#include "device/groups.h"
#include "device/host_values.h"
#include "ops/index/groups.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

using ops::Join;

Join join_of(std::string_view reduce) {
  if (reduce == "sum") return Join::Sum;
  if (reduce == "prod") return Join::Prod;
  if (reduce == "mean") return Join::Mean;
  if (reduce == "amax" || reduce == "max") return Join::Max;
  if (reduce == "amin" || reduce == "min") return Join::Min;
  fail("reduce argument must be either sum, prod, mean, amax or amin, got ", std::string(reduce));
}

// [outer, n, inner] becomes [outer, count, inner].
struct Geometry {
  int64_t outer = 1, n = 0, inner = 1, count = 0;
};
// `given`: lengths, or offsets, one more of them than segments, along their last dimension.
Geometry geometry_of(const Tensor& x, int64_t axis, const Tensor& given, bool offsets) {
  const char* name = offsets ? "offsets" : "lengths";
  check(x->ndim >= given->ndim, "segment_reduce(): Expected data.dim() >= ", name, ".dim(), but got ",
        int(x->ndim), " and ", int(given->ndim));
  check(given->ndim - 1 == axis, "segment_reduce(): Expected axis to be the last dimension of ", name,
        " but got ", axis, ".");
  const Ints before = x->sizes().first(size_t(axis));
  check(equal(given->sizes().first(size_t(axis)), before), "segment_reduce(): Expected the sizes of ", name,
        " before axis to be those of data, ", before, ", but got ", given->sizes());
  check(!offsets || given->size(int(axis)) > 0,
        "segment_reduce(): Expected offsets to have at least one element along axis");
  if (given->dtype != Dtype::I64 && given->dtype != Dtype::I32) fail_dtype("segment_reduce", given->dtype);
  Geometry at{numel_of(before), x->size(int(axis)), numel_of(x->sizes().subspan(size_t(axis) + 1)), 0};
  at.count = given->size(int(axis)) - offsets;
  return at;
}

constexpr const char* kWhole =
    "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe.";

// Where each segment begins, and the last one ends: [outer, count + 1].
Tensor bounds_of(const Geometry& at, const Tensor& given, bool offsets, bool whole) {
  HostTensor<int64_t> bounds(Dims{at.outer, at.count + 1});
  std::fill_n(bounds.data(), at.outer * (at.count + 1), int64_t(0));
  if (!has_values(given)) return bounds.on(given->device);
  HostElements<int64_t> v(raw::cast(given, Dtype::I64));
  const int64_t row = at.count + offsets;
  for (int64_t o = 0; o < at.outer; ++o) {
    int64_t* b = bounds.data() + o * (at.count + 1);
    const int64_t* from = v.data() + o * row;
    b[0] = offsets ? from[0] : 0;
    check(b[0] >= 0, "segment_reduce(): offsets begin before 0, at ", b[0]);
    for (int64_t s = 0; s < at.count; ++s) {
      const int64_t length = offsets ? from[s + 1] - b[s] : from[s];
      if (offsets)
        check(from[s + 1] >= b[s], "segment_reduce(): Expected offsets to ascend, but got ", b[s], " before ",
              from[s + 1]);
      else
        check(length >= 0, "lengths contains negative value!");
      check(length <= at.n - b[s] || whole, "segment_reduce(): segment ", s, " ends beyond the ", at.n,
            " elements along axis");
      check(length <= at.n - b[s], kWhole);
      b[s + 1] = b[s] + length;
    }
    check(!whole || b[at.count] == at.n, kWhole);
  }
  return bounds.on(given->device);
}

// The segment of each element, [outer · n], counted through; outer · count for those in none.
Tensor segments_of(const Geometry& at, const Tensor& bounds) {
  HostTensor<int64_t> ids(Dims{at.outer * at.n});
  std::fill_n(ids.data(), at.outer * at.n, at.outer * at.count);
  if (!has_values(bounds)) return ids.on(bounds->device);
  HostElements<int64_t> b(bounds);
  for (int64_t o = 0; o < at.outer; ++o)
    for (int64_t s = 0; s < at.count; ++s) {
      const int64_t* bound = b.data() + o * (at.count + 1) + s;
      std::fill(ids.data() + o * at.n + bound[0], ids.data() + o * at.n + bound[1], o * at.count + s);
    }
  return ids.on(bounds->device);
}

Scalar start_of(Join how, const std::optional<Scalar>& initial) {
  if (initial) return *initial;
  constexpr double inf = __builtin_inf();
  return how == Join::Prod  ? Scalar(1)
         : how == Join::Max ? Scalar(-inf)
         : how == Join::Min ? Scalar(inf)
                            : Scalar(0);
}
Combine combine_of(Join how) {
  return how == Join::Prod  ? Combine::Mul
         : how == Join::Max ? Combine::Max
         : how == Join::Min ? Combine::Min
                            : Combine::Add;
}

struct SegmentReduce {
  static constexpr const char *name = "segment_reduce", *node = "SegmentReduceBackward0";
  Join how;
  int64_t axis;
  Geometry at;
  std::optional<Scalar> initial;
  SavedTensor bounds;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    NoGrad off;
    Dims sizes(x->sizes());
    sizes[axis] = at.count;
    Tensor y = full(sizes, start_of(how, initial), x->dtype, x->device), b = bounds.raw();
    group_kernels(y).segments(combine_of(how), how == Join::Mean, *raw::contiguous(x), {at.outer, at.inner},
                              *b, *y);
    if (how == Join::Mean && !initial) {  // a mean of nothing
      Tensor none = ops::eq(lengths(b), 0);
      Tensor rows = ops::reshape(y, Dims{at.outer * at.count, at.inner});
      raw::copy(y, ops::reshape(ops::masked_fill(rows, none, __builtin_nan("")), sizes));
    }
    return y;
  }
  Tensor lengths(const Tensor& b) const {  // [outer · count, 1]
    return ops::reshape(ops::sub(ops::slice(b, 1, 1, at.count + 1), Operand(ops::slice(b, 1, 0, at.count))),
                        Dims{at.outer * at.count, 1});
  }
  const char* rule() const {
    switch (how) {
      case Join::Sum: return "gx = g of the segment";
      case Join::Mean: return "gx = g/n of the segment of n";
      case Join::Prod: return "gx = g·y/x, g and y of the segment";
      default: return "gx = [x = y]·g/n, g and y of the segment, n equal y";
    }
  }
  void vjp(Backward& w) { w.gx[0] = grad_enabled() ? slopes(w) : slopes_raw(w); }
  Tensor slopes_raw(Backward& w) const {
    const Tensor x = raw::contiguous(x_.get(w.node)), y = y_.get(w.node), g = raw::contiguous(w.grad());
    Tensor gx = zeros(x->sizes(), x->dtype, x->device);
    const double start = how == Join::Prod ? start_of(how, initial).to_double() : 0;
    group_kernels(gx).segment_slopes(combine_of(how), how == Join::Mean,
                                     {*x, *y, start, {at.outer, at.inner}}, *bounds.get(w.node), *g, *gx);
    return gx;
  }
  // By recorded operations: all segments in one row, with one more for the elements in none.
  Tensor slopes(Backward& w) const {
    const int64_t rows = at.outer * at.count;
    const Tensor b = bounds.get(w.node), ids = segments_of(at, b);
    auto flat = [&](const Tensor& t, const Scalar& last) {
      Tensor row = full(Dims{1, at.inner}, last, t->dtype, t->device);
      return ops::cat(std::array{ops::reshape(t, Dims{rows, at.inner}), row});
    };
    const Tensor x = x_.get(w.node), source = ops::reshape(x, Dims{at.outer * at.n, at.inner});
    Tensor g = flat(w.grad(), 0), y = flat(y_.get(w.node), 1);
    if (how == Join::Mean) {
      Tensor n = ops::to(ops::clamp(lengths(b), Operand(1), std::nullopt), g->dtype);
      g = ops::div(g, Operand(ops::cat(std::array{n, full(Dims{1, 1}, 1, g->dtype, g->device)})));
    }
    // A start is a factor like any other, but takes no part of an extremum's cotangent.
    const Tensor start = full(y->sizes(), start_of(how, initial), y->dtype, y->device);
    const ops::Groups what{how == Join::Mean ? Join::Sum : how, 0, how == Join::Prod && initial.has_value()};
    const Tensor gx = ops::join_slopes(what, g, start, ids, source, y).second;
    const Tensor outside = ops::unsqueeze(ops::eq(ids, Scalar(rows)), 1);  // where even NaN has no part
    return ops::reshape(ops::masked_fill(gx, outside, 0), x->sizes());
  }
  void fields(auto& f) {
    f("axis", axis);
    f("data", x_, input(0));
    f("lengths", bounds);
    f("result", y_, output(0));
  }
};

Tensor segment_reduce(const Tensor& x, std::string_view reduce, const Tensor& lengths, const Tensor& indices,
                      const Tensor& offsets, int64_t axis, bool unsafe, std::optional<Scalar> initial) {
  const int64_t d = wrap_dim(axis, x->ndim);
  check(!indices, "segment_reduce(): indices based reduction is not supported yet.");
  check(lengths || offsets, "segment_reduce(): Either lengths or offsets must be defined.");
  const Join how = join_of(reduce);
  const Tensor& given = offsets ? offsets : lengths;
  const Geometry at = geometry_of(x, d, given, bool(offsets));
  if (!is_floating(x->dtype)) fail_dtype("_segment_reduce_cpu", x->dtype);
  Tensor bounds = bounds_of(at, given, bool(offsets), !offsets && !unsafe);
  return apply(SegmentReduce{how, d, at, initial, bounds}, x);
}

#define SEGMENT_REDUCE                                                                                            \
  "segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, Tensor? offsets=None, " \
  "int axis=0, bool unsafe=False, Scalar? initial=None) -> Tensor"
[[maybe_unused]] const auto defs = {
    def<segment_reduce>(
        SEGMENT_REDUCE, kFunction,
        "Reduces neighbours along `axis` by sum, prod, mean, amax or amin: segments of the given "
        "`lengths`, or from each of the `offsets` to the next. Each row before `axis` has its own. With "
        "`unsafe`, lengths need not reach the end; what lies beyond it is refused always."),
};
#undef SEGMENT_REDUCE

}  // namespace
}  // namespace adjoint
