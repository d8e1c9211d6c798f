// flip, roll, rot90: the elements in another order along dimensions.
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct Flip {
  static constexpr const char *name = "flip", *node = "FlipBackward0";
  Dims dims;
  Tensor forward(const Tensor& x) {
    Tensor y = empty_like_strides(x, x->dtype);
    uint64_t mirrored = 0;
    for (int64_t d : dims) mirrored |= uint64_t(1) << d;
    backend(y).copy(*y, *x, mirrored);
    return y;
  }
  static constexpr const char* rule = "gx = flip(g)";
  void vjp(Backward& b) { b.gx[0] = flip(b.grad(), dims); }
  void fields(auto& f) { f("dims", dims); }
};

Tensor cut(const Tensor& x, int64_t dim, int64_t start, int64_t length) {
  Dims sizes(x->sizes());
  sizes[dim] = length;
  return adjoint::alias(x, sizes, x->strides(),
                        x->byte_offset + start * x->stride(int(dim)) * int64_t(x->itemsize()));
}

// x shifted along one dimension; what falls off the end comes back at the start.
Tensor rolled(const Tensor& x, int64_t dim, int64_t shift) {
  int64_t n = x->size(int(dim));
  Tensor y = adjoint::empty(x->sizes(), x->dtype, x->device);
  if (x->numel == 0) return y;
  int64_t s = ((shift % n) + n) % n;
  raw::copy(cut(y, dim, s, n - s), cut(x, dim, 0, n - s));
  raw::copy(cut(y, dim, 0, s), cut(x, dim, n - s, s));
  return y;
}

struct Roll {
  static constexpr const char *name = "roll", *node = "RollBackward0";
  Dims shifts, dims;  // no dims: the flattened tensor
  Tensor forward(const Tensor& x) {
    if (dims.empty()) {
      Tensor flat = raw::contiguous(x);
      flat = adjoint::alias(flat, Dims{x->numel}, Dims{1}, flat->byte_offset);
      return adjoint::alias(rolled(flat, 0, shifts[0]), x->sizes(), contiguous_strides(x->sizes()), 0);
    }
    Tensor y = x;
    for (int64_t i = 0; i < dims.size(); ++i) y = rolled(y, dims[i], shifts[i]);
    return y;
  }
  static constexpr const char* rule = "gx = roll(g, −shifts)";
  void vjp(Backward& b) {
    Dims back = shifts;
    for (int64_t& s : back)
      s = s == INT64_MIN ? s : -s;  // it is its own negative, by the size of a power of two
    b.gx[0] = roll(b.grad(), back, dims);
  }
  void fields(auto& f) {
    f("shifts", shifts);
    f("dims", dims);
  }
};

struct Rot90 {
  static constexpr const char *name = "rot90", *node = "Rot90Backward0";
  int64_t k, d0, d1;
  Tensor swapped(const Tensor& x) const {
    Dims sizes(x->sizes()), strides(x->strides());
    std::swap(sizes[d0], sizes[d1]);
    std::swap(strides[d0], strides[d1]);
    return adjoint::alias(x, sizes, strides, x->byte_offset);
  }
  Tensor flipped(const Tensor& x, Dims dims) const {
    Tensor y = empty_like_strides(x, x->dtype);
    uint64_t mirrored = 0;
    for (int64_t d : dims) mirrored |= uint64_t(1) << d;
    backend(y).copy(*y, *x, mirrored);
    return y;
  }
  Tensor forward(const Tensor& x) {
    switch (((k % 4) + 4) % 4) {
      case 1: return swapped(flipped(x, Dims{d1}));
      case 2: return flipped(x, Dims{d0, d1});
      case 3: return swapped(flipped(x, Dims{d0}));
      default: return raw::clone(x);
    }
  }
  static constexpr const char* rule = "gx = rot90(g, −k)";
  void vjp(Backward& b) { b.gx[0] = apply(Rot90{-k, d0, d1}, b.grad()); }
  void fields(auto& f) {
    f("k", k);
    f("dims", Dims{d0, d1});
  }
};

Tensor rot90(const Tensor& x, int64_t k, Ints dims) {
  check(dims.size() == 2, "expected total rotation dims == 2, but got dims = ", int64_t(dims.size()));
  check(x->ndim >= 2, "expected total dims >= 2, but got total dims = ", int(x->ndim));
  check(dims[0] != dims[1] && std::abs(dims[0] - dims[1]) != x->ndim,
        "expected rotation dims to be different, but got dim0 = ", dims[0], " and dim1 = ", dims[1]);
  check(dims[0] < x->ndim && dims[0] >= -x->ndim, "Rotation dim0 out of range, dim0 = ", dims[0]);
  check(dims[1] < x->ndim && dims[1] >= -x->ndim, "Rotation dim1 out of range, dim1 = ", dims[1]);
  return apply(Rot90{((k % 4) + 4) % 4, wrap_dim(dims[0], x->ndim), wrap_dim(dims[1], x->ndim)}, x);
}
Tensor fliplr(const Tensor& x) {
  check(x->ndim >= 2, "Input must be >= 2-d.");
  return flip(x, Dims{1});
}
Tensor flipud(const Tensor& x) {
  check(x->ndim >= 1, "Input must be >= 1-d.");
  return flip(x, Dims{0});
}

}  // namespace

Tensor flip(const Tensor& x, Ints dims) { return apply(Flip{wrap_dims(dims, x->ndim)}, x); }

Tensor roll(const Tensor& x, Ints shifts, Ints dims) {
  check(!shifts.empty(), "`shifts` required");
  check(dims.empty() ? shifts.size() == 1 : shifts.size() == dims.size(),
        "shifts and dimensions must align. shifts: ", int64_t(shifts.size()),
        ", dims:", int64_t(dims.size()));
  check_as(x->ndim > 0 || dims.empty(), ErrorKind::Index, "Dimension specified as ",
           dims.empty() ? 0 : dims[0], " but tensor has no dimensions");
  Dims order;
  for (int64_t d : dims) order.push_back(wrap_dim(d, x->ndim));
  return apply(Roll{shifts, order}, x);
}

[[maybe_unused]] static const auto defs = {
    def<flip>("flip(Tensor self, int[] dims) -> Tensor", kBoth, "A copy with dimensions reversed."),
    def<fliplr>("fliplr(Tensor self) -> Tensor", kBoth, "Columns reversed."),
    def<flipud>("flipud(Tensor self) -> Tensor", kBoth, "Rows reversed."),
    def<roll>("roll(Tensor self, int[1] shifts, int[1] dims=[]) -> Tensor", kBoth,
              "Elements shifted along dimensions; what falls off comes back at the other end."),
    def<rot90>("rot90(Tensor self, int k=1, int[] dims=[0,1]) -> Tensor", kBoth,
               "Rotates a plane by k right angles."),
};

}  // namespace adjoint::ops
