// zeros, ones, full, empty, their *_like and new_* forms.
#include <optional>
#include "autograd/door.h"
#include "ops/creation/options.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

using MaybeDtype = std::optional<Dtype>;
using MaybeDevice = std::optional<Device>;
using MaybeFormat = std::optional<MemoryFormat>;

Dtype dtype_of_number(const Scalar& v) { return dtype_for(v); }

Tensor filled(Ints size, const Scalar& v, Dtype dtype, Device device) {
  check_scalar_fits(v, dtype);
  return adjoint::full(size, v, dtype, device);
}
Device on(MaybeDevice d) { return d.value_or(Device::Cpu); }

Tensor zeros(Ints size, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  for (int64_t s : size) check(s >= 0, "zeros: Dimension size must be non-negative.");
  return finish_creation(adjoint::zeros(size, wanted_dtype(dtype, dest, default_dtype()), on(device)), dest,
                         "zeros");
}
Tensor ones(Ints size, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  return finish_creation(filled(size, 1, wanted_dtype(dtype, dest, default_dtype()), on(device)), dest,
                         "ones");
}
Tensor full(Ints size, Operand value, MaybeDtype dtype, MaybeDevice device, Dest dest) {
  check(!value.is_tensor() || (*value.tensor)->numel == 1,
        "full: fill_value must be a number or a one-element tensor");
  Scalar v = value.is_tensor() ? item(*value.tensor) : value.scalar;
  Dtype own = value.is_tensor() ? (*value.tensor)->dtype : dtype_of_number(v);
  return finish_creation(filled(size, v, wanted_dtype(dtype, dest, own), on(device)), dest, "full");
}
Tensor empty(Ints size, MaybeDtype dtype, MaybeDevice device, MaybeFormat format, Dest dest) {
  Dtype d = wanted_dtype(dtype, dest, default_dtype());
  if (dest.tensor) {
    check_out_device(on(device), dest);
    if (!equal((*dest.tensor)->sizes(), size)) resize_to(*dest.tensor, size, MemoryFormat::Contiguous);
    return *dest.tensor;
  }
  check(format.value_or(MemoryFormat::Contiguous) != MemoryFormat::Preserve,
        "preserve_format is not supported by empty");
  if (format.value_or(MemoryFormat::Contiguous) == MemoryFormat::Contiguous)
    return adjoint::empty(size, d, on(device));
  return adjoint::empty_strided(size, format_strides(size, *format), d, on(device));
}
Tensor empty_strided(Ints size, Ints stride, MaybeDtype dtype, MaybeDevice device) {
  check(size.size() == stride.size(), "dimensionality of sizes (", int64_t(size.size()),
        ") must match dimensionality of strides (", int64_t(stride.size()), ")");
  for (int64_t s : stride)
    check(s >= 0, "Storage size calculation overflowed with sizes=", size, " and strides=", stride);
  return adjoint::empty_strided(size, stride, dtype.value_or(default_dtype()), on(device));
}

Tensor like(const Tensor& x, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return empty_format(x, dtype.value_or(x->dtype), device.value_or(x->device),
                      format.value_or(MemoryFormat::Preserve));
}
Tensor empty_like(const Tensor& x, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return like(x, dtype, device, format);
}
Tensor zeros_as(const Tensor& x, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  Tensor y = like(x, dtype, device, format);
  raw::zero(y);
  return y;
}
Tensor full_as(const Tensor& x, const Scalar& v, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  check_scalar_fits(v, dtype.value_or(x->dtype));
  Tensor y = like(x, dtype, device, format);
  raw::fill(y, v);
  return y;
}
Tensor ones_as(const Tensor& x, MaybeDtype dtype, MaybeDevice device, MaybeFormat format) {
  return full_as(x, 1, dtype, device, format);
}

Tensor new_empty(const Tensor& x, Ints size, MaybeDtype dtype, MaybeDevice device) {
  return adjoint::empty(size, dtype.value_or(x->dtype), device.value_or(x->device));
}
Tensor new_zeros(const Tensor& x, Ints size, MaybeDtype dtype, MaybeDevice device) {
  return adjoint::zeros(size, dtype.value_or(x->dtype), device.value_or(x->device));
}
Tensor new_full(const Tensor& x, Ints size, const Scalar& v, MaybeDtype dtype, MaybeDevice device) {
  return filled(size, v, dtype.value_or(x->dtype), device.value_or(x->device));
}
Tensor new_ones(const Tensor& x, Ints size, MaybeDtype dtype, MaybeDevice device) {
  return new_full(x, size, 1, dtype, device);
}
Tensor new_empty_strided(const Tensor& x, Ints size, Ints stride, MaybeDtype dtype, MaybeDevice device) {
  return empty_strided(size, stride, dtype.value_or(x->dtype), device.value_or(x->device));
}
Tensor scalar_tensor(const Scalar& v, MaybeDtype dtype, MaybeDevice device) {
  return filled(Ints(), v, dtype.value_or(default_dtype()), on(device));
}

}  // namespace

Tensor zeros_like(const Tensor& x) { return zeros_as(x, {}, {}, {}); }
Tensor ones_like(const Tensor& x) { return ones_as(x, {}, {}, {}); }
Tensor full_like(const Tensor& x, const Scalar& value) { return full_as(x, value, {}, {}, {}); }

#define OPTIONS "*, dtype? dtype=None, device? device=None"
#define LIKE_OPTIONS OPTIONS ", memory_format? memory_format=None) -> Tensor"

[[maybe_unused]] static const auto defs = {
    def<zeros>("zeros(int[] size, " OPTIONS ") -> Tensor", kFunction | kOut, "A tensor of zeros."),
    def<ones>("ones(int[] size, " OPTIONS ") -> Tensor", kFunction | kOut, "A tensor of ones."),
    def<full>("full(int[] size, Number fill_value, " OPTIONS ") -> Tensor", kFunction | kOut,
              "A tensor of one number; its type is the number's."),
    def<empty>("empty(int[] size, " OPTIONS ", memory_format? memory_format=None) -> Tensor",
               kFunction | kOut, "A tensor of uninitialised memory."),
    def<empty_strided>("empty_strided(int[] size, int[] stride, " OPTIONS ") -> Tensor", kFunction,
                       "Uninitialised memory with the given strides."),
    def<zeros_as>("zeros_like(Tensor self, " LIKE_OPTIONS, kFunction, "Zeros shaped like self."),
    def<ones_as>("ones_like(Tensor self, " LIKE_OPTIONS, kFunction, "Ones shaped like self."),
    def<full_as>("full_like(Tensor self, Scalar fill_value, " LIKE_OPTIONS, kFunction,
                 "A number, shaped like self."),
    def<empty_like>("empty_like(Tensor self, " LIKE_OPTIONS, kFunction,
                    "Uninitialised memory shaped like self."),
    def<new_zeros>("new_zeros(Tensor self, int[] size, " OPTIONS ") -> Tensor", kMethod,
                   "Zeros of self's type."),
    def<new_ones>("new_ones(Tensor self, int[] size, " OPTIONS ") -> Tensor", kMethod,
                  "Ones of self's type."),
    def<new_empty>("new_empty(Tensor self, int[] size, " OPTIONS ") -> Tensor", kMethod,
                   "Uninitialised memory of self's type."),
    def<new_full>("new_full(Tensor self, int[] size, Scalar fill_value, " OPTIONS ") -> Tensor", kMethod,
                  "A number as self's type."),
    def<new_empty_strided>("new_empty_strided(Tensor self, int[] size, int[] stride, " OPTIONS ") -> Tensor",
                           kMethod, "Uninitialised memory of self's type with the given strides."),
    def<scalar_tensor>("scalar_tensor(Scalar s, " OPTIONS ") -> Tensor", kFunction, "A 0-d tensor."),
};

}  // namespace adjoint::ops
