// Small systems of linear equations, a matrix to a lane: a vector holds one element of each of a block of matrices. Each lane
// does what LAPACK does with its matrix, so that the bits of a matrix do not depend on its neighbours.
// See Note [One source, several instruction sets].
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/lanes.h"
#include "kernels/linalg/small_table.h"

namespace adjoint {
namespace {

template <class T> constexpr int L = int(64 / sizeof(T));
#define EACH_LANE _Pragma("GCC ivdep") for (int l = 0; l < L<T>; ++l)

template <class T> using Int = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
constexpr int kMost = int(kSmallSystem);

// A block of matrices: element (i, j) of all of them.
template <class T> struct Matrices {
  alignas(64) T data[kMost * kMost * L<T>];
  int64_t rows;
  T* at(int64_t i, int64_t j) { return data + (i + j * rows) * L<T>; }
};
template <class T> struct Lanes {
  alignas(64) T v[L<T>];
};
template <class T> using Pivots = Lanes<Int<T>>[kMost];

// Four rows of four numbers become columns. Steps in elements.
template <class T> ADJOINT_FN void transpose4(const T* from, int64_t from_step, T* to, int64_t to_step) {
  using V = typename VectorOf<T, 4 * sizeof(T)>::type;
  const auto at = [&](int i) __attribute__((always_inline)) {
    return reinterpret_cast<const V*>(from + i * from_step);
  };
  const auto out = [&](int i, const V& v)
                       __attribute__((always_inline)) { *reinterpret_cast<V*>(to + i * to_step) = v; };
  const V a = *at(0), b = *at(1), c = *at(2), d = *at(3);
  if constexpr (sizeof(T) == 4) {  // as the instructions for 16 bytes, and for 32, have it
    const V p = __builtin_shufflevector(a, b, 0, 4, 1, 5), q = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const V r = __builtin_shufflevector(c, d, 0, 4, 1, 5), s = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    out(0, __builtin_shufflevector(p, r, 0, 1, 4, 5));
    out(1, __builtin_shufflevector(p, r, 2, 3, 6, 7));
    out(2, __builtin_shufflevector(q, s, 0, 1, 4, 5));
    out(3, __builtin_shufflevector(q, s, 2, 3, 6, 7));
  } else {
    const V p = __builtin_shufflevector(a, b, 0, 4, 2, 6), q = __builtin_shufflevector(a, b, 1, 5, 3, 7);
    const V r = __builtin_shufflevector(c, d, 0, 4, 2, 6), s = __builtin_shufflevector(c, d, 1, 5, 3, 7);
    out(0, __builtin_shufflevector(p, r, 0, 1, 4, 5));
    out(1, __builtin_shufflevector(q, s, 0, 1, 4, 5));
    out(2, __builtin_shufflevector(p, r, 2, 3, 6, 7));
    out(3, __builtin_shufflevector(q, s, 2, 3, 6, 7));
  }
}

// [rows, cols] becomes [cols, rows].
template <class T> ADJOINT_FN void transpose_block(const T* from, int64_t rows, int64_t cols,
                                                   int64_t from_step, T* to, int64_t to_step) {
  for (int64_t i = 0; i + 4 <= rows; i += 4) {
    int64_t j = 0;
    for (; j + 4 <= cols; j += 4)
      transpose4(from + i * from_step + j, from_step, to + j * to_step + i, to_step);
    for (; j < cols; ++j)
      for (int64_t k = i; k < i + 4; ++k) to[j * to_step + k] = from[k * from_step + j];
  }
  for (int64_t i = rows / 4 * 4; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) to[j * to_step + i] = from[i * from_step + j];
}

// `size` elements of each of `count` matrices, which lie `step` apart, side by side. Lanes without one repeat the first.
template <class T> ADJOINT_FN void load(const T* from, int64_t count, int64_t step, int64_t size, T* to) {
  if (count == L<T>) return transpose_block(from, L<T>, size, step, to, L<T>);
  for (int64_t e = 0; e < size; ++e)
    for (int l = 0; l < L<T>; ++l) to[e * L<T> + l] = from[(l < count ? l : 0) * step + e];
}
template <class T> ADJOINT_FN void store(const T* from, int64_t count, int64_t step, int64_t size, T* to) {
  transpose_block(from, size, count, L<T>, to, step);
}
// Square ones, transposed.
template <class T> void load_transposed(const T* from, int64_t count, int64_t n, Matrices<T>& to) {
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < n; ++i)
      for (int l = 0; l < L<T>; ++l) to.at(j, i)[l] = from[(l < count ? l : 0) * n * n + i + j * n];
}

// In vectors by name: loops over the lanes alone would be interleaved with those around them.
template <class T> constexpr int W = kVectorBytes / int(sizeof(T));
template <class T> using Vector = typename VectorOf<T>::type;
#define EACH_VECTOR for (int l = 0; l < L<T>; l += W<T>)
template <class T> ADJOINT_FN Vector<T>& vector(T* p) { return *reinterpret_cast<Vector<T>*>(p); }
template <class T> ADJOINT_FN const Vector<T>& vector(const T* p) {
  return *reinterpret_cast<const Vector<T>*>(p);
}

// x -= a b.
template <class T> ADJOINT_FN void subtract(T* x, const T* a, const T* b) {
  EACH_VECTOR vector(x + l) -= vector(a + l) * vector(b + l);
}
template <class T> ADJOINT_FN Vector<T> magnitude(Vector<T> v) { return v < 0 ? -v : v; }

// What is divided by. A product with the inverse costs a tenth of it; numbers below kLeast have none in their type.
template <class T> constexpr T kLeast = sizeof(T) == 4 ? T(0x1p-126) : T(0x1p-1022);
template <class T> struct Divisor {
  alignas(64) T number[L<T>], inverse[L<T>];
  bool has_tiny;

  [[gnu::always_inline]] void set(const T* d) {
    Vector<Int<T>> tiny = {};
    EACH_VECTOR {
      const Vector<T> v = vector(d + l);
      vector(number + l) = v;
      vector(inverse + l) = 1 / v;
      tiny |= is_tiny(v);
    }
    has_tiny = false;
    for (int l = 0; l < W<T>; ++l) has_tiny |= tiny[l] != 0;
  }
  [[gnu::always_inline]] static auto is_tiny(Vector<T> v) { return (magnitude<T>(v) < kLeast<T>)&(v != 0); }
  [[gnu::always_inline]] Vector<T> quotient(Vector<T> v, int l) const {
    const Vector<T> d = vector(number + l), product = v * vector(inverse + l);
    if (!has_tiny) return product;
    return is_tiny(d) ? v / d : product;
  }
  [[gnu::always_inline]] void divide(T* x) const { EACH_VECTOR vector(x + l) = quotient(vector(x + l), l); }
  // A column of zeros, whose pivot is one, stays as it is.
  [[gnu::always_inline]] void divide_unless_zero(T* x) const {
    EACH_VECTOR {
      const Vector<T> v = vector(x + l);
      vector(x + l) = vector(number + l) == 0 ? v : quotient(v, l);
    }
  }
};
template <class T> using Divisors = Divisor<T>[kMost];

// Rows k and i change places in the lanes whose pivot is i.
template <class T> ADJOINT_FN void swap_where(const Int<T>* pivot, int64_t i, T* x, T* y) {
  EACH_VECTOR {
    const auto goes = vector(pivot + l) == Int<T>(i);
    const Vector<T> a = vector(x + l), b = vector(y + l);
    vector(x + l) = goes ? b : a;
    vector(y + l) = goes ? a : b;
  }
}
template <class T> ADJOINT_FN bool any_is(const Int<T>* pivot, int64_t i) {
  Int<T> any = 0;
  EACH_LANE any |= pivot[l] == i;
  return any != 0;
}
template <class T>
void swap_rows(const Int<T>* pivot, int64_t k, int64_t last, int64_t cols, Matrices<T>& x) {
  for (int64_t i = k + 1; i < last; ++i)
    if (any_is<T>(pivot, i))
      for (int64_t j = 0; j < cols; ++j) swap_where(pivot, i, x.at(k, j), x.at(i, j));
}

template <class T> void find_pivot(int64_t k, int64_t rows, Matrices<T>& x, Int<T>* pivot) {
  EACH_VECTOR {
    Vector<T> best = magnitude<T>(vector(x.at(k, k) + l));
    Vector<Int<T>> at = Vector<Int<T>>{} + Int<T>(k);
    for (int64_t i = k + 1; i < rows; ++i) {
      const Vector<T> size = magnitude<T>(vector(x.at(i, k) + l));
      const auto larger = size > best;
      best = larger ? size : best;
      at = larger ? Vector<Int<T>>{} + Int<T>(i) : at;
    }
    vector(pivot + l) = at;
  }
}

template <class T> void factor(int64_t rows, int64_t cols, Matrices<T>& x, Pivots<T>& pivots,
                               Divisors<T>& divisors, Int<T>* info) {
  EACH_LANE info[l] = 0;
  for (int64_t k = 0; k < rows && k < cols; ++k) {
    Int<T>* pivot = pivots[k].v;
    find_pivot(k, rows, x, pivot);
    swap_rows(pivot, k, rows, cols, x);
    const T* d = x.at(k, k);
    divisors[k].set(d);
    EACH_VECTOR {
      auto& code = vector(info + l);
      code = (vector(d + l) == 0) & (code == 0) ? Vector<Int<T>>{} + Int<T>(k + 1) : code;
    }
    for (int64_t i = k + 1; i < rows; ++i) divisors[k].divide_unless_zero(x.at(i, k));
    for (int64_t j = k + 1; j < cols; ++j)
      for (int64_t i = k + 1; i < rows; ++i) subtract(x.at(i, j), x.at(i, k), x.at(k, j));
  }
}

// B = T⁻¹ B for the triangle in a, whose diagonal is 1 without divisors.
template <class T> void substitute(bool upper, const Divisor<T>* divisors, int64_t n, int64_t cols,
                                   Matrices<T>& a, Matrices<T>& b) {
  for (int64_t step = 0; step < n; ++step) {
    const int64_t k = upper ? n - 1 - step : step, first = upper ? 0 : k + 1, last = upper ? k : n;
    for (int64_t j = 0; j < cols; ++j) {
      if (divisors) divisors[k].divide(b.at(k, j));
      for (int64_t i = first; i < last; ++i) subtract(b.at(i, j), a.at(i, k), b.at(k, j));
    }
  }
}
template <class T> void substitute_factors(int64_t n, int64_t cols, Matrices<T>& lu, const Pivots<T>& pivots,
                                           const Divisors<T>& divisors, Matrices<T>& b) {
  for (int64_t k = 0; k < n; ++k) swap_rows(pivots[k].v, k, n, cols, b);
  substitute<T>(false, nullptr, n, cols, lu, b);
  substitute<T>(true, divisors, n, cols, lu, b);
}
template <class T> void set_divisors(int64_t n, Matrices<T>& x, Divisors<T>& divisors) {
  for (int64_t k = 0; k < n; ++k) divisors[k].set(x.at(k, k));
}

// --- blocks of a batch ---

// f(first, count) for each block of lanes.
template <class T, class F> ADJOINT_FN void each_block(int64_t count, F f) {
  for (int64_t i = 0; i < count; i += L<T>) f(i, count - i < L<T> ? count - i : L<T>);
}
// f(first, count) for columns as many as a block of matrices has room for.
template <class F> ADJOINT_FN void each_columns(int64_t cols, F f) {
  for (int64_t j = 0; j < cols; j += kMost) f(j, cols - j < kMost ? cols - j : kMost);
}

template <class T> void store_pivots(const Pivots<T>& pivots, int64_t count, int64_t k, const Int<T>* info,
                                     int32_t* to, int32_t* codes) {
  int32_t numbers[kMost * L<T>];
  for (int64_t i = 0; i < k; ++i) EACH_LANE numbers[i * L<T> + l] = int32_t(pivots[i].v[l]) + 1;
  transpose_block(numbers, k, count, L<T>, to, k);
  for (int64_t l = 0; l < count; ++l) codes[l] = int32_t(info[l]);
}
template <class T> void load_pivots(const int32_t* from, int64_t count, int64_t n, Pivots<T>& pivots) {
  for (int64_t i = 0; i < n; ++i)
    for (int l = 0; l < L<T>; ++l) pivots[i].v[l] = Int<T>(from[(l < count ? l : 0) * n + i] - 1);
}

template <class T> void lu(T* a, int64_t count, int64_t rows, int64_t cols, int32_t* pivots, int32_t* info) {
  const int64_t size = rows * cols, k = rows < cols ? rows : cols;
  Matrices<T> x;
  x.rows = rows;
  Pivots<T> p;
  Divisors<T> d;
  alignas(64) Int<T> codes[L<T>];
  each_block<T>(count, [&](int64_t first, int64_t n) {
    load(a + first * size, n, size, size, x.data);
    factor<T>(rows, cols, x, p, d, codes);
    store(x.data, n, size, size, a + first * size);
    store_pivots<T>(p, n, k, codes, pivots + first * k, info + first);
  });
}

template <class T>
void solve(T* a, int64_t count, int64_t n, int32_t* pivots, int32_t* info, T* b, int64_t cols) {
  Matrices<T> x, y;
  x.rows = y.rows = n;
  Pivots<T> p;
  Divisors<T> d;
  alignas(64) Int<T> codes[L<T>];
  each_block<T>(count, [&](int64_t first, int64_t lanes) {
    T* from = a + first * n * n;
    load(from, lanes, n * n, n * n, x.data);
    factor<T>(n, n, x, p, d, codes);
    store(x.data, lanes, n * n, n * n, from);
    store_pivots<T>(p, lanes, n, codes, pivots + first * n, info + first);
    each_columns(cols, [&](int64_t j, int64_t some) {
      T* right = b + (first * cols + j) * n;
      load(right, lanes, n * cols, n * some, y.data);
      substitute_factors<T>(n, some, x, p, d, y);
      store(y.data, lanes, n * cols, n * some, right);
    });
  });
}

template <class T> void lu_solve(bool transposed, const T* lu, int64_t count, int64_t n,
                                 const int32_t* pivots, T* b, int64_t cols) {
  Matrices<T> x, y;
  x.rows = y.rows = n;
  Pivots<T> p;
  Divisors<T> d;
  each_block<T>(count, [&](int64_t first, int64_t lanes) {
    const T* from = lu + first * n * n;
    transposed ? load_transposed(from, lanes, n, x) : load(from, lanes, n * n, n * n, x.data);
    load_pivots<T>(pivots + first * n, lanes, n, p);
    set_divisors<T>(n, x, d);
    each_columns(cols, [&](int64_t j, int64_t some) {
      T* right = b + (first * cols + j) * n;
      load(right, lanes, n * cols, n * some, y.data);
      if (transposed) {
        substitute<T>(false, d, n, some, x, y);
        substitute<T>(true, nullptr, n, some, x, y);
        for (int64_t k = n; k-- > 0;) swap_rows(p[k].v, k, n, some, y);
      } else {
        substitute_factors<T>(n, some, x, p, d, y);
      }
      store(y.data, lanes, n * cols, n * some, right);
    });
  });
}

template <class T> void invert(T* a, int64_t count, int64_t n, int32_t* info) {
  Matrices<T> x, y;
  x.rows = y.rows = n;
  Pivots<T> p;
  Divisors<T> d;
  alignas(64) Int<T> codes[L<T>];
  each_block<T>(count, [&](int64_t first, int64_t lanes) {
    T* from = a + first * n * n;
    load(from, lanes, n * n, n * n, x.data);
    factor<T>(n, n, x, p, d, codes);
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < n; ++i) {
        T* e = y.at(i, j);
        EACH_VECTOR vector(e + l) = Vector<T>{} + T(i == j);
      }
    substitute_factors<T>(n, n, x, p, d, y);
    store(y.data, lanes, n * n, n * n, from);
    for (int64_t l = 0; l < lanes; ++l) info[first + l] = int32_t(codes[l]);
  });
}

// By columns; where a minor is not positive, its number goes on as 1.
template <class T> void factor_lower(int64_t n, Matrices<T>& x, Int<T>* info) {
  EACH_LANE info[l] = 0;
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t k = 0; k < j; ++k)
      for (int64_t i = j; i < n; ++i) subtract(x.at(i, j), x.at(i, k), x.at(j, k));
    T* d = x.at(j, j);
    EACH_LANE {
      const bool good = d[l] > 0;
      info[l] = !good & (info[l] == 0) ? Int<T>(j + 1) : info[l];
      d[l] = math::sqrt(good ? d[l] : T(1));
    }
    Divisor<T> divisor;
    divisor.set(d);
    for (int64_t i = j + 1; i < n; ++i) divisor.divide(x.at(i, j));
    for (int64_t i = 0; i < j; ++i) {
      T* e = x.at(i, j);
      EACH_VECTOR vector(e + l) = Vector<T>{};
    }
  }
}

template <class T> void cholesky(bool upper, T* a, int64_t count, int64_t n, int32_t* info) {
  Matrices<T> x, y;
  x.rows = y.rows = n;
  alignas(64) Int<T> codes[L<T>];
  each_block<T>(count, [&](int64_t first, int64_t lanes) {
    T* from = a + first * n * n;
    upper ? load_transposed(from, lanes, n, x) : load(from, lanes, n * n, n * n, x.data);
    factor_lower(n, x, codes);
    if (upper)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t i = 0; i < n; ++i) EACH_VECTOR vector(y.at(j, i) + l) = vector(x.at(i, j) + l);
    store(upper ? y.data : x.data, lanes, n * n, n * n, from);
    for (int64_t l = 0; l < lanes; ++l) info[first + l] = int32_t(codes[l]);
  });
}

template <class T> void triangular(bool upper, bool transposed, bool unit, const T* a, int64_t count,
                                   int64_t n, T* b, int64_t cols) {
  Matrices<T> x, y;
  x.rows = y.rows = n;
  Divisors<T> d;
  each_block<T>(count, [&](int64_t first, int64_t lanes) {
    const T* from = a + first * n * n;
    transposed ? load_transposed(from, lanes, n, x) : load(from, lanes, n * n, n * n, x.data);
    set_divisors<T>(n, x, d);
    each_columns(cols, [&](int64_t j, int64_t some) {
      T* right = b + (first * cols + j) * n;
      load(right, lanes, n * cols, n * some, y.data);
      substitute<T>(upper != transposed, unit ? nullptr : d, n, some, x, y);
      store(y.data, lanes, n * cols, n * some, right);
    });
  });
}

template <class T> void to_columns(const T* x, int64_t count, int64_t rows, int64_t cols, T* y) {
  for (int64_t i = 0; i < count; ++i, x += rows * cols, y += rows * cols)
    transpose_block(x, rows, cols, cols, y, rows);
}

template <class T> constexpr SmallSystems<T> kSystems = {
    lu<T>, lu_solve<T>, solve<T>, invert<T>, cholesky<T>, triangular<T>, to_columns<T>,
};

}  // namespace

extern const SmallTable ADJOINT_ISA_NAME(small_table);
const SmallTable ADJOINT_ISA_NAME(small_table) = {kSystems<float>, kSystems<double>};

}  // namespace adjoint
