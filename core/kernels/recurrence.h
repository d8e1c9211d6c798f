// Linear recurrences along one dimension.
#pragma once
#include <cstdint>
#include "tensor/dtype.h"

namespace adjoint {

// y[k] = g[k] + c[k] · y[k - 1], or y[k + 1] where it runs `down` from the last element; contiguous [outer, n, inner] of
// a floating or complex type other than the halves.
void recurrence(bool down, Dtype type, const void* g, const void* c, int64_t outer, int64_t n, int64_t inner,
                void* y);

}  // namespace adjoint
