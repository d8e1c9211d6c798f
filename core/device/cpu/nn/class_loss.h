// The CPU's losses of classes, for its table: see device/nn/loss.h.
#pragma once
#include "device/nn/loss.h"

namespace adjoint::cpu {

std::optional<int64_t> outside_classes(const TensorImpl& target, int64_t classes, int64_t ignored);
void cross_entropy(const ClassPlan& plan, const TensorImpl& x, const TensorImpl& target,
                   const TensorImpl* weight, const TensorImpl& norms, const TensorImpl& total,
                   const TensorImpl& y);
void cross_entropy_backward(const ClassPlan& plan, const TensorImpl& g, const TensorImpl& x,
                            const TensorImpl& target, const TensorImpl* weight, const TensorImpl& norms,
                            const TensorImpl& total, const TensorImpl* gx, const TensorImpl* gtarget);
void nll(const ClassPlan& plan, const TensorImpl& x, const TensorImpl& target, const TensorImpl* weight,
         const TensorImpl& total, const TensorImpl& y);
void nll_backward(const ClassPlan& plan, const TensorImpl& g, const TensorImpl& target,
                  const TensorImpl* weight, const TensorImpl& total, const TensorImpl& gx);

}  // namespace adjoint::cpu
