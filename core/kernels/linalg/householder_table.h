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
  // Qᵀ A P = the upper bidiagonal matrix of d and e, for A [m, n], m >= n, in columns of step(m). Q's reflectors lie
  // step(m) apart, the first k elements of the k-th are 0; P's step(n) apart, k + 1 are. `scratch` has step(m) + 2 · step(n)
  // elements.
  void (*bidiagonal)(T* a, int64_t m, int64_t n, T* d, T* e, T* q, T* q_tau, T* p, T* p_tau, T* scratch);
  // Q X in place, for the n rows of X, x_step apart. Reflectors lie `step` apart, the k-th begins at row k + first.
  void (*apply)(const T* vs, int64_t step, const T* tau, int64_t count, int64_t first, T* x, int64_t n,
                int64_t x_step);
};

struct HouseholderTable {
  HouseholderKernels<float> f32;
  HouseholderKernels<double> f64;
};
const HouseholderTable& householder_table();

}  // namespace adjoint
