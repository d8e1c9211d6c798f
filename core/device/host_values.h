// Elements that the host itself reads or works out, whatever device their tensors are on.
#pragma once
#include <span>
#include "tensor/tensor.h"

namespace adjoint {

// Meta tensors have none.
inline bool has_values(const Tensor& x) { return x->device != Device::Meta; }

// x's elements in order and on the CPU: x itself where it is that already. An Error where it has no values.
Tensor on_host(const Tensor& x);

// x's elements, of type T, in order.
template <class T> class HostElements {
 public:
  explicit HostElements(const Tensor& x) : held_(on_host(x)), p_(held_->host_as<T>()) {}
  const T* data() const { return p_; }
  int64_t size() const { return held_->numel; }
  const T& operator[](int64_t i) const { return p_[i]; }
  const T* begin() const { return p_; }
  const T* end() const { return p_ + held_->numel; }

 private:
  Tensor held_;
  const T* p_;
};

// A tensor whose elements the host writes; then it goes to its device.
template <class T> class HostTensor {
 public:
  explicit HostTensor(Ints sizes) : t_(empty(sizes, dtype_of<T>)), p_(t_->host_as<T>()) {}
  T* data() { return p_; }
  T& operator[](int64_t i) { return p_[i]; }
  Tensor on(Device d) const;

 private:
  Tensor t_;
  T* p_;
};
Tensor to_device(const Tensor& host, Device d);
template <class T> Tensor HostTensor<T>::on(Device d) const { return to_device(t_, d); }

}  // namespace adjoint
