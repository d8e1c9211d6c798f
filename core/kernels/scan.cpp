// Running sums, products and extrema. A scan is serial along its axis; rows run in parallel, and columns that
// lie side by side advance together. Floats run in double, as in PyTorch.
#include <memory>
#include <type_traits>

#include "kernels/copy.h"
#include "kernels/math.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"

namespace adjoint {
namespace {

constexpr int64_t kTile = 256, kGrain = 16384;

template <class T> struct Wider {
  using type = T;
};
template <> struct Wider<float> {
  using type = double;
};
template <> struct Wider<std::complex<float>> {
  using type = std::complex<double>;
};

struct RunningSum {
  template <class A> static A start() { return A(0); }
  template <class A> [[gnu::always_inline]] static A step(A a, A x) { return A(a + x); }
};
struct RunningProd {
  template <class A> static A start() { return A(1); }
  template <class A> [[gnu::always_inline]] static A step(A a, A x) { return A(a * x); }
  template <class T>
  [[gnu::always_inline]] static std::complex<T> step(std::complex<T> a, std::complex<T> x) {
    return {a.real() * x.real() - a.imag() * x.imag(), a.real() * x.imag() + a.imag() * x.real()};
  }
};
struct RunningLogSumExp {
  template <class A> static A start() { return A(-__builtin_inf()); }
  template <class A> [[gnu::always_inline]] static A step(A a, A x) { return math::logaddexp(a, x); }
};

// R rows of n elements, side by side: each waits for its own last sum only.
template <class Op, int R, class T> void scan_rows(T* x, int64_t n) {
  using A = typename Wider<T>::type;
  A a[R];
  for (A& v : a) v = Op::template start<A>();
  for (int64_t k = 0; k < n; ++k)
    for (int r = 0; r < R; ++r) x[r * n + k] = T(a[r] = Op::step(a[r], A(x[r * n + k])));
}

// In place over x, contiguous [outer, n, inner].
template <class Op, class T> void scan_in_place(T* x, int64_t outer, int64_t n, int64_t inner) {
  using A = typename Wider<T>::type;
  if (inner == 1)
    return parallel_for(outer, kGrain / (n + 1) + 4, [&](int64_t begin, int64_t end) {
      for (; begin + 4 <= end; begin += 4) scan_rows<Op, 4>(x + begin * n, n);
      for (; begin < end; ++begin) scan_rows<Op, 1>(x + begin * n, n);
    });
  int64_t tiles = (inner + kTile - 1) / kTile, grain = kGrain / (n * (inner < kTile ? inner : kTile) + 1);
  parallel_for(outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t first = t % tiles * kTile, w = inner - first < kTile ? inner - first : kTile;
      T* p = x + t / tiles * n * inner + first;
      A acc[kTile];
      for (int64_t i = 0; i < w; ++i) acc[i] = Op::template start<A>();
      for (int64_t k = 0; k < n; ++k, p += inner)
        for (int64_t i = 0; i < w; ++i) p[i] = T(acc[i] = Op::step(acc[i], A(p[i])));
    }
  });
}

template <class T> void scan_as(Scan op, T* x, int64_t outer, int64_t n, int64_t inner) {
  if (op == Scan::Sum) return scan_in_place<RunningSum>(x, outer, n, inner);
  if (op == Scan::Prod) return scan_in_place<RunningProd>(x, outer, n, inner);
  if constexpr (!std::is_integral_v<T>) scan_in_place<RunningLogSumExp>(x, outer, n, inner);
}

void copy_to_dense(const void* x, Dtype in, const View3& v, void* out, Dtype type) {
  int64_t size = int64_t(item_size(in)), to = int64_t(item_size(type));
  int64_t sizes[3] = {v.outer, v.n, v.inner}, dst[3] = {v.n * v.inner * to, v.inner * to, to};
  int64_t src[3] = {v.outer_stride * size, v.n_stride * size, v.inner_stride * size};
  copy_strided(3, sizes, static_cast<char*>(out), dst, type, static_cast<const char*>(x), src, in);
}

// x op y keeps the later of equals; NaN stays.
template <class T> void extremum_row(bool largest, const T* x, int64_t stride, int64_t n, T* values,
                                     int64_t* index, int64_t out_stride) {
  T best = x[0];
  int64_t at = 0;
  for (int64_t k = 0; k < n; ++k) {
    T v = x[k * stride];
    if (math::isnan(v) || (!math::isnan(best) && (largest ? v >= best : v <= best))) best = v, at = k;
    values[k * out_stride] = best;
    index[k * out_stride] = at;
  }
}
template <class T>
void scan_extremum_as(bool largest, const T* x, const View3& v, T* values, int64_t* index) {
  if (v.n == 0) return;
  int64_t grain = kGrain / v.n;
  parallel_for(v.outer * v.inner, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t o = r / v.inner, i = r % v.inner, to = o * v.n * v.inner + i;
      extremum_row(largest, x + o * v.outer_stride + i * v.inner_stride, v.n_stride, v.n, values + to,
                   index + to, v.inner);
    }
  });
}

}  // namespace

Dtype scanned_dtype(Scan, Dtype in) { return in <= Dtype::I64 ? Dtype::I64 : in; }

void scan(Scan op, Dtype in, const void* x, const View3& v, void* out) {
  if (is_reduced(in)) {
    int64_t all = v.outer * v.n * v.inner;
    std::unique_ptr<float[]> wide(new float[all]);
    copy_to_dense(x, in, v, wide.get(), Dtype::F32);
    scan_as(op, wide.get(), v.outer, v.n, v.inner);
    return convert(static_cast<char*>(out), in, reinterpret_cast<const char*>(wide.get()), Dtype::F32, all);
  }
  Dtype type = scanned_dtype(op, in);
  copy_to_dense(x, in, v, out, type);
  switch (type) {
    case Dtype::I64: return scan_as(op, static_cast<int64_t*>(out), v.outer, v.n, v.inner);
    case Dtype::F32: return scan_as(op, static_cast<float*>(out), v.outer, v.n, v.inner);
    case Dtype::F64: return scan_as(op, static_cast<double*>(out), v.outer, v.n, v.inner);
    case Dtype::C64: return scan_as(op, static_cast<std::complex<float>*>(out), v.outer, v.n, v.inner);
    default: return scan_as(op, static_cast<std::complex<double>*>(out), v.outer, v.n, v.inner);
  }
}

void scan_extremum(bool largest, Dtype in, const void* x, const View3& v, void* values, int64_t* index) {
  if (is_reduced(in)) {
    int64_t all = v.outer * v.n * v.inner;
    std::unique_ptr<float[]> wide(new float[2 * all]);
    copy_to_dense(x, in, v, wide.get(), Dtype::F32);
    scan_extremum_as(largest, wide.get(), contiguous_view(v.outer, v.n, v.inner), wide.get() + all, index);
    return convert(static_cast<char*>(values), in, reinterpret_cast<const char*>(wide.get() + all),
                   Dtype::F32, all);
  }
  visit(in, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (math::Real<T>)
      scan_extremum_as(largest, static_cast<const T*>(x), v, static_cast<T*>(values), index);
  });
}

}  // namespace adjoint
