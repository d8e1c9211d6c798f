// The flags that every tensor with memory of its own starts with: Inference inside inference mode, else none.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

inline constinit thread_local uint8_t fresh_flags = 0;

}  // namespace adjoint
