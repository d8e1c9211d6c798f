// The vectorised kernels of Householder's reductions for matrices that fit into the nearest caches: householder.isa.cpp
// makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

inline constexpr int64_t kHouseholderMost = 128;  // rows
// Columns lie so far apart: whole vectors, on every instruction set.
template <class T> constexpr int64_t householder_step(int64_t n) {
  constexpr int64_t kEach = 64 / sizeof(T);
  return (n + kEach - 1) / kEach * kEach;
}

template <class T> struct HouseholderKernels {
  // Qᵀ A Q = the tridiagonal matrix of d and e, for symmetric A, both triangles of which are given: [n, step]. Reflector k
  // is I - tau[k] v vᵀ with v = vs[k · step ...], whose first k + 1 elements are 0. `scratch` has 2 · step elements.
  void (*tridiagonal)(T* a, int64_t n, T* d, T* e, T* vs, T* tau, T* scratch);
  // Q X for the rows of X, [n, step], in place; `first` is 1 for reflectors that start below row 1.
  void (*apply)(const T* vs, const T* tau, int64_t count, int64_t first, T* x, int64_t n);
};

struct HouseholderTable {
  HouseholderKernels<float> f32;
  HouseholderKernels<double> f64;
};
const HouseholderTable& householder_table();

}  // namespace adjoint
