// clone, contiguous, copy_, fill_, zero_, detach and alias: the same values elsewhere, or new values here.
#include <optional>
#include "autograd/door.h"
#include "ops/creation/options.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct Clone {
  static constexpr const char *name = "clone", *node = "CloneBackward0";
  MemoryFormat format;
  Tensor forward(const Tensor& x) {
    Tensor y = empty_format(x, x->dtype, x->device, format);
    if (!x->contiguous() && equal(x->strides(), y->strides()) && is_dense(*x)) {
      // The same dense layout: copied in memory order.
      Tensor from = adjoint::alias(x, Dims{x->numel}, Dims{1}, x->byte_offset);
      raw::copy(adjoint::alias(y, Dims{y->numel}, Dims{1}, 0), from);
    } else {
      raw::copy(y, x);
    }
    return y;
  }
  static constexpr const char* rule = "gx = g";
  void vjp(Backward& b) { b.gx[0] = b.grad(); }
};

struct Alias {
  static constexpr const char *name = "alias", *node = "AliasBackward0";
  Tensor forward(const Tensor& x) { return adjoint::alias(x); }
  static constexpr const char* rule = "gx = g";
  void vjp(Backward& b) { b.gx[0] = b.grad(); }
};

// A cotangent as the input wants it: its shape, type and device; the imaginary part is dropped for a real input.
Tensor cotangent_for(Tensor g, Ints shape, Dtype dtype, Device device) {
  g = sum_to(g, shape);
  if (is_complex(g->dtype) && !is_complex(dtype)) g = real(g);
  return to(g, dtype, device);
}

struct CopyOp {
  static constexpr const char *name = "copy_", *node = "torch::autograd::CopyBackwards";
  static constexpr bool across_devices = true;
  Dims shape;
  Dtype dtype;
  Device device;
  static constexpr const char* rule = "gx = 0; gsrc = g";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = zeros_like(b.grad());
    if (b.needs(1)) b.gx[1] = cotangent_for(b.grad(), shape, dtype, device);
  }
};

struct Zero {
  static constexpr const char *name = "zero_", *node = "ZeroBackward0";
  static constexpr bool one_value = true;
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = zeros_like(b.grad()); }
};
struct FillNumber {
  static constexpr const char *name = "fill_", *node = "FillBackward2";
  static constexpr bool one_value = true;
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = zeros_like(b.grad()); }
};
struct FillTensor {
  static constexpr const char *name = "fill_", *node = "FillBackward3";
  static constexpr bool one_value = true;
  Dtype dtype;
  Device device;
  static constexpr const char* rule = "gx = 0; gvalue = sum(g)";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = zeros_like(b.grad());
    if (b.needs(1)) b.gx[1] = cotangent_for(sum(b.grad()), Ints(), dtype, device);
  }
};

template <class Base, int N> struct Filled : Base {  // the out-of-place forms
  static constexpr const char* node = N == 0 ? "FillBackward0" : "FillBackward1";
};

}  // namespace

Tensor clone(const Tensor& x, MemoryFormat format) { return apply(Clone{format}, x); }
Tensor alias_view(const Tensor& x) { return apply_view(Alias{}, x); }

static Tensor contiguous_as(const Tensor& x, MemoryFormat format) {
  if (has_format(*x, format)) return x;
  check(format != MemoryFormat::Preserve, "preserve memory format is unsupported by the contiguous operator");
  return clone(x, format);
}
Tensor contiguous(const Tensor& x) { return x->contiguous() ? x : clone(x, MemoryFormat::Contiguous); }

Tensor copy_(const Tensor& x, const Tensor& src) {
  return apply_inplace(
      CopyOp{src->sizes(), src->dtype, src->device}, x, "copy_",
      [&] {
        if (!x.same(src)) raw::copy(x, src);
      },
      src);
}

Tensor zero_(const Tensor& x) {
  return apply_inplace(Zero{}, x, "zero_", [&] { raw::zero(x); });
}

Tensor fill_(const Tensor& x, const Operand& value) {
  if (!value.is_tensor()) check_scalar_fits(value.scalar, x->dtype);
  if (!value.is_tensor()) return apply_inplace(FillNumber{}, x, "fill_", [&] { raw::fill(x, value.scalar); });
  const Tensor& v = *value.tensor;
  check(v->ndim == 0, "fill_ only supports 0-dimension value tensor but got tensor with ", int(v->ndim),
        " dimensions.");
  return apply_inplace(FillTensor{v->dtype, v->device}, x, "fill_", [&] { raw::copy(x, v); }, v);
}

static Tensor fill(const Tensor& x, Operand value) {
  Tensor y = empty_like_strides(x, x->dtype);
  {
    NoGrad off;
    fill_(y, value);
  }
  if (!value.is_tensor()) return apply_from(Filled<FillNumber, 0>{}, y, x);
  const Tensor& v = *value.tensor;
  return apply_from(Filled<FillTensor, 1>{{v->dtype, v->device}}, y, x, v);
}

// detach as the user calls it: the result remembers where (Note [Cuts]).
static Tensor detach_noted(const Tensor& x) {
  Tensor y = detach(x);
  y->cut = x->requires_grad() ? note_cut(Cut::Detach, nullptr, *x) : x->cut;
  return y;
}

[[maybe_unused]] static const auto defs = {
    def<[](const Tensor& x, std::optional<MemoryFormat> f) {
      return clone(x, f.value_or(MemoryFormat::Preserve));
    }>("clone(Tensor self, *, memory_format? memory_format=None) -> Tensor", kBoth,
       "A copy that gradients flow through."),
    def<[](const Tensor& x, std::optional<MemoryFormat> f) {
      return contiguous_as(x, f.value_or(MemoryFormat::Contiguous));
    }>("contiguous(Tensor self, *, memory_format? memory_format=None) -> Tensor", kMethod,
       "The tensor itself if it lies row-major in memory, else a copy that does."),
    def<[](const Tensor& x, std::optional<MemoryFormat> f) {
      return has_format(*x, f.value_or(MemoryFormat::Contiguous));
    }>("is_contiguous(Tensor self, *, memory_format? memory_format=None) -> bool", kMethod,
       "Does the tensor lie in memory in row-major (or the given format's) order?"),
    def<[](const Tensor& x, const Tensor& src, bool) { return copy_(x, src); }>(
        "copy_(Tensor self, Tensor src, bool non_blocking=False) -> Tensor", kMethod | kAcrossDevices,
        "Writes src's values, cast and broadcast, into self."),
    def<zero_>("zero_(Tensor self) -> Tensor", kBoth, "Fills with zeros."),
    def<[](const Tensor& x, Operand v) { return fill_(x, v); }>("fill_(Tensor self, Number value) -> Tensor",
                                                                kBoth, "Fills with a number or 0-d tensor."),
    def<fill>("fill(Tensor self, Number value) -> Tensor", kFunction, "A tensor like self, filled."),
    def<detach_noted>("detach(Tensor self) -> Tensor", kBoth, "The same storage without history."),
    def<alias_view>("_alias(Tensor self) -> Tensor", kHidden, "A view of all of self."),
    def<[](const Tensor& x) { return x; }>("resolve_conj(Tensor self) -> Tensor", kBoth,
                                           "self: conjugates are never lazy here."),
    def<[](const Tensor& x) { return x; }>("resolve_neg(Tensor self) -> Tensor", kBoth,
                                           "self: negations are never lazy here."),
    def<[](const Tensor&) { return false; }>("is_conj(Tensor self) -> bool", kBoth, "Always False."),
    def<[](const Tensor&) { return false; }>("is_neg(Tensor self) -> bool", kBoth, "Always False."),
};

}  // namespace adjoint::ops
