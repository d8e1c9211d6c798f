// The vectorised kernels under fft.cpp: fft.isa.cpp makes one table per instruction set.
//
// Inside, complex numbers are split: a vector of real parts, then a vector of imaginary parts, of `lanes` transforms
// side by side. A transform backwards is one forwards whose parts are exchanged before and after.
#pragma once
#include <cstdint>

namespace adjoint::fft {

// Note [Passes]: n is cut into radices. A pass of radix r in Stockham's form (no reordering; see Van Loan, "Computational
// Frameworks for the Fast Fourier Transform", 1992, 1.7) reads x[q + s (p + m j)], transforms over j < r, turns result
// j by w^(p j) of order r m, and writes y[q + s (r p + j)]; q < s, p < m, and n = r m s.
template <class T> struct Pass {
  int64_t radix, m, s;
  const T* twiddles;  // [m - 1][radix - 1] complex, from p = 1 and j = 1 on
  const T* roots;     // w^j of order radix, j <= radix / 2
};
template <class T> struct Stages {
  int64_t n, count;
  const Pass<T>* passes;
};

// Note [Lines]: one long transform of n = n1 n2 as a matrix of n1 rows: its columns are transformed, turned, and then
// its rows (Bailey, "FFTs in external or hierarchical memory", 1990).
template <class T> struct Line {
  int64_t n, n1, n2;
  Stages<T> columns, rows;
  // w^(k j): [blocks of lanes in n2][k < n1][real, imaginary][lanes]; of the longest lines for multiples of kFine alone,
  // [..][k / kFine][..], and for the others times w^(k j), k < kFine, in `fine`.
  const T *twiddles, *fine;
};
inline constexpr int64_t kFine = 16;

// Where the elements of up to `lanes` lines are, in numbers: the real part of element j of line l at
// base[lane[l] + j step], the imaginary one `imag` further on; 0: there is none.
template <class T> struct Side {
  T* base;
  const int64_t* lane;
  int64_t step, imag;
};

enum class Kind : uint8_t { Complex, FromReal, ToReal };

template <class T> struct LinesJob {
  Kind kind;
  bool inverse;
  int64_t n, count;     // size of the transform; lines
  Stages<T> stages;     // of n, or of n / 2 where one side is real and n even
  const T* real_roots;  // w^k of order n, k <= n / 4
  T scale;
  Side<const T> in;
  Side<T> out;
};

template <class T> struct Kernels {
  int64_t lanes;
  // Some lines at once; `work` takes 4 (n + 1) lanes numbers.
  void (*lines)(const LinesJob<T>& job, T* work);
  void (*one_line)(const LinesJob<T>& job, T* work);  // without lanes
  // The two halves of a line, for blocks of lanes in [begin, end): `between` takes 2 · n1 · n2, each up to a multiple of
  // lanes; `work` takes 4 max(n1, n2) lanes numbers.
  void (*columns)(const Line<T>& line, const T* x, bool inverse, int64_t begin, int64_t end, T* between,
                  T* work);
  void (*rows)(const Line<T>& line, const T* between, bool inverse, T scale, int64_t begin, int64_t end, T* y,
               T* work);
  // y = scale x w, or its parts exchanged, of n complex numbers; `in` and `out` say which parts are exchanged.
  void (*turn)(int64_t n, const T* x, bool in, const T* w, T scale, bool out, T* y);
  // The last step of a real transform of n = 2h, and the first step back; pairs (k, h - k), begin <= k < end.
  void (*from_half)(int64_t h, const T* z, const T* roots, T scale, int64_t begin, int64_t end, T* y);
  void (*to_half)(int64_t h, const T* x, const T* roots, int64_t begin, int64_t end, T* z);
};

struct Table {
  Kernels<float> f32;
  Kernels<double> f64;
};
const Table& table();
template <class T> const Kernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return table().f32;
  else
    return table().f64;
}

}  // namespace adjoint::fft
