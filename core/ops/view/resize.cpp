// resize_, resize_as_, set_: the tensor takes another shape or another storage. Not differentiable.
#include <optional>
#include "autograd/door.h"
#include "ops/creation/options.h"
#include "ops/ops.h"

namespace adjoint::ops {

void resize_to(const Tensor& x, Ints sizes, MemoryFormat format) {
  check_history(x, "resize_", false);
  check(!x->requires_grad() || modes.inference, "cannot resize variables that require grad");
  int64_t n = numel_of(sizes), bytes;
  check(!__builtin_mul_overflow(n, int64_t(x->itemsize()), &bytes),
        "Storage size calculation overflowed with sizes=", sizes);
  if (n == 0) contiguous_strides(sizes);  // what has none is refused before anything changes
  if (!equal(x->sizes(), sizes)) bumped(x, "resize_");
  bool same = equal(x->sizes(), sizes) && format == MemoryFormat::Preserve;
  if (same) return;
  size_t need = size_t(bytes) + size_t(n ? x->byte_offset : 0);
  will_reshape(*x);
  if (need > x->storage->nbytes) x->storage->resize(need);
  if (format == MemoryFormat::ChannelsLast || format == MemoryFormat::ChannelsLast3d)
    x->set_geometry(Dims(sizes), format_strides(sizes, format));
  else
    x->set_contiguous(Dims(sizes));
}

namespace {

Tensor resize_(const Tensor& x, Ints sizes, std::optional<MemoryFormat> format) {
  resize_to(x, sizes, format.value_or(MemoryFormat::Contiguous));
  return x;
}
Tensor resize_as_(const Tensor& x, const Tensor& other, std::optional<MemoryFormat> format) {
  MemoryFormat f = format.value_or(MemoryFormat::Contiguous);
  resize_to(x, Dims(other->sizes()), f == MemoryFormat::Preserve ? suggested_format(*other) : f);
  return x;
}

// Where a tensor's values come from after set_, no rule can tell.
struct NoRule {
  static constexpr const char *name = "set_", *node = "torch::autograd::NotImplemented";
  void vjp(Backward&) { fail("derivative for set_ is not implemented"); }
};

Tensor set_to(const Tensor& x, const Tensor& source, int64_t byte_offset, Ints sizes, Ints strides) {
  check(x->dtype == source->dtype, "set_: expected a tensor of type ", label_of(x->dtype), ", got ",
        label_of(source->dtype));
  return apply_storage_inplace(NoRule{}, x, "set_", source, byte_offset, sizes, strides);
}
Tensor set_tensor_(const Tensor& x, const Tensor& source) {
  return set_to(x, source, source->byte_offset, source->sizes(), source->strides());
}
Tensor set_empty_(const Tensor& x) { return set_tensor_(x, adjoint::empty(Dims{0}, x->dtype, x->device)); }
Tensor set_geometry_(const Tensor& x, const Tensor& source, int64_t offset, Ints sizes, Ints strides) {
  Dims st = strides.empty() && !sizes.empty() ? contiguous_strides(sizes) : Dims(strides);
  wait_for_kernels();  // before the bounds are checked: nobody changes the storage from here on
  Tensor part = as_strided(detach(source), sizes, st, offset + source->storage_offset());
  return set_to(x, source, part->byte_offset, sizes, st);
}

}  // namespace

[[maybe_unused]] static const auto defs = {
    def<resize_>("resize_(Tensor self, int[] size, *, memory_format? memory_format=None) -> Tensor", kMethod,
                 "Takes another shape; elements beyond the old ones are uninitialised."),
    def<resize_as_>(
        "resize_as_(Tensor self, Tensor the_template, *, memory_format? memory_format=None) -> Tensor",
        kBoth | kAcrossDevices, "self.resize_(the_template.size())"),
    def<set_empty_>("set_(Tensor self) -> Tensor", kMethod, "Takes an empty storage."),
    def<set_tensor_>("set_(Tensor self, Tensor source) -> Tensor", kMethod,
                     "Shares the other tensor's storage."),
    def<set_geometry_>(
        "set_(Tensor self, Tensor source, int storage_offset, int[] size, int[] stride=[]) -> Tensor",
        kMethod, "Shares the other tensor's storage under the given geometry."),
};

}  // namespace adjoint::ops
