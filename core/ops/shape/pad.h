// pad of nn.functional, for other operations.
#pragma once
#include <string_view>
#include "tensor/tensor.h"

namespace adjoint::ops {

Tensor pad(const Tensor& x, Ints pad, std::string_view mode);  // constant, reflect, replicate, circular

}  // namespace adjoint::ops
