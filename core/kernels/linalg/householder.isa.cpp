// Householder's reductions of small matrices: every loop runs along a column, over whole vectors.
// See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/linalg/householder_table.h"

namespace adjoint {
namespace {

template <class T> using Vec = typename VectorOf<T>::type;
template <class T> constexpr int W = kVectorBytes / sizeof(T);

template <class T> ADJOINT_FN T lanes_sum(Vec<T> v) {
  T t[W<T>];
  *reinterpret_cast<Vec<T>*>(t) = v;
  return fold_halves<W<T>>(t, Add{});
}
template <class T> ADJOINT_FN T dot(const T* x, const T* y, int64_t begin, int64_t end) {
  Vec<T> sum = {};
  for (int64_t i = begin; i < end; i += W<T>) sum += load(sum, x + i) * load(sum, y + i);
  return lanes_sum<T>(sum);
}
template <class T> ADJOINT_FN void put(T* p, Vec<T> v) { *reinterpret_cast<Vec<T>*>(p) = v; }

// The reflector that leaves only element `at` of x's elements from there on: v with v[at] = 1 and 0 before; tau; gives what
// is left.
template <class T> T reflector(const T* x, int64_t at, int64_t step, T* v, T* tau) {
  for (int64_t i = 0; i < step; ++i) v[i] = i > at ? x[i] : T(0);
  const T alpha = x[at], rest = dot(v, v, at / W<T> * W<T>, step);
  // Elements so far below the matrix's largest one, which is about 1, count as 0: their squares have no digits left.
  if (rest < (sizeof(T) == 4 ? T(1e-30) : T(1e-200))) {
    *tau = 0;
    return alpha;
  }
  const T norm = math::sqrt(alpha * alpha + rest), beta = alpha > 0 ? -norm : norm;
  const T scale = T(1) / (alpha - beta);
  for (int64_t i = at / W<T> * W<T>; i < step; ++i) v[i] *= scale;
  v[at] = 1;
  *tau = (beta - alpha) / beta;
  return beta;
}

// y = Σ v[j] a[:, j] over columns from `from` on, for rows from `begin` on
template <class T>
ADJOINT_FN void times(const T* a, int64_t n, int64_t step, int64_t from, int64_t begin, const T* v, T* y) {
  for (int64_t i = begin; i < step; i += W<T>) put(y + i, Vec<T>{});
  int64_t j = from;
  for (; j + 4 <= n; j += 4) {
    const T *p = a + j * step, *q = p + step, *r = q + step, *s = r + step;
    const T c0 = v[j], c1 = v[j + 1], c2 = v[j + 2], c3 = v[j + 3];
    for (int64_t i = begin; i < step; i += W<T>) {
      Vec<T> sum = load(Vec<T>{}, y + i);
      sum += load(sum, p + i) * c0 + load(sum, q + i) * c1;
      sum += load(sum, r + i) * c2 + load(sum, s + i) * c3;
      put(y + i, sum);
    }
  }
  for (; j < n; ++j)
    for (int64_t i = begin; i < step; i += W<T>) {
      const Vec<T> sum = load(Vec<T>{}, y + i);
      put(y + i, sum + load(sum, a + j * step + i) * v[j]);
    }
}

template <class T> void tridiagonal(T* a, int64_t n, T* d, T* e, T* vs, T* tau, T* scratch) {
  const int64_t step = householder_step<T>(n);
  T* w = scratch;
  for (int64_t k = 0; k + 1 < n; ++k) {
    T* v = vs + k * step;
    d[k] = a[k * step + k];
    e[k] = reflector(a + k * step, k + 1, step, v, tau + k);
    if (tau[k] == 0) continue;
    const int64_t begin = (k + 1) / W<T> * W<T>;
    times(a, n, step, k + 1, begin, v, w);
    for (int64_t i = begin; i <= k; ++i) w[i] = 0;
    const T t = tau[k], half = t * t * dot(w, v, begin, step) / 2;
    for (int64_t i = begin; i < step; i += W<T>)
      put(w + i, load(Vec<T>{}, w + i) * t - load(Vec<T>{}, v + i) * half);
    for (int64_t j = k + 1; j < n; ++j) {
      T* p = a + j * step;
      const T vj = v[j], wj = w[j];
      for (int64_t i = begin; i < step; i += W<T>)
        put(p + i, load(Vec<T>{}, p + i) - (load(Vec<T>{}, v + i) * wj + load(Vec<T>{}, w + i) * vj));
    }
  }
  d[n - 1] = a[(n - 1) * step + n - 1];
}

// Q's reflector k takes column k away, P's what is then left of row k beyond the diagonal and the element beside it.
template <class T>
void bidiagonal(T* a, int64_t m, int64_t n, T* d, T* e, T* q, T* q_tau, T* p, T* p_tau, T* scratch) {
  const int64_t step = householder_step<T>(m), across = householder_step<T>(n);
  T *z = scratch, *y = z + step, *row = y + across;
  for (int64_t j = 0; j < across; ++j) row[j] = 0;
  for (int64_t k = 0; k < n; ++k) {
    T *u = q + k * step, *v = p + k * across;
    d[k] = reflector(a + k * step, k, step, u, q_tau + k);
    if (k + 1 == n) break;
    const int64_t begin = k / W<T> * W<T>;
    for (int64_t j = k + 1; j < n; ++j) {
      y[j] = q_tau[k] * dot(a + j * step, u, begin, step);
      row[j] = a[j * step + k] - y[j];
    }
    e[k] = reflector(row, k + 1, across, v, p_tau + k);
    for (int64_t i = begin; i < step; i += W<T>) put(z + i, Vec<T>{});
    for (int64_t j = k + 1; j < n; ++j) {
      const T yj = y[j], vj = v[j];
      for (int64_t i = begin; i < step; i += W<T>) {
        const Vec<T> x = load(Vec<T>{}, a + j * step + i) - load(Vec<T>{}, u + i) * yj;
        put(a + j * step + i, x);
        put(z + i, load(Vec<T>{}, z + i) + x * vj);
      }
    }
    for (int64_t j = k + 1; j < n; ++j) {
      const T vj = p_tau[k] * v[j];
      for (int64_t i = begin; i < step; i += W<T>)
        put(a + j * step + i, load(Vec<T>{}, a + j * step + i) - load(Vec<T>{}, z + i) * vj);
    }
  }
}

// Some vectors' worth of columns at a time, whose products stay in registers.
template <int kVectors, class T> ADJOINT_FN void apply_strip(const T* vs, int64_t step, const T* tau,
                                                             int64_t count, int64_t first, T* x, int64_t n,
                                                             int64_t x_step) {
  for (int64_t k = count - 1; k >= 0; --k) {
    if (tau[k] == 0) continue;
    const T* v = vs + k * step;
    Vec<T> sum[kVectors] = {};
    for (int64_t i = k + first; i < n; ++i)
      for (int c = 0; c < kVectors; ++c) sum[c] += load(sum[c], x + i * x_step + c * W<T>) * v[i];
    for (int c = 0; c < kVectors; ++c) sum[c] *= tau[k];
    for (int64_t i = k + first; i < n; ++i)
      for (int c = 0; c < kVectors; ++c) {
        T* to = x + i * x_step + c * W<T>;
        put(to, load(sum[c], to) - sum[c] * v[i]);
      }
  }
}

template <class T> void apply(const T* vs, int64_t step, const T* tau, int64_t count, int64_t first, T* x,
                              int64_t n, int64_t x_step) {
  constexpr int kWide = 8;
  int64_t j = 0;
  for (; j + kWide * W<T> <= x_step; j += kWide * W<T>)
    apply_strip<kWide>(vs, step, tau, count, first, x + j, n, x_step);
  for (; j + 2 * W<T> <= x_step; j += 2 * W<T>) apply_strip<2>(vs, step, tau, count, first, x + j, n, x_step);
  for (; j < x_step; j += W<T>) apply_strip<1>(vs, step, tau, count, first, x + j, n, x_step);
}

template <class T> constexpr HouseholderKernels<T> householder_kernels() {
  return {tridiagonal<T>, bidiagonal<T>, apply<T>};
}

}  // namespace

extern const HouseholderTable ADJOINT_ISA_NAME(householder_table);
const HouseholderTable ADJOINT_ISA_NAME(householder_table) = {householder_kernels<float>(),
                                                              householder_kernels<double>()};

}  // namespace adjoint
