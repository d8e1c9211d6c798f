// to() and its many names: the same values as another type, on another device, in another layout.
#include <optional>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct ToCopy {
  static constexpr const char *name = "to", *node = "ToCopyBackward0";
  Dtype dtype;
  Device device;
  MemoryFormat format;
  Dtype from = dtype;
  Device from_device = device;
  Tensor forward(const Tensor& x) {
    check_as(has_values(x) || device == Device::Meta, ErrorKind::NotImplemented,
             "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() instead of "
             "torch.nn.Module.to() when moving module from meta to a different device.");
    Tensor y = empty_format(x, dtype, device, format);
    if (device != Device::Meta) raw::copy(y, x);
    return y;
  }
  void note(const Tensor& x) {
    from = x->dtype;
    from_device = x->device;
  }
  static constexpr const char* rule = "gx = g in x's dtype";
  void vjp(Backward& b) {
    Tensor g = b.grad();
    if (is_complex(g->dtype) && !is_complex(from)) g = real(g);
    bool move = g->device != from_device;
    b.gx[0] = g->dtype == from && !move ? g : apply(ToCopy{from, from_device, MemoryFormat::Preserve}, g);
  }
};

void warn_discard(Dtype from, Dtype dtype) {
  static bool warned = false;
  if (is_complex(from) && !is_complex(dtype) && dtype != Dtype::Bool && !std::exchange(warned, true) &&
      host.warn)
    host.warn("Casting complex values to real discards the imaginary part");
}

Tensor convert_to(const Tensor& x, Dtype dtype, Device device, bool copy,
                  std::optional<MemoryFormat> format) {
  MemoryFormat f = format.value_or(MemoryFormat::Preserve);
  bool same = dtype == x->dtype && device == x->device;
  if (same && !copy && (f == MemoryFormat::Preserve || has_format(*x, f))) return x;
  warn_discard(x->dtype, dtype);
  return apply(ToCopy{dtype, device, f}, x);
}

using Format = std::optional<MemoryFormat>;
Tensor to_device(const Tensor& x, std::optional<Device> device, std::optional<Dtype> dtype, bool, bool copy,
                 Format f) {
  return convert_to(x, dtype.value_or(x->dtype), device.value_or(x->device), copy, f);
}
Tensor to_dtype(const Tensor& x, Dtype dtype, bool, bool copy, Format f) {
  return convert_to(x, dtype, x->device, copy, f);
}
Tensor to_other(const Tensor& x, const Tensor& other, bool, bool copy, Format f) {
  return convert_to(x, other->dtype, other->device, copy, f);
}
template <Dtype D> Tensor cast(const Tensor& x, Format f) { return convert_to(x, D, x->device, false, f); }

constexpr const char* kFormat = "(Tensor self, *, memory_format? memory_format=None) -> Tensor";

template <Dtype D> OpRecord* def_cast(const char* name) {
  auto* schema = new std::string(std::string(name) + kFormat);  // lives as long as the registry
  auto* doc = new std::string(std::string("self.to(") + name_of(D) + ")");
  return def<cast<D>>(schema->c_str(), kMethod, doc->c_str());
}

}  // namespace

Tensor to(const Tensor& x, Dtype dtype) { return to(x, dtype, x->device); }
Tensor to(const Tensor& x, Dtype dtype, Device device) { return convert_to(x, dtype, device, false, {}); }

[[maybe_unused]] static const auto defs = {
    def<to_device>(
        "to(Tensor self, device? device=None, dtype? dtype=None, bool non_blocking=False, bool copy=False, "
        "*, memory_format? memory_format=None) -> Tensor",
        kMethod, "The values as another type or on another device; self if nothing changes."),
    def<to_dtype>("to(Tensor self, dtype dtype, bool non_blocking=False, bool copy=False, *, "
                  "memory_format? memory_format=None) -> Tensor",
                  kMethod, "The values as another type."),
    def<to_other>("to(Tensor self, Tensor other, bool non_blocking=False, bool copy=False, *, "
                  "memory_format? memory_format=None) -> Tensor",
                  kMethod | kAcrossDevices, "The values as another type."),
    def<[](const Tensor& x, const Tensor& other) {
      return convert_to(x, other->dtype, other->device, false, {});
    }>("type_as(Tensor self, Tensor other) -> Tensor", kMethod | kAcrossDevices, "self.to(other.dtype)"),
    def<[](const Tensor& x, Format f) { return convert_to(x, x->dtype, Device::Cpu, false, f); }>(
        "cpu(Tensor self, *, memory_format? memory_format=None) -> Tensor", kMethod, "self.to('cpu')"),
    def_cast<Dtype::Bool>("bool"),
    def_cast<Dtype::U8>("byte"),
    def_cast<Dtype::I8>("char"),
    def_cast<Dtype::I16>("short"),
    def_cast<Dtype::I32>("int"),
    def_cast<Dtype::I64>("long"),
    def_cast<Dtype::F16>("half"),
    def_cast<Dtype::BF16>("bfloat16"),
    def_cast<Dtype::F32>("float"),
    def_cast<Dtype::F64>("double"),
    def_cast<Dtype::C64>("cfloat"),
    def_cast<Dtype::C128>("cdouble"),
};

}  // namespace adjoint::ops
