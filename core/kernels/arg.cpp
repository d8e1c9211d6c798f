// Positions of extrema. Columns that lie side by side: in one pass (arg.isa.cpp). Else the extremum first
// (reduce), then a search for where it stands.
#include <memory>

#include "kernels/arg_table.h"
#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/math.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"

namespace adjoint {

ADJOINT_PICK_TABLE(ArgTable, arg_table)

namespace {

constexpr int64_t kBlock = 16384, kGrain = 32768;

// The first position of v among n elements (NaN finds NaN), or n. Looks at 64 at a time, without branches.
template <class T> int64_t find(const T* x, int64_t stride, int64_t n, T v) {
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

template <class T> int64_t find_in_row(const T* x, int64_t stride, int64_t n, T v) {
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

template <class T> void find_rows(const T* x, const View3& v, const T* values, int64_t* index) {
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

template <class T> ArgColumns<T> columns_kernel() {
  const ArgTable& t = arg_table();
  if constexpr (std::is_same_v<T, float>)
    return t.f32;
  else if constexpr (std::is_same_v<T, double>)
    return t.f64;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return t.u8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return t.i8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return t.i16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return t.i32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return t.i64;
  else
    return nullptr;
}

// Columns side by side, tile by tile.
template <class T>
void arg_columns(ArgColumns<T> kernel, bool largest, const T* x, const View3& v, int64_t* index, T* values) {
  int64_t tile = v.inner < kArgTile ? v.inner : kArgTile, tiles = (v.inner + kArgTile - 1) / kArgTile,
          grain = kGrain / (v.n * tile + 8);
  parallel_for(v.outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    T best[kArgTile];
    int32_t rows[kArgTile];
    for (int64_t t = begin; t < end; ++t) {
      int64_t o = t / tiles, first = t % tiles * kArgTile, left = v.inner - first,
              w = left < kArgTile ? left : kArgTile, to = o * v.inner + first;
      kernel(largest, x + o * v.outer_stride + first, v.n, v.n_stride, w, best, rows);
      for (int64_t i = 0; i < w; ++i) index[to + i] = rows[i];
      if (values)
        for (int64_t i = 0; i < w; ++i) values[to + i] = best[i];
    }
  });
}

template <class T>
void reduce_arg_as(bool largest, const T* x, const View3& view, int64_t* index, T* values) {
  int64_t count = view.outer * view.inner;
  if (count == 0) return;
  if (auto kernel = columns_kernel<T>();
      kernel && view.inner > 4 && view.inner_stride == 1 && view.n <= INT32_MAX)
    return arg_columns(kernel, largest, x, view, index, values);
  T few[64];
  std::unique_ptr<T[]> heap(!values && count > 64 ? new T[count] : nullptr);
  if (!values) values = heap ? heap.get() : few;
  reduce(largest ? Reduction::Max : Reduction::Min, dtype_of<T>, x, view, values);
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
