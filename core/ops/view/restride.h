// What the graph needs of as_strided. Cotangents between layouts of one storage are differentiable.
#pragma once
#include "tensor/geometry.h"

namespace adjoint {

// The vjp of `view by from of a tensor laid out by to`: g (of from's shape) in to's shape.
Tensor restride(const Tensor& g, const Geometry& from, const Geometry& to);
// g of a view several of whose indices may reach one place: each gets an equal part of what is the place's.
Tensor share_out(const Tensor& g, Geometry view);

// The view gets the history that as_strided gives.
void record_strided(const Tensor& view, const Tensor& base);

}  // namespace adjoint
