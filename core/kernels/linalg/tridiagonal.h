// Eigenvalues of real symmetric matrices of middling size, one at a time.
#pragma once
#include <vector>

#include "kernels/linalg/householder_table.h"
#include "kernels/linalg/lapack.h"

namespace adjoint {

// Householder's reduction by our own kernels, which LAPACK's needs twice the time for up to kHouseholderMost rows, around
// LAPACK's divide and conquer.
template <class T> class TridiagonalEigh {
 public:
  TridiagonalEigh(int64_t n, bool upper, bool vectors);
  // The vectors, where they are wanted, take a's place. LAPACK's info.
  int solve(T* a, T* w);

 private:
  using Stedc = void(const char*, const int*, T*, T*, T*, const int*, T*, const int*, int*, const int*, int*);
  using Sterf = void(const int*, T*, T*, int*);
  int64_t n_, step_;
  bool upper_, vectors_;
  Stedc* stedc_;
  Sterf* sterf_;
  std::vector<T> full_, reflectors_, z_, work_, off_, tau_;
  std::vector<int> iwork_;
  T copy_scaled(const T* a);
};

}  // namespace adjoint
