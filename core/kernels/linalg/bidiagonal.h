// Singular values of real matrices of middling size, one at a time.
#pragma once
#include <vector>

#include "kernels/linalg/householder_table.h"
#include "kernels/linalg/lapack.h"

namespace adjoint {

// Householder's reduction by our own kernels, for which LAPACK needs several times as long up to kHouseholderMost rows and
// columns, around LAPACK's divide and conquer. Works on the transpose where there are more columns.
template <class T> class BidiagonalSvd {
 public:
  BidiagonalSvd(int64_t rows, int64_t cols, bool vectors);
  // A stays as it is; U [rows, k] and Vh [k, cols] where vectors are wanted. LAPACK's info.
  int solve(const T* a, T* s, T* u, T* vh);

 private:
  using Bdsdc = void(const char*, const char*, const int*, T*, T*, T*, const int*, T*, const int*, T*, int*,
                     T*, int*, int*);
  int64_t m_, n_, m_step_, n_step_;
  bool wide_, vectors_;
  Bdsdc* bdsdc_;
  std::vector<T> a_, q_, p_, q_tau_, p_tau_, off_, left_, right_, work_;
  std::vector<int> iwork_;
  void write_vectors(T* u, T* vh);
};

}  // namespace adjoint
