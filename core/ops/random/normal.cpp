// Normal numbers: Box and Muller's transform, as PyTorch's CPU kernels apply it. Contiguous tensors of 16
// elements and more are filled with uniform numbers first, then transformed in groups of 16: eight radii,
// eight angles.
#include <cmath>
#include "ops/random/fill.h"

namespace adjoint::random {

double normal(Generator& g) {
  if (g.has_double) {
    g.has_double = false;
    return g.next_double;
  }
  double u1 = uniform<double>(g, 0, 1), u2 = uniform<double>(g, 0, 1);
  double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  g.next_double = r * std::sin(theta);
  g.has_double = true;
  return r * std::cos(theta);
}

namespace {

// Note [Cephes in float]: PyTorch transforms floats with single-precision polynomials of the Cephes library.
// The same polynomials in the same order give the same bits, so no other logarithm or sine will do here.
float cephes_log(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  float e = float(int32_t(bits >> 23) - 0x7f) + 1.0f;
  bits = (bits & ~0x7f800000u) | 0x3f000000u;
  float m;
  std::memcpy(&m, &bits, 4);
  float low = m < 0.707106781186547524f ? m : 0.0f;
  m -= 1.0f;
  if (low != 0) e -= 1.0f;
  m += low;
  float z = m * m;
  constexpr float c[] = {7.0376836292E-2f,  -1.1514610310E-1f, 1.1676998740E-1f,
                         -1.2420140846E-1f, 1.4249322787E-1f,  -1.6668057665E-1f,
                         2.0000714765E-1f,  -2.4999993993E-1f, 3.3333331174E-1f};
  float y = c[0];
  for (int i = 1; i < 9; ++i) y = std::fma(y, m, c[i]);
  y = y * m * z;
  y = std::fma(e, -2.12194440e-4f, y);
  y = std::fma(-z, 0.5f, y);
  m = m + y;
  return std::fma(e, 0.693359375f, m);
}

void cephes_sincos(float x, float& s, float& c) {
  bool sin_negative = std::signbit(x);
  x = std::fabs(x);
  int32_t j = (int32_t(x * 1.27323954473516f) + 1) & ~1;
  float y = float(j);
  bool swap_sign_sin = j & 4, poly = (j & 2) == 0, swap_sign_cos = !((j - 2) & 4);
  x = std::fma(y, -0.78515625f, x);
  x = std::fma(y, -2.4187564849853515625e-4f, x);
  x = std::fma(y, -3.77489497744594108e-8f, x);
  float z = x * x;
  float p = 2.443315711809948E-005f;
  p = std::fma(p, z, -1.388731625493765E-003f);
  p = std::fma(p, z, 4.166664568298827E-002f);
  p = p * z * z;
  p = std::fma(-z, 0.5f, p) + 1.0f;
  float q = -1.9515295891E-4f;
  q = std::fma(q, z, 8.3321608736E-3f);
  q = std::fma(q, z, -1.6666654611E-1f);
  q = q * z;
  q = std::fma(q, x, x);
  s = poly ? q : p;
  c = poly ? p : q;
  if (sin_negative != swap_sign_sin) s = -s;
  if (swap_sign_cos) c = -c;
}

void transform_16(float* data, float mean, float std) {
  for (int j = 0; j < 8; ++j) {
    float radius = std::sqrt(-2.0f * cephes_log(1.0f - data[j])), s, c;
    cephes_sincos(float(2.0 * M_PI) * data[j + 8], s, c);
    data[j] = std::fma(radius * c, std, mean);
    data[j + 8] = std::fma(radius * s, std, mean);
  }
}
template <class T>
void transform_16(T* data, T mean, T std) {
  using W = Wide<T>;
  for (int j = 0; j < 8; ++j) {
    T u1 = T(W(1) - W(data[j])), u2 = data[j + 8];
    T radius = T(std::sqrt(W(T(W(-2) * W(T(std::log(W(u1))))))));
    T theta = T(2.0f * M_PI * double(u2));
    data[j] = T(W(T(W(T(W(radius) * W(T(std::cos(W(theta)))))) * W(std))) + W(mean));
    data[j + 8] = T(W(T(W(T(W(radius) * W(T(std::sin(W(theta)))))) * W(std))) + W(mean));
  }
}

template <class T>
void fill_groups(T* data, int64_t n, T mean, T std, Generator& g) {
  for (int64_t i = 0; i < n; ++i) data[i] = T(uniform<T>(g, T(0), T(1)));
  for (int64_t i = 0; i + 16 <= n; i += 16) transform_16(data + i, mean, std);
  if (n % 16 == 0) return;
  data += n - 16;  // the last group overlaps the one before it: drawn anew
  for (int i = 0; i < 16; ++i) data[i] = T(uniform<T>(g, T(0), T(1)));
  transform_16(data, mean, std);
}

}  // namespace

void fill_normal(const Tensor& x, double mean, double std, Generator& g) {
  visit(x->dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      refuse("normal_kernel_cpu", x->dtype);
    else if (x->numel >= 16 && x->contiguous())
      fill_groups<T>(x->data_as<T>(), x->numel, T(mean), T(std), g);
    else
      each<T>(*x, [&](T* p) { *p = T(Wide<T>(normal(g) * std + mean)); });
  });
}

}  // namespace adjoint::random
