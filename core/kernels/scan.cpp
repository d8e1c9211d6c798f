// Running sums, products and extrema. Rows run in parallel, a long one in blocks of fixed size; columns that lie side by
// side advance together. Floats run in double, as in PyTorch; in a row of n the order of additions has a depth of at most
// 5 + kScanBlock / 8 + n / kScanBlock, so its error is bounded by as many roundings of the type that it runs in.
#include <algorithm>
#include <memory>
#include <type_traits>

#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"
#include "kernels/scan_table.h"

namespace adjoint {

ADJOINT_PICK_TABLE(ScanTable, scan_table)

namespace {

constexpr int64_t kGrain = 16384, kLongRow = 1 << 17;

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
  template <class A> static A step(A a, A x) { return a + x; }
};
struct RunningProd {
  template <class A> static A start() { return A(1); }
  template <class T> static std::complex<T> step(std::complex<T> a, std::complex<T> x) {
    return {a.real() * x.real() - a.imag() * x.imag(), a.real() * x.imag() + a.imag() * x.real()};
  }
};
struct RunningLogSumExp {
  template <class A> static A start() { return A(-__builtin_inf()); }
  template <class A> static A step(A a, A x) { return math::logaddexp(a, x); }
};

// In place over x, contiguous [outer, n, inner]: complex numbers.
template <class Op, class T> void scan_in_place(T* x, int64_t outer, int64_t n, int64_t inner) {
  using A = typename Wider<T>::type;
  const int64_t grain = kGrain / (n + 1);
  parallel_for(outer * inner, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* p = x + r / inner * n * inner + r % inner;
      A sum = Op::template start<A>();
      for (int64_t k = 0; k < n; ++k, p += inner) *p = T(sum = Op::step(sum, A(*p)));
    }
  });
}
template <class T> void scan_complex(Scan op, T* x, int64_t outer, int64_t n, int64_t inner) {
  if (op == Scan::Sum) return scan_in_place<RunningSum>(x, outer, n, inner);
  if (op == Scan::Prod) return scan_in_place<RunningProd>(x, outer, n, inner);
  scan_in_place<RunningLogSumExp>(x, outer, n, inner);
}

void copy_to_dense(const void* x, Dtype in, const View3& v, void* out, Dtype type) {
  int64_t size = int64_t(item_size(in)), to = int64_t(item_size(type));
  int64_t sizes[3] = {v.outer, v.n, v.inner}, dst[3] = {v.n * v.inner * to, v.inner * to, to};
  int64_t src[3] = {v.outer_stride * size, v.n_stride * size, v.inner_stride * size};
  copy_strided(3, sizes, static_cast<char*>(out), dst, type, static_cast<const char*>(x), src, in);
}

const ScanKernels<float, double>& kernels_of(const float*) { return scan_table().f32; }
const ScanKernels<double, double>& kernels_of(const double*) { return scan_table().f64; }
const ScanKernels<int64_t, int64_t>& kernels_of(const int64_t*) { return scan_table().i64; }

double join(Scan op, double a, double b) {
  return op == Scan::Sum ? a + b : op == Scan::Prod ? a * b : math::logaddexp(a, b);
}
int64_t join(Scan op, int64_t a, int64_t b) { return op == Scan::Sum ? a + b : a * b; }

// Blocks of a row from `before` on; they are cut by the row alone, so that it does not matter who scans them.
template <class T, class A> A scan_blocks(Scan op, const T* x, int64_t n, A before, T* y) {
  const auto block = kernels_of(x).block;
  for (int64_t i = 0; i < n; i += kScanBlock)
    before = join(op, before, block(op, x + i, std::min(kScanBlock, n - i), before, y + i));
  return before;
}
// The totals of the blocks first, then all of them at once.
template <class T, class A> void scan_long_row(Scan op, const T* x, int64_t n, A none, T* y) {
  const auto block = kernels_of(x).block;
  const int64_t blocks = (n + kScanBlock - 1) / kScanBlock;
  std::unique_ptr<A[]> before(new A[size_t(blocks)]);
  parallel_for(blocks - 1, 4, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      before[b + 1] = block(op, x + b * kScanBlock, kScanBlock, none, static_cast<T*>(nullptr));
  });
  before[0] = none;
  for (int64_t b = 1; b < blocks; ++b) before[b] = join(op, before[b - 1], before[b]);
  parallel_for(blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      block(op, x + b * kScanBlock, std::min(kScanBlock, n - b * kScanBlock), before[b], y + b * kScanBlock);
  });
}
template <class T> void scan_rows(Scan op, const T* x, int64_t rows, int64_t row_stride, int64_t n, T* y) {
  using A = typename Wider<T>::type;
  const A none = op == Scan::Sum ? A(0) : op == Scan::Prod ? A(1) : A(-__builtin_inf());
  if (rows < num_threads() && n >= kLongRow && num_threads() > 1) {
    for (int64_t r = 0; r < rows; ++r) scan_long_row(op, x + r * row_stride, n, none, y + r * n);
    return;
  }
  parallel_for(rows, kGrain / (n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) scan_blocks(op, x + r * row_stride, n, none, y + r * n);
  });
}

// f(plane, first column, columns): tiles of columns that lie side by side.
template <class F> void for_tiles(const View3& v, F f) {
  const int64_t tiles = (v.inner + kScanTile - 1) / kScanTile;
  const int64_t grain = kGrain / (v.n * std::min(v.inner, kScanTile) + 1);
  parallel_for(v.outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t first = t % tiles * kScanTile;
      f(t / tiles, first, std::min(kScanTile, v.inner - first));
    }
  });
}

// y is contiguous; x may be y.
template <class T> void scan_as(Scan op, const T* x, const View3& v, T* y) {
  if (v.inner == 1) return scan_rows(op, x, v.outer, v.outer_stride, v.n, y);
  for_tiles(v, [&](int64_t o, int64_t first, int64_t width) {
    kernels_of(x).columns(op, x + o * v.outer_stride + first, v.n, v.n_stride, width,
                          y + o * v.n * v.inner + first, v.inner);
  });
}
bool is_direct(const View3& v) { return v.inner == 1 ? v.n_stride == 1 : v.inner_stride == 1; }

template <class T> void scan_to(Scan op, Dtype in, const void* x, const View3& v, T* y) {
  if (in == dtype_of<T> && is_direct(v)) return scan_as(op, static_cast<const T*>(x), v, y);
  copy_to_dense(x, in, v, y, dtype_of<T>);
  scan_as(op, y, contiguous_view(v.outer, v.n, v.inner), y);
}

const ExtremumKernels<float>& extremum_of(const float*) { return scan_table().extremum_f32; }
const ExtremumKernels<double>& extremum_of(const double*) { return scan_table().extremum_f64; }
const ExtremumKernels<int32_t>& extremum_of(const int32_t*) { return scan_table().extremum_i32; }
const ExtremumKernels<int64_t>& extremum_of(const int64_t*) { return scan_table().extremum_i64; }

template <class T>
void scan_extremum_as(bool largest, const T* x, const View3& v, T* values, int64_t* index) {
  const auto& kernels = extremum_of(x);
  if (v.inner == 1)
    return parallel_for(v.outer, kGrain / (v.n + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r)
        kernels.row(largest, x + r * v.outer_stride, v.n, values + r * v.n, index + r * v.n);
    });
  for_tiles(v, [&](int64_t o, int64_t first, int64_t width) {
    const int64_t to = o * v.n * v.inner + first;
    kernels.columns(largest, x + o * v.outer_stride + first, v.n, v.n_stride, width, values + to, index + to,
                    v.inner);
  });
}
// Other types by one that holds all their values.
template <class T>
void scan_extremum_to(bool largest, Dtype in, const void* x, const View3& v, void* values, int64_t* index) {
  if (in == dtype_of<T> && is_direct(v))
    return scan_extremum_as(largest, static_cast<const T*>(x), v, static_cast<T*>(values), index);
  const int64_t all = v.outer * v.n * v.inner;
  const View3 dense = contiguous_view(v.outer, v.n, v.inner);
  std::unique_ptr<T[]> wide(new T[size_t(all)]);
  copy_to_dense(x, in, v, wide.get(), dtype_of<T>);
  if (in == dtype_of<T>) return scan_extremum_as(largest, wide.get(), dense, static_cast<T*>(values), index);
  std::unique_ptr<T[]> found(new T[size_t(all)]);
  scan_extremum_as(largest, wide.get(), dense, found.get(), index);
  convert(static_cast<char*>(values), in, reinterpret_cast<const char*>(found.get()), dtype_of<T>, all);
}

}  // namespace

Dtype scanned_dtype(Scan, Dtype in) { return in <= Dtype::I64 ? Dtype::I64 : in; }

void scan(Scan op, Dtype in, const void* x, const View3& v, void* out) {
  const int64_t all = v.outer * v.n * v.inner;
  if (is_reduced(in)) {
    std::unique_ptr<float[]> wide(new float[size_t(all)]);
    scan_to(op, in, x, v, wide.get());
    return convert(static_cast<char*>(out), in, reinterpret_cast<const char*>(wide.get()), Dtype::F32, all);
  }
  switch (scanned_dtype(op, in)) {
    case Dtype::I64: return scan_to(op, in, x, v, static_cast<int64_t*>(out));
    case Dtype::F32: return scan_to(op, in, x, v, static_cast<float*>(out));
    case Dtype::F64: return scan_to(op, in, x, v, static_cast<double*>(out));
    default: break;
  }
  copy_to_dense(x, in, v, out, in);
  if (in == Dtype::C64)
    return scan_complex(op, static_cast<std::complex<float>*>(out), v.outer, v.n, v.inner);
  scan_complex(op, static_cast<std::complex<double>*>(out), v.outer, v.n, v.inner);
}

void scan_extremum(bool largest, Dtype in, const void* x, const View3& v, void* values, int64_t* index) {
  if (v.outer * v.n * v.inner == 0) return;
  switch (in) {
    case Dtype::F64: return scan_extremum_to<double>(largest, in, x, v, values, index);
    case Dtype::I64: return scan_extremum_to<int64_t>(largest, in, x, v, values, index);
    case Dtype::F32:
    case Dtype::F16:
    case Dtype::BF16: return scan_extremum_to<float>(largest, in, x, v, values, index);
    default: return scan_extremum_to<int32_t>(largest, in, x, v, values, index);
  }
}

}  // namespace adjoint
