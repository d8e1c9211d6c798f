// The blocks and the tree of a reduction (see reduce.cpp for the story).
#include "kernels/fold.h"

#include <limits>
#include <memory>
#include "kernels/copy.h"
#include "kernels/math.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kBlock = 16384;   // elements of a row in a block
constexpr int64_t kRowBlock = 128;  // rows of columns in a block
constexpr int64_t kTile = 1024;  // columns walked together: their accumulators stay in the first-level cache
constexpr int64_t kGathered = 16;  // rows of a tile gathered at once; a multiple of the kernels' four
constexpr int64_t kGrain = 32768;  // elements worth a thread

template <class T> const FoldKernels<T>& kernels_of(Fold op) {
  const ReduceTable& t = reduce_table();
  if constexpr (std::is_same_v<T, float>)
    return t.f32[int(op)];
  else if constexpr (std::is_same_v<T, double>)
    return t.f64[int(op)];
  else if constexpr (std::is_same_v<T, int64_t>)
    return t.i64[int(op)];
  else if constexpr (std::is_same_v<T, int32_t>)
    return t.i32[int(op)];
  else
    return t.u8[int(op)];
}

template <class T> T identity_of(Fold op) {
  constexpr bool floating = std::is_floating_point_v<T>;
  switch (op) {
    case Fold::Prod: return T(1);
    case Fold::Max:
      return floating ? T(-__builtin_inff()) : T(-1) < T(0) ? std::numeric_limits<T>::min() : T(0);
    case Fold::Min:
    case Fold::MinAbs:
      return floating ? T(__builtin_inff()) : T(-1) < T(0) ? std::numeric_limits<T>::max() : T(-1);
    default: return T(0);
  }
}
template <class T> T combine(Fold op, T a, T b) {
  switch (op) {
    case Fold::Prod: return T(a * b);
    case Fold::Max:
    case Fold::MaxAbs: return math::maximum(a, b);
    case Fold::Min:
    case Fold::MinAbs: return math::minimum(a, b);
    default: return T(a + b);
  }
}

template <class T> constexpr Dtype dtype_in() {
  return std::is_same_v<T, uint8_t> ? Dtype::Bool : dtype_of<T>;
}

// Dense T from n elements at a stride.
template <class T> void gather(const Source<T>& s, int64_t offset, int64_t stride, int64_t n, T* to) {
  int64_t item = int64_t(item_size(s.dtype));
  const char* from = static_cast<const char*>(s.x) + offset * item;
  if (s.gather == Gather::Modulus) {
    if constexpr (math::Floating<T>) {
      const T* z = reinterpret_cast<const T*>(from);
      for (int64_t i = 0; i < n; ++i, z += 2 * stride) to[i] = math::hypot(z[0], z[1]);
    }
  } else if (s.gather == Gather::Nonzero && !std::is_same_v<T, uint8_t>) {
    bool flags[512];
    for (int64_t i = 0; i < n; i += 512) {
      int64_t m = n - i < 512 ? n - i : 512;
      convert_strided_1d(reinterpret_cast<char*>(flags), Dtype::Bool, 1, from + i * stride * item, s.dtype,
                         stride * item, m);
      for (int64_t j = 0; j < m; ++j) to[i + j] = T(flags[j]);
    }
  } else {
    convert_strided_1d(reinterpret_cast<char*>(to), dtype_in<T>(), sizeof(T), from, s.dtype, stride * item,
                       n);
  }
}
template <class T> bool is_direct(const Source<T>& s) {
  return s.dtype == dtype_in<T>() && (s.gather == Gather::Value || std::is_same_v<T, uint8_t>);
}

// The kernel that sums rows of this source without a buffer, or null.
template <class T> SumNarrowRows narrow_sum(Fold op, const Source<T>& s) {
  if (!std::is_same_v<T, float> || op != Fold::Sum || s.gather != Gather::Value || s.view.n_stride != 1)
    return nullptr;
  return s.dtype == Dtype::F16    ? reduce_table().half
         : s.dtype == Dtype::BF16 ? reduce_table().bfloat
                                  : nullptr;
}

// The fixed tree: the left half is the largest power of two. Parts are `stride` apart.
template <class T> T tree(Fold op, const T* parts, int64_t n, int64_t stride) {
  if (n == 1) return parts[0];
  int64_t half = 1;
  while (half * 2 < n) half *= 2;
  return combine(op, tree(op, parts, half, stride), tree(op, parts + half * stride, n - half, stride));
}

template <class T> struct Job {
  Fold op;
  const Source<T>& s;
  T* out;
  const T* centre;
  T* out1;
  const FoldKernels<T>& kernels;

  // Block `block` of row (o, i), into *to (and *to1).
  void row_block(int64_t row, int64_t block, T* to, T* to1) const {
    const View3& v = s.view;
    int64_t offset =
        row / v.inner * v.outer_stride + row % v.inner * v.inner_stride + block * kBlock * v.n_stride;
    int64_t n = v.n - block * kBlock < kBlock ? v.n - block * kBlock : kBlock;
    const T* c = centre ? centre + row : nullptr;
    if (is_direct(s) && v.n_stride == 1)
      return kernels.rows(static_cast<const T*>(s.x) + offset, 1, 0, n, c, to, to1);
    if constexpr (std::is_same_v<T, float>) {
      if (SumNarrowRows sum = narrow_sum(op, s))
        return sum(static_cast<const uint16_t*>(s.x) + offset, 1, 0, n, to);
    }
    T buffer[kBlock];
    gather(s, offset, v.n_stride, n, buffer);
    kernels.rows(buffer, 1, 0, n, c, to, to1);
  }
  void rows() const {
    const View3& v = s.view;
    int64_t count = v.outer * v.inner, blocks = (v.n + kBlock - 1) / kBlock;
    if (blocks <= 1) {
      int64_t grain = kGrain / (v.n + 8);
      bool direct = is_direct(s) && v.n_stride == 1 && v.inner == 1;
      return parallel_for(count, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
        if (direct)
          return kernels.rows(static_cast<const T*>(s.x) + begin * v.outer_stride, end - begin,
                              v.outer_stride, v.n, centre ? centre + begin : nullptr, out + begin,
                              out1 ? out1 + begin : nullptr);
        for (int64_t row = begin; row < end; ++row) row_block(row, 0, out + row, out1 ? out1 + row : nullptr);
      });
    }
    std::unique_ptr<T[]> parts(new T[count * blocks * (out1 ? 2 : 1)]);
    T* parts1 = out1 ? parts.get() + count * blocks : nullptr;
    parallel_for(count * blocks, 4, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k)
        row_block(k / blocks, k % blocks, parts.get() + k, parts1 ? parts1 + k : nullptr);
    });
    for (int64_t row = 0; row < count; ++row) {
      out[row] = tree(op, parts.get() + row * blocks, blocks, 1);
      if (out1) out1[row] = tree(op, parts1 + row * blocks, blocks, 1);
    }
  }

  // Rows [begin, end) of columns [first, first + width) of outer index o, added to acc.
  void column_block(int64_t o, int64_t begin, int64_t end, int64_t first, int64_t width, T* acc,
                    T* acc1) const {
    const View3& v = s.view;
    int64_t offset = o * v.outer_stride + begin * v.n_stride + first * v.inner_stride;
    const T* c = centre ? centre + o * v.inner + first : nullptr;
    if (is_direct(s) && v.inner_stride == 1)
      return kernels.cols(static_cast<const T*>(s.x) + offset, end - begin, v.n_stride, width, c, acc, acc1);
    T buffer[kGathered * kTile];
    for (int64_t k = begin; k < end; k += kGathered) {
      int64_t m = end - k < kGathered ? end - k : kGathered;
      for (int64_t j = 0; j < m; ++j, offset += v.n_stride)
        gather(s, offset, v.inner_stride, width, buffer + j * width);
      kernels.cols(buffer, m, width, width, c, acc, acc1);
    }
  }
  void start(T* acc, T* acc1, int64_t n) const {
    for (int64_t i = 0; i < n; ++i) acc[i] = identity_of<T>(op);
    if (acc1)
      for (int64_t i = 0; i < n; ++i) acc1[i] = T(0);
  }
  void columns() const {
    const View3& v = s.view;
    int64_t blocks = (v.n + kRowBlock - 1) / kRowBlock, tiles = (v.inner + kTile - 1) / kTile,
            count = v.outer * v.inner;
    if (blocks < 1) blocks = 1;
    std::unique_ptr<T[]> heap(blocks > 1 ? new T[count * blocks * (out1 ? 2 : 1)] : nullptr);
    T *parts = heap ? heap.get() : out, *parts1 = !out1 ? nullptr : heap ? heap.get() + count * blocks : out1;
    int64_t rows = v.n < kRowBlock ? v.n : kRowBlock, width = v.inner < kTile ? v.inner : kTile;
    int64_t grain = kGrain / (rows * width + 8);
    parallel_for(v.outer * blocks * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) {
        int64_t tile = k % tiles, block = k / tiles % blocks, o = k / tiles / blocks, first = tile * kTile;
        int64_t w = v.inner - first < kTile ? v.inner - first : kTile,
                at = (o * blocks + block) * v.inner + first;
        int64_t last = (block + 1) * kRowBlock < v.n ? (block + 1) * kRowBlock : v.n;
        start(parts + at, parts1 ? parts1 + at : nullptr, w);
        column_block(o, block * kRowBlock, last, first, w, parts + at, parts1 ? parts1 + at : nullptr);
      }
    });
    if (!heap) return;
    join(parts, out, blocks);
    if (parts1) join(parts1, out1, blocks);
  }
  // Combines the blocks of every column, pair by pair, in place.
  void join(T* parts, T* result, int64_t blocks) const {
    const View3& v = s.view;
    int64_t tiles = (v.inner + kTile - 1) / kTile,
            grain = kGrain / (blocks * (v.inner < kTile ? v.inner : kTile));
    parallel_for(v.outer * tiles, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; ++k) {
        int64_t o = k / tiles, first = k % tiles * kTile,
                w = v.inner - first < kTile ? v.inner - first : kTile;
        T* p = parts + o * blocks * v.inner + first;
        for (int64_t step = 1; step < blocks; step *= 2)
          for (int64_t b = 0; b + step < blocks; b += 2 * step)
            add_row(p + b * v.inner, p + (b + step) * v.inner, w);
        for (int64_t i = 0; i < w; ++i) result[o * v.inner + first + i] = p[i];
      }
    });
  }
  void add_row(T* a, const T* b, int64_t n) const {
    if (op == Fold::Sum || op == Fold::Moments)
      for (int64_t i = 0; i < n; ++i) a[i] = T(a[i] + b[i]);
    else
      for (int64_t i = 0; i < n; ++i) a[i] = combine(op, a[i], b[i]);
  }
};

// Few dense columns: so many rows together make one wide row, and the wide columns are folded at the end.
template <class T> bool widen(const Job<T>& job) {
  const View3& v = job.s.view;
  constexpr int64_t kWide = 64;
  if (v.inner >= kWide / 2 || v.inner_stride != 1 || v.n_stride != v.inner || job.centre || job.out1)
    return false;
  int64_t group = kWide / v.inner, wide_n = v.n / group, wide = group * v.inner;
  if (wide_n < 4) return false;
  std::unique_ptr<T[]> acc(new T[v.outer * wide]);
  Source<T> s = job.s;
  s.view = {v.outer, wide_n, wide, v.outer_stride, wide, 1};
  Job<T>{job.op, s, acc.get(), nullptr, nullptr, job.kernels}.columns();
  for (int64_t o = 0; o < v.outer; ++o) {
    T *from = acc.get() + o * wide, *to = job.out + o * v.inner;
    for (int64_t i = 0; i < v.inner; ++i) to[i] = tree(job.op, from + i, group, v.inner);
    if (wide_n * group < v.n) job.column_block(o, wide_n * group, v.n, 0, v.inner, to, nullptr);
  }
  return true;
}

}  // namespace

template <class T> void fold(Fold op, const Source<T>& source, T* out, const T* centre, T* out1) {
  const View3& v = source.view;
  if (v.outer == 0 || v.inner == 0) return;
  Job<T> job{op, source, out, centre, out1, kernels_of<T>(op)};
  if (v.inner == 1 || (v.n_stride == 1 && v.inner_stride != 1)) {
    if (v.n == 0)
      job.start(out, out1, v.outer * v.inner);
    else
      job.rows();
  } else if (!widen(job)) {
    job.columns();
  }
}
template void fold(Fold, const Source<float>&, float*, const float*, float*);
template void fold(Fold, const Source<double>&, double*, const double*, double*);
template void fold(Fold, const Source<int64_t>&, int64_t*, const int64_t*, int64_t*);
template void fold(Fold, const Source<int32_t>&, int32_t*, const int32_t*, int32_t*);
template void fold(Fold, const Source<uint8_t>&, uint8_t*, const uint8_t*, uint8_t*);

}  // namespace adjoint
