// The CPU's systems of linear equations.
#include "device/linalg/solve.h"

#include <cmath>
#include "device/cpu/linalg/types.h"
#include "device/cpu/work.h"
#include "kernels/linalg/solve.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;

int32_t* ints(Ref x) { return x.host_as<int32_t>(); }

// Work enough for the lock to be let go: of n³ operations a matrix.
Work cubic(Ref a) { return Work(a.numel * (a.ndim ? a.size(a.ndim - 1) : 1)); }

void by_columns(Ref x, Ref y) {
  const Work work(x.numel);
  const int64_t rows = x.size(x.ndim - 2), cols = x.size(x.ndim - 1);
  to_columns(int64_t(x.itemsize()), x.host(), x.numel / (rows * cols), rows, cols, y.host());
}
void lu(Ref a, Ref pivots, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) { lu_factor(matrices<T>(a), ints(pivots), ints(info)); });
}
void solve_lu(MatrixOp op, Ref lu, Ref pivots, Ref b) {
  const Work work = cubic(lu);
  each_linalg_type(b.dtype,
                   [&]<class T>(T*) { lu_solve(op, matrices<T>(lu), ints(pivots), matrices<T>(b)); });
}
void solve(Ref a, Ref pivots, Ref b, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    lu_factor_solve(matrices<T>(a), ints(pivots), matrices<T>(b), ints(info));
  });
}
void inverse(Ref a, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) { lu_invert(matrices<T>(a), ints(info)); });
}
void pivot_completely(Ref a, Ref rows, Ref columns) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    complete_pivots(matrices<T>(a), rows.host_as<int64_t>(), columns.host_as<int64_t>());
  });
}

// The sign of the permutation that n transpositions make.
bool is_odd(const int32_t* pivots, int64_t n) {
  bool odd = false;
  for (int64_t i = 0; i < n; ++i) odd ^= pivots[i] != i + 1;
  return odd;
}
void determinant(Ref lu, Ref pivots, Ref y) {
  each_linalg_type(lu.dtype, [&]<class T>(T*) {
    const auto a = matrices<T>(lu);
    T* out = y.host_as<T>();
    for (int64_t i = 0; i < a.count; ++i) {
      T product = is_odd(ints(pivots) + i * a.rows, a.rows) ? T(-1) : T(1);
      for (int64_t k = 0; k < a.rows; ++k) product *= a[i][k * (a.rows + 1)];
      out[i] = product;
    }
  });
}
void log_determinant(Ref lu, Ref pivots, Ref sign, Ref log) {
  each_linalg_type(lu.dtype, [&]<class T>(T*) {
    using Real = decltype(std::abs(T()));
    const auto a = matrices<T>(lu);
    for (int64_t i = 0; i < a.count; ++i) {
      T unit = is_odd(ints(pivots) + i * a.rows, a.rows) ? T(-1) : T(1);
      Real sum = 0;
      for (int64_t k = 0; k < a.rows; ++k) {
        const T u = a[i][k * (a.rows + 1)];
        const Real size = std::abs(u);
        unit *= u == T(0) ? T(0) : u / size;
        sum += std::log(size);
      }
      sign.host_as<T>()[i] = unit;
      log.host_as<Real>()[i] = sum;
    }
  });
}
void permutation(Ref pivots, Ref order) {
  const int64_t k = pivots.size(pivots.ndim - 1), m = order.size(order.ndim - 1);
  if (m == 0) return;
  int64_t* p = order.host_as<int64_t>();
  for (int64_t b = 0; b < order.numel / m; ++b, p += m) {
    for (int64_t i = 0; i < m; ++i) p[i] = i;
    for (int64_t i = 0; i < k; ++i) std::swap(p[i], p[ints(pivots)[b * k + i] - 1]);
  }
}

void triangular(bool left, bool upper, MatrixOp op, bool unit, Ref a, Ref b) {
  const Work work = cubic(b);
  each_linalg_type(
      b.dtype, [&]<class T>(T*) { solve_triangular(left, upper, op, unit, matrices<T>(a), matrices<T>(b)); });
}
void cholesky(bool upper, Ref a, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) { cholesky_factor(upper, matrices<T>(a), ints(info)); });
}
void invert_cholesky(bool upper, Ref a, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype, [&]<class T>(T*) { cholesky_inverse(upper, matrices<T>(a), ints(info)); });
}
void ldl(bool hermitian, Ref a, Ref pivots, Ref info) {
  const Work work = cubic(a);
  each_linalg_type(a.dtype,
                   [&]<class T>(T*) { ldl_factor(hermitian, matrices<T>(a), ints(pivots), ints(info)); });
}
void solve_ldl(bool hermitian, Ref ld, Ref pivots, Ref b) {
  const Work work = cubic(b);
  each_linalg_type(b.dtype,
                   [&]<class T>(T*) { ldl_solve(hermitian, matrices<T>(ld), ints(pivots), matrices<T>(b)); });
}

}  // namespace
}  // namespace cpu

const SolveKernels cpu_solve = {
    .to_columns = cpu::by_columns,
    .lu = cpu::lu,
    .lu_solve = cpu::solve_lu,
    .solve = cpu::solve,
    .inverse = cpu::inverse,
    .determinant = cpu::determinant,
    .log_determinant = cpu::log_determinant,
    .permutation = cpu::permutation,
    .complete_pivots = cpu::pivot_completely,
    .triangular = cpu::triangular,
    .cholesky = cpu::cholesky,
    .cholesky_inverse = cpu::invert_cholesky,
    .ldl = cpu::ldl,
    .ldl_solve = cpu::solve_ldl,
};

}  // namespace adjoint
