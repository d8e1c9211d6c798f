// Dropout, for operations that have it between their parts.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

// x with elements set to 0 with probability p and the others scaled; x itself where there is nothing to do.
Tensor dropout(const Tensor& x, double p, bool train);

}  // namespace adjoint
