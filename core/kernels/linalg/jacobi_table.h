// The vectorised kernels under jacobi.cpp: jacobi.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

inline constexpr int64_t kJacobiMost = 16;  // rows and columns
template <class T> inline constexpr int64_t kJacobiLanes =
    128 / sizeof(T);  // matrices that are worked on together

// At most kJacobiLanes<T> column-major matrices, one after the other. `info` of each: 0, kNotFinite, or kNotForJacobi, where
// nothing is written for it.
template <class T> struct JacobiKernels {
  // The vectors, where they are wanted, take a's place.
  void (*eigh)(T* a, int64_t count, int64_t n, bool upper, bool vectors, T* w, int32_t* info);
  // U [m, k], Vh [k, n]; u null: singular values alone.
  void (*svd)(const T* a, int64_t count, int64_t m, int64_t n, T* u, T* s, T* vh, int32_t* info);
};
// Of a vector's elements, in the sum that gives it its sign: it is 0 for no vector that one meets.
template <class T> constexpr T jacobi_weight(int64_t i) { return T(1) / (T(1) + T(i) * T(0.618034)); }
inline constexpr int32_t kNotForJacobi = 1;  // no convergence, or a singular value near 0

struct JacobiTable {
  JacobiKernels<float> f32;
  JacobiKernels<double> f64;
};
const JacobiTable& jacobi_table();

}  // namespace adjoint
