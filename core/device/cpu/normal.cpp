// Normal numbers: Box and Muller's transform, as PyTorch's CPU kernels apply it. Contiguous tensors of 16
// elements and more are filled with uniform numbers first, then transformed in groups of 16: eight radii,
// eight angles.
#include <cmath>
#include "device/cpu/random.h"

namespace adjoint::cpu {

namespace {

// Note [Cephes in float]: PyTorch transforms floats with single-precision polynomials of the Cephes library,
// eight at a time with fused multiply-adds. The same operations in the same order give the same bits: no
// other logarithm or sine will do, and what is fused here must stay fused (and only that: the build contracts
// nothing by itself).
[[gnu::always_inline]] inline float cephes_log(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  float e = float(int32_t(bits >> 23) - 0x7f) + 1.0f;
  bits = (bits & ~0x7f800000u) | 0x3f000000u;
  float m;
  std::memcpy(&m, &bits, 4);
  bool low = m < 0.707106781186547524f;
  float more = low ? m : 0.0f;
  m -= 1.0f;
  e -= low ? 1.0f : 0.0f;
  m += more;
  float z = m * m, y = 7.0376836292E-2f;
  y = std::fma(y, m, -1.1514610310E-1f);
  y = std::fma(y, m, 1.1676998740E-1f);
  y = std::fma(y, m, -1.2420140846E-1f);
  y = std::fma(y, m, 1.4249322787E-1f);
  y = std::fma(y, m, -1.6668057665E-1f);
  y = std::fma(y, m, 2.0000714765E-1f);
  y = std::fma(y, m, -2.4999993993E-1f);
  y = std::fma(y, m, 3.3333331174E-1f);
  y = std::fma(y * m, z, e * -2.12194440e-4f);
  y = std::fma(-z, 0.5f, y);
  return std::fma(e, 0.693359375f, m + y);
}

[[gnu::always_inline]] inline void cephes_sincos(float x, float& s, float& c) {  // x >= 0
  int32_t j = (int32_t(x * 1.27323954473516f) + 1) & ~1;
  float y = float(j);
  bool flip_sin = j & 4, flip_cos = !((j - 2) & 4), straight = (j & 2) == 0;
  x = std::fma(y, -0.78515625f, x);
  x = std::fma(y, -2.4187564849853515625e-4f, x);
  x = std::fma(y, -3.77489497744594108e-8f, x);
  float z = x * x;
  float p = std::fma(2.443315711809948E-005f, z, -1.388731625493765E-003f);
  p = std::fma(p, z, 4.166664568298827E-002f);
  p = std::fma(p * z, z, -(z * 0.5f)) + 1.0f;
  float q = std::fma(-1.9515295891E-4f, z, 8.3321608736E-3f);
  q = std::fma(q, z, -1.6666654611E-1f);
  q = std::fma(q * z, x, x);
  s = straight ? q : p;
  c = straight ? p : q;
  s = flip_sin ? -s : s;
  c = flip_cos ? -c : c;
}

#if defined(__x86_64__)
[[gnu::target_clones("arch=haswell", "default")]]  // std::fma is one instruction there, a call elsewhere
#endif
void transform_16(float* data, float mean, float std) {
  for (int j = 0; j < 8; ++j) {
    float radius = std::sqrt(-2.0f * cephes_log(1.0f - data[j])), s, c;
    cephes_sincos(float(2.0 * M_PI) * data[j + 8], s, c);
    data[j] = std::fma(radius * c, std, mean);
    data[j + 8] = std::fma(radius * s, std, mean);
  }
}
void transform_16(double* data, double mean, double std) {
  for (int j = 0; j < 8; ++j) {
    double radius = std::sqrt(-2 * std::log(1 - data[j])), theta = 2.0 * M_PI * data[j + 8];
    data[j] = std::fma(radius * std::cos(theta), std, mean);
    data[j + 8] = std::fma(radius * std::sin(theta), std, mean);
  }
}

template <class T> void draw_16(T* data, T mean, T std, Generator& g) {
  for (int i = 0; i < 16; ++i) data[i] = random::uniform<T>(g);
  transform_16(data, mean, std);
}
// All uniform numbers first; when the last group is not full, the last 16 elements are drawn anew.
template <class T> void fill_groups(T* data, int64_t n, T mean, T std, Generator& g) {
  for (int64_t i = 0; i < n; ++i) data[i] = random::uniform<T>(g);
  for (int64_t i = 0; i + 16 <= n; i += 16) transform_16(data + i, mean, std);
  if (n % 16 != 0) draw_16(data + n - 16, mean, std, g);
}
// 16-bit floats: in float, a group at a time.
template <class T> void fill_groups_reduced(T* data, int64_t n, float mean, float std, Generator& g) {
  float group[16];
  auto put = [&](T* to) {
    draw_16(group, mean, std, g);
    for (int k = 0; k < 16; ++k) to[k] = T(group[k]);
  };
  for (int64_t i = 0; i + 16 <= n; i += 16) put(data + i);
  if (n % 16 != 0) put(data + n - 16);
}

}  // namespace

void draw_normal(const TensorImpl& x, double mean, double std, Generator& g) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_integral_v<T> || !std::is_convertible_v<T, double>)
      fail_dtype("normal_kernel_cpu", x.dtype);
    else if (x.numel >= 16 && x.contiguous()) {
      if constexpr (sizeof(T) == 2)
        fill_groups_reduced(x.host_as<T>(), x.numel, float(mean), float(std), g);
      else
        fill_groups<T>(x.host_as<T>(), x.numel, T(mean), T(std), g);
    } else
      each<T>(x, [&](T* p) { *p = T(Wide<T>(std::fma(random::normal(g), std, mean))); });
  });
}

}  // namespace adjoint::cpu
