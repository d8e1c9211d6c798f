#include "kernels/isa.h"
#include "kernels/outside_table.h"

namespace adjoint {
namespace {

#if defined(__AVX512F__)
constexpr int kVector = 64;
#elif defined(__AVX__)
constexpr int kVector = 32;
#else
constexpr int kVector = 16;
#endif

template <class T> T key(T x) {
  if constexpr (sizeof(T) == 2)
    return half_order(x);
  else
    return x;
}

// Without the lanes that many are worth: vectors of 16 bytes.
template <class T> bool any_of_few(const T* x, int64_t n, T low, T high) {
  int64_t i = 0;
  if constexpr (sizeof(T) >= 4) {
    constexpr int kOne = 16 / int(sizeof(T));
    using V [[gnu::vector_size(16)]] = T;
    V least = V{} + low, most = V{} + high;
    for (; i + kOne <= n; i += kOne) {
      V v;
      __builtin_memcpy(&v, x + i, sizeof v);
      least = v < least ? v : least;
      most = v > most ? v : most;
    }
    for (int j = 0; j < kOne; ++j)
      if (least[j] < low || most[j] > high) return true;
  }
  for (; i < n; ++i)
    if (key(x[i]) < low || key(x[i]) > high) return true;
  return false;
}
template <class T> bool any(const T* x, int64_t n, T low, T high) {
  constexpr int kLanes = 4 * kVector / int(sizeof(T));  // four chains hide a comparison's latency
  if (n < kLanes) return any_of_few(x, n, low, high);
  T least[kLanes], most[kLanes];
  for (int j = 0; j < kLanes; ++j) least[j] = low, most[j] = high;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int j = 0; j < kLanes; ++j) {
      const T v = key(x[i + j]);
      least[j] = v < least[j] ? v : least[j];
      most[j] = v > most[j] ? v : most[j];
    }
  int found = 0;
  for (int j = 0; j < kLanes; ++j) found |= int(least[j] < low) | int(most[j] > high);
  return found | int(any_of_few(x + i, n - i, low, high));
}
template <class T> void flags(const T* __restrict x, int64_t n, T low, T high, uint8_t* __restrict to) {
  for (int64_t i = 0; i < n; ++i) to[i] = uint8_t(key(x[i]) < low) | uint8_t(key(x[i]) > high);
}
template <class T> constexpr OutsideKernels<T> kernels = {any<T>, flags<T>};

}  // namespace

extern const OutsideTable ADJOINT_ISA_NAME(outside_table);
const OutsideTable ADJOINT_ISA_NAME(outside_table) = {kernels<float>, kernels<double>, kernels<int16_t>};

}  // namespace adjoint
