// Singular values of real matrices of middling size. See bidiagonal.h.
#include "kernels/linalg/bidiagonal.h"

#include "kernels/linalg/householder.h"

namespace adjoint {

template <class T> BidiagonalSvd<T>::BidiagonalSvd(int64_t rows, int64_t cols, bool vectors)
    : m_(std::max(rows, cols)),
      n_(std::min(rows, cols)),
      m_step_(householder_step<T>(m_)),
      n_step_(householder_step<T>(n_)),
      wide_(rows < cols),
      vectors_(vectors),
      bdsdc_(lapack<T, Bdsdc>("bdsdc")),
      a_(size_t(n_ * m_step_)),
      q_(size_t(n_ * m_step_)),
      p_(size_t(n_ * n_step_)),
      q_tau_(size_t(n_)),
      p_tau_(size_t(n_)),
      off_(size_t(n_)),
      left_(vectors ? size_t(m_ * n_step_) : 1),
      right_(vectors ? size_t(n_ * n_step_) : 1),
      work_(size_t(std::max(m_step_ + 2 * n_step_, 4 * n_ + (vectors ? 3 * n_ * n_ : 0)))),
      iwork_(size_t(8 * n_)) {}

// U = Q U' and V = P V', where the bidiagonal matrix has U' in a_ and V'ᵀ in right_, column by column. A factor's rows lie
// n_step_ apart.
template <class T> void BidiagonalSvd<T>::write_vectors(T* u, T* vh) {
  std::fill(left_.begin(), left_.end(), T(0));
  for (int64_t j = 0; j < n_; ++j)
    for (int64_t i = 0; i < n_; ++i) left_[size_t(i * n_step_ + j)] = a_[size_t(j * n_step_ + i)];
  const auto& kernels = householder_kernels<T>();
  kernels.apply(q_.data(), m_step_, q_tau_.data(), n_, 0, left_.data(), m_, n_step_);
  kernels.apply(p_.data(), n_step_, p_tau_.data(), n_ - 1, 1, right_.data(), n_, n_step_);
  // Of the transpose, V is U and Uᵀ is Vh.
  const T *down = (wide_ ? right_ : left_).data(), *across = (wide_ ? left_ : right_).data();
  const int64_t rows = wide_ ? n_ : m_, cols = wide_ ? m_ : n_;
  for (int64_t j = 0; j < n_; ++j)
    for (int64_t i = 0; i < rows; ++i) u[j * rows + i] = down[i * n_step_ + j];
  for (int64_t i = 0; i < cols; ++i) std::copy_n(across + i * n_step_, n_, vh + i * n_);
}

template <class T> int BidiagonalSvd<T>::solve(const T* a, T* s, T* u, T* vh) {
  // What lies between the columns is 0; the matrix before this one has left its vectors there.
  std::fill(a_.begin(), a_.end(), T(0));
  for (int64_t j = 0; j < n_; ++j)
    for (int64_t i = 0; i < m_; ++i) a_[size_t(j * m_step_ + i)] = wide_ ? a[i * n_ + j] : a[j * m_ + i];
  const T scale = scale_near_one(a_);
  householder_kernels<T>().bidiagonal(a_.data(), m_, n_, s, off_.data(), q_.data(), q_tau_.data(), p_.data(),
                                      p_tau_.data(), work_.data());
  const int n = int(n_), step = int(n_step_);
  int info = 0;
  // The columns of U' take the place of A's, which lie further apart: n_step_ is at most m_step_.
  bdsdc_("U", vectors_ ? "I" : "N", &n, s, off_.data(), a_.data(), &step, right_.data(), &step, nullptr,
         nullptr, work_.data(), iwork_.data(), &info);
  for (int64_t j = 0; j < n_; ++j) s[j] *= scale;
  if (info == 0 && vectors_) write_vectors(u, vh);
  return info;
}

template class BidiagonalSvd<float>;
template class BidiagonalSvd<double>;

}  // namespace adjoint
