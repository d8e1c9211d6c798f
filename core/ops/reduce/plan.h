// What reductions share: which dimensions go, how the tensor is shown to a kernel as [outer, n, inner], and
// the way back from a result to its input's shape.
#pragma once
#include "autograd/door.h"
#include "device/backend.h"
#include "device/host_values.h"
#include "kernels/reduce.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint {

// The reduced dimensions of a tensor of at most 64, one bit each.
struct Mask {
  uint64_t bits = 0;
  bool has(int64_t d) const { return bits >> d & 1; }
  static Mask all(int64_t ndim) { return {ndim >= 64 ? ~uint64_t(0) : (uint64_t(1) << ndim) - 1}; }
  static Mask one(int64_t dim) { return {uint64_t(1) << dim}; }
};
Mask mask_of(Ints dims, int64_t ndim);  // wrapped; none given means all
Mask mask_of(const std::optional<Ints>& dims, int64_t ndim);
inline Mask mask_of(int64_t dim, int64_t ndim) { return Mask::one(wrap_dim(dim, ndim)); }
Dims dims_of(Mask m, int64_t ndim = 64);  // of the first ndim
Dims reduced_sizes(const TensorImpl& x, Mask m, bool keepdim);
int64_t reduced_count(const TensorImpl& x, Mask m);

// x's memory as a kernel takes it; `x` holds the memory (a copy where the strides do not fit).
struct Layout {
  Tensor x;
  View3 view;
};
// `any_order`: the elements of a whole dense tensor may come in memory order.
Layout layout_of(const Tensor& x, Mask m, bool any_order);
inline Layout layout_of(const Tensor& x, int64_t wrapped_dim) {
  return layout_of(x, x->ndim ? Mask::one(wrapped_dim) : Mask{}, false);
}

// The reduction as raw memory: fresh, in reduced_dtype(op, x's) unless `out` says another type.
Tensor reduce_raw(Reduction op, const Tensor& x, Mask m, bool keepdim, std::optional<Dtype> out = {},
                  double p = 2);
Tensor reduce_all_raw(Reduction op, const Tensor& x, std::optional<Dtype> out = {}, double p = 2);

// x in the type in which a sum or product with `dtype=out` is taken: that one, save that integers beside a floating
// `out` are summed as integers where int64 holds any such sum, and else in double.
Tensor operand_of(Reduction op, const Tensor& x, Dtype out);

// A result (or its cotangent) with the reduced dimensions back as ones, so that it broadcasts against the
// input.
Tensor restore_dims(const Tensor& y, Mask m, int64_t ndim, bool keepdim);
// The cotangent of a reduction spread over the input's shape.
Tensor spread(const Tensor& g, Mask m, Ints sizes, bool keepdim);

// Sizes of an index or value result that keeps every dimension but `dim`.
void check_not_empty(const TensorImpl& x, const char* name);  // full reductions without an identity
void check_not_empty(const TensorImpl& x, Mask m, const char* name);
void check_not_empty_dim(const TensorImpl& x, int64_t dim, const char* name);
void refuse_complex(const TensorImpl& x, const char* name);

// x as contiguous rows along `dim` (moved last), and back.
struct Rows {
  Tensor x;
  int64_t rows, n;
};
Rows rows_of(const Tensor& x, int64_t wrapped_dim);
Dims rows_sizes(const TensorImpl& x, int64_t wrapped_dim, int64_t n);       // with `dim` last, of size n
Tensor from_rows(const Tensor& y, int64_t wrapped_dim, bool drop = false);  // dim back in place, or gone

// The cotangent of values that were picked from x at `index` along a dimension: zero elsewhere.
Tensor scatter_selected(const Tensor& g, const Tensor& index, int64_t dim, Ints sizes, bool keepdim);

// What an operation that picks values along a dimension keeps; its rule. The node has the values as output 0.
struct Picked {
  int64_t dim;
  bool keepdim;
  Dims sizes = {};
  SavedTensor index_ = {};
  static constexpr const char* rule = "gx = zeros with g at the indices";
  void vjp(Backward& b) {
    if (b.grad()) b.gx[0] = scatter_selected(b.grad(), index_.get(b.node), dim, sizes, keepdim);
  }
  void fields(auto& f) {
    f("dim", dim);
    f("indices", index_, output(1));
    f("keepdim", keepdim);
    f("self_sym_sizes", sizes, input(0));
  }
};
struct ValueIndex {
  Tensor values, indices;
};
using Pair = std::tuple<Tensor, Tensor>;
template <class Op> Pair apply_picked(const Tensor& x, int64_t dim, bool keepdim, ValueIndex y) {
  auto [values, indices] =
      apply_multi(Op{{dim, keepdim}}, std::span(&x, 1), std::array{y.values, y.indices}, 1);
  return {std::move(values), std::move(indices)};
}

// x cast for a reduction with a dtype= argument; the cast is part of the operation.
inline Tensor cast_for(const Tensor& x, const std::optional<Dtype>& d) {
  return d && *d != x->dtype ? raw::cast(x, *d) : x;
}

}  // namespace adjoint
