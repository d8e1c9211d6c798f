// Which narrow loop stands in for an int64 loop: see Note [Narrow loops].
#pragma once
#include "ops/strided_loop.h"

namespace adjoint {

// Numbers of a call, in the narrow type.
struct NarrowNumbers {
  alignas(8) char bytes[kMaxLoopOperands][8];
};

// The twin of `loop` for operands that all lie in memory as one integer type, or bool, with a result of that
// type or a truth value: `ops` then say so. Else `loop` itself.
Loop narrow_twin(Loop loop, std::span<LoopOperand> ops, NarrowNumbers& numbers);

}  // namespace adjoint
