// Softmax over any view: dense rows and dense columns go straight to the kernels, everything else by way of a
// dense copy.
#include <memory>

#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"
#include "kernels/softmax_table.h"

namespace adjoint {

ADJOINT_PICK_TABLE(SoftmaxTable, softmax_table)

namespace {

constexpr int64_t kGrain = 8192;

template <class T> const SoftmaxKernels<T>& softmax_kernels() {
  if constexpr (sizeof(T) == 4)
    return softmax_table().f32;
  else
    return softmax_table().f64;
}

// f(outer index, first column, width) over tiles of columns.
template <class F> void for_tiles(int64_t outer, int64_t n, int64_t inner, F f) {
  int64_t tiles = (inner + kSoftmaxTile - 1) / kSoftmaxTile,
          width = inner < kSoftmaxTile ? inner : kSoftmaxTile;
  int64_t grain = kGrain / (n * width + 1);
  parallel_for(outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t first = t % tiles * kSoftmaxTile;
      f(t / tiles, first, inner - first < kSoftmaxTile ? inner - first : kSoftmaxTile);
    }
  });
}

// True when done.
template <class T> bool softmax_direct(bool log, const T* x, const View3& v, T* y) {
  const auto& kernels = softmax_kernels<T>();
  if (v.inner == 1 && v.n_stride == 1) {
    int64_t grain = kGrain / (v.n + 1);
    parallel_for(v.outer, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
      kernels.rows(log, x + begin * v.outer_stride, end - begin, v.outer_stride, v.n, y + begin * v.n);
    });
    return true;
  }
  if (v.inner_stride != 1 || v.inner == 1) return false;
  for_tiles(v.outer, v.n, v.inner, [&](int64_t o, int64_t first, int64_t width) {
    kernels.cols(log, x + o * v.outer_stride + first, v.n, v.n_stride, width, y + o * v.n * v.inner + first,
                 v.inner);
  });
  return true;
}

template <class T> void softmax_as(bool log, Dtype dtype, const void* x, const View3& v, void* y) {
  if (dtype == dtype_of<T> && softmax_direct(log, static_cast<const T*>(x), v, static_cast<T*>(y))) return;
  int64_t all = v.outer * v.n * v.inner, item = int64_t(item_size(dtype)), wide_item = sizeof(T);
  std::unique_ptr<T[]> wide(new T[2 * all]);
  int64_t sizes[3] = {v.outer, v.n, v.inner},
          to[3] = {v.n * v.inner * wide_item, v.inner * wide_item, wide_item};
  int64_t from[3] = {v.outer_stride * item, v.n_stride * item, v.inner_stride * item};
  copy_strided(3, sizes, reinterpret_cast<char*>(wide.get()), to, dtype_of<T>, static_cast<const char*>(x),
               from, dtype);
  View3 dense = contiguous_view(v.outer, v.n, v.inner);
  if (v.inner == 1) dense.n_stride = 1;
  T* result = dtype == dtype_of<T> ? static_cast<T*>(y) : wide.get() + all;
  softmax_direct(log, wide.get(), dense, result);
  if (dtype != dtype_of<T>)
    convert(static_cast<char*>(y), dtype, reinterpret_cast<const char*>(result), dtype_of<T>, all);
}

template <class T>
void backward_as(bool log, const T* g, const T* y, int64_t outer, int64_t n, int64_t inner, T* gx) {
  const auto& kernels = softmax_kernels<T>();
  if (inner == 1) {
    int64_t grain = kGrain / (n + 1);
    return parallel_for(outer, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
      kernels.rows_backward(log, g + begin * n, y + begin * n, end - begin, n, gx + begin * n);
    });
  }
  for_tiles(outer, n, inner, [&](int64_t o, int64_t first, int64_t width) {
    int64_t at = o * n * inner + first;
    kernels.cols_backward(log, g + at, y + at, n, inner, width, gx + at);
  });
}

}  // namespace

void softmax(bool log, Dtype dtype, const void* x, const View3& view, void* y) {
  if (view.n == 0 || view.outer == 0 || view.inner == 0) return;
  dtype == Dtype::F64 ? softmax_as<double>(log, dtype, x, view, y)
                      : softmax_as<float>(log, dtype, x, view, y);
}

void softmax_backward(bool log, Dtype dtype, const void* g, const void* y, int64_t outer, int64_t n,
                      int64_t inner, void* gx) {
  if (dtype == Dtype::F64)
    return backward_as(log, static_cast<const double*>(g), static_cast<const double*>(y), outer, n, inner,
                       static_cast<double*>(gx));
  if (dtype == Dtype::F32)
    return backward_as(log, static_cast<const float*>(g), static_cast<const float*>(y), outer, n, inner,
                       static_cast<float*>(gx));
  int64_t all = outer * n * inner;
  std::unique_ptr<float[]> wide(new float[2 * all]);
  float* wide_y = wide.get() + all;
  convert(reinterpret_cast<char*>(wide.get()), Dtype::F32, static_cast<const char*>(g), dtype, all);
  convert(reinterpret_cast<char*>(wide_y), Dtype::F32, static_cast<const char*>(y), dtype, all);
  backward_as(log, wide.get(), wide_y, outer, n, inner, wide.get());
  convert(static_cast<char*>(gx), dtype, reinterpret_cast<const char*>(wide.get()), Dtype::F32, all);
}

}  // namespace adjoint
