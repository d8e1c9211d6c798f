// Which narrow loop stands in for an int64 loop: see Note [Narrow loops] (kernels/pointwise.h).
#pragma once
#include <span>
#include "device/backend.h"

namespace adjoint::cpu {

// An operand as a loop takes it: `dtype` in memory, `kernel` in the loop; a number has no tensor.
struct RawOperand {
  char* data;
  const TensorImpl* tensor;
  Dtype dtype, kernel;
};

// Numbers of a call, in the narrow type.
struct NarrowNumbers {
  alignas(8) char bytes[kMaxLoopOperands][8];
};

// The int64 loop, or its twin where all operands lie in memory as one integer type, or bool, with a result of that
// type or a truth value: `ops` then say so.
Loop narrow_twin(const PointwiseKernels& kernels, std::span<RawOperand> ops, NarrowNumbers& numbers);

}  // namespace adjoint::cpu
