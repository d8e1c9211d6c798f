// LAPACK's routines by element type, and batches of column-major matrices, on which they work.
//
// LAPACK counts in 32 bits, from 1, and takes everything by address. It runs on the thread that calls it (kernels/blas.h).
// It may loop for ever, or read outside, where matrices have NaN or infinity: callers look for them before.
#pragma once
#include <complex>
#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/blas.h"
#include "kernels/parallel.h"
#include "tensor/error.h"

namespace adjoint {

template <class T> struct RealPart {
  using type = T;
};
template <class T> struct RealPart<std::complex<T>> {
  using type = T;
};
template <class T> using RealOf = typename RealPart<T>::type;
template <class T> inline constexpr bool kIsComplex = !std::is_same_v<T, RealOf<T>>;

template <class T> bool all_finite(const T* x, int64_t n) {
  using R = RealOf<T>;
  const auto* p = reinterpret_cast<const R*>(x);
  int bad = 0;  // x - x is 0 unless x is not finite; in a vector, without a branch
  for (int64_t i = 0; i < n * int64_t(sizeof(T) / sizeof(R)); ++i) bad |= p[i] - p[i] != 0;
  return bad == 0;
}

template <class T> inline constexpr char kLapackLetter = 0;
template <> inline constexpr char kLapackLetter<float> = 's';
template <> inline constexpr char kLapackLetter<double> = 'd';
template <> inline constexpr char kLapackLetter<std::complex<float>> = 'c';
template <> inline constexpr char kLapackLetter<std::complex<double>> = 'z';

// lapack<double, void(const int*, ...)>("getrf"): the routine dgetrf_, loading the library first where need be. Keep it:
// a lookup takes a microsecond.
template <class T, class F> F* lapack(const char* routine) {
  return blas<F>((kLapackLetter<T> + std::string(routine) + "_").c_str());
}

inline int lapack_int(int64_t n) {
  check(n < (int64_t(1) << 31), "linear algebra: LAPACK takes sizes below 2^31, but got ", n);
  return int(n);
}

// Matrices of rows x cols, column-major, one after the other.
template <class T> struct MatrixBatch {
  T* data;
  int64_t count, rows, cols;
  int64_t numel() const { return rows * cols; }
  T* operator[](int64_t i) const { return data + i * numel(); }
};

// f(begin, end) over a batch in pieces of about 2^15 operations, whatever the number of threads.
template <class F> void each_matrices(int64_t count, int64_t operations, F f) {
  constexpr int64_t kPiece = int64_t(1) << 15;
  const int64_t size = operations >= kPiece ? 1 : kPiece / (operations > 0 ? operations : 1);
  parallel_chunks((count + size - 1) / size, [&](int64_t chunk) {
    const int64_t begin = chunk * size, end = begin + size < count ? begin + size : count;
    f(begin, end);
  });
}

}  // namespace adjoint
