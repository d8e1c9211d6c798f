// The vectorised kernels under scan.cpp: scan.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

#include "kernels/reduce.h"

namespace adjoint {

// A row is scanned in blocks of as many elements, each from nothing; what stood before a block is added to all of it.
inline constexpr int64_t kScanBlock = 4096;
inline constexpr int64_t kScanTile = 256;  // columns

// A is the type in which sums run: double for float.
template <class T, class A> struct ScanKernels {
  // y = before ∘ (the scan of n <= kScanBlock elements); gives back the block's own total. y may be x, or null.
  A (*block)(Scan op, const T* x, int64_t n, A before, T* y);
  // `width` <= kScanTile columns side by side, n rows; y may be x.
  void (*columns)(Scan op, const T* x, int64_t n, int64_t stride, int64_t width, T* y, int64_t y_stride);
};
// x op y keeps the later of equals; NaN stays.
template <class T> struct ExtremumKernels {
  void (*row)(bool largest, const T* x, int64_t n, T* values, int64_t* index);
  void (*columns)(bool largest, const T* x, int64_t n, int64_t stride, int64_t width, T* values,
                  int64_t* index, int64_t out_stride);
};

struct ScanTable {
  ScanKernels<float, double> f32;
  ScanKernels<double, double> f64;
  ScanKernels<int64_t, int64_t> i64;
  ExtremumKernels<float> extremum_f32;
  ExtremumKernels<double> extremum_f64;
  ExtremumKernels<int32_t> extremum_i32;
  ExtremumKernels<int64_t> extremum_i64;
};
const ScanTable& scan_table();

}  // namespace adjoint
