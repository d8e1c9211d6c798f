// What a device provides for losses: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct LossKernels {
  // y[0] = Σ of a formula over n elements, or their mean. Operands are dense, of the loop's type, which y has, too; one
  // that has a single element, or is a number, goes with all.
  void (*total)(const FormulaLoop& loop, std::span<const LoopOperand> operands, int64_t n, bool mean,
                const TensorImpl& y);
  // The first element of a contiguous x of a floating type that is no number in [0, 1].
  std::optional<int64_t> (*outside_unit)(const TensorImpl& x);
};

}  // namespace adjoint
