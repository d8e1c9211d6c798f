// Eigenvalues of real symmetric matrices of middling size. See tridiagonal.h.
#include "kernels/linalg/tridiagonal.h"

#include <algorithm>
#include <cmath>

#include "kernels/isa.h"

namespace adjoint {

ADJOINT_PICK_TABLE(HouseholderTable, householder_table)

namespace {

template <class T> const HouseholderKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return householder_table().f32;
  else
    return householder_table().f64;
}

}  // namespace

template <class T> TridiagonalEigh<T>::TridiagonalEigh(int64_t n, bool upper, bool vectors)
    : n_(n),
      step_(householder_step<T>(n)),
      upper_(upper),
      vectors_(vectors),
      stedc_(lapack<T, Stedc>("stedc")),
      sterf_(lapack<T, Sterf>("sterf")),
      full_(size_t(n * step_)),
      reflectors_(size_t(n * step_)),
      z_(vectors ? size_t(n * n) : 0),
      work_(size_t(std::max(2 * step_, vectors ? 1 + 4 * n + n * n : 0))),
      off_(size_t(n)),
      tau_(size_t(n)),
      iwork_(vectors ? size_t(3 + 5 * n) : 0) {}

// Both triangles, divided by a power of 2 that brings the largest element near 1; gives that power.
template <class T> T TridiagonalEigh<T>::copy_scaled(const T* a) {
  for (int64_t j = 0; j < n_; ++j)
    for (int64_t i = j; i < n_; ++i)
      full_[size_t(j * step_ + i)] = full_[size_t(i * step_ + j)] = upper_ ? a[i * n_ + j] : a[j * n_ + i];
  T largest = 0;
  for (int64_t j = 0; j < n_; ++j)
    for (int64_t i = 0; i < n_; ++i) largest = std::max(largest, std::abs(full_[size_t(j * step_ + i)]));
  if (largest == 0) return 1;
  const int e = std::ilogb(largest), half = -e / 2;  // 2^-e may be no number of the type
  const T first = std::ldexp(T(1), half), second = std::ldexp(T(1), -e - half);
  for (T& x : full_) x = x * first * second;
  return std::ldexp(T(1), e);
}

template <class T> int TridiagonalEigh<T>::solve(T* a, T* w) {
  const int n = int(n_), lwork = int(work_.size()), liwork = int(iwork_.size());
  const T scale = copy_scaled(a);
  kernels<T>().tridiagonal(full_.data(), n_, w, off_.data(), reflectors_.data(), tau_.data(), work_.data());
  int info = 0;
  if (vectors_) {
    stedc_("I", &n, w, off_.data(), z_.data(), &n, work_.data(), &lwork, iwork_.data(), &liwork, &info);
    for (int64_t j = 0; j < n_; ++j)
      for (int64_t i = 0; i < n_; ++i) full_[size_t(i * step_ + j)] = z_[size_t(j * n_ + i)];
    kernels<T>().apply(reflectors_.data(), tau_.data(), n_ - 1, 1, full_.data(), n_);
    for (int64_t j = 0; j < n_; ++j)
      for (int64_t i = 0; i < n_; ++i) a[j * n_ + i] = full_[size_t(i * step_ + j)];
  } else {
    sterf_(&n, w, off_.data(), &info);
  }
  for (int64_t j = 0; j < n_; ++j) w[j] *= scale;
  return info;
}

template class TridiagonalEigh<float>;
template class TridiagonalEigh<double>;

}  // namespace adjoint
