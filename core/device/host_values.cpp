// Values of tensors for the host, and tensors of given values (declared in tensor/tensor.h).
#include "device/host_values.h"
#include "device/backend.h"

namespace adjoint {

Tensor full(Ints sizes, const Scalar& value, Dtype dtype, Device device) {
  Tensor t = empty(sizes, dtype, device);
  backend(device).fill(*t, value);
  return t;
}
Tensor zeros(Ints sizes, Dtype dtype, Device device) {
  Tensor t = empty(sizes, dtype, device);
  const size_t bytes = size_t(t->numel) * item_size(dtype);
  if (device == Device::Cpu && bytes <= 4096)
    std::memset(t->address(), 0, bytes);
  else
    backend(device).fill(*t, Scalar(0));
  return t;
}
Tensor scalar_tensor(const Scalar& value, Dtype dtype, Device device) {
  return full(Ints(), value, dtype, device);
}

Scalar item_at(const TensorImpl& x, int64_t byte_offset) {
  return visit(x.dtype, [&]<class T>(T*) {
    T v;
    std::memcpy(&v, x.host() + byte_offset, sizeof v);
    if constexpr (std::is_same_v<T, bool>)
      return Scalar(v);
    else if constexpr (std::is_integral_v<T>)
      return Scalar(int64_t(v));
    else if constexpr (requires { v.imag(); })
      return Scalar(std::complex<double>(v));
    else
      return Scalar(double(v));
  });
}
Scalar item(const Tensor& x) {
  check(x->numel == 1, "a Tensor with ", x->numel, " elements cannot be converted to Scalar");
  check(has_values(x), "Tensor.item() cannot be called on meta tensors");
  return item_at(*x);
}

Tensor on_host(const Tensor& x) {
  check_as(has_values(x), ErrorKind::NotImplemented, "Cannot copy out of meta tensor; no data!");
  if (x->contiguous()) return x;
  Tensor y = empty(x->sizes(), x->dtype);
  backend(x).copy(*y, *x, 0);
  return y;
}
Tensor to_device(const Tensor& host, Device d) {
  return d == Device::Cpu ? host : empty(host->sizes(), host->dtype, d);
}

}  // namespace adjoint
