// as_strided and unfold: views whose indices may meet the same element more than once, so that their vjps
// add.
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "ops/view/overlap_add.h"
#include "ops/view/restride.h"

namespace adjoint {

namespace {

// g, summed over what an expanded dimension repeats; `a` then has it once.
Tensor sum_of_repeats(const Tensor& g, Geometry& a) {
  bool repeats = false;
  for (int64_t d = 0; d < a.sizes.size(); ++d)
    if (a.strides[d] == 0 && a.sizes[d] > 1) a.sizes[d] = 1, repeats = true;
  return repeats ? ops::sum_to(g, a.sizes) : g;
}

// Adds g into a storage laid out by `from`, then reads the storage by `to`. `source` is the one of the two
// which is the viewed tensor's layout. Linear, and its own transpose with from and to exchanged.
struct Restride {
  static constexpr const char *name = "as_strided", *node = "AsStridedBackwardBackward0";
  Geometry from, to;
  bool source_is_to;
  static Tensor through(const Tensor& buffer, const Geometry& a) {
    return adjoint::alias(buffer, a.sizes, a.strides, a.offset * int64_t(buffer->itemsize()));
  }
  Tensor forward(const Tensor& g0) {
    NoGrad off;
    Geometry once = from;
    Tensor g = sum_of_repeats(g0, once);
    Tensor buffer = zeros(Dims{std::max(from.reach(), to.reach())}, g->dtype, g->device);
    const Backend& on = backend(buffer);
    if (Tensor part = through(buffer, once); !overlaps_itself(*part))
      raw::copy(part, g);
    else
      on.add_overlapping(*part, *raw::contiguous(g));
    // A place of the viewed tensor that several of its indices share gets its part of the cotangent from each: the mean.
    if (Tensor source = through(buffer, source_is_to ? to : from); overlaps_itself(*source))
      on.share_overlapping(*buffer, *source);
    Tensor y = through(buffer, to);
    return y->numel == buffer->numel && is_dense(*y) ? y : raw::clone(y);
  }
  static constexpr const char* rule = "gx = g through the transposed map";
  void vjp(Backward& b) { b.gx[0] = apply(Restride{to, from, !source_is_to}, b.grad()); }
};

template <bool InPlace> struct AsStrided {
  static constexpr const char* name = "as_strided";
  static constexpr const char* node = InPlace ? "AsStridedBackward1" : "AsStridedBackward0";
  Geometry to, from;
  Tensor forward(const Tensor& x) {
    return adjoint::alias(x, to.sizes, to.strides, to.offset * int64_t(x->itemsize()));
  }
  static constexpr const char* rule = "gx = each element of g added to the element of x it shows";
  void vjp(Backward& b) { b.gx[0] = restride(b.grad(), to, from); }
  void fields(auto& f) {
    f("size", to.sizes);
    f("stride", to.strides);
    f("storage_offset", to.offset);
  }
};

Geometry strided_geometry(const Tensor& x, Ints sizes, Ints strides, std::optional<int64_t> offset) {
  check(sizes.size() == strides.size(), "mismatch in length of strides and shape");
  int64_t start = offset.value_or(x->storage_offset());
  for (int64_t s : strides)
    check(s >= 0, "as_strided: Negative strides are not supported at the moment, got strides: ", strides);
  check(start >= 0, "Tensor: invalid storage offset ", start);
  numel_of(sizes);
  Geometry a{sizes, strides, start};
  // Absurd sizes and strides would wrap around: the reach is summed in wider numbers, and capped.
  __int128 last = start;
  bool none = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    none |= sizes[i] == 0;
    last += (__int128(sizes[i]) - 1) * strides[i];
  }
  __int128 exact = none ? 0 : (last + 1) * __int128(x->itemsize());
  int64_t need = exact > INT64_MAX ? INT64_MAX : int64_t(exact);
  check(need <= int64_t(x->storage->nbytes), "setStorage: sizes ", sizes, ", strides ", strides,
        ", storage offset ", start, ", and itemsize ", int64_t(x->itemsize()),
        " requiring a storage size of ", need, " are out of bounds for storage of size ",
        int64_t(x->storage->nbytes));
  return a;
}

// --- unfold ---

struct UnfoldGeometry {
  int64_t dim, size, step;
  Tensor look(const Tensor& x) const {
    Dims sizes(x->sizes()), strides(x->strides());
    int64_t stride = x->ndim ? x->stride(int(dim)) : 1;
    sizes.push_back(size);
    strides.push_back(stride);
    if (x->ndim) {
      sizes[dim] = (x->size(int(dim)) - size) / step + 1;
      strides[dim] = stride * step;
    }
    return adjoint::alias(x, sizes, strides, x->byte_offset);
  }
};
struct Unfold;
struct UnfoldGrad {  // adds the windows back
  static constexpr const char *name = "unfold", *node = "UnfoldBackwardBackward0";
  UnfoldGeometry w;
  Dims shape;
  Tensor forward(const Tensor& g0) {
    Tensor gx = zeros(shape, g0->dtype, g0->device);
    backend(gx).add_overlapping(*w.look(gx), *raw::contiguous(g0));
    return gx;
  }
  static constexpr const char* rule = "gx = unfold(g)";
  void vjp(Backward& b) { b.gx[0] = ops::unfold(b.grad(), w.dim, w.size, w.step); }
};
struct Unfold {
  static constexpr const char *name = "unfold", *node = "UnfoldBackward0";
  UnfoldGeometry w;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return w.look(x); }
  static constexpr const char* rule = "gx = each element of g added to the element of x it shows";
  void vjp(Backward& b) { b.gx[0] = apply(UnfoldGrad{w, shape}, b.grad()); }
  void fields(auto& f) {
    f("dimension", w.dim);
    f("size", w.size);
    f("step", w.step);
    f("self_sym_sizes", shape, input(0));
  }
};

}  // namespace

// Layouts may start anywhere in their storage; only what lies between their first elements matters.
Tensor restride(const Tensor& g, const Geometry& from, const Geometry& to) {
  int64_t base = std::min(from.offset, to.offset);
  Restride op{from, to, true};
  op.from.offset -= base;
  op.to.offset -= base;
  return apply(std::move(op), g);
}

Tensor share_out(const Tensor& g, Geometry view) {
  view.offset = 0;
  Tensor count = zeros(Dims{view.reach()}, Dtype::F64, g->device);
  count = adjoint::alias(count, view.sizes, view.strides, 0);
  backend(count).add_overlapping(*count, *full(view.sizes, 1, Dtype::F64, g->device));
  return ops::div(g, raw::cast(count, real_of(g->dtype)));
}

void record_strided(const Tensor& view, const Tensor& base) {
  remake_view(AsStrided<false>{geometry_of(*view), geometry_of(*base)}, view, base);
}

namespace ops {

// as_strided may show what x, a recorded view, does not: then its elements are the base's.
static bool shows_more(const Geometry& to, const TensorImpl& x) {
  const Geometry own = geometry_of(x);
  if (to.reach() == 0) return false;
  if (to.offset < own.offset || to.reach() > own.reach()) return true;
  if (is_dense(x)) return false;
  std::vector<bool> shown(size_t(own.reach() - own.offset));
  each_position(own, [&](int64_t p) { shown[size_t(p - own.offset)] = true; });
  bool more = false;
  each_position(to, [&](int64_t p) { more |= !shown[size_t(p - own.offset)]; });
  return more;
}
Tensor as_strided(const Tensor& x, Ints sizes, Ints strides, std::optional<int64_t> offset) {
  Geometry to = strided_geometry(x, sizes, strides, offset);
  Tensor source = x;
  bool recorded = x->base && grad_fn_of(*x) && !(x->flags & kCreation);
  if (recorded && modes.grad && x->base->dtype == x->dtype && shows_more(to, *x))
    source = Tensor::share(x->base);
  return apply_view(AsStrided<false>{std::move(to), geometry_of(*source)}, source);
}
static Tensor as_strided_(const Tensor& x, Ints sizes, Ints strides, std::optional<int64_t> offset) {
  Geometry to = strided_geometry(x, sizes, strides, offset);
  return apply_view_inplace(AsStrided<true>{std::move(to), geometry_of(*x)}, x, "as_strided_");
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
  dim = wrap_dim(dim, x->ndim);
  int64_t most = x->ndim ? x->size(int(dim)) : 1;
  check(size >= 0, "size is ", size, " but must be >= 0");
  check(size <= most, "maximum size for tensor at dimension ", dim, " is ", most, " but size is ", size);
  check(step > 0, "step is ", step, " but must be > 0");
  return apply_view(Unfold{{dim, size, step}}, x);
}

Tensor overlap_add(const Tensor& x, Ints sizes, int64_t dim, int64_t size, int64_t step) {
  return apply(UnfoldGrad{{dim, size, step}, sizes}, x);
}

[[maybe_unused]] static const auto defs = {
    def<as_strided>("as_strided(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
                    kBoth, "View of the storage by explicit sizes, strides and offset."),
    def<as_strided_>("as_strided_(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
                     kBoth, "as_strided in place."),
    def<unfold>(
        "unfold(Tensor self, int dimension, int size, int step) -> Tensor", kMethod,
        "Windows of `size` elements, `step` apart, along a dimension; they become the last dimension."),
};

}  // namespace ops
}  // namespace adjoint
