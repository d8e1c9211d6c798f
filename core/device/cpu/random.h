// How a sampler's draws reach a tensor of the CPU: one after the other, in the order of memory.
#pragma once
#include <type_traits>
#include "device/generator.h"

namespace adjoint::cpu {

template <class T> using Wide =
    std::conditional_t<sizeof(T) == 8, double, float>;  // what samples are computed in

// Dimensions from the smallest stride up: the order in which PyTorch's iterator walks a lone tensor.
inline Dims memory_order(const TensorImpl& x) {
  Dims order;
  for (int d = x.ndim - 1; d >= 0; --d)
    if (x.size(d) != 1) order.push_back(d);
  auto after = [&](int64_t a, int64_t b) {  // does a lie outside b?
    int64_t sa = x.stride(int(a)), sb = x.stride(int(b));
    if (sa == 0 || sb == 0) return false;
    return sa != sb ? sa > sb : x.size(int(a)) > x.size(int(b));
  };
  for (int64_t i = 1; i < order.size(); ++i)
    for (int64_t k = i; k > 0 && after(order[k - 1], order[k]); --k) std::swap(order[k - 1], order[k]);
  return order;
}

// f(T*) for each element, in memory order.
template <class T, class F> void each(const TensorImpl& x, F f) {
  if (x.numel == 0) return;
  T* p = x.host_as<T>();
  if (x.contiguous()) {
    for (int64_t i = 0; i < x.numel; ++i) f(p + i);
    return;
  }
  Dims order = memory_order(x), at(order.size());
  for (int64_t k = 0; k < x.numel; ++k) {
    f(p);
    for (int64_t i = 0; i < order.size(); ++i) {
      int d = int(order[i]);
      p += x.stride(d);
      if (++at[i] < x.size(d)) break;
      p -= x.stride(d) * x.size(d);
      at[i] = 0;
    }
  }
}

void draw_normal(const TensorImpl& x, double mean, double std, Generator& g);

}  // namespace adjoint::cpu
