// Looks for numbers that are no probabilities.
#pragma once
#include "tensor/dtype.h"

namespace adjoint {

// The place of the first of n numbers of a floating type that does not lie in [0, 1]; -1 where all do.
int64_t outside_unit(Dtype dtype, const void* x, int64_t n);

}  // namespace adjoint
