#include "kernels/nn/unit_interval.h"
#include <algorithm>
#include <type_traits>

namespace adjoint {

namespace {

constexpr int64_t kBlock = 1024;

template <class T> int64_t first_outside(const T* x, int64_t n) {
  using W = std::conditional_t<sizeof(T) == 8, double, float>;
  const auto outside = [](T v) { return int(!(W(v) >= 0)) | int(!(W(v) <= 1)); };
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t end = std::min(n, i + kBlock);
    int any = 0;
    for (int64_t k = i; k < end; ++k) any |= outside(x[k]);
    if (any)
      for (int64_t k = i; k < end; ++k)
        if (outside(x[k])) return k;
  }
  return -1;
}

}  // namespace

int64_t outside_unit(Dtype dtype, const void* x, int64_t n) {
  return visit(dtype, [&]<class T>(T*) -> int64_t {
    if constexpr (std::is_convertible_v<T, double> && !std::is_integral_v<T>)
      return first_outside(static_cast<const T*>(x), n);
    else
      return -1;
  });
}

}  // namespace adjoint
