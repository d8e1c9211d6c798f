// Where the graph begins and ends: requires_grad, detach, retain_grad, .data.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

Tensor detach(const Tensor& x);  // a view without history, sharing the version counter
void detach_inplace(const Tensor& x);
void set_requires_grad(const Tensor& x, bool on);  // RuntimeError on non-leaves and non-float dtypes
void retain_grad(const Tensor& x);
void set_data(const Tensor& x, const Tensor& y);

}  // namespace adjoint
