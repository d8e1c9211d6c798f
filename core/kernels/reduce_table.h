// The vectorised kernels under reduce.cpp: reduce.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// What is folded: combine(acc, map(x)). Moments keeps two sums, Σ(x - c) and Σ(x - c)², about the centre c
// given per result; ExpSum is Σ exp(x - c); SumPow is Σ |x|^c.
enum class Fold : uint8_t {
  Sum,
  Prod,
  Max,
  Min,
  SumAbs,
  SumSquares,
  MaxAbs,
  MinAbs,
  SumPow,
  ExpSum,
  Moments
};
inline constexpr int kFolds = 11;

// A row is folded in kLanes<T> interleaved accumulators, combined pairwise at the end, on every instruction
// set.
template <class T> struct FoldKernels {
  // out[r] = fold of x[r * row_stride + 0..n); `centre` (one a row) and `out1` only where the fold has them.
  void (*rows)(const T* x, int64_t rows, int64_t row_stride, int64_t n, const T* centre, T* out, T* out1);
  // acc[c] = combine(acc[c], fold over k of x[k * stride + c]), c < width.
  void (*cols)(const T* x, int64_t n, int64_t stride, int64_t width, const T* centre, T* acc, T* acc1);
};

// As FoldKernels<float>'s rows for Sum, of 16-bit floats, which are widened in registers: the same bits as by
// way of a buffer. Null where the instruction set has no such conversion.
using SumNarrowRows = void (*)(const uint16_t* x, int64_t rows, int64_t row_stride, int64_t n, float* out);

struct ReduceTable {
  FoldKernels<float> f32[kFolds];
  FoldKernels<double> f64[kFolds];
  FoldKernels<int64_t> i64[kFolds];
  FoldKernels<int32_t> i32[kFolds];  // Max, Min, also of narrower integers
  FoldKernels<uint8_t> u8[kFolds];   // Max, Min: any, all
  SumNarrowRows half, bfloat;
};
const ReduceTable& reduce_table();

}  // namespace adjoint
