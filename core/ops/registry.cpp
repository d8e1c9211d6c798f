#include "ops/registry.h"
#include "autograd/door.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint {

static OpRecord*& head() {
  static OpRecord* h = nullptr;
  return h;
}
static OpRecord*& tail() {
  static OpRecord* t = nullptr;
  return t;
}

void register_op(OpRecord* r) {
  (head() ? tail()->next : head()) = r;
  tail() = r;
}

std::vector<const OpRecord*> all_records() {
  std::vector<const OpRecord*> v;
  for (OpRecord* r = head(); r; r = r->next) v.push_back(r);
  return v;
}

void check_devices(const Value* args, int n) {
  CommonDevice device;
  for (int i = 0; i < n; ++i) {
    if (args[i].kind == Value::TensorK && *args[i].tensor) device.add(**args[i].tensor);
    if (args[i].kind == Value::TensorList)
      for (const Tensor& x : *args[i].tensors)
        if (x) device.add(*x);
  }
}

void prepare_out(const Tensor& out, Ints sizes, Dtype dtype, Device device, const char* name) {
  check(can_cast(dtype, out->dtype), "result type ", label_of(dtype),
        " can't be cast to the desired output type ", label_of(out->dtype));
  check(out->device == device || device == Device::Cpu, name,
        ": expected out tensor on the device of the result");
  if (equal(out->sizes(), sizes)) return;
  int64_t bytes;
  check(!__builtin_mul_overflow(numel_of(sizes), int64_t(out->itemsize()), &bytes),
        "Storage size calculation overflowed with sizes=", sizes);
  if (bytes == 0) contiguous_strides(sizes);  // what has none is refused before anything changes
  if (out->numel != 0 && host.warn)
    host.warn(str("An output with one or more elements was resized since it had shape ",
                  text_of(out->sizes()),
                  ", which does not match the "
                  "required output shape ",
                  text_of(sizes),
                  ". This behavior is deprecated, and in a future PyTorch release outputs will not "
                  "be resized unless they have zero elements. You can explicitly reuse an out tensor t by "
                  "resizing it, inplace, to zero "
                  "elements with t.resize_(0)."));
  will_reshape(*out);
  if (out->byte_offset + bytes > int64_t(out->storage->nbytes))
    out->storage->resize(size_t(out->byte_offset + bytes));
  out->set_contiguous(Dims(sizes));
}

void refuse_out_grad(const char* name, bool requires_grad) {
  check(!requires_grad, name,
        "(): functions with out=... arguments don't support automatic differentiation, but one of the "
        "arguments requires "
        "grad.");
}

Tensor write_out(const Tensor& out, const Tensor& value, const char* name) {
  refuse_out_grad(name, needs_record(out, value));
  check_no_self_overlap(out);
  prepare_out(out, value->sizes(), value->dtype, value->device, name);
  check_inplace(out, name, false);
  raw::copy(out, value);
  bumped(out, name);
  return out;
}

}  // namespace adjoint
