// Complex tensors seen as pairs of real ones, and back.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

struct ViewAsReal {
  static constexpr const char *name = "view_as_real", *node = "ViewAsRealBackward0";
  Tensor forward(const Tensor& x) {
    Dims sizes(x->sizes()), strides(x->strides());
    for (int64_t& s : strides) s *= 2;
    sizes.push_back(2);
    strides.push_back(1);
    Tensor y = adjoint::alias(x);
    y->dtype = real_of(x->dtype);
    y->set_geometry(sizes, strides);
    return y;
  }
  static constexpr const char* rule = "gx = view_as_complex(g)";
  // The cotangent's last dimension may be strided: a copy then.
  void vjp(Backward& b) { b.gx[0] = view_as_complex(contiguous(b.grad())); }
};

struct ViewAsComplex {
  static constexpr const char *name = "view_as_complex", *node = "ViewAsComplexBackward0";
  Tensor forward(const Tensor& x) {
    size_t n = size_t(x->ndim - 1);
    Dims sizes(Ints(x->dims, n)), strides(Ints(x->dims + x->ndim, n));
    for (int64_t& s : strides) s /= 2;
    Tensor y = adjoint::alias(x);
    y->dtype = complex_of(x->dtype);
    y->set_geometry(sizes, strides);
    return y;
  }
  static constexpr const char* rule = "gx = view_as_real(g)";
  void vjp(Backward& b) { b.gx[0] = view_as_real(b.grad()); }
};

}  // namespace

Tensor view_as_real(const Tensor& x) {
  check(is_complex(x->dtype), "view_as_real is only supported for complex tensors");
  return apply_view(ViewAsReal{}, x);
}

Tensor view_as_complex(const Tensor& x) {
  check(x->dtype == Dtype::F32 || x->dtype == Dtype::F64,
        "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar "
        "type: ",
        label_of(x->dtype));
  check(x->ndim != 0, "Input tensor must have one or more dimensions");
  int last = x->ndim - 1;
  check(x->size(last) == 2, "Tensor must have a last dimension of size 2");
  check(x->stride(last) == 1, "Tensor must have a last dimension with stride 1");
  for (int i = 0; i < last; ++i)
    check(x->stride(i) % 2 == 0, "Tensor must have a stride divisible by 2 for all but last dimension");
  check(x->storage_offset() % 2 == 0, "Tensor must have a storage_offset divisible by 2");
  return apply_view(ViewAsComplex{}, x);
}

Tensor real(const Tensor& x) { return is_complex(x->dtype) ? select(view_as_real(x), -1, 0) : x; }
Tensor imag(const Tensor& x) {
  check(is_complex(x->dtype), "imag is not implemented for tensors with non-complex dtypes.");
  return select(view_as_real(x), -1, 1);
}

[[maybe_unused]] static const auto defs = {
    def<view_as_real>("view_as_real(Tensor self) -> Tensor", kFunction,
                      "A complex tensor as a real one with a last dimension of size 2."),
    def<view_as_complex>("view_as_complex(Tensor self) -> Tensor", kFunction,
                         "A real tensor whose last dimension has size 2 as a complex one."),
    def<real>("real(Tensor self) -> Tensor", kFunction, "View of the real parts; a real tensor itself."),
    def<imag>("imag(Tensor self) -> Tensor", kFunction, "View of the imaginary parts."),
};

}  // namespace adjoint::ops
