// Uniform, integer, Bernoulli and exponential numbers.
#include "ops/random/fill.h"
#include <cmath>
#include <limits>
#include "ops/raw.h"

namespace adjoint::random {

void fill_uniform(const Tensor& x, double from, double to, Generator& g) {
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      fail_dtype("check_uniform_bounds", x->dtype);
    else
      each<T>(*x, [&, a = Wide<T>(from), b = Wide<T>(to)](T* p) {
        *p = T(uniform(g, a, b));
        if (sizeof(T) == 2 && Wide<T>(*p) == b && a != b) *p = T(a);  // rounded up to the open end
      });
  });
}

void fill_integers(const Tensor& x, uint64_t range, int64_t base, Generator& g) {
  // Few values come from 32 bits, many from 64.
  bool wide = range >= uint64_t(1) << 28;
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || std::is_convertible_v<T, double>)
      each<T>(*x, [&](T* p) {
        uint64_t bits = wide ? g.random64() : g.random();
        *p = T(int64_t(bits % range) + base);
      });
    else
      fail_dtype("random_from_to", x->dtype);
  });
}

void fill_integers(const Tensor& x, Generator& g) {
  int digits = x->dtype == Dtype::F16 ? 11 : x->dtype == Dtype::BF16 ? 8 : 24;
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_same_v<T, bool>)
      each<T>(*x, [&](T* p) { *p = g.random() & 1; });
    else if constexpr (std::is_same_v<T, int64_t>)
      each<T>(*x, [&](T* p) { *p = T(g.random64() & INT64_MAX); });
    else if constexpr (std::is_integral_v<T>)
      each<T>(*x, [&](T* p) { *p = T(g.random() % (uint64_t(std::numeric_limits<T>::max()) + 1)); });
    else if constexpr (std::is_same_v<T, double>)
      each<T>(*x, [&](T* p) { *p = T(g.random64() % ((uint64_t(1) << 53) + 1)); });
    else if constexpr (std::is_convertible_v<T, double>)
      each<T>(*x, [&](T* p) { *p = T(float(g.random() % ((uint64_t(1) << digits) + 1))); });
    else
      fail_dtype("random", x->dtype);
  });
}

void fill_bernoulli(const Tensor& x, double p, Generator& g) {
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_convertible_v<T, double>)
      each<T>(*x, [&](T* v) { *v = T(float(uniform<double>(g) < p)); });
    else
      fail_dtype("bernoulli_scalar_cpu_", x->dtype);
  });
}

void fill_exponential(const Tensor& x, double lambda, Generator& g) {
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      fail_dtype("exponential", x->dtype);
    else
      each<T>(*x, [&](T* v) { *v = T(Wide<T>(-1.0 / lambda * std::log1p(-uniform<double>(g)))); });
  });
}

}  // namespace adjoint::random
