// Extrema of columns and their rows, in one pass: a vector of columns at a time.
#include "kernels/arg_table.h"
#include "kernels/isa.h"
#include "kernels/math.h"

namespace adjoint {
namespace {

template <bool kLargest, class T> void columns(const T* x, int64_t n, int64_t stride, int64_t width,
                                               T* __restrict values, int32_t* __restrict index) {
  for (int64_t i = 0; i < width; ++i) values[i] = x[i], index[i] = 0;
  for (int64_t k = 1; k < n; ++k) {
    const T* p = x + k * stride;
    const int32_t row = int32_t(k);
#pragma GCC ivdep
    for (int64_t i = 0; i < width; ++i) {
      const T v = p[i], best = values[i];
      const bool better = (kLargest ? v > best : v < best) | ((v != v) & (best == best));
      values[i] = better ? v : best;
      index[i] = better ? row : index[i];
    }
  }
}
template <class T>
void either(bool largest, const T* x, int64_t n, int64_t stride, int64_t width, T* values, int32_t* index) {
  largest ? columns<true>(x, n, stride, width, values, index)
          : columns<false>(x, n, stride, width, values, index);
}

}  // namespace

extern const ArgTable ADJOINT_ISA_NAME(arg_table);
const ArgTable ADJOINT_ISA_NAME(arg_table) = {either<float>,  either<double>,  either<uint8_t>,
                                              either<int8_t>, either<int16_t>, either<int32_t>,
                                              either<int64_t>};

}  // namespace adjoint
