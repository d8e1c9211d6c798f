// Householder reflectors, as LAPACK defines them (dlarfg): H = I - tau v vᵀ with v[0] = 1 takes a column to beta e₁, where
// beta has the sign that does not cancel. Panels go column by column; small matrices side by side, one in each lane.
// See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/linalg/qr_table.h"

namespace adjoint {
namespace {

// Squares of numbers between kLeast and kMost neither overflow nor lose digits; others are scaled by powers of two.
template <class T> struct Range;
template <> struct Range<float> {
  static constexpr float kLeast = 0x1p-40f, kMost = 0x1p60f, kUp = 0x1p85f, kDown = 0x1p-67f;
};
template <> struct Range<double> {
  static constexpr double kLeast = 0x1p-400, kMost = 0x1p500, kUp = 0x1p600, kDown = 0x1p-520;
};
template <class T> ADJOINT_FN T scale_for(T largest) {
  return largest < Range<T>::kLeast ? Range<T>::kUp : largest > Range<T>::kMost ? Range<T>::kDown : T(1);
}

// --- panels ---

template <class T> T squares(const T* x, int64_t n) {
  if (n >= kLanes) return dot_of(x, x, n);
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

// x[0 .. n) becomes beta, v[1 .. n).
template <class T> T reflector(T* x, int64_t n) {
  T tail = squares(x + 1, n - 1), f = 1;
  constexpr T least = Range<T>::kLeast * Range<T>::kLeast, most = Range<T>::kMost * Range<T>::kMost;
  if (!(tail > least && tail + x[0] * x[0] < most)) {
    T largest = 0;
    for (int64_t i = 0; i < n; ++i)
      largest = __builtin_fabs(x[i]) > largest ? T(__builtin_fabs(x[i])) : largest;
    f = scale_for(largest);
    for (int64_t i = 0; i < n; ++i) x[i] *= f;
    tail = squares(x + 1, n - 1);
  }
  if (tail == 0) {
    for (int64_t i = 0; i < n; ++i) x[i] /= f;
    return 0;
  }
  const T alpha = x[0], size = T(__builtin_sqrt(alpha * alpha + tail)), beta = alpha > 0 ? -size : size;
  const T inverse = T(1) / (alpha - beta);
  for (int64_t i = 1; i < n; ++i) x[i] *= inverse;
  x[0] = beta / f;
  return (beta - alpha) / beta;
}

// K columns: c -= tau v (vᵀ c), where v[0] = 1.
template <int K, class T> void reflect(const T* v, int64_t n, T tau, T* c, int64_t stride) {
  T w[K];
  if (n > kLanes) {
    using V = typename VectorOf<T>::type;
    constexpr int W = kVectorBytes / sizeof(T);
    V acc[K];
    for (V& a : acc) a = V{};
    int64_t i = 1;
    for (; i + W <= n; i += W)
      for (int k = 0; k < K; ++k) acc[k] += load(V{}, v + i) * load(V{}, c + k * stride + i);
    for (int k = 0; k < K; ++k) {
      T sum = c[k * stride];
      for (int l = 0; l < W; ++l) sum += acc[k][l];
      for (int64_t j = i; j < n; ++j) sum += v[j] * c[k * stride + j];
      w[k] = tau * sum;
    }
  } else
    for (int k = 0; k < K; ++k) {
      T sum = c[k * stride];
      for (int64_t i = 1; i < n; ++i) sum += v[i] * c[k * stride + i];
      w[k] = tau * sum;
    }
  for (int k = 0; k < K; ++k) {
    T* __restrict to = c + k * stride;
    to[0] -= w[k];
    for (int64_t i = 1; i < n; ++i) to[i] -= v[i] * w[k];
  }
}

template <class T> void panel(T* a, int64_t rows, int64_t cols, int64_t stride, T* tau) {
  const int64_t k = rows < cols ? rows : cols;
  for (int64_t j = 0; j < k; ++j) {
    T* v = a + j * stride + j;
    const int64_t n = rows - j;
    tau[j] = reflector(v, n);
    if (tau[j] == 0) continue;
    int64_t c = j + 1;
    for (; c + 4 <= cols; c += 4) reflect<4>(v, n, tau[j], a + c * stride + j, stride);
    for (; c < cols; ++c) reflect<1>(v, n, tau[j], a + c * stride + j, stride);
  }
}

// --- small matrices: element e of matrix l lies at [e * kSide + l] ---

template <class T> constexpr int kSide = 64 / sizeof(T);
template <class T> using Side = T[kSide<T>];

#define ADJOINT_EACH_LANE _Pragma("GCC ivdep") for (int l = 0; l < kSide<T>; ++l)

// Column j of reflectors, from row j on; v stays unscaled by f in a.
template <class T> void small_reflector(Side<T>* x, int64_t n, T* tau) {
  Side<T> largest = {}, f, tail = {}, beta, inverse;
  for (int64_t i = 0; i < n; ++i)
    ADJOINT_EACH_LANE largest[l] =
        __builtin_fabs(x[i][l]) > largest[l] ? T(__builtin_fabs(x[i][l])) : largest[l];
  ADJOINT_EACH_LANE f[l] = scale_for(largest[l]);
  for (int64_t i = 0; i < n; ++i) ADJOINT_EACH_LANE x[i][l] *= f[l];
  for (int64_t i = 1; i < n; ++i) ADJOINT_EACH_LANE tail[l] += x[i][l] * x[i][l];
  ADJOINT_EACH_LANE {
    const T alpha = x[0][l], size = T(__builtin_sqrt(alpha * alpha + tail[l])), b = alpha > 0 ? -size : size;
    const bool none = tail[l] == 0;
    tau[l] = none ? T(0) : (b - alpha) / b;
    inverse[l] = none ? T(1) : T(1) / (alpha - b);
    beta[l] = none ? alpha : b;
  }
  ADJOINT_EACH_LANE x[0][l] = beta[l] / f[l];
  for (int64_t i = 1; i < n; ++i) ADJOINT_EACH_LANE x[i][l] *= inverse[l];
}

// c -= tau v (vᵀ c).
template <class T> ADJOINT_FN void small_reflect(const Side<T>* v, int64_t n, const T* tau, Side<T>* c) {
  Side<T> w;
  ADJOINT_EACH_LANE w[l] = c[0][l];
  for (int64_t i = 1; i < n; ++i) ADJOINT_EACH_LANE w[l] += v[i][l] * c[i][l];
  ADJOINT_EACH_LANE w[l] *= tau[l];
  ADJOINT_EACH_LANE c[0][l] -= w[l];
  for (int64_t i = 1; i < n; ++i) ADJOINT_EACH_LANE c[i][l] -= v[i][l] * w[l];
}

// f(elements) for kSide matrices at a time, in lanes; the last group may have fewer.
template <class T, class F>
void side_by_side(T* a, int64_t count, int64_t numel, const T* tau_in, T* tau_out, int64_t k, F f) {
  Side<T> x[kSmallQr * kSmallQr], tau[kSmallQr];
  for (int64_t first = 0; first < count; first += kSide<T>) {
    const int here = int(count - first < kSide<T> ? count - first : kSide<T>);
    T* p = a + first * numel;
    for (int64_t e = 0; e < numel; ++e)
      for (int l = 0; l < kSide<T>; ++l) x[e][l] = l < here ? p[l * numel + e] : T(1);
    if (tau_in)
      for (int64_t e = 0; e < k; ++e)
        for (int l = 0; l < kSide<T>; ++l) tau[e][l] = l < here ? tau_in[(first + l) * k + e] : T(0);
    f(x, tau);
    for (int l = 0; l < here; ++l)
      for (int64_t e = 0; e < numel; ++e) p[l * numel + e] = x[e][l];
    if (tau_out)
      for (int l = 0; l < here; ++l)
        for (int64_t e = 0; e < k; ++e) tau_out[(first + l) * k + e] = tau[e][l];
  }
}

template <class T> void factor_small(T* a, int64_t count, int64_t rows, int64_t cols, T* tau) {
  const int64_t k = rows < cols ? rows : cols;
  side_by_side<T>(a, count, rows * cols, nullptr, tau, k, [=](Side<T>* x, Side<T>* t) {
    for (int64_t j = 0; j < k; ++j) {
      Side<T>* v = x + j * rows + j;
      small_reflector<T>(v, rows - j, t[j]);
      for (int64_t c = j + 1; c < cols; ++c) small_reflect<T>(v, rows - j, t[j], x + c * rows + j);
    }
  });
}

template <class T> void form_small(T* a, int64_t count, int64_t rows, int64_t cols, int64_t k, const T* tau) {
  side_by_side<T>(a, count, rows * cols, tau, nullptr, k, [=](Side<T>* x, Side<T>* t) {
    for (int64_t c = k; c < cols; ++c)
      for (int64_t i = 0; i < rows; ++i) ADJOINT_EACH_LANE x[c * rows + i][l] = i == c;
    for (int64_t j = k - 1; j >= 0; --j) {
      Side<T>* v = x + j * rows + j;
      for (int64_t c = j + 1; c < cols; ++c) small_reflect<T>(v, rows - j, t[j], x + c * rows + j);
      for (int64_t i = 1; i < rows - j; ++i) ADJOINT_EACH_LANE v[i][l] *= -t[j][l];
      ADJOINT_EACH_LANE v[0][l] = 1 - t[j][l];
      for (int64_t i = -j; i < 0; ++i) ADJOINT_EACH_LANE v[i][l] = 0;
    }
  });
}
#undef ADJOINT_EACH_LANE

template <class T> constexpr QrKernels<T> qr_kernels() { return {panel<T>, factor_small<T>, form_small<T>}; }

}  // namespace

extern const QrTable ADJOINT_ISA_NAME(qr_table);
const QrTable ADJOINT_ISA_NAME(qr_table) = {qr_kernels<float>(), qr_kernels<double>()};

}  // namespace adjoint
