// select, slice and narrow: one element, or a range, of a dimension.
#include <optional>
#include "ops/ops.h"
#include "ops/view/pick.h"

namespace adjoint {

Tensor SelectPick::operator()(const Tensor& x) const {
  int64_t room[16];
  Dims spill;
  int n = x->ndim;
  int64_t* g = room;
  if (n > 8) {
    spill.resize(2 * n);
    g = spill.data();
  }
  for (int i = 0, k = 0; i < n; ++i)
    if (i != dim) {
      g[k] = x->size(i);
      g[n - 1 + k++] = x->stride(i);
    }
  size_t m = size_t(n - 1);
  return alias(x, Ints(g, m), Ints(g + m, m),
               x->byte_offset + index * x->stride(int(dim)) * int64_t(x->itemsize()));
}

SelectPick select_pick(const Tensor& x, int64_t dim, int64_t index) {
  check_as(x->ndim > 0, ErrorKind::Index, "select() cannot be applied to a 0-dim tensor.");
  dim = wrap_dim(dim, x->ndim);
  int64_t size = x->size(int(dim));
  if (__builtin_expect(index < -size || index >= size, 0))
    fail(ErrorKind::Index, "select(): index ", index, " out of range for tensor of size ", x->sizes(),
         " at dimension ", dim);
  return {dim, index < 0 ? index + size : index};
}

Tensor SlicePick::operator()(const Tensor& x) const {
  int n = x->ndim;
  int64_t room[16];
  Dims spill;
  int64_t* g = room;
  if (n > 8) {
    spill.resize(2 * n);
    g = spill.data();
  }
  for (int i = 0; i < 2 * n; ++i) g[i] = x->dims[i];
  int64_t stride = x->stride(int(dim));
  g[dim] = step == 1 ? end - start : (end - start + step - 1) / step;
  g[n + dim] = stride * step;
  return alias(x, Ints(g, size_t(n)), Ints(g + n, size_t(n)),
               x->byte_offset + start * stride * int64_t(x->itemsize()));
}

SlicePick slice_pick(const Tensor& x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
                     int64_t step) {
  check_as(x->ndim > 0, ErrorKind::Index, "slice() cannot be applied to a 0-dim tensor.");
  dim = wrap_dim(dim, x->ndim);
  check(step > 0, "slice step must be positive");
  int64_t size = x->size(int(dim));
  auto clip = [size](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + size : v, 0, size); };
  int64_t a = start ? clip(*start) : 0, z = end ? clip(*end) : size;
  return {dim, a, std::max(a, z), step};
}

namespace ops {

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  return apply_view(PickView<SelectPick>{select_pick(x, dim, index)}, x);
}

Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t end, int64_t step) {
  return apply_view(PickView<SlicePick>{slice_pick(x, dim, start, end, step)}, x);
}

Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length) {
  check(x->ndim > 0, "narrow() cannot be applied to a 0-dim tensor.");
  check(length >= 0, "narrow(): length must be non-negative.");
  dim = wrap_dim(dim, x->ndim);
  int64_t size = x->size(int(dim));
  check_as(-size <= start && start <= size, ErrorKind::Index,
           "start out of range (expected to be in range of [", -size, ", ", size, "], but got ", start, ")");
  if (start < 0) start += size;
  check(start <= size - length, "start (", start, ") + length (", length, ") exceeds dimension size (", size,
        ").");
  return apply_view(PickView<SlicePick>{{dim, start, start + length, 1}}, x);
}

static Tensor narrow_at(const Tensor& x, int64_t dim, const Tensor& start, int64_t length) {
  check(start->ndim == 0 && is_integral(start->dtype), "start must be an 0-dim integral Tensor.");
  return narrow(x, dim, item(start).to_int(), length);
}

[[maybe_unused]] static const auto defs = {
    def<select>("select(Tensor self, int dim, int index) -> Tensor", kBoth,
                "The slice of `self` at `index` of dimension `dim`: a view with one dimension less."),
    def<narrow>("narrow(Tensor self, int dim, int start, int length) -> Tensor", kBoth,
                "The view of `length` elements of dimension `dim` from `start` on."),
    def<narrow_at>("narrow(Tensor self, int dim, Tensor start, int length) -> Tensor", kBoth,
                   "The start may be a 0-d tensor."),
};

}  // namespace ops
}  // namespace adjoint
