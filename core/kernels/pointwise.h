// The loops of a pointwise formula, as data: ops/pointwise_loops.h makes them, a device runs them.
#pragma once
#include <cstdint>

namespace adjoint {

// out = f(in...): ptrs[0] is the result, strides in bytes.
using Loop = void (*)(char* const* ptrs, const int64_t* strides, int64_t n);
inline constexpr int kMaxOperands = 4;
enum Compute : uint8_t { CBool, CI64, CF32, CF64, CC128, kComputes };

// Note [Narrow loops]: integers and bools are computed as int64. Loops over smaller types would cast through
// buffers, so plain operations, which say `narrow = true`, have twins of their int64 loop that load a smaller
// type and store it: the same formula on the same 64-bit numbers, which the compiler narrows to the width
// that the result needs. run_strided picks them, by the loop that it was given.
enum Narrow : uint8_t { NBool, NU8, NI8, NI16, NI32, NI64, kNarrows };

// See Note [Blocks].
struct BlockLoop {
  void (*run)(char* const* ptrs, const int64_t* steps, int64_t blocks);
  uint8_t operands;  // with the result
  uint8_t width;     // elements of a block
  uint8_t sizes[7];  // bytes of an element
};
void run_blocks(const BlockLoop& loop, char* const* ptrs, const int64_t* strides, int64_t n);

struct PointwiseKernels {
  Loop value[kComputes] = {};
  Loop narrow[kNarrows] = {};
  Loop pull[kMaxOperands][kComputes] = {};
  Loop tail[kComputes] = {};  // g, y, x, low and high come: Note [Tails] in ops/tails.h
};

}  // namespace adjoint
