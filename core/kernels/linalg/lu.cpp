// LU factors with partial pivoting, by halves (Toledo, Locality of reference in LU decomposition, 1997): a panel by
// LAPACK, then the product that makes up nearly all of the work by the house's threads.
#include <cmath>
#include <memory>
#include <numeric>

#include "kernels/isa.h"
#include "kernels/linalg/blocks.h"
#include "kernels/linalg/small.h"

namespace adjoint {

ADJOINT_PICK_TABLE(SmallTable, small_table)

namespace {

template <class T> int getrf(int64_t rows, int64_t columns, Block<T> a, int32_t* pivots) {
  using Getrf = void(const int* m, const int* n, T* a, const int* lda, int* ipiv, int* info);
  static Getrf* f = lapack<T, Getrf>("getrf");
  const int m = lapack_int(rows), n = lapack_int(columns), ld = lapack_int(a.ld);
  int info = 0;
  f(&m, &n, a.data, &ld, pivots, &info);
  // What a search for the largest of NaNs finds is used as an index.
  for (int i = 0; i < std::min(m, n); ++i) pivots[i] = std::clamp(pivots[i], i + 1, m);
  return info;
}

// Returns LAPACK's info.
template <class T> int factor(int64_t m, int64_t n, Block<T> a, int32_t* pivots) {
  const int64_t k = std::min(m, n);
  if (k <= kLeaf) return getrf(m, n, a, pivots);
  const int64_t left = half_of(k), right = n - left;
  int info = factor(m, left, a, pivots);
  swap_rows(right, a.at(0, left), pivots, 0, left, false);
  triangular_solve('L', false, MatrixOp::None, true, left, right, a, a.at(0, left));
  subtract_product(m - left, right, left, a.at(left, 0), a.at(0, left), false, a.at(left, left));
  const int rest = factor(m - left, right, a.at(left, left), pivots + left);
  for (int64_t i = left; i < k; ++i) pivots[i] += int32_t(left);
  swap_rows(left, a, pivots, left, k, false);
  return info ? info : rest ? rest + int(left) : 0;
}

template <class T>
void substitute(MatrixOp op, int64_t n, int64_t k, Block<T> lu, const int32_t* pivots, Block<T> b) {
  if (op == MatrixOp::None) {
    swap_rows(k, b, pivots, 0, n, false);
    triangular_solve('L', false, op, true, n, k, lu, b);
    triangular_solve('L', true, op, false, n, k, lu, b);
  } else {
    triangular_solve('L', true, op, false, n, k, lu, b);
    triangular_solve('L', false, op, true, n, k, lu, b);
    swap_rows(k, b, pivots, 0, n, true);
  }
}

template <class T> void set_identity(int64_t n, T* x) {
  std::fill(x, x + n * n, T(0));
  for (int64_t i = 0; i < n; ++i) x[i * (n + 1)] = 1;
}

template <class T> void eliminate(int64_t n, T* a, int64_t* rows, int64_t* columns) {
  std::iota(rows, rows + n, 0);
  std::iota(columns, columns + n, 0);
  for (int64_t k = 0; k < n; ++k) {
    int64_t p = k, q = k;
    for (int64_t j = k; j < n; ++j)
      for (int64_t i = k; i < n; ++i)
        if (std::abs(a[i + j * n]) > std::abs(a[p + q * n])) p = i, q = j;
    std::swap(rows[k], rows[p]);
    std::swap(columns[k], columns[q]);
    for (int64_t j = 0; j < n; ++j) std::swap(a[k + j * n], a[p + j * n]);
    std::swap_ranges(a + k * n, a + (k + 1) * n, a + q * n);
    const T pivot = a[k + k * n];
    if (pivot == T(0)) return;
    for (int64_t j = k + 1; j < n; ++j) {
      const T factor = a[k + j * n] / pivot;
      for (int64_t i = k + 1; i < n; ++i) a[i + j * n] -= a[i + k * n] * factor;
    }
  }
}

}  // namespace

template <class T>
void swap_rows(int64_t columns, Block<T> a, const int32_t* pivots, int64_t first, int64_t last, bool back) {
  parallel_for(columns, std::max<int64_t>(1, (int64_t(1) << 14) / (last - first + 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t j = begin; j < end; ++j) {
                   T* x = a.data + j * a.ld;
                   if (back)
                     for (int64_t i = last; i-- > first;) std::swap(x[i], x[pivots[i] - 1]);
                   else
                     for (int64_t i = first; i < last; ++i) std::swap(x[i], x[pivots[i] - 1]);
                 }
               });
}

template <class T> void lu_factor(const MatrixBatch<T>& a, int32_t* pivots, int32_t* info) {
  const int64_t k = std::min(a.rows, a.cols);
  if (k && is_small<T>(a.rows, a.cols))
    return each_small<T>(a.count, a.numel() * k, [&](const auto& small, int64_t first, int64_t count) {
      small.lu(a[first], count, a.rows, a.cols, pivots + first * k, info + first);
    });
  each_matrices(a.count, a.rows * a.cols * k, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      info[i] = k ? factor(a.rows, a.cols, Block<T>{a[i], a.rows}, pivots + i * k) : 0;
  });
}

template <class T>
void lu_solve(MatrixOp op, const MatrixBatch<T>& lu, const int32_t* pivots, const MatrixBatch<T>& b) {
  const int64_t n = b.rows, k = b.cols;
  if (n == 0 || k == 0) return;
  if (is_small<T>(n, n))
    return each_small<T>(b.count, n * n * k, [&](const auto& small, int64_t first, int64_t count) {
      small.lu_solve(op != MatrixOp::None, lu[first], count, n, pivots + first * n, b[first], k);
    });
  each_matrices(b.count, n * n * k, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      substitute(op, n, k, Block<T>{lu[i], n}, pivots + i * n, Block<T>{b[i], n});
  });
}

template <class T>
void lu_factor_solve(const MatrixBatch<T>& a, int32_t* pivots, const MatrixBatch<T>& b, int32_t* info) {
  const int64_t n = a.rows;
  if (n && is_small<T>(n, n))
    return each_small<T>(a.count, n * n * (n + b.cols), [&](const auto& small, int64_t first, int64_t count) {
      small.solve(a[first], count, n, pivots + first * n, info + first, b[first], b.cols);
    });
  lu_factor(a, pivots, info);
  lu_solve(MatrixOp::None, a, pivots, b);
}

template <class T> void lu_invert(const MatrixBatch<T>& a, int32_t* info) {
  const int64_t n = a.rows;
  if (n && is_small<T>(n, n))
    return each_small<T>(a.count, 2 * n * n * n, [&](const auto& small, int64_t first, int64_t count) {
      small.invert(a[first], count, n, info + first);
    });
  each_matrices(a.count, n * n * n, [&](int64_t begin, int64_t end) {
    const std::unique_ptr<T[]> room(new T[size_t(n * n)]);
    const std::unique_ptr<int32_t[]> pivots(new int32_t[size_t(n)]);
    for (int64_t i = begin; i < end; ++i) {
      info[i] = n ? factor(n, n, Block<T>{a[i], n}, pivots.get()) : 0;
      if (n == 0) continue;
      std::copy_n(a[i], n * n, room.get());
      set_identity(n, a[i]);
      substitute(MatrixOp::None, n, n, Block<T>{room.get(), n}, pivots.get(), Block<T>{a[i], n});
    }
  });
}

template <class T> void complete_pivots(const MatrixBatch<T>& a, int64_t* rows, int64_t* columns) {
  const int64_t n = a.rows;
  each_matrices(a.count, n * n * n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) eliminate(n, a[i], rows + i * n, columns + i * n);
  });
}

void to_columns(int64_t item, const void* x, int64_t count, int64_t rows, int64_t cols, void* y) {
  auto run = [&]<class T>(T*) {
    each_small<T>(count, rows * cols, [&](const auto& small, int64_t first, int64_t some) {
      const int64_t at = first * rows * cols;
      small.to_columns(static_cast<const T*>(x) + at, some, rows, cols, static_cast<T*>(y) + at);
    });
  };
  item == 4 ? run(static_cast<float*>(nullptr)) : run(static_cast<double*>(nullptr));
}

#define ADJOINT_INSTANTIATE(T)                                                                     \
  template void swap_rows(int64_t, Block<T>, const int32_t*, int64_t, int64_t, bool);              \
  template void lu_factor(const MatrixBatch<T>&, int32_t*, int32_t*);                              \
  template void lu_solve(MatrixOp, const MatrixBatch<T>&, const int32_t*, const MatrixBatch<T>&);  \
  template void lu_factor_solve(const MatrixBatch<T>&, int32_t*, const MatrixBatch<T>&, int32_t*); \
  template void lu_invert(const MatrixBatch<T>&, int32_t*);                                        \
  template void complete_pivots(const MatrixBatch<T>&, int64_t*, int64_t*);
ADJOINT_INSTANTIATE(float)
ADJOINT_INSTANTIATE(double)
ADJOINT_INSTANTIATE(std::complex<float>)
ADJOINT_INSTANTIATE(std::complex<double>)

}  // namespace adjoint
