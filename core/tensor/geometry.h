// A layout apart from any tensor: sizes, strides and offset, in elements of the storage.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

struct Geometry {
  Dims sizes, strides;
  int64_t offset = 0;

  int64_t reach() const {  // one past the last element, counted from the storage's start
    int64_t last = offset;
    for (int64_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return 0;
      last += (sizes[i] - 1) * strides[i];
    }
    return last + 1;
  }
};
// Strides of a dense tensor whose dimensions lie in the order in which the first of the tensors that tells two of
// them apart has them; each has its strides for `sizes`, 0 where it is repeated. The rule of PyTorch's iterator.
Dims strides_in_order(Ints sizes, std::span<const Dims> tensors);

// Calls f(position) for every index of the geometry, in order.
template <class F> void each_position(const Geometry& a, F f) {
  const int64_t n = a.sizes.size();
  int64_t count = 1, p = a.offset;
  for (int64_t s : a.sizes) count *= s;
  Dims at(n);
  for (int64_t k = 0; k < count; ++k) {
    f(p);
    for (int64_t d = n - 1; d >= 0; --d) {
      p += a.strides[d];
      if (++at[d] < a.sizes[d]) break;
      p -= a.strides[d] * a.sizes[d];
      at[d] = 0;
    }
  }
}

inline Geometry geometry_of(const TensorImpl& x) { return {x.sizes(), x.strides(), x.storage_offset()}; }

}  // namespace adjoint
