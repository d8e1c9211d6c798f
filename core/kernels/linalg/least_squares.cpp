// Least squares: a call of LAPACK for each matrix, with a workspace for each piece of the batch.
#include "kernels/linalg/least_squares.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace adjoint {
namespace {

// One driver for matrices of one shape: its workspaces, asked for once.
template <class T> class Solver {
 public:
  Solver(LstsqDriver driver, int64_t rows, int64_t cols, int64_t sides, double rcond)
      : driver_(driver),
        m_(lapack_int(rows)),
        n_(lapack_int(cols)),
        sides_(lapack_int(sides)),
        rcond_(RealOf<T>(rcond)) {
    lda_ = std::max(1, m_), ldb_ = std::max(lda_, n_);
    const size_t least = size_t(std::min(m_, n_));
    pivots_.resize(size_t(n_));
    values_.resize(least);
    T best = 0;
    RealOf<T> best_real = 0;
    int best_int = 0;
    call(nullptr, nullptr, &best, -1, &best_real, &best_int);
    work_.resize(size_t(std::max(1.0, double(std::real(best)))));
    real_work_.resize(driver == LstsqDriver::Gelsd   ? size_t(std::max(1.0, double(best_real)))
                      : driver == LstsqDriver::Gelss ? 5 * least + 1
                                                     : 2 * size_t(n_) + 1);
    int_work_.resize(size_t(std::max(1, best_int)));
  }

  void solve(T* a, T* b, int64_t* rank, RealOf<T>* values, int32_t* info) {
    std::fill(pivots_.begin(), pivots_.end(), 0);  // all columns are free: Gelsy leaves its choice here
    *info = call(a, b, work_.data(), lapack_int(int64_t(work_.size())), real_work_.data(), int_work_.data());
    if (rank) *rank = rank_;
    if (values) std::copy(values_.begin(), values_.end(), values);
  }

 private:
  LstsqDriver driver_;
  int m_, n_, sides_, lda_, ldb_, rank_ = 0;
  RealOf<T> rcond_;
  std::vector<T> work_;
  std::vector<RealOf<T>> values_, real_work_;
  std::vector<int> pivots_, int_work_;

  int call(T* a, T* b, T* work, int size, RealOf<T>* real_work, int* int_work) {
    using R = RealOf<T>;
    int info = 0;
    R* s = values_.data();
    if (driver_ == LstsqDriver::Gels) {
      static const auto gels = lapack<T, void(const char*, const int*, const int*, const int*, T*, const int*,
                                              T*, const int*, T*, const int*, int*)>("gels");
      gels("N", &m_, &n_, &sides_, a, &lda_, b, &ldb_, work, &size, &info);
    } else if (driver_ == LstsqDriver::Gelsy) {
      if constexpr (kIsComplex<T>) {
        static const auto gelsy =
            lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, int*, const R*,
                           int*, T*, const int*, R*, int*)>("gelsy");
        gelsy(&m_, &n_, &sides_, a, &lda_, b, &ldb_, pivots_.data(), &rcond_, &rank_, work, &size, real_work,
              &info);
      } else {
        static const auto gelsy =
            lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, int*, const R*,
                           int*, T*, const int*, int*)>("gelsy");
        gelsy(&m_, &n_, &sides_, a, &lda_, b, &ldb_, pivots_.data(), &rcond_, &rank_, work, &size, &info);
      }
    } else if (driver_ == LstsqDriver::Gelsd) {
      if constexpr (kIsComplex<T>) {
        static const auto gelsd =
            lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, R*, const R*,
                           int*, T*, const int*, R*, int*, int*)>("gelsd");
        gelsd(&m_, &n_, &sides_, a, &lda_, b, &ldb_, s, &rcond_, &rank_, work, &size, real_work, int_work,
              &info);
      } else {
        static const auto gelsd =
            lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, R*, const R*,
                           int*, T*, const int*, int*, int*)>("gelsd");
        gelsd(&m_, &n_, &sides_, a, &lda_, b, &ldb_, s, &rcond_, &rank_, work, &size, int_work, &info);
      }
    } else if constexpr (kIsComplex<T>) {
      static const auto gelss =
          lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, R*, const R*,
                         int*, T*, const int*, R*, int*)>("gelss");
      gelss(&m_, &n_, &sides_, a, &lda_, b, &ldb_, s, &rcond_, &rank_, work, &size, real_work, &info);
    } else {
      static const auto gelss =
          lapack<T, void(const int*, const int*, const int*, T*, const int*, T*, const int*, R*, const R*,
                         int*, T*, const int*, int*)>("gelss");
      gelss(&m_, &n_, &sides_, a, &lda_, b, &ldb_, s, &rcond_, &rank_, work, &size, &info);
    }
    return info;
  }
};

}  // namespace

template <class T> void least_squares(LstsqDriver driver, const MatrixBatch<T>& a, const MatrixBatch<T>& b,
                                      double rcond, int64_t* rank, RealOf<T>* singular_values,
                                      int32_t* info) {
  const int64_t least = std::min(a.rows, a.cols);
  const int64_t operations = 4 * a.numel() * (least + b.cols) + 1000;
  constexpr RealOf<T> kNaN = std::numeric_limits<RealOf<T>>::quiet_NaN();
  each_matrices(a.count, operations, [&](int64_t begin, int64_t end) {
    Solver<T> solver(driver, a.rows, a.cols, b.cols, rcond);
    for (int64_t i = begin; i < end; ++i) {
      if (all_finite(a[i], a.numel()) && all_finite(b[i], b.numel())) {
        solver.solve(a[i], b[i], rank ? rank + i : nullptr,
                     singular_values ? singular_values + i * least : nullptr, info + i);
        continue;
      }
      // LAPACK would look for singular values for ever.
      std::fill_n(b[i], b.numel(), T(kNaN));
      info[i] = 0;
      if (rank) rank[i] = 0;
      if (singular_values) std::fill_n(singular_values + i * least, least, kNaN);
    }
  });
}

#define ADJOINT_LSTSQ(T)                                                                            \
  template void least_squares<T>(LstsqDriver, const MatrixBatch<T>&, const MatrixBatch<T>&, double, \
                                 int64_t*, RealOf<T>*, int32_t*)
ADJOINT_LSTSQ(float);
ADJOINT_LSTSQ(double);
ADJOINT_LSTSQ(std::complex<float>);
ADJOINT_LSTSQ(std::complex<double>);
#undef ADJOINT_LSTSQ

}  // namespace adjoint
