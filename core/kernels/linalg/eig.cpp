// Eigenvalues of any square matrices by LAPACK: QR steps (geev).
#include <algorithm>

#include "kernels/linalg/spectral.h"

namespace adjoint {

namespace {

template <class T> struct Eig {
  using R = RealOf<T>;
  using C = std::complex<R>;
  using Geev = void(const char*, const char*, const int*, T*, const int*, R*, R*, T*, const int*, T*,
                    const int*, T*, const int*, int*);
  using GeevComplex = void(const char*, const char*, const int*, T*, const int*, T*, T*, const int*, T*,
                           const int*, T*, const int*, R*, int*);
  char job;  // V or N
  int n;
  void* routine = blas_symbol((kLapackLetter<T> + std::string("geev_")).c_str());

  Workspace<T> workspace() const {
    Workspace<T> s{std::vector<T>(1), std::vector<R>(size_t(2 * n + 1)), {}};
    solve(nullptr, nullptr, nullptr, s, true);
    s.work.resize(size_t(lapack_int(int64_t(std::real(s.work[0])) * 1025 / 1024 + 1)));
    return s;
  }
  int solve(T* a, C* w, T* v, Workspace<T>& s, bool ask = false) const {
    const int lwork = ask ? -1 : int(s.work.size());
    int info = 0;
    T* none = nullptr;
    if constexpr (kIsComplex<T>) {
      reinterpret_cast<GeevComplex*>(routine)("N", &job, &n, a, &n, w, none, &n, v, &n, s.work.data(), &lwork,
                                              s.rwork.data(), &info);
    } else {
      R *re = s.rwork.data(), *im = re + n;
      reinterpret_cast<Geev*>(routine)("N", &job, &n, a, &n, re, im, none, &n, v, &n, s.work.data(), &lwork,
                                       &info);
      for (int i = 0; w && i < n; ++i) w[i] = {re[i], im[i]};
    }
    return info;
  }
};

// A conjugate pair of eigenvectors comes as real and imaginary part, side by side.
template <class R> void join_pairs(const std::complex<R>* w, const R* v, int64_t n, std::complex<R>* out) {
  for (int64_t j = 0; j < n; ++j) {
    const bool pair = w[j].imag() != 0 && j + 1 < n;
    for (int64_t i = 0; i < n; ++i) {
      const R re = v[j * n + i], im = pair ? v[(j + 1) * n + i] : R(0);
      out[j * n + i] = {re, im};
      if (pair) out[(j + 1) * n + i] = {re, -im};
    }
    j += pair;
  }
}

}  // namespace

template <class T>
void eig_matrices(MatrixBatch<T> a, std::complex<RealOf<T>>* w, std::complex<RealOf<T>>* v, int32_t* info) {
  const int64_t n = a.rows;
  const Eig<T> eig{v ? 'V' : 'N', lapack_int(n)};
  const Workspace<T> sized = eig.workspace();
  each_matrices(a.count, 16 * a.numel() * n, [&](int64_t begin, int64_t end) {
    Workspace<T> s = sized;
    std::vector<T> real_vectors(v && !kIsComplex<T> ? size_t(n * n) : 0);
    for (int64_t i = begin; i < end; ++i) {
      if (!all_finite(a[i], n * n)) {
        info[i] = kNotFinite;
        continue;
      }
      auto* vi = v ? v + i * n * n : nullptr;
      if constexpr (kIsComplex<T>) {
        info[i] = eig.solve(a[i], w + i * n, vi, s);
      } else {
        info[i] = eig.solve(a[i], w + i * n, real_vectors.data(), s);
        if (v) join_pairs(w + i * n, real_vectors.data(), n, vi);
      }
    }
  });
}

#define INSTANTIATE(T) \
  template void eig_matrices<T>(MatrixBatch<T>, std::complex<RealOf<T>>*, std::complex<RealOf<T>>*, int32_t*);
INSTANTIATE(float)
INSTANTIATE(double)
INSTANTIATE(std::complex<float>)
INSTANTIATE(std::complex<double>)
#undef INSTANTIATE

}  // namespace adjoint
