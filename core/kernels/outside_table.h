// Which numbers lie outside a range: outside.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct OutsideKernels {
  // Whether one of n does. NaN lies in no place (a half's is far out).
  bool (*any)(const T* x, int64_t n, T low, T high);
  // 0 or 1 for each.
  void (*flags)(const T* x, int64_t n, T low, T high, uint8_t* flags);
};

struct OutsideTable {
  OutsideKernels<float> f32;
  OutsideKernels<double> f64;
  OutsideKernels<int16_t> half;  // low and high, and what x is compared as, are half_order's
};
const OutsideTable& outside_table();

// Halves of either type (their bits) in the order of their numbers.
constexpr int16_t half_order(int16_t bits) {
  const int16_t sign = int16_t(bits >> 15);
  return int16_t(((bits & 0x7fff) ^ sign) - sign);
}

}  // namespace adjoint
