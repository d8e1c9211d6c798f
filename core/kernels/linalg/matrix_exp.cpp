// exp(A) by scaling and squaring: exp(A) = T(A / 2ˢ)^(2ˢ), T a Taylor polynomial of few products.
//
// Polynomials of degrees 12 and 18 in 4 and 5 products: Bader, Blanes & Casas, "Computing the matrix exponential with an
// optimized Taylor polynomial approximation", Mathematics 7 (2019). Degree and s come from powers of A, not from its norm
// alone, which would scale matrices far from normal too much and lose their digits: Al-Mohy & Higham, "A new scaling and
// squaring algorithm for the matrix exponential", SIAM J. Matrix Anal. Appl. 31 (2009). Every matrix is scaled by itself.
#include "kernels/linalg/matrix_exp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "kernels/gemm.h"
#include "kernels/linalg/lapack.h"
#include "tensor/dtype.h"

namespace adjoint {
namespace {

// Norms up to which a degree leaves no more than a rounding error behind, as a change of A.
template <class R> struct Reach;
template <> struct Reach<double> {
  static constexpr double k2 = 2.58096e-8, k4 = 3.39717e-4, k6 = 9.06566e-3, k12 = 0.299616, k18 = 1.09086;
};
template <> struct Reach<float> {
  static constexpr double k2 = 5.97886e-4, k4 = 5.11662e-2, k6 = 0.249529, k12 = 1.46166, k18 = 3.01007;
};

// Rows of coefficients of I, A, A², A³ (and A⁶).
constexpr double k12[4][5] = {
    {9.0198e-16, 0.46932117595418237389, -0.20099424927047284052, -0.04623946134063071740, 0},
    {5.31597895759871264183, 1.19926790417132231573, 0.01179296240992997031, 0.01108844528519167989, 0},
    {0.18188869982170434744, 0.05502798439925399070, 0.09351590770535414968, 0.00610700528898058230, 0},
    {-2.0861320e-13, -0.13181061013830184015, -0.02027855540589259079, -0.00675951846863086359, 0},
};
constexpr double k18[5][5] = {
    {0, -1.00365581030144618291e-01, -8.02924648241156932449e-03, -8.92138498045729985177e-04, 0},
    {0, 3.97849749499645077844e-01, 1.36783778460411720168e+00, 4.98289622525382669416e-01,
     -6.37898194594723280150e-04},
    {-1.09676396052962061844e+01, 1.68015813878906206114e+00, 5.71779846478865511061e-02,
     -6.98210122488052056106e-03, 3.34975017086070470649e-05},
    {-9.04316832390810593223e-02, -6.76404519071381882256e-02, 6.75961301770459654925e-02,
     2.95552570429315521194e-02, -1.39180257516060693404e-05},
    {0, 0, -9.23364619367118555360e-02, -1.69364939002081722752e-02, -1.40086798182036094347e-05},
};

template <class T> class Exponential {
 public:
  explicit Exponential(int64_t n)
      : n_(n), size_(n * n), memory_(new T[size_t(7 * size_)]), rows_(new double[size_t(2 * n)]) {
    for (int i = 0; i < 7; ++i) p_[i] = memory_.get() + i * size_;
  }

  void operator()(const T* a, T* y) {
    std::copy(a, a + size_, p_[kA]);
    const double norm = norm1(p_[kA]);
    if (!std::isfinite(norm)) return std::fill(y, y + size_, T(std::numeric_limits<RealOf<T>>::quiet_NaN()));
    int squarings = 0;
    const T* x = polynomial(norm, squarings);
    T *from = p_[kB], *to = p_[kC];
    if (squarings == 0) return void(std::copy(x, x + size_, y));
    std::copy(x, x + size_, from);
    for (int i = 0; i < squarings; ++i) {
      T* next = i + 1 == squarings ? y : to;
      multiply(from, from, next);
      to = from, from = next;
    }
  }

 private:
  using R = Reach<RealOf<T>>;
  enum { kA, kA2, kA3, kA6, kB, kC, kD };
  int64_t n_, size_;
  std::unique_ptr<T[]> memory_;
  std::unique_ptr<double[]> rows_;
  T* p_[7];

  // c = a b, and c += a b with `add`.
  void multiply(const T* a, const T* b, T* c, bool add = false) const {
    gemm(dtype_of<T>, n_, n_, n_, int64_t(1), {a, n_, 1}, {b, n_, 1}, int64_t(add), {c, n_});
  }

  // The largest sum of a row: the 1-norm of the transpose, which does as well.
  double norm1(const T* a) const {
    double most = 0;
    for (int64_t i = 0; i < n_; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < n_; ++j) sum += double(std::abs(a[i * n_ + j]));
      if (!(sum <= most)) most = sum;
    }
    return most;
  }
  // The norm of |A|ᵏ, by products with vectors.
  double norm_of_power(int k) {
    double *v = rows_.get(), *w = v + n_;
    std::fill(v, v + n_, 1.0);
    for (int step = 0; step < k; ++step) {
      for (int64_t i = 0; i < n_; ++i) {
        double sum = 0;
        for (int64_t j = 0; j < n_; ++j) sum += double(std::abs(p_[kA][i * n_ + j])) * v[j];
        w[i] = sum;
      }
      std::swap(v, w);
    }
    return *std::max_element(v, v + n_);
  }

  void scale(T* a, int exponent) const {
    const RealOf<T> f = std::ldexp(RealOf<T>(1), exponent);
    for (int64_t i = 0; i < size_; ++i) a[i] *= f;
  }
  void powers() {
    multiply(p_[kA], p_[kA], p_[kA2]);
    multiply(p_[kA2], p_[kA], p_[kA3]);
  }

  // c[0] I + c[1] A + c[2] A² + c[3] A³ (+ c[4] A⁶).
  void combine(const double* c, bool sixth, T* y) const {
    using S = RealOf<T>;
    const S c1 = S(c[1]), c2 = S(c[2]), c3 = S(c[3]), c6 = S(c[4]);
    const T *a = p_[kA], *a2 = p_[kA2], *a3 = p_[kA3], *a6 = p_[kA6];
    if (sixth)
      for (int64_t i = 0; i < size_; ++i) y[i] = c1 * a[i] + c2 * a2[i] + c3 * a3[i] + c6 * a6[i];
    else
      for (int64_t i = 0; i < size_; ++i) y[i] = c1 * a[i] + c2 * a2[i] + c3 * a3[i];
    for (int64_t i = 0; i < n_; ++i) y[i * (n_ + 1)] += S(c[0]);
  }

  const T* polynomial(double norm, int& squarings) {
    if (norm <= R::k6) return low(norm);
    // Powers of what is large overflow, so such a matrix is looked at scaled, and scaled anew.
    int before = 0;
    if (norm > 0x1p30) {
      std::frexp(norm, &before);
      scale(p_[kA], -before);
      norm = std::ldexp(norm, -before);
    }
    powers();
    const double size = std::min(norm, std::max(std::sqrt(norm1(p_[kA2])), std::cbrt(norm1(p_[kA3]))));
    if (before == 0 && size <= R::k12 && rounding(12, norm, size) == 0) return twelve();
    if (size > 0) squarings = std::max(0, before + int(std::ceil(std::log2(size / R::k18))));
    // Undone before the powers are known to be in range again.
    if (const int s = before - squarings) {
      scale(p_[kA], s);
      norm = std::ldexp(norm, s);
      if (before) {
        powers();
      } else {
        scale(p_[kA2], 2 * s);
        scale(p_[kA3], 3 * s);
      }
    }
    if (const int more = rounding(18, norm, std::ldexp(size, before - squarings))) {
      squarings += more;
      scale(p_[kA], -more);
      powers();
    }
    return eighteen();
  }

  // How often to halve beside that, so that the terms of a polynomial in |A| leave no more than a rounding error.
  int rounding(int degree, double norm, double size) {
    if (size >= norm || norm == 0) return 0;
    double factorial = 1;
    for (int i = 2; i <= degree + 1; ++i) factorial *= i;
    const double error = norm_of_power(degree + 1) / factorial / norm,
                 unit = std::numeric_limits<RealOf<T>>::epsilon() / 2;
    if (!(error > unit)) return 0;
    return std::isfinite(error) ? int(std::ceil(std::log2(error / unit) / degree)) : 40;
  }

  const T* low(double norm) {
    T *a = p_[kA], *a2 = p_[kA2], *b = p_[kB], *y = p_[kC];
    multiply(a, a, a2);
    if (norm <= R::k2) {
      for (int64_t i = 0; i < size_; ++i) y[i] = a[i] + a2[i] / RealOf<T>(2);
    } else if (norm <= R::k4) {
      for (int64_t i = 0; i < size_; ++i) b[i] = a[i] / RealOf<T>(6) + a2[i] / RealOf<T>(24);
      for (int64_t i = 0; i < size_; ++i) y[i] = a[i] + a2[i] / RealOf<T>(2);
      multiply(a2, b, y, true);
    } else {
      multiply(a2, a, p_[kA3]);
      for (int64_t i = 0; i < size_; ++i)
        b[i] = a[i] / RealOf<T>(24) + a2[i] / RealOf<T>(120) + p_[kA3][i] / RealOf<T>(720);
      for (int64_t i = 0; i < n_; ++i) b[i * (n_ + 1)] += RealOf<T>(1) / 6;
      for (int64_t i = 0; i < size_; ++i) y[i] = a[i] + a2[i] / RealOf<T>(2);
      multiply(p_[kA3], b, y, true);
    }
    for (int64_t i = 0; i < n_; ++i) y[i * (n_ + 1)] += 1;
    return y;
  }
  const T* twelve() {  // B₁ + (B₂ + A₆) A₆ with A₆ = B₃ + B₄²
    T *b = p_[kB], *sixth = p_[kC], *y = p_[kD];
    combine(k12[3], false, b);
    combine(k12[2], false, sixth);
    multiply(b, b, sixth, true);
    combine(k12[1], false, b);
    for (int64_t i = 0; i < size_; ++i) b[i] += sixth[i];
    combine(k12[0], false, y);
    multiply(b, sixth, y, true);
    return y;
  }
  const T* eighteen() {  // B₂ + (B₃ + A₉) A₉ with A₉ = B₁ B₅ + B₄
    T *b = p_[kB], *ninth = p_[kC], *y = p_[kD];
    multiply(p_[kA3], p_[kA3], p_[kA6]);
    combine(k18[0], true, b);
    combine(k18[4], true, y);
    combine(k18[3], true, ninth);
    multiply(b, y, ninth, true);
    combine(k18[2], true, b);
    for (int64_t i = 0; i < size_; ++i) b[i] += ninth[i];
    combine(k18[1], true, y);
    multiply(b, ninth, y, true);
    return y;
  }
};

}  // namespace

template <class T> void matrix_exp(const T* a, int64_t count, int64_t n, T* y) {
  if (n == 0 || count == 0) return;
  if (count == 1) return Exponential<T>(n)(a, y);  // its products use the threads
  each_matrices(count, 16 * n * n * n + 200, [&](int64_t begin, int64_t end) {
    Exponential<T> one(n);
    for (int64_t i = begin; i < end; ++i) one(a + i * n * n, y + i * n * n);
  });
}

template void matrix_exp<float>(const float*, int64_t, int64_t, float*);
template void matrix_exp<double>(const double*, int64_t, int64_t, double*);
template void matrix_exp<std::complex<float>>(const std::complex<float>*, int64_t, int64_t,
                                              std::complex<float>*);
template void matrix_exp<std::complex<double>>(const std::complex<double>*, int64_t, int64_t,
                                               std::complex<double>*);

}  // namespace adjoint
