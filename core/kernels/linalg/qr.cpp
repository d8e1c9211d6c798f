// QR in blocks: reflectors of a panel by themselves, the rest of the matrix by products, which use all threads. With k
// reflectors in V, the product H₁ ... H_k is I - V T Vᴴ with an upper triangle T (Schreiber & Van Loan 1989).
#include "kernels/linalg/qr.h"

#include <algorithm>
#include <vector>

#include "kernels/gemm.h"
#include "kernels/isa.h"
#include "kernels/linalg/qr_table.h"
#include "tensor/dtype.h"

namespace adjoint {

ADJOINT_PICK_TABLE(QrTable, qr_table)

namespace {

constexpr int64_t kPanel = 32;

template <class T> T conjugate(T x) {
  if constexpr (kIsComplex<T>)
    return std::conj(x);
  else
    return x;
}
template <class T> const QrKernels<T>& qr_kernels() {
  if constexpr (sizeof(T) == 4)
    return qr_table().f32;
  else
    return qr_table().f64;
}

template <class T> void factor_panel(T* a, int64_t rows, int64_t cols, int64_t stride, T* tau) {
  if constexpr (kIsComplex<T>) {
    static const auto geqr2 = lapack<T, void(const int*, const int*, T*, const int*, T*, T*, int*)>("geqr2");
    const int m = lapack_int(rows), n = lapack_int(cols), ld = lapack_int(stride);
    T work[kPanel];
    int info;
    geqr2(&m, &n, a, &ld, tau, work, &info);
  } else
    qr_kernels<T>().panel(a, rows, cols, stride, tau);
}

// The reflectors of one panel as I - V T Vᴴ.
template <class T> class Block {
 public:
  explicit Block(int64_t rows) : v_(size_t(rows * kPanel)), conj_v_(kIsComplex<T> ? v_.size() : 0) {}

  // From the panel at a, whose reflectors begin on its diagonal.
  void read(const T* a, int64_t rows, int64_t k, int64_t stride, const T* tau) {
    rows_ = rows, k_ = k;
    for (int64_t j = 0; j < k; ++j) {
      T* v = v_.data() + j * rows;
      std::fill(v, v + j, T(0));
      v[j] = 1;
      std::copy(a + j * stride + j + 1, a + j * stride + rows, v + j + 1);
    }
    if constexpr (kIsComplex<T>)
      std::transform(v_.begin(), v_.begin() + rows * k, conj_v_.begin(), conjugate<T>);
    triangle(tau);
  }

  // c -= V T Vᴴ c, or with Tᴴ; c has rows as V has, and is column-major.
  void apply(T* c, int64_t cols, int64_t stride, bool adjoint) {
    if (cols == 0) return;
    w_.resize(size_t(2 * cols * k_));
    T *w = w_.data(), *tw = w + cols * k_;
    const MatrixIn conj_v{conj(), 1, rows_}, v_t{v_.data(), rows_, 1};
    T factor[kPanel * kPanel];  // w is (Vᴴ c)ᵀ, so T comes from the right, as Tᵀ or conj(T)
    for (int64_t i = 0; i < k_; ++i)
      for (int64_t j = 0; j < k_; ++j)
        factor[i * k_ + j] = adjoint ? conjugate(t_[i * k_ + j]) : t_[j * k_ + i];
    product(cols, k_, rows_, 1, {c, stride, 1}, conj_v, 0, {w, k_});
    product(cols, k_, k_, 1, {w, k_, 1}, {factor, k_, 1}, 0, {tw, k_});
    product(cols, rows_, k_, -1, {tw, k_, 1}, v_t, 1, {c, stride});
  }

 private:
  std::vector<T> v_, conj_v_, w_;
  T t_[kPanel * kPanel], gram_[kPanel * kPanel];  // row-major
  int64_t rows_ = 0, k_ = 0;

  const T* conj() const { return kIsComplex<T> ? conj_v_.data() : v_.data(); }
  static void product(int64_t m, int64_t n, int64_t k, int alpha, const MatrixIn& a, const MatrixIn& b,
                      int beta, const MatrixOut& c) {
    gemm(dtype_of<T>, m, n, k, int64_t(alpha), a, b, int64_t(beta), c);
  }
  void triangle(const T* tau) {
    product(k_, k_, rows_, 1, {conj(), rows_, 1}, {v_.data(), 1, rows_}, 0, {gram_, k_});
    std::fill(t_, t_ + k_ * k_, T(0));
    for (int64_t j = 0; j < k_; ++j) {
      t_[j * k_ + j] = tau[j];
      for (int64_t i = 0; i < j; ++i) {
        T sum = 0;
        for (int64_t l = i; l < j; ++l) sum += t_[i * k_ + l] * gram_[l * k_ + j];
        t_[i * k_ + j] = -tau[j] * sum;
      }
    }
  }
};

template <class T> void factor_one(T* a, int64_t rows, int64_t cols, T* tau) {
  const int64_t k = std::min(rows, cols);
  Block<T> block(rows);
  for (int64_t j = 0; j < k; j += kPanel) {
    const int64_t width = std::min(kPanel, k - j);
    T* p = a + j * rows + j;
    factor_panel(p, rows - j, width, rows, tau + j);
    if (j + width == cols) return;
    block.read(p, rows - j, width, rows, tau + j);
    block.apply(p + width * rows, cols - j - width, rows, true);
  }
}

template <class T> void form_one(T* a, int64_t rows, int64_t cols, int64_t k, const T* tau) {
  Block<T> block(rows);
  const auto unit = [&](int64_t from, int64_t to) {  // columns of the identity
    for (int64_t c = from; c < to; ++c) {
      std::fill(a + c * rows, a + (c + 1) * rows, T(0));
      a[c * rows + c] = 1;
    }
  };
  unit(k, cols);
  for (int64_t j = (k - 1) / kPanel * kPanel; j >= 0 && k > 0; j -= kPanel) {
    const int64_t width = std::min(kPanel, k - j);
    T* p = a + j * rows + j;
    block.read(p, rows - j, width, rows, tau + j);
    unit(j, j + width);
    block.apply(p, cols - j, rows, false);
  }
}

// One matrix lets its products use the threads; several are shared out among them.
template <class T, class F> void each(const MatrixBatch<T>& a, int64_t operations, F f) {
  if (a.count == 1) return f(0);
  each_matrices(a.count, operations, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

}  // namespace

template <class T> void geqrf(const MatrixBatch<T>& a, T* tau) {
  const int64_t k = std::min(a.rows, a.cols), operations = 2 * a.numel() * k;
  if constexpr (!kIsComplex<T>)
    if (std::max(a.rows, a.cols) <= kSmallQr)
      return each_matrices(a.count, operations, [&](int64_t begin, int64_t end) {
        qr_kernels<T>().factor_small(a[begin], end - begin, a.rows, a.cols, tau + begin * k);
      });
  each(a, operations, [&](int64_t i) { factor_one(a[i], a.rows, a.cols, tau + i * k); });
}

template <class T> void orgqr(const MatrixBatch<T>& a, int64_t k, const T* tau) {
  const int64_t operations = 2 * a.numel() * (k + 1);
  if constexpr (!kIsComplex<T>)
    if (a.rows <= kSmallQr)
      return each_matrices(a.count, operations, [&](int64_t begin, int64_t end) {
        qr_kernels<T>().form_small(a[begin], end - begin, a.rows, a.cols, k, tau + begin * k);
      });
  each(a, operations, [&](int64_t i) { form_one(a[i], a.rows, a.cols, k, tau + i * k); });
}

template <class T>
void ormqr(const MatrixBatch<const T>& a, const T* tau, const MatrixBatch<T>& c, bool left, bool adjoint) {
  static const auto routine =
      lapack<T, void(const char*, const char*, const int*, const int*, const int*, const T*, const int*,
                     const T*, T*, const int*, T*, const int*, int*)>(kIsComplex<T> ? "unmqr" : "ormqr");
  const int m = lapack_int(c.rows), n = lapack_int(c.cols), k = lapack_int(a.cols),
            lda = lapack_int(std::max<int64_t>(1, a.rows)), ldc = std::max(1, m);
  const char side = left ? 'L' : 'R', op = !adjoint ? 'N' : kIsComplex<T> ? 'C' : 'T';
  each_matrices(c.count, 4 * c.numel() * a.cols, [&](int64_t begin, int64_t end) {
    int info, size = -1;
    T best;
    routine(&side, &op, &m, &n, &k, a[begin], &lda, tau, c[begin], &ldc, &best, &size, &info);
    size = std::max(1, int(std::real(best)));
    std::vector<T> work(static_cast<size_t>(size));
    for (int64_t i = begin; i < end; ++i)
      routine(&side, &op, &m, &n, &k, a[i], &lda, tau + i * a.cols, c[i], &ldc, work.data(), &size, &info);
  });
}

#define ADJOINT_QR(T)                                               \
  template void geqrf<T>(const MatrixBatch<T>&, T*);                \
  template void orgqr<T>(const MatrixBatch<T>&, int64_t, const T*); \
  template void ormqr<T>(const MatrixBatch<const T>&, const T*, const MatrixBatch<T>&, bool, bool)
ADJOINT_QR(float);
ADJOINT_QR(double);
ADJOINT_QR(std::complex<float>);
ADJOINT_QR(std::complex<double>);
#undef ADJOINT_QR

}  // namespace adjoint
