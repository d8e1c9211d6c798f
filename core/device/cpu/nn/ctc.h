#pragma once
#include "device/nn/loss.h"

namespace adjoint::cpu {

void ctc(const Ctc& c, const TensorImpl& y);
void ctc_backward(const Ctc& c, const TensorImpl& g, const TensorImpl& y, const TensorImpl& gx);

}  // namespace adjoint::cpu
