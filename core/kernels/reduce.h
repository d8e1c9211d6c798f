// Reductions, scans and softmax over raw memory.
//
// The input is seen as [outer, n, inner] through a View3 (strides in elements); the middle axis is reduced
// or scanned. Results are contiguous: [outer, inner] for reductions, [outer, n, inner] for scans and softmax.
// Several reduced axes: make them one by copying (copy_strided) unless they coalesce. A whole contiguous
// tensor is {1, n, 1, n, 1, 1}.
//
// Sums are cut in fixed blocks which are combined in a fixed tree: see
// Note [Same bits for any number of threads]. 16-bit floats accumulate in float.
#pragma once
#include "tensor/dtype.h"

namespace adjoint {

struct View3 {
  int64_t outer, n, inner;
  int64_t outer_stride, n_stride, inner_stride;
};
inline View3 contiguous_view(int64_t outer, int64_t n, int64_t inner) {
  return {outer, n, inner, n * inner, inner, 1};
}

enum class Reduction : uint8_t {
  Sum,
  Prod,  // identity 0, 1
  Max,
  Min,  // NaN wins; n must be > 0; not for complex
  Any,
  All,           // result Bool
  CountNonzero,  // result I64
  SumAbs,
  SumSquares,
  SumPow,  // Σ|x|, Σ|x|², Σ|x|^p: the caller takes the root; complex gives a real result
  MaxAbs,
  MinAbs,     // the norms of order ±∞; n may be 0 (result 0 and ∞); NaN wins
  LogSumExp,  // floating only
};

// The element type `reduce` writes. Sum, Prod: integers and bool give I64, 16-bit floats give F32 (convert
// it down where PyTorch returns the input's type); norms likewise, and F32/F64 for complex; Max, Min: the
// input's; LogSumExp: F32 for 16-bit floats. Norms of integers give F64.
Dtype reduced_dtype(Reduction op, Dtype in);

// out[o, i] = op over k of x[o, k, i]. `p` is SumPow's exponent.
void reduce(Reduction op, Dtype in, const void* x, const View3& view, void* out, double p = 2);

// Position of the largest (smallest) element: the first of equals; the first NaN if there is one. `values`
// (input's dtype) may be null. n > 0.
void reduce_arg(bool largest, Dtype in, const void* x, const View3& view, int64_t* index, void* values);

// mean, and Σ|x - mean|² / divisor by two passes, or its root. `mean` has the type of reduced_dtype(Sum, in),
// `y` its real type. Floating and complex inputs. n = 0 gives mean NaN.
void reduce_deviation(Dtype in, const void* x, const View3& view, double divisor, bool root, void* mean,
                      void* y);

enum class Scan : uint8_t { Sum, Prod, LogSumExp };
// out[o, k, i] = op of x[o, 0..k, i]. Integers and bool give I64, everything else its own type (the running
// value of 16-bit floats is a float).
Dtype scanned_dtype(Scan op, Dtype in);
void scan(Scan op, Dtype in, const void* x, const View3& view, void* out);
// Running maximum (minimum) and its position: the last of equals; NaN stays once met. As cummax and cummin.
void scan_extremum(bool largest, Dtype in, const void* x, const View3& view, void* values, int64_t* index);

// y = softmax(x) or log_softmax(x) along n. Floating types; y has x's type and is contiguous.
void softmax(bool log, Dtype dtype, const void* x, const View3& view, void* y);
// From cotangent g and result y, both contiguous [outer, n, inner]:
// softmax: y * (g - Σ g*y);  log_softmax: g - exp(y) * Σ g.
void softmax_backward(bool log, Dtype dtype, const void* g, const void* y, int64_t outer, int64_t n,
                      int64_t inner, void* gx);

}  // namespace adjoint
