// Samplers: uniform, integer, Bernoulli, exponential numbers, and those of a formula.
#include "device/cpu/random.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include "device/cpu/entries.h"
#include "kernels/mersenne_table.h"

namespace adjoint::cpu {

using random::uniform;

namespace {

void draw_uniform(const TensorImpl& x, double from, double to, Generator& g) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      fail_dtype("check_uniform_bounds", x.dtype);
    else
      each<T>(x, [&, a = Wide<T>(from), b = Wide<T>(to)](T* p) {
        *p = T(uniform(g, a, b));
        if (sizeof(T) == 2 && Wide<T>(*p) == b && a != b) *p = T(a);  // rounded up to the open end
      });
  });
}

void draw_integers(const TensorImpl& x, uint64_t range, int64_t base, Generator& g) {
  if (range == 0) return each<int64_t>(x, [&](int64_t* p) { *p = int64_t(g.random64()); });
  // Few values come from 32 bits, many from 64.
  bool wide = range >= uint64_t(1) << 28;
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || std::is_convertible_v<T, double>)
      each<T>(x, [&](T* p) {
        uint64_t bits = wide ? g.random64() : g.random();
        *p = T(int64_t(bits % range) + base);
      });
    else
      fail_dtype("random_from_to", x.dtype);
  });
}

void draw_integers(const TensorImpl& x, Generator& g) {
  int digits = x.dtype == Dtype::F16 ? 11 : x.dtype == Dtype::BF16 ? 8 : 24;
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_same_v<T, bool>)
      each<T>(x, [&](T* p) { *p = g.random() & 1; });
    else if constexpr (std::is_same_v<T, int64_t>)
      each<T>(x, [&](T* p) { *p = T(g.random64() & INT64_MAX); });
    else if constexpr (std::is_integral_v<T>)
      each<T>(x, [&](T* p) { *p = T(g.random() % (uint64_t(std::numeric_limits<T>::max()) + 1)); });
    else if constexpr (std::is_same_v<T, double>)
      each<T>(x, [&](T* p) { *p = T(g.random64() % ((uint64_t(1) << 53) + 1)); });
    else if constexpr (std::is_convertible_v<T, double>)
      each<T>(x, [&](T* p) { *p = T(float(g.random() % ((uint64_t(1) << digits) + 1))); });
    else
      fail_dtype("random", x.dtype);
  });
}

// Of dense elements a block at a time: a uniform number is below p where its 53 bits are below p · 2⁵³.
template <class T> void draw_dense_bernoulli(const TensorImpl& x, double p, Generator& g) {
  constexpr int64_t kBlock = Generator::kWords / 2;
  const uint64_t bound = uint64_t(std::ceil(std::ldexp(p, 53)));
  const MersenneTable& kernels = mersenne_table();
  uint32_t words[2 * kBlock];
  T* y = x.host_as<T>();
  for (int64_t i = 0; i < x.numel; i += kBlock) {
    const int64_t n = std::min(kBlock, x.numel - i);
    g.random(words, 2 * n);
    if constexpr (std::is_same_v<T, float>) {
      kernels.below_f32(words, n, bound, y + i);
    } else if constexpr (std::is_same_v<T, double>) {
      kernels.below_f64(words, n, bound, y + i);
    } else {
      uint8_t flags[kBlock];
      kernels.below_u8(words, n, bound, flags);
      for (int64_t k = 0; k < n; ++k) y[i + k] = T(float(flags[k]));
    }
  }
}

void draw_bernoulli(const TensorImpl& x, double p, Generator& g) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (!std::is_convertible_v<T, double>)
      fail_dtype("bernoulli_scalar_cpu_", x.dtype);
    else if (x.contiguous())
      draw_dense_bernoulli<T>(x, p, g);
    else
      each<T>(x, [&](T* v) { *v = T(float(uniform<double>(g) < p)); });
  });
}

void draw_exponential(const TensorImpl& x, double lambda, Generator& g) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      fail_dtype("exponential", x.dtype);
    else
      each<T>(x, [&](T* v) { *v = T(Wide<T>(-1.0 / lambda * std::log1p(-uniform<double>(g)))); });
  });
}

// One element at a time from a formula over double-precision draws.
template <class F> void draw_formula(const TensorImpl& x, F f) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_convertible_v<T, double>) each<T>(x, [&](T* p) { *p = T(Wide<T>(f())); });
  });
}

double geometric(double p, Generator& g) {
  double u = std::max(uniform<double>(g), 0x1p-54);  // 0 would take for ever
  return std::ceil(std::log(u) / std::log1p(-p));
}
double cauchy(double median, double sigma, Generator& g) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  double u = std::clamp(uniform<double>(g), eps, 1 - eps);
  return median + sigma * std::tan(M_PI * (u - 0.5));
}

}  // namespace

// The generator is one for all threads of the program: the big lock stays.
void draw(const Draw& d, const TensorImpl& y, Generator& g) {
  switch (d.kind) {
    case Draw::Uniform: return draw_uniform(y, d.a, d.b, g);
    case Draw::Normal: return draw_normal(y, d.a, d.b, g);
    case Draw::Exponential: return draw_exponential(y, d.a, g);
    case Draw::Bernoulli: return draw_bernoulli(y, d.a, g);
    case Draw::Geometric: return draw_formula(y, [&] { return geometric(d.a, g); });
    case Draw::Cauchy: return draw_formula(y, [&] { return cauchy(d.a, d.b, g); });
    case Draw::LogNormal: return draw_formula(y, [&] { return std::exp(random::normal(g) * d.b + d.a); });
    case Draw::Integers: return draw_integers(y, d.range, d.base, g);
    case Draw::AnyInteger: return draw_integers(y, g);
  }
}

}  // namespace adjoint::cpu
