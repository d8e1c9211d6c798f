// How a sampler's draws reach a tensor: one after the other, in the order of memory.
#pragma once
#include <algorithm>
#include <cmath>
#include "ops/promotion.h"
#include "ops/random/generator.h"

namespace adjoint::random {

// PyTorch's uniform number in [0, 1): the low 24 (53) bits, scaled.
template <class T> T uniform(Generator& g) {
  constexpr int digits = sizeof(T) == 8 ? 53 : 24;
  constexpr T scale = T(1) / T(uint64_t(1) << digits);
  uint64_t bits = (sizeof(T) == 8 ? g.random64() : g.random()) & ((uint64_t(1) << digits) - 1);
  return T(bits) * scale;
}
// In [from, to): they enter by one fused multiply-add.
template <class T> T uniform(Generator& g, T from, T to) { return std::fma(uniform<T>(g), to - from, from); }
template <class T> using Wide =
    std::conditional_t<sizeof(T) == 8, double, float>;  // what samples are computed in

// Standard normal numbers in double, two from each pair of uniforms; the generator keeps the second.
double normal(Generator& g);

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

void fill_uniform(const Tensor& x, double from, double to, Generator& g);
void fill_normal(const Tensor& x, double mean, double std, Generator& g);
void fill_bernoulli(const Tensor& x, double p, Generator& g);
void fill_exponential(const Tensor& x, double lambda, Generator& g);
void fill_integers(const Tensor& x, uint64_t range, int64_t base, Generator& g);
void fill_integers(const Tensor& x, Generator& g);  // the type's whole range of exact non-negative integers

}  // namespace adjoint::random
