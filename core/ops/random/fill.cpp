// Uniform, integer, Bernoulli and exponential numbers.
#include "ops/random/fill.h"
#include <cmath>
#include <limits>
#include "ops/raw.h"

namespace adjoint::random {

void fill_uniform(const Tensor& x, double from, double to, Generator& g) {
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      refuse("check_uniform_bounds", x->dtype);
    else
      each<T>(*x, [&, a = T(from), b = T(to)](T* p) { *p = T(uniform<T>(g, a, b)); });
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
      refuse("random_from_to", x->dtype);
  });
}

void fill_integers(const Tensor& x, Generator& g) {
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
      each<T>(*x, [&](T* p) { *p = T(float(g.random() % ((uint64_t(1) << Digits<T>::value) + 1))); });
    else
      refuse("random", x->dtype);
  });
}

namespace {

// The multiplicative congruential generator modulo 2^31 - 1 that PyTorch's vector library samples Bernoulli
// and exponential numbers with; each call seeds it with one draw of the main generator.
struct Mcg31 {
  static constexpr uint64_t kModulus = 0x7fffffff, kFactor = 1132489760;
  uint64_t x;
  explicit Mcg31(uint64_t seed) : x(seed % kModulus) {
    if (x == 0) x = 1;
  }
  uint64_t next() { return std::exchange(x, x * kFactor % kModulus); }
};

uint64_t stream_seed(const Tensor& x, Generator& g) {
  // The library takes 32 bits of the seed.
  return uint32_t(x->dtype == Dtype::F64 ? g.random64() : g.random());
}

}  // namespace

void fill_bernoulli(const Tensor& x, double p, Generator& g) {
  if (is_complex(x->dtype)) refuse("bernoulli_scalar_cpu_", x->dtype);
  Mcg31 stream(stream_seed(x, g));
  Tensor flat = x->contiguous() ? x : empty(x->sizes(), x->dtype, x->device);
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_convertible_v<T, double>)
      each<T>(*flat, [&](T* v) { *v = T(float(double(stream.next()) / double(Mcg31::kModulus) < p)); });
  });
  if (!x->contiguous()) raw::copy(x, flat);
}

void fill_exponential(const Tensor& x, double lambda, Generator& g) {
  if (!is_floating(x->dtype)) refuse("exponential", x->dtype);
  if (std::isinf(lambda)) return raw::zero(x);
  Mcg31 stream(stream_seed(x, g));
  Dtype sampled = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  Tensor flat = x->contiguous() && sampled == x->dtype ? x : empty(x->sizes(), sampled, x->device);
  // Shifted by the smallest normal number, so that zero never comes out.
  visit(sampled, [&]<class T>(T*) {
    if constexpr (std::is_floating_point_v<T>) {
      T scale = T(1 / lambda), shift = std::numeric_limits<T>::min();
      each<T>(*flat, [&](T* v) {
        double u = double(stream.next()) / double(Mcg31::kModulus);
        *v = T(shift - scale * T(std::log(u)));
      });
    }
  });
  if (!flat.same(x)) raw::copy(x, flat);
}

}  // namespace adjoint::random
