// What losses of classes share: the checks of nll_loss, which cross_entropy makes, too.
#pragma once
#include "device/backend.h"
#include "device/nn/loss.h"
#include "ops/nn/reduction.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint {

// x as [outer, classes, inner].
ClassPlan class_plan(const TensorImpl& x, Reduce how);
// The shapes of a target of classes, and its types.
void check_class_shapes(const Tensor& x, const Tensor& target, const Tensor& weight);
// A checked target as the kernels take it: int64, dense, no class outside. An IndexError that says where.
Tensor checked_classes(const Tensor& target, const ClassPlan& plan);
Dims loss_sizes(const TensorImpl& x, Reduce how);  // of a result: x's without the classes, or none
// Of classes, or of probabilities in x's shape.
Tensor cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight, Reduce how, int64_t ignored,
                     double smoothing);
Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, Reduce how, int64_t ignored);

}  // namespace adjoint
