// Eigenvalues of Hermitian matrices by LAPACK: divide and conquer (syevd, heevd); small real ones by Jacobi's rotations,
// middling ones by a reduction of our own.
#include <algorithm>

#include "kernels/linalg/jacobi.h"
#include "kernels/linalg/spectral.h"
#include "kernels/linalg/tridiagonal.h"

namespace adjoint {

namespace {

template <class T> struct Eigh {
  using R = RealOf<T>;
  using Syevd = void(const char*, const char*, const int*, T*, const int*, R*, T*, const int*, int*,
                     const int*, int*);
  using Heevd = void(const char*, const char*, const int*, T*, const int*, R*, T*, const int*, R*, const int*,
                     int*, const int*, int*);
  char job, triangle;  // V or N, U or L
  int n;
  void* routine = blas_symbol((kLapackLetter<T> + std::string(kIsComplex<T> ? "heevd_" : "syevd_")).c_str());

  int run(T* a, R* w, Workspace<T>& s, bool ask = false) const {
    const int lwork = ask ? -1 : int(s.work.size()), liwork = ask ? -1 : int(s.iwork.size());
    int info = 0;
    if constexpr (kIsComplex<T>) {
      const int lrwork = ask ? -1 : int(s.rwork.size());
      reinterpret_cast<Heevd*>(routine)(&job, &triangle, &n, a, &n, w, s.work.data(), &lwork, s.rwork.data(),
                                        &lrwork, s.iwork.data(), &liwork, &info);
    } else {
      reinterpret_cast<Syevd*>(routine)(&job, &triangle, &n, a, &n, w, s.work.data(), &lwork, s.iwork.data(),
                                        &liwork, &info);
    }
    return info;
  }
  Workspace<T> workspace() const {
    Workspace<T> s{std::vector<T>(1), std::vector<R>(1), std::vector<int>(1)};
    run(nullptr, nullptr, s, true);
    const auto roomy = [](auto size) {  // a float cannot say all sizes
      return size_t(lapack_int(int64_t(size) + int64_t(size) / 1024 + 1));
    };
    s.work.resize(roomy(std::real(s.work[0])));
    s.rwork.resize(roomy(s.rwork[0]));
    s.iwork.resize(size_t(s.iwork[0]));
    return s;
  }
};

template <class T> void fix_signs(T* v, int64_t n) {
  for (int64_t j = 0; j < n; ++j)
    if (has_negative_sign(v + j * n, n, 1)) negate(v + j * n, n, 1);
}

template <class T> void middling(MatrixBatch<T> a, bool upper, bool vectors, T* w, int32_t* info) {
  each_matrices(a.count, 8 * a.numel() * a.rows, [&](int64_t begin, int64_t end) {
    TridiagonalEigh<T> eigh(a.rows, upper, vectors);
    for (int64_t i = begin; i < end; ++i)
      info[i] = triangle_finite(a[i], a.rows, upper) ? eigh.solve(a[i], w + i * a.rows) : kNotFinite;
  });
}

}  // namespace

template <class T>
void eigh_matrices(MatrixBatch<T> a, bool upper, bool vectors, RealOf<T>* w, int32_t* info) {
  bool all = true;  // for LAPACK
  if constexpr (!kIsComplex<T>)
    if (fits_jacobi(a.count, a.rows, a.rows)) {
      jacobi_eigh(a, upper, vectors, w, info);
      if (std::none_of(info, info + a.count, [](int32_t i) { return i == kNotForJacobi; })) return;
      all = false;
    }
  if constexpr (!kIsComplex<T>)
    if (all && a.rows > kJacobiMost && a.rows <= kHouseholderMost)
      return middling(a, upper, vectors, w, info);
  const Eigh<T> eigh{vectors ? 'V' : 'N', upper ? 'U' : 'L', lapack_int(a.rows)};
  const Workspace<T> sized = eigh.workspace();
  each_matrices(a.count, 8 * a.numel() * a.rows, [&](int64_t begin, int64_t end) {
    Workspace<T> s = sized;
    for (int64_t i = begin; i < end; ++i) {
      if (!all && info[i] != kNotForJacobi) continue;
      info[i] = triangle_finite(a[i], a.rows, upper) ? eigh.run(a[i], w + i * a.rows, s) : kNotFinite;
      if constexpr (!kIsComplex<T>)
        if (vectors && a.rows <= kJacobiMost) fix_signs(a[i], a.rows);
    }
  });
}

#define INSTANTIATE(T) template void eigh_matrices<T>(MatrixBatch<T>, bool, bool, RealOf<T>*, int32_t*);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(std::complex<float>)
INSTANTIATE(std::complex<double>)
#undef INSTANTIATE

}  // namespace adjoint
