// select_scatter and its kin: a copy of self in which a view holds the values of src.
#include <optional>
#include "autograd/door.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "ops/view/restride.h"
#include "ops/view/pick.h"

namespace adjoint::ops {

namespace {

// How a picker's scatter is named, and what it says when src does not fit.
template <class Picker> struct ScatterName;
template <> struct ScatterName<SelectPick> {
  static constexpr const char* node = "SelectScatterBackward0";
};
template <> struct ScatterName<SlicePick> {
  static constexpr const char* node = "SliceScatterBackward0";
};
template <> struct ScatterName<DiagonalPick> {
  static constexpr const char* node = "DiagonalScatterBackward0";
};

template <class Picker> struct Scatter {
  static constexpr const char *name = Picker::name, *node = ScatterName<Picker>::node;
  Picker picker;
  Tensor forward(const Tensor& x, const Tensor& src) {
    Tensor y = empty_like_strides(x, x->dtype);
    raw::copy(y, x);
    raw::copy(picker(y), src);
    return y;
  }
  static constexpr const char* rule = Picker::scatter_rule;
  void vjp(Backward& b) {
    Tensor part = apply_view(PickView<Picker>{picker}, b.grad());
    if (b.needs(0))
      b.gx[0] = apply(Scatter{picker}, b.grad(), adjoint::zeros(part->sizes(), part->dtype, part->device));
    if (b.needs(1)) b.gx[1] = part;
  }
  void fields(auto& f) { picker.fields(f); }
};

template <class Picker> Tensor scatter_through(Picker picker, const Tensor& x, const Tensor& src) {
  Tensor part = picker(x);
  check(same_sizes(*part, *src),
        "expected src to have a size equal to the slice of self. src size = ", src->sizes(),
        ", slice size = ", part->sizes());
  return apply(Scatter<Picker>{std::move(picker)}, x, src);
}

struct AsStridedScatter {
  static constexpr const char *name = "as_strided_scatter", *node = "AsStridedScatterBackward0";
  Geometry part, whole;  // src's place in the storage; the layout of self
  Tensor place(const Tensor& y) const {
    return adjoint::alias(y, part.sizes, part.strides, part.offset * int64_t(y->itemsize()));
  }
  Tensor forward(const Tensor& x, const Tensor& src) {
    Tensor y = adjoint::zeros(Dims{int64_t(x->storage->nbytes / x->itemsize())}, x->dtype, x->device);
    y = adjoint::alias(y, whole.sizes, whole.strides, whole.offset * int64_t(x->itemsize()));
    raw::copy(y, x);
    raw::copy(place(y), src);
    return y;
  }
  static constexpr const char* rule = "gx = g with 0 where src lies; gsrc = the part of g where src lies";
  void vjp(Backward& b) {
    if (b.needs(0)) {  // the cotangent outside of src's place
      Tensor ones = adjoint::full(part.sizes, 1, b.grad()->dtype, b.grad()->device);
      Tensor hit = restride(ones, part, whole);
      b.gx[0] = where(ne(hit, 0), zeros_like(b.grad()), b.grad());
    }
    if (b.needs(1)) b.gx[1] = restride(b.grad(), whole, part);
  }
  void fields(auto& f) {
    f("size", part.sizes);
    f("stride", part.strides);
    f("storage_offset", part.offset);
  }
};

}  // namespace

static Tensor select_scatter(const Tensor& x, const Tensor& src, int64_t dim, int64_t index) {
  return scatter_through(select_pick(x, dim, index), x, src);
}
static Tensor slice_scatter(const Tensor& x, const Tensor& src, int64_t dim, std::optional<int64_t> start,
                            std::optional<int64_t> end, int64_t step) {
  SlicePick pick = slice_pick(x, dim, start, end, step);
  return scatter_through(pick, x, src);
}
static Tensor diagonal_scatter(const Tensor& x, const Tensor& src, int64_t offset, int64_t dim1,
                               int64_t dim2) {
  return scatter_through(diagonal_pick(x, offset, dim1, dim2), x, src);
}
static Tensor as_strided_scatter(const Tensor& x, const Tensor& src, Ints sizes, Ints strides,
                                 std::optional<int64_t> offset) {
  Tensor part = as_strided(detach(x), sizes, strides, offset);
  check(same_sizes(*part, *src),
        "expected src to have a size equal to the slice of self. src size = ", src->sizes(),
        ", slice size = ", part->sizes());
  return apply(AsStridedScatter{geometry_of(*part), geometry_of(*x)}, x, src);
}

[[maybe_unused]] static const auto defs = {
    def<select_scatter>("select_scatter(Tensor self, Tensor src, int dim, int index) -> Tensor", kBoth,
                        "A copy of self whose slice at `index` of `dim` is src."),
    def<slice_scatter>(
        "slice_scatter(Tensor self, Tensor src, int dim=0, int? start=None, int? end=None, int step=1) "
        "-> Tensor",
        kBoth | kOut, "A copy of self in which a range of `dim` holds src."),
    def<diagonal_scatter>(
        "diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) -> Tensor", kBoth,
        "A copy of self whose diagonal is src."),
    def<as_strided_scatter>("as_strided_scatter(Tensor self, Tensor src, int[] size, int[] stride, int? "
                            "storage_offset=None) -> Tensor",
                            kBoth, "A copy of self in which an as_strided view holds src."),
};

}  // namespace adjoint::ops
