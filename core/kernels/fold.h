// fold: one reduction of a real view, whatever its layout and type, in accumulators of type T.
#pragma once
#include "kernels/reduce.h"
#include "kernels/reduce_table.h"

namespace adjoint {

// How gathered elements become T: converted, `!= 0`, or |z| of a complex number.
enum class Gather : uint8_t { Value, Nonzero, Modulus };

template <class T> struct Source {
  const void* x;
  Dtype dtype;
  View3 view;
  Gather gather = Gather::Value;
};

// out[o, i] (and out1, for Moments) = fold over the middle axis; centre[o, i] where the fold has one.
template <class T>
void fold(Fold op, const Source<T>& source, T* out, const T* centre = nullptr, T* out1 = nullptr);
extern template void fold(Fold, const Source<float>&, float*, const float*, float*);
extern template void fold(Fold, const Source<double>&, double*, const double*, double*);
extern template void fold(Fold, const Source<int64_t>&, int64_t*, const int64_t*, int64_t*);
extern template void fold(Fold, const Source<int32_t>&, int32_t*, const int32_t*, int32_t*);
extern template void fold(Fold, const Source<uint8_t>&, uint8_t*, const uint8_t*, uint8_t*);

}  // namespace adjoint
