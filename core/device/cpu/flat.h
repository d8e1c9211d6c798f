// A pointwise loop over dense operands.
#pragma once
#include <cstdint>
#include "kernels/pointwise.h"

namespace adjoint::cpu {

// ptrs[0] is the result; a step of 0 bytes repeats one value. Threaded, and without the big lock, when large. The quick
// road of the CPU calls it without the table.
void run_flat(Loop loop, char* const* ptrs, const int64_t* strides, int count, int64_t n);

}  // namespace adjoint::cpu
