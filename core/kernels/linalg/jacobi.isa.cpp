// Jacobi's rotations for batches of small matrices, whose elements lie beside one another: a vector holds one element of
// each. See Note [One source, several instruction sets].
//
// Eigenvalues by the cyclic method (Jacobi 1846), singular values by the one-sided one (Hestenes 1958; Demmel and Veselić
// 1992: it is at least as exact as LAPACK's). A matrix is left alone once its rotations are all skipped, so its bits do not
// depend on its neighbours.
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/linalg/codes.h"
#include "kernels/linalg/jacobi_table.h"
#include "kernels/math.h"

namespace adjoint {
namespace {

constexpr int kSweeps = 30;
template <class T> constexpr int L = int(kJacobiLanes<T>);
#define EACH_LANE _Pragma("GCC ivdep") for (int l = 0; l < L<T>; ++l)

template <class T> using Mark = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;  // of a lane: is it so?
template <class T> constexpr T kEps = sizeof(T) == 4 ? T(0x1p-24) : T(0x1p-53);

template <class T> struct Angle {
  T c[L<T>], s[L<T>], t[L<T>];
};

// Of the rotation that makes `off` 0 between `first` and `second` on the diagonal; none where |off| <= least. Marks what
// rotates, and says whether any does.
template <class T> ADJOINT_FN bool angle(const T* first, const T* second, const T* off, const T* least,
                                         Angle<T>& r, Mark<T>* rotates) {
  Mark<T> any = 0;
  EACH_LANE {
    const T x = off[l], d = second[l] - first[l], twice = x + x;
    const T height = math::sqrt(d * d + twice * twice), far = d + math::copysign(height, d);
    const bool goes = (math::abs(x) > least[l]) & (far != 0);
    const T t = (goes ? twice : T(0)) / (goes ? far : T(1));  // a quotient in a choice would become a jump
    const T c = T(1) / math::sqrt(T(1) + t * t);
    r.t[l] = t;
    r.c[l] = c;
    r.s[l] = t * c;
    const Mark<T> mark = goes;
    rotates[l] |= mark;
    any |= mark;
  }
  return any != 0;
}

// `count` pairs of elements, each `step` elements behind the last one.
template <class T>
ADJOINT_FN void rotate(const Angle<T>& r, int64_t count, T* x, int64_t x_step, T* y, int64_t y_step) {
  for (int64_t i = 0; i < count; ++i, x += x_step * L<T>, y += y_step * L<T>) EACH_LANE {
      const T a = x[l], b = y[l];
      x[l] = r.c[l] * a - r.s[l] * b;
      y[l] = r.s[l] * a + r.c[l] * b;
    }
}

template <class T> ADJOINT_FN bool any_lane(const Mark<T>* marks) {
  Mark<T> any = 0;
  EACH_LANE any |= marks[l];
  return any != 0;
}

// The matrices' largest elements become numbers from 1 to 2, exactly; `back` undoes it. Those with NaN or infinity become 0.
template <class T> void scale(T* x, int64_t n, int64_t count, T* back, int32_t* info) {
  T largest[L<T>], poison[L<T>], factor[L<T>],
      rest[L<T>];  // the factor is no number of the type where elements are tiny
  EACH_LANE largest[l] = poison[l] = 0;
  for (int64_t i = 0; i < n; ++i) EACH_LANE {
      const T v = x[i * L<T> + l], size = math::abs(v);
      largest[l] = size > largest[l] ? size : largest[l];
      poison[l] += v * T(0);
    }
  for (int l = 0; l < L<T>; ++l) {
    const bool good = poison[l] == 0;
    if (l < count) info[l] = good ? 0 : kNotFinite;
    const int e = good && largest[l] > 0 ? __builtin_ilogb(largest[l]) : 0;
    factor[l] = good ? T(__builtin_ldexp(1.0, -e / 2)) : T(0);
    rest[l] = T(__builtin_ldexp(1.0, -e - -e / 2));
    back[l] = T(__builtin_ldexp(1.0, e));
  }
  for (int64_t i = 0; i < n; ++i) EACH_LANE {
      const T v = factor[l] == 0 ? T(0) : x[i * L<T> + l];
      x[i * L<T> + l] = v * factor[l] * rest[l];
    }
}

// V's columns get the sign that makes their product with fixed weights positive: continuous but where that is 0.
template <class T> ADJOINT_FN void sign_of(const T* v, int64_t n, T* sign) {
  T sum[L<T>];
  EACH_LANE sum[l] = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T weight = jacobi_weight<T>(i);
    EACH_LANE sum[l] += weight * v[i * L<T> + l];
  }
  EACH_LANE sign[l] = sum[l] < 0 ? T(-1) : T(1);
}

template <class T> void identity(T* v, int64_t n) {
  for (int64_t i = 0; i < n * n * L<T>; ++i) v[i] = 0;
  for (int64_t i = 0; i < n; ++i) EACH_LANE v[(i * n + i) * L<T> + l] = 1;
}

// Places of keys[i * L<T>], i < n, in order.
template <class T> void order_of(const T* keys, int64_t n, bool descending, int64_t* order) {
  for (int64_t i = 0; i < n; ++i) {
    int64_t k = i;
    const T key = keys[i * L<T>];
    for (; k > 0 && (descending ? keys[order[k - 1] * L<T>] < key : keys[order[k - 1] * L<T>] > key); --k)
      order[k] = order[k - 1];
    order[k] = i;
  }
}

// --- eigenvalues: the upper triangle a[(q·n + p)·L<T>], p <= q, becomes diagonal ---
template <class T> void eigh_sweeps(T* a, T* v, int64_t n, bool vectors, Mark<T>* rotates) {
  T least[L<T>];
  EACH_LANE least[l] = 0;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i <= j; ++i) EACH_LANE {
        const T x = a[(j * n + i) * L<T> + l];
        least[l] += (i < j ? 2 : 1) * x * x;
      }
  EACH_LANE least[l] = math::sqrt(least[l]) * (kEps<T> / T(4 * n));
  auto at = [&](int64_t i, int64_t j) { return a + (j * n + i) * L<T>; };
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    EACH_LANE rotates[l] = 0;
    for (int64_t p = 0; p < n; ++p)
      for (int64_t q = p + 1; q < n; ++q) {
        Angle<T> r;
        T *pp = at(p, p), *qq = at(q, q), *pq = at(p, q);
        if (!angle(pp, qq, pq, least, r, rotates)) continue;
        EACH_LANE {
          const T x = pq[l], move = r.t[l] * x;
          pp[l] -= move;
          qq[l] += move;
          pq[l] = r.t[l] == 0 ? x : T(0);
        }
        rotate(r, p, at(0, p), 1, at(0, q), 1);
        rotate(r, q - p - 1, at(p, p + 1), n, at(p + 1, q), 1);
        rotate(r, n - q - 1, at(p, q + 1), n, at(q, q + 1), n);
        if (vectors) rotate(r, n, v + p * n * L<T>, 1, v + q * n * L<T>, 1);
      }
    if (!any_lane<T>(rotates)) return;
  }
}

template <class T> void eigh(T* a, int64_t count, int64_t n, bool upper, bool vectors, T* w, int32_t* info) {
  T x[kJacobiMost * kJacobiMost * L<T>], v[kJacobiMost * kJacobiMost * L<T>], back[L<T>],
      values[kJacobiMost * L<T>];
  Mark<T> rotates[L<T>];
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < n; ++i)
      for (int64_t l = 0; l < L<T>; ++l) {
        const T* m = a + (l < count ? l : 0) * n * n;
        x[(j * n + i) * L<T> + l] = i > j ? T(0) : upper ? m[j * n + i] : m[i * n + j];
      }
  scale(x, n * n, count, back, info);
  if (vectors) identity(v, n);
  eigh_sweeps(x, v, n, vectors, rotates);
  for (int64_t j = 0; j < n; ++j) {
    EACH_LANE values[j * L<T> + l] = x[(j * n + j) * L<T> + l];
    if (!vectors) continue;
    T sign[L<T>];
    sign_of(v + j * n * L<T>, n, sign);
    for (int64_t i = 0; i < n; ++i)
      EACH_LANE v[(j * n + i) * L<T> + l] = v[(j * n + i) * L<T> + l] * sign[l] + T(0);
  }
  for (int64_t l = 0; l < count; ++l) {
    if (info[l] == 0 && rotates[l] != 0) info[l] = kNotForJacobi;
    if (info[l] != 0) continue;
    int64_t order[kJacobiMost];
    order_of(values + l, n, false, order);
    for (int64_t j = 0; j < n; ++j) {
      w[l * n + j] = values[order[j] * L<T> + l] * back[l] + T(0);
      for (int64_t i = 0; vectors && i < n; ++i) a[(l * n + j) * n + i] = v[(order[j] * n + i) * L<T> + l];
    }
  }
}

// --- singular values: the columns of a [m, n], m >= n, become orthogonal ---
template <class T> ADJOINT_FN void products(const T* x, const T* y, int64_t m, T* xx, T* yy, T* xy) {
  EACH_LANE xx[l] = yy[l] = xy[l] = 0;
  for (int64_t i = 0; i < m; ++i) EACH_LANE {
      const T a = x[i * L<T> + l], b = y[i * L<T> + l];
      xx[l] += a * a;
      yy[l] += b * b;
      xy[l] += a * b;
    }
}

template <class T> void svd_sweeps(T* a, T* v, int64_t m, int64_t n, bool vectors, Mark<T>* rotates) {
  const T room = kEps<T> * math::sqrt(T(m));
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    EACH_LANE rotates[l] = 0;
    for (int64_t p = 0; p < n; ++p)
      for (int64_t q = p + 1; q < n; ++q) {
        Angle<T> r;
        T xx[L<T>], yy[L<T>], xy[L<T>], least[L<T>];
        products(a + p * m * L<T>, a + q * m * L<T>, m, xx, yy, xy);
        EACH_LANE least[l] = room * math::sqrt(xx[l] * yy[l]);
        if (!angle(xx, yy, xy, least, r, rotates)) continue;
        rotate(r, m, a + p * m * L<T>, 1, a + q * m * L<T>, 1);
        if (vectors) rotate(r, n, v + p * n * L<T>, 1, v + q * n * L<T>, 1);
      }
    if (!any_lane<T>(rotates)) return;
  }
}

// Orthogonal columns are values times left vectors, which get the signs of the right ones.
template <class T>
void take_apart(T* x, T* v, int64_t m, int64_t n, bool vectors, T* values, T* smallest, T* largest) {
  EACH_LANE smallest[l] = 64, largest[l] = 0;
  for (int64_t j = 0; j < n; ++j) {
    T sign[L<T>];
    EACH_LANE values[j * L<T> + l] = 0, sign[l] = 1;
    for (int64_t i = 0; i < m; ++i)
      EACH_LANE values[j * L<T> + l] += x[(j * m + i) * L<T> + l] * x[(j * m + i) * L<T> + l];
    EACH_LANE {
      const T value = math::sqrt(values[j * L<T> + l]);
      values[j * L<T> + l] = value;
      smallest[l] = value < smallest[l] ? value : smallest[l];
      largest[l] = value > largest[l] ? value : largest[l];
    }
    if (!vectors) continue;
    sign_of(v + j * n * L<T>, n, sign);
    for (int64_t i = 0; i < n; ++i)
      EACH_LANE v[(j * n + i) * L<T> + l] = v[(j * n + i) * L<T> + l] * sign[l] + T(0);
    for (int64_t i = 0; i < m; ++i) EACH_LANE {
        const T value = values[j * L<T> + l], divisor = value == 0 ? T(1) : value;
        x[(j * m + i) * L<T> + l] = x[(j * m + i) * L<T> + l] / divisor * sign[l] + T(0);
      }
  }
}

template <class T>
void svd(const T* a, int64_t count, int64_t rows, int64_t cols, T* u, T* s, T* vh, int32_t* info) {
  // Where rows < cols, of the transpose, whose factors change places.
  const bool wide = rows < cols;
  const int64_t m = wide ? cols : rows, n = wide ? rows : cols;
  T x[kJacobiMost * kJacobiMost * L<T>], v[kJacobiMost * kJacobiMost * L<T>], back[L<T>],
      values[kJacobiMost * L<T>];
  Mark<T> rotates[L<T>];
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t l = 0; l < L<T>; ++l) {
        const T* from = a + (l < count ? l : 0) * m * n;
        x[(j * m + i) * L<T> + l] = wide ? from[i * n + j] : from[j * m + i];
      }
  scale(x, m * n, count, back, info);
  if (u) identity(v, n);
  svd_sweeps(x, v, m, n, u != nullptr, rotates);
  T smallest[L<T>], largest[L<T>];
  take_apart(x, v, m, n, u != nullptr, values, smallest, largest);
  // Where a value is so small that its column's square leaves the range, its vector is not one.
  constexpr T kLeast = sizeof(T) == 4 ? T(0x1p-30) : T(0x1p-300);
  for (int64_t l = 0; l < count; ++l) {
    if (info[l] == 0 && (rotates[l] != 0 || smallest[l] <= kLeast * largest[l])) info[l] = kNotForJacobi;
    if (info[l] != 0) continue;
    int64_t order[kJacobiMost];
    order_of(values + l, n, true, order);
    for (int64_t j = 0; j < n; ++j) {
      const T *left = x + order[j] * m * L<T> + l, *right = v + order[j] * n * L<T> + l;
      s[l * n + j] = values[order[j] * L<T> + l] * back[l];
      if (!u) continue;
      T *uj = u + (l * n + j) * rows, *vj = vh + l * n * cols + j;
      for (int64_t i = 0; i < rows; ++i) uj[i] = (wide ? right : left)[i * L<T>];
      for (int64_t i = 0; i < cols; ++i) vj[i * n] = (wide ? left : right)[i * L<T>];
    }
  }
}

template <class T> constexpr JacobiKernels<T> jacobi_kernels() { return {eigh<T>, svd<T>}; }

}  // namespace

extern const JacobiTable ADJOINT_ISA_NAME(jacobi_table);
const JacobiTable ADJOINT_ISA_NAME(jacobi_table) = {jacobi_kernels<float>(), jacobi_kernels<double>()};

}  // namespace adjoint
