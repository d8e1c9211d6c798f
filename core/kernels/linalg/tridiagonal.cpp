// Eigenvalues of real symmetric matrices of middling size. See tridiagonal.h.
#include "kernels/linalg/tridiagonal.h"

#include "kernels/isa.h"
#include "kernels/linalg/householder.h"

namespace adjoint {

ADJOINT_PICK_TABLE(HouseholderTable, householder_table)

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
  return scale_near_one(full_);
}

template <class T> int TridiagonalEigh<T>::solve(T* a, T* w) {
  const int n = int(n_), lwork = int(work_.size()), liwork = int(iwork_.size());
  const T scale = copy_scaled(a);
  householder_kernels<T>().tridiagonal(full_.data(), n_, w, off_.data(), reflectors_.data(), tau_.data(),
                                       work_.data());
  int info = 0;
  if (vectors_) {
    stedc_("I", &n, w, off_.data(), z_.data(), &n, work_.data(), &lwork, iwork_.data(), &liwork, &info);
    for (int64_t j = 0; j < n_; ++j)
      for (int64_t i = 0; i < n_; ++i) full_[size_t(i * step_ + j)] = z_[size_t(j * n_ + i)];
    householder_kernels<T>().apply(reflectors_.data(), step_, tau_.data(), n_ - 1, 1, full_.data(), n_,
                                   step_);
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
