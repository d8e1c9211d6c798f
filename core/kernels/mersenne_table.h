// The Mersenne Twister a block of words at a time: mersenne.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

struct MersenneTable {
  void (*twist)(uint32_t* state);  // the next 624 words
  void (*temper)(const uint32_t* state, int64_t n, uint32_t* words);
  // y[i] = 1 where 53 bits of words 2 i and 2 i + 1 are below `bound`, else 0.
  void (*below_f32)(const uint32_t* words, int64_t n, uint64_t bound, float* y);
  void (*below_f64)(const uint32_t* words, int64_t n, uint64_t bound, double* y);
  void (*below_u8)(const uint32_t* words, int64_t n, uint64_t bound, uint8_t* y);
};
const MersenneTable& mersenne_table();

}  // namespace adjoint
