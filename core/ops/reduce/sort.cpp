// Sorting and selection: sort, argsort, topk, kthvalue, medians and mode.
#include <cmath>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

struct Sort : Picked {
  static constexpr const char *name = "sort", *node = "SortBackward0";
};
struct StableSort : Picked {
  static constexpr const char *name = "sort", *node = "SortBackward1";
};
struct Topk : Picked {
  static constexpr const char *name = "topk", *node = "TopkBackward0";
};
struct Kth : Picked {
  static constexpr const char *name = "kthvalue", *node = "KthvalueBackward0";
};
struct Mode : Picked {
  static constexpr const char *name = "mode", *node = "ModeBackward0";
};
template <bool kNan> struct MedianDim : Picked {
  static constexpr const char *name = kNan ? "nanmedian" : "median",
                              *node = kNan ? "NanmedianBackward1" : "MedianBackward1";
};

// Values and indices of `k` per row, dims in x's order with `dim` of size k (or gone).
template <class F> ValueIndex by_rows(const Tensor& x, int64_t dim, int64_t k, bool drop, F&& kernel) {
  Dims sizes = rows_sizes(*x, dim, k);
  ValueIndex y{empty(sizes, x->dtype, x->device), empty(sizes, Dtype::I64, x->device)};
  if (x->ndim == 0 && k == 1) {
    raw::copy(y.values, x);
    raw::zero(y.indices);
  } else if (y.values->numel) {
    Rows r = rows_of(x, dim);
    kernel(backend(x), r, *y.values, *y.indices);
  }
  drop = drop && x->ndim > 0;
  return {from_rows(y.values, dim, drop), from_rows(y.indices, dim, drop)};
}

template <class Op> Pair sorted(const Tensor& x, int64_t dim, bool descending, Ties ties) {
  int64_t d = wrap_dim(dim, x->ndim);
  check(!is_complex(x->dtype), " Sort does not support complex dtypes on CPU");
  int64_t n = x->ndim ? x->size(int(d)) : 1;
  return apply_picked<Op>(
      x, d, true,
      by_rows(x, d, n, false,
              [&](const Backend& on, const Rows& r, const TensorImpl& v, const TensorImpl& i) {
                on.sort_rows(*r.x, r.n, descending, v, i, ties);
              }));
}
Pair sort_op(const Tensor& x, int64_t dim, bool descending) {
  return sorted<Sort>(x, dim, descending, Ties::Introsort);
}
Pair sort_stable(const Tensor& x, std::optional<bool> stable, int64_t dim, bool descending) {
  return sorted<StableSort>(x, dim, descending, stable.value_or(false) ? Ties::Stable : Ties::Introsort);
}

Tensor argsort(const Tensor& x, int64_t dim, bool descending) {
  NoGrad off;
  return std::get<1>(sort_op(x, dim, descending));
}
Tensor argsort_stable(const Tensor& x, bool stable, int64_t dim, bool descending) {
  NoGrad off;
  return std::get<1>(sort_stable(x, stable, dim, descending));
}

Pair topk(const Tensor& x, int64_t k, int64_t dim, bool largest, bool sorted) {
  int64_t d = wrap_dim(dim, x->ndim), n = x->ndim ? x->size(int(d)) : 1;
  if (k < 0 || k > n) [[unlikely]]
    fail_with(str("k is ", k, ", dimension ", d, " has size ", n), ErrorKind::Runtime,
              "selected index k out of range");
  check(!is_complex(x->dtype), " topk does not support complex dtypes on CPU");
  check(x->dtype != Dtype::Bool, "topk does not support bool dtypes on CPU");
  return apply_picked<Topk>(
      x, d, true,
      by_rows(x, d, k, false,
              [&](const Backend& on, const Rows& r, const TensorImpl& v, const TensorImpl& i) {
                on.topk_rows(*r.x, r.n, k, largest, sorted, v, i);
              }));
}

void check_selectable(const Tensor& x, const char* kernel) {
  if (is_complex(x->dtype) || x->dtype == Dtype::Bool) fail_dtype(kernel, x->dtype);
}

Pair kthvalue(const Tensor& x, int64_t k, int64_t dim, bool keepdim) {
  int64_t d = wrap_dim(dim, x->ndim), n = x->ndim ? x->size(int(d)) : 1;
  check_not_empty_dim(*x, d, "kthvalue");
  if (k < 1 || k > n) [[unlikely]]
    fail_with(str("k is ", k, ", dimension ", d, " has size ", n), ErrorKind::Runtime,
              "kthvalue(): selected number k out of range for dimension ", d);
  if (x->ndim) check_selectable(x, "kthvalue_cpu");
  return apply_picked<Kth>(x, d, keepdim,
                           by_rows(x, d, 1, !keepdim,
                                   [&](const Backend& on, const Rows& r, const TensorImpl& v,
                                       const TensorImpl& i) { on.kth_rows(*r.x, r.n, k - 1, v, i); }));
}

template <bool kNan> Pair median_dim(const Tensor& x, int64_t dim, bool keepdim) {
  int64_t d = wrap_dim(dim, x->ndim);
  check_not_empty_dim(*x, d, kNan ? "nanmedian" : "median");
  check_selectable(x, "median_out_impl");
  return apply_picked<MedianDim<kNan>>(
      x, d, keepdim,
      by_rows(x, d, 1, !keepdim,
              [&](const Backend& on, const Rows& r, const TensorImpl& v, const TensorImpl& i) {
                on.median_rows(*r.x, r.n, kNan, v, &i);
              }));
}

template <bool kNan> struct Median {  // of all elements
  static constexpr const char *name = kNan ? "nanmedian" : "median",
                              *node = kNan ? "NanmedianBackward0" : "MedianBackward0";
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) {
    Tensor y = empty({}, x->dtype, x->device);
    if (x->numel == 0)
      is_differentiable(y->dtype) ? raw::fill(y, Scalar(double(NAN))) : raw::fill(y, item_of_none(x->dtype));
    else
      backend(x).median_rows(*raw::contiguous(x), x->numel, kNan, *y, nullptr);
    return y;
  }
  static Scalar item_of_none(Dtype d) { return d == Dtype::I64 ? Scalar(INT64_MIN) : Scalar(0); }
  static constexpr const char* rule = "gx = [x = y]·g/count(x = y)";
  void vjp(Backward& b) {  // equals share the cotangent
    Tensor x = x_.get(b.node), y = y_.get(b.node);
    Tensor mask = ops::eq(x, y);
    if (has_values(y) && std::isnan(item(y).to_double())) mask = ops::isnan(x);
    b.gx[0] = ops::masked_fill(ops::zeros_like(x), mask, ops::div(b.grad(), ops::sum(mask)));
  }
  void fields(auto& f) {
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

template <bool kNan> Tensor median(const Tensor& x) {
  check_selectable(x, "median_cpu");
  return apply(Median<kNan>{}, x);
}

Pair mode(const Tensor& x, int64_t dim, bool keepdim) {
  int64_t d = wrap_dim(dim, x->ndim);
  check_not_empty_dim(*x, d, "mode");
  if (is_complex(x->dtype)) fail_dtype("mode_cpu", x->dtype);
  return apply_picked<Mode>(x, d, keepdim,
                            by_rows(x, d, 1, !keepdim,
                                    [&](const Backend& on, const Rows& r, const TensorImpl& v,
                                        const TensorImpl& i) { on.mode_rows(*r.x, r.n, v, i); }));
}

}  // namespace

namespace ops {
std::pair<Tensor, Tensor> sort(const Tensor& x, int64_t dim, bool descending) {
  auto [v, i] = sort_op(x, dim, descending);
  return {v, i};
}
}  // namespace ops

#define VALUES_INDICES " -> (Tensor values, Tensor indices)"
static const auto defs = {
    def<sort_op>("sort(Tensor self, int dim=-1, bool descending=False)" VALUES_INDICES, kBoth | kOut,
                 "The elements along `dim` in order, and where they came from."),
    def<sort_stable>("sort(Tensor self, *, bool? stable, int dim=-1, bool descending=False)" VALUES_INDICES,
                     kBoth | kOut, "With stable=True equal elements keep their order."),
    def<argsort>("argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor", kBoth,
                 "The places that would sort the elements."),
    def<argsort_stable>("argsort(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor",
                        kBoth | kOut),
    def<[](const Tensor& x) { return std::get<0>(sort_op(x, 0, false)); }>(
        "msort(Tensor self) -> Tensor", kBoth | kOut, "Sorted along the first dimension."),
    def<topk>("topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True)" VALUES_INDICES,
              kBoth | kOut, "The k largest (or smallest) elements along `dim`."),
    def<kthvalue>("kthvalue(Tensor self, int k, int dim=-1, bool keepdim=False)" VALUES_INDICES, kBoth | kOut,
                  "The k-th smallest element along `dim`; k counts from 1."),
    def<median<false>>("median(Tensor self) -> Tensor", kBoth, "The lower median of all elements."),
    def<median_dim<false>>("median(Tensor self, int dim, bool keepdim=False)" VALUES_INDICES, kBoth | kOut),
    def<median<true>>("nanmedian(Tensor self) -> Tensor", kBoth,
                      "The lower median of the elements that are not NaN."),
    def<median_dim<true>>("nanmedian(Tensor self, int dim, bool keepdim=False)" VALUES_INDICES, kBoth | kOut),
    def<mode>("mode(Tensor self, int dim=-1, bool keepdim=False)" VALUES_INDICES, kBoth | kOut,
              "The most frequent element along `dim`."),
};
#undef VALUES_INDICES

}  // namespace adjoint
