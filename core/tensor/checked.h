// Sizes worked out from what the user gave: sums and products that leave 64 bits are refused.
#pragma once
#include "tensor/error.h"

namespace adjoint {

inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t r;
  check(!__builtin_add_overflow(a, b, &r), "Storage size calculation overflowed: ", a, " + ", b);
  return r;
}
inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t r;
  check(!__builtin_mul_overflow(a, b, &r), "Storage size calculation overflowed: ", a, " * ", b);
  return r;
}

}  // namespace adjoint
