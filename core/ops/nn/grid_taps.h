// grid_sample's gradients out of operations, which have derivatives themselves.
#pragma once
#include <array>
#include "device/nn/resample.h"
#include "tensor/tensor.h"

namespace adjoint {

// {gx, ggrid}, those that are wanted.
std::array<Tensor, 2> grid_backward(const Tensor& g, const Tensor& x, const Tensor& grid,
                                    const GridPlan& plan, bool want_x, bool want_grid);

}  // namespace adjoint
