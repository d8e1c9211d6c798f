// Singular values by LAPACK: divide and conquer (gesdd), and where that does not converge, QR steps (gesvd);
// small real matrices by Jacobi's rotations, middling ones by a reduction of our own.
#include <algorithm>

#include "kernels/linalg/bidiagonal.h"
#include "kernels/linalg/jacobi.h"
#include "kernels/linalg/spectral.h"

namespace adjoint {

namespace {

// Both routines, and their work arrays' sizes for one shape. Complex routines take one argument more, `rwork`.
template <class T> struct Svd {
  using R = RealOf<T>;
  using Gesdd = void(const char*, const int*, const int*, T*, const int*, R*, T*, const int*, T*, const int*,
                     T*, const int*, int*, int*);
  using GesddComplex = void(const char*, const int*, const int*, T*, const int*, R*, T*, const int*, T*,
                            const int*, T*, const int*, R*, int*, int*);
  using Gesvd = void(const char*, const char*, const int*, const int*, T*, const int*, R*, T*, const int*, T*,
                     const int*, T*, const int*, int*);
  using GesvdComplex = void(const char*, const char*, const int*, const int*, T*, const int*, R*, T*,
                            const int*, T*, const int*, T*, const int*, R*, int*);
  char job;  // A: all vectors, S: min(m, n) of them, N: none
  int m, n, k, ldu, ldvh;
  void* gesdd = blas_symbol((kLapackLetter<T> + std::string("gesdd_")).c_str());
  void* gesvd = blas_symbol((kLapackLetter<T> + std::string("gesvd_")).c_str());

  int64_t rwork_size() const {  // of gesdd, as its documentation says; gesvd takes less
    if (!kIsComplex<T>) return 0;
    const int64_t least = k, most = std::max(m, n);
    return job == 'N' ? 7 * least + 1
                      : std::max(5 * least * least + 5 * least,
                                 2 * (most + least) * least + 2 * least * least + least);
  }
  int divide(T* a, R* s, T* u, T* vh, Workspace<T>& w) const {
    const int lwork = w.work.size() == 1 ? -1 : int(w.work.size());
    int info = 0;
    if constexpr (kIsComplex<T>)
      reinterpret_cast<GesddComplex*>(gesdd)(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, w.work.data(),
                                             &lwork, w.rwork.data(), w.iwork.data(), &info);
    else
      reinterpret_cast<Gesdd*>(gesdd)(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, w.work.data(), &lwork,
                                      w.iwork.data(), &info);
    return info;
  }
  int iterate(T* a, R* s, T* u, T* vh, Workspace<T>& w) const {
    const int lwork = w.work.size() == 1 ? -1 : int(w.work.size());
    int info = 0;
    if constexpr (kIsComplex<T>)
      reinterpret_cast<GesvdComplex*>(gesvd)(&job, &job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, w.work.data(),
                                             &lwork, w.rwork.data(), &info);
    else
      reinterpret_cast<Gesvd*>(gesvd)(&job, &job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, w.work.data(), &lwork,
                                      &info);
    return info;
  }
  Workspace<T> workspace() const {
    Workspace<T> w;
    w.work.resize(1);
    w.rwork.resize(size_t(std::max<int64_t>(rwork_size(), 1)));
    w.iwork.resize(size_t(8 * int64_t(k)));
    divide(nullptr, nullptr, nullptr, nullptr, w);
    int64_t size = int64_t(std::real(w.work[0]));
    iterate(nullptr, nullptr, nullptr, nullptr, w);
    size = std::max(size, int64_t(std::real(w.work[0])));
    w.work.resize(
        size_t(lapack_int(std::max<int64_t>(size + size / 1024, 2))));  // a float cannot say all sizes
    return w;
  }
};

// Of U [m, .] and Vh [ldv, n]: the shorter vectors of a pair have the say.
template <class T> void fix_signs(T* u, int64_t m, T* vh, int64_t n, int64_t ldv) {
  for (int64_t j = 0; j < std::min(m, n); ++j) {
    if (!(m < n ? has_negative_sign(u + j * m, m, 1) : has_negative_sign(vh + j, n, ldv))) continue;
    negate(u + j * m, m, 1);
    negate(vh + j, n, ldv);
  }
}

template <class T> void middling(MatrixBatch<T> a, MatrixBatch<T> u, T* s, MatrixBatch<T> vh, int32_t* info) {
  const int64_t k = std::min(a.rows, a.cols);
  each_matrices(a.count, 8 * a.numel() * k, [&](int64_t begin, int64_t end) {
    BidiagonalSvd<T> svd(a.rows, a.cols, u.data != nullptr);
    for (int64_t i = begin; i < end; ++i)
      info[i] = all_finite(a[i], a.numel())
                    ? svd.solve(a[i], s + i * k, u.data ? u[i] : nullptr, u.data ? vh[i] : nullptr)
                    : kNotFinite;
  });
}

}  // namespace

template <class T>
void svd_matrices(MatrixBatch<T> a, MatrixBatch<T> u, RealOf<T>* s, MatrixBatch<T> vh, int32_t* info) {
  const int m = lapack_int(a.rows), n = lapack_int(a.cols), k = std::min(m, n);
  const char job = !u.data ? 'N' : u.cols == m && vh.rows == n ? 'A' : 'S';
  bool all = true;  // for LAPACK
  if constexpr (!kIsComplex<T>)
    if (fits_jacobi(a.count, m, n) && (job != 'A' || m == n)) {
      jacobi_svd(a, u, s, vh, info);
      if (std::none_of(info, info + a.count, [](int32_t i) { return i == kNotForJacobi; })) return;
      all = false;
    }
  if constexpr (!kIsComplex<T>)
    if (all && std::max(m, n) > kJacobiMost && std::max(m, n) <= kHouseholderMost && (job != 'A' || m == n)) {
      middling(a, u, s, vh, info);
      if (std::none_of(info, info + a.count, [](int32_t i) { return i > 0; })) return;
      all = false;
    }
  const Svd<T> svd{job, m, n, k, m, job == 'A' ? n : k};
  const Workspace<T> sized = svd.workspace();
  each_matrices(a.count, 8 * a.numel() * k, [&](int64_t begin, int64_t end) {
    Workspace<T> w = sized;
    std::vector<T> kept(static_cast<size_t>(a.numel()));
    for (int64_t i = begin; i < end; ++i) {
      if (!all && info[i] <= 0) continue;
      T *ui = u.data ? u[i] : nullptr, *vi = u.data ? vh[i] : nullptr;
      if (!all_finite(a[i], a.numel())) {
        info[i] = kNotFinite;
        continue;
      }
      std::copy_n(a[i], a.numel(), kept.data());
      info[i] = svd.divide(a[i], s + i * k, ui, vi, w);
      if (info[i] > 0) info[i] = svd.iterate(kept.data(), s + i * k, ui, vi, w);
      if constexpr (!kIsComplex<T>)
        if (ui && std::max(m, n) <= kJacobiMost) fix_signs(ui, m, vi, n, svd.ldvh);
    }
  });
}

#define INSTANTIATE(T) \
  template void svd_matrices<T>(MatrixBatch<T>, MatrixBatch<T>, RealOf<T>*, MatrixBatch<T>, int32_t*);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(std::complex<float>)
INSTANTIATE(std::complex<double>)
#undef INSTANTIATE

}  // namespace adjoint
