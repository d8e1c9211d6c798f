// When a kernel of the CPU lets other threads of the program run.
#pragma once
#include "tensor/lock.h"

namespace adjoint::cpu {

constexpr int64_t kLargeWork = 1 << 16;  // elements from which releasing the big lock is worth its price

// `elements` that the kernel reads or writes, or as many as its work per element counts for.
struct Work : Unlocked {
  explicit Work(int64_t elements) : Unlocked(elements >= kLargeWork) {}
};

}  // namespace adjoint::cpu
