// Elements that are only moved: types of one size are one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace adjoint::cpu {

struct Bytes16 {
  uint64_t low, high;
};
template <class F> void by_size(size_t item, F&& f) {
  switch (item) {
    case 1: return f(uint8_t());
    case 2: return f(uint16_t());
    case 4: return f(uint32_t());
    case 8: return f(uint64_t());
    default: return f(Bytes16());
  }
}

}  // namespace adjoint::cpu
