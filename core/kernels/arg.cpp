// Positions of extrema: the extremum first (reduce), then a search for where it stands.
#include <memory>

#include "kernels/copy.h"
#include "kernels/math.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"

namespace adjoint {
namespace {

constexpr int64_t kBlock = 16384, kTile = 512, kGrain = 32768;

// The first position of v among n elements (NaN finds NaN), or n. Looks at 64 at a time, without branches.
template <class T>
int64_t find(const T* x, int64_t stride, int64_t n, T v) {
  bool nan = math::isnan(v);
  auto hit = [&](int64_t i) { return nan ? math::isnan(x[i * stride]) : x[i * stride] == v; };
  int64_t i = 0;
  if (stride == 1 && !nan) {
    for (; i + 64 <= n; i += 64) {
      int any = 0;
      for (int64_t j = 0; j < 64; ++j) any |= x[i + j] == v;
      if (any) break;
    }
  }
  for (; i < n; ++i)
    if (hit(i)) return i;
  return n;
}

template <class T>
int64_t find_in_row(const T* x, int64_t stride, int64_t n, T v) {
  int64_t blocks = (n + kBlock - 1) / kBlock;
  if (blocks <= 8) return find(x, stride, n, v);
  std::unique_ptr<int64_t[]> at(new int64_t[blocks]);
  parallel_chunks(blocks, [&](int64_t b) {
    int64_t m = n - b * kBlock < kBlock ? n - b * kBlock : kBlock,
            i = find(x + b * kBlock * stride, stride, m, v);
    at[b] = i < m ? b * kBlock + i : n;
  });
  for (int64_t b = 0; b < blocks; ++b)
    if (at[b] < n) return at[b];
  return n;
}

template <class T>
void find_rows(const T* x, const View3& v, const T* values, int64_t* index) {
  int64_t count = v.outer * v.inner, grain = kGrain / (v.n + 8);
  auto row = [&](int64_t r) { return x + r / v.inner * v.outer_stride + r % v.inner * v.inner_stride; };
  if (count == 1) {
    *index = find_in_row(x, v.n_stride, v.n, *values);
    return;
  }
  parallel_for(count, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) index[r] = find(row(r), v.n_stride, v.n, values[r]);
  });
}

// Columns side by side: walked row by row, from the last, so that the first hit remains. Rows are counted in
// 32 bits where they can be: as wide as a float, they take one vector operation and not three.
template <class T, class Row>
void find_tile(const T* top, const View3& v, const T* value, int64_t width, int64_t* index) {
  Row at[kTile] = {};
  for (int64_t k = v.n - 1; k >= 0; --k) {
    const T* p = top + k * v.n_stride;
    for (int64_t i = 0; i < width; ++i)
      at[i] = (p[i] == value[i]) | ((p[i] != p[i]) & (value[i] != value[i])) ? Row(k) : at[i];
  }
  for (int64_t i = 0; i < width; ++i) index[i] = at[i];
}
template <class T>
void find_columns(const T* x, const View3& v, const T* values, int64_t* index) {
  int64_t tiles = (v.inner + kTile - 1) / kTile,
          grain = kGrain / (v.n * (v.inner < kTile ? v.inner : kTile) + 8);
  parallel_for(v.outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      int64_t o = t / tiles, first = t % tiles * kTile, w = v.inner - first < kTile ? v.inner - first : kTile;
      const T *top = x + o * v.outer_stride + first, *value = values + o * v.inner + first;
      auto find = v.n <= INT32_MAX && sizeof(T) <= 4 ? find_tile<T, int32_t> : find_tile<T, int64_t>;
      find(top, v, value, w, index + o * v.inner + first);
    }
  });
}

template <class T>
void reduce_arg_as(bool largest, const T* x, const View3& view, int64_t* index, T* values) {
  int64_t count = view.outer * view.inner;
  if (count == 0) return;
  T few[64];
  std::unique_ptr<T[]> heap(!values && count > 64 ? new T[count] : nullptr);
  if (!values) values = heap ? heap.get() : few;
  reduce(largest ? Reduction::Max : Reduction::Min, dtype_of<T>, x, view, values);
  if (view.inner > 4 && view.inner_stride == 1)
    find_columns(x, view, values, index);
  else
    find_rows(x, view, values, index);
}

}  // namespace

void reduce_arg(bool largest, Dtype in, const void* x, const View3& view, int64_t* index, void* values) {
  visit(in, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (math::Real<T>) {
      reduce_arg_as(largest, static_cast<const T*>(x), view, index, static_cast<T*>(values));
    } else if constexpr (sizeof(T) == 2) {  // 16-bit floats compare as floats
      int64_t sizes[3] = {view.outer, view.n, view.inner}, all = view.outer * view.n * view.inner;
      int64_t from[3] = {view.outer_stride * 2, view.n_stride * 2, view.inner_stride * 2};
      int64_t to[3] = {view.n * view.inner * 4, view.inner * 4, 4}, count = view.outer * view.inner;
      std::unique_ptr<float[]> wide(new float[all + count]);
      float* value = wide.get() + all;
      copy_strided(3, sizes, reinterpret_cast<char*>(wide.get()), to, Dtype::F32, static_cast<const char*>(x),
                   from, in);
      reduce_arg_as(largest, wide.get(), contiguous_view(view.outer, view.n, view.inner), index, value);
      if (values)
        convert(static_cast<char*>(values), in, reinterpret_cast<const char*>(value), Dtype::F32, count);
    }
  });
}

}  // namespace adjoint
