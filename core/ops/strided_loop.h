// Runs a pointwise loop over any number of broadcast, strided, differently typed operands.
#pragma once
#include "ops/pointwise_loops.h"
#include "tensor/tensor.h"

namespace adjoint {

inline constexpr int kMaxLoopOperands = 7;  // the result, and a pull's g, operands and y

struct LoopOperand {
  char* data = nullptr;
  const TensorImpl* tensor = nullptr;  // null: one value at `data`, already of the kernel's type
  Dtype dtype = Dtype::F32;            // of the memory
  Dtype kernel = Dtype::F32;           // of the loop
};
// operands[0] is the result; `shape` its sizes. Casts through small buffers where dtype and kernel differ.
void run_strided(Loop loop, Ints shape, std::span<LoopOperand> operands);
// All dense: one flat loop, threaded when large.
void run_flat(Loop loop, char* const* ptrs, const int64_t* strides, int count, int64_t n);

}  // namespace adjoint
