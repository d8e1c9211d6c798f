// Runs a pointwise loop over any number of broadcast, strided, differently typed operands.
#include "device/cpu/flat.h"
#include "device/cpu/narrow.h"
#include "device/cpu/work.h"
#include "kernels/copy.h"
#include "kernels/parallel.h"
#include "kernels/stream.h"

namespace adjoint::cpu {
namespace {

constexpr int64_t kGrain = 32768;  // elements a thread takes at least
constexpr int64_t kChunk = 512;    // elements cast at a time

// Dimensions in the order of the result's strides, the innermost first, merged where every operand allows it.
struct StridedLoop {
  int count = 0;  // operands
  Dims sizes;
  Dims strides[kMaxLoopOperands];  // bytes, per dimension
};

void gather(StridedLoop& l, Ints shape, std::span<const RawOperand> ops) {
  l.count = int(ops.size());
  int n = int(shape.size());
  for (int d = n - 1; d >= 0; --d) {
    if (shape[size_t(d)] == 1) continue;
    l.sizes.push_back(shape[size_t(d)]);
    for (int k = 0; k < l.count; ++k) {
      const TensorImpl* t = ops[size_t(k)].tensor;
      int at = t ? d - (n - t->ndim) : -1;
      int64_t st = at >= 0 && t->size(at) != 1 ? t->stride(at) * int64_t(item_size(ops[size_t(k)].dtype)) : 0;
      l.strides[k].push_back(st);
    }
  }
}

void sort_by_result(StridedLoop& l) {
  for (int64_t i = 1; i < l.sizes.size(); ++i)
    for (int64_t j = i; j > 0 && l.strides[0][j] < l.strides[0][j - 1]; --j) {
      std::swap(l.sizes[j], l.sizes[j - 1]);
      for (int k = 0; k < l.count; ++k) std::swap(l.strides[k][j], l.strides[k][j - 1]);
    }
}

void merge(StridedLoop& l) {
  if (l.sizes.empty()) {
    l.sizes.push_back(1);
    for (int k = 0; k < l.count; ++k) l.strides[k].push_back(0);
    return;
  }
  int64_t w = 0;
  for (int64_t i = 1; i < l.sizes.size(); ++i) {
    bool fits = true;
    for (int k = 0; k < l.count; ++k) fits &= l.strides[k][i] == l.strides[k][w] * l.sizes[w];
    if (fits) {
      l.sizes[w] *= l.sizes[i];
    } else {
      ++w;
      l.sizes[w] = l.sizes[i];
      for (int k = 0; k < l.count; ++k) l.strides[k][w] = l.strides[k][i];
    }
  }
  l.sizes.resize(w + 1);
  for (int k = 0; k < l.count; ++k) l.strides[k].resize(w + 1);
}

// One run along the innermost dimension, cast through buffers.
void run_cast(Loop loop, std::span<const RawOperand> ops, char* const* ptrs, const int64_t* strides,
              int64_t n) {
  alignas(64) char buffer[kMaxLoopOperands][kChunk * 16];
  int count = int(ops.size());
  for (int64_t i = 0; i < n; i += kChunk) {
    int64_t m = std::min(kChunk, n - i);
    char* p[kMaxLoopOperands];
    int64_t st[kMaxLoopOperands];
    for (int k = 0; k < count; ++k) {
      const RawOperand& o = ops[size_t(k)];
      if (o.dtype == o.kernel) {
        p[k] = ptrs[k] + i * strides[k];
        st[k] = strides[k];
        continue;
      }
      p[k] = buffer[k];
      st[k] = int64_t(item_size(o.kernel));
      if (k == 0) continue;
      if (strides[k] == 0) {
        st[k] = 0;
        convert_strided_1d(p[k], o.kernel, st[0], ptrs[k], o.dtype, 0, 1);
      } else {
        convert_strided_1d(p[k], o.kernel, st[k], ptrs[k] + i * strides[k], o.dtype, strides[k], m);
      }
    }
    loop(p, st, m);
    if (ops[0].dtype != ops[0].kernel)
      convert_strided_1d(ptrs[0] + i * strides[0], ops[0].dtype, strides[0], p[0], ops[0].kernel, st[0], m);
  }
}

void run_range(Loop loop, const StridedLoop& l, std::span<const RawOperand> ops, bool casts, int64_t begin,
               int64_t end) {
  int64_t dims = l.sizes.size(), inner = l.sizes[0];
  Dims at(dims);
  int64_t rest = begin;
  char* p[kMaxLoopOperands];
  for (int k = 0; k < l.count; ++k) p[k] = ops[size_t(k)].data;
  for (int64_t d = 0; d < dims; ++d) {
    at[d] = rest % l.sizes[d];
    rest /= l.sizes[d];
    for (int k = 0; k < l.count; ++k) p[k] += at[d] * l.strides[k][d];
  }
  int64_t st[kMaxLoopOperands];
  for (int k = 0; k < l.count; ++k) st[k] = l.strides[k][0];
  while (begin < end) {
    int64_t m = std::min(inner - at[0], end - begin);
    if (casts)
      run_cast(loop, ops, p, st, m);
    else
      loop(p, st, m);
    begin += m;
    at[0] += m;
    for (int k = 0; k < l.count; ++k) p[k] += m * st[k];
    for (int64_t d = 0; d + 1 < dims && at[d] == l.sizes[d]; ++d) {
      for (int k = 0; k < l.count; ++k) p[k] += l.strides[k][d + 1] - l.sizes[d] * l.strides[k][d];
      at[d] = 0;
      ++at[d + 1];
    }
  }
}

// Whether a dense result is large enough to be streamed. One that is read, too, is in the cache already.
bool streams(char* const* ptrs, const int64_t* strides, int count, int64_t n) {
  if (strides[0] < 1 || strides[0] > 8 || n * strides[0] < kStreamBytes) return false;
  for (int k = 1; k < count; ++k)
    if (ptrs[k] == ptrs[0]) return false;
  return true;
}

// The loop a piece at a time into a buffer that stays in the cache, and from there to memory.
void run_streaming(Loop loop, char* const* ptrs, const int64_t* strides, int count, int64_t begin,
                   int64_t end) {
  constexpr int64_t kPiece = 1024;
  alignas(64) char buffer[kPiece * 8];
  char* p[kMaxLoopOperands];
  p[0] = buffer;
  for (int64_t i = begin; i < end; i += kPiece) {
    int64_t m = std::min(kPiece, end - i);
    for (int k = 1; k < count; ++k) p[k] = ptrs[k] + i * strides[k];
    loop(p, strides, m);
    stream_copy(ptrs[0] + i * strides[0], buffer, m * strides[0]);
  }
  stream_fence();
}

}  // namespace

namespace {

void run_strided(Loop loop, Ints shape, int64_t n, std::span<const RawOperand> ops) {
  StridedLoop l;
  gather(l, shape, ops);
  sort_by_result(l);
  merge(l);
  bool casts = false;
  for (const RawOperand& o : ops) casts |= o.dtype != o.kernel;
  if (n < kLargeWork) return run_range(loop, l, ops, casts, 0, n);
  if (l.sizes.size() == 1 && !casts && l.strides[0][0] == int64_t(item_size(ops[0].dtype))) {
    char* p[kMaxLoopOperands];
    int64_t st[kMaxLoopOperands];
    for (int k = 0; k < l.count; ++k) p[k] = ops[size_t(k)].data, st[k] = l.strides[k][0];
    return run_flat(loop, p, st, l.count, n);
  }
  Work work(n);
  parallel_for(n, kGrain, [&](int64_t b, int64_t e) { run_range(loop, l, ops, casts, b, e); });
}

// Whether every operand is dense in the result's order, or one value: then `st` has its step in bytes.
bool is_flat(std::span<const RawOperand> ops, int64_t* st) {
  const TensorImpl& y = *ops[0].tensor;
  for (size_t k = 0; k < ops.size(); ++k) {
    const RawOperand& o = ops[k];
    st[k] = 0;
    if (!o.tensor) continue;
    const TensorImpl& t = *o.tensor;
    if (o.dtype != o.kernel) return false;
    if (t.contiguous() && same_sizes(t, y))
      st[k] = int64_t(item_size(o.dtype));
    else if (k == 0 || !(t.numel == 1 || (is_spread(t) && same_sizes(t, y))))
      return false;
  }
  return true;
}

}  // namespace

void pointwise(const FormulaLoop& f, std::span<const LoopOperand> xs) {
  const TensorImpl& y = *xs[0].tensor;
  if (y.numel == 0) return;
  RawOperand ops[kMaxLoopOperands];
  for (size_t k = 0; k < xs.size(); ++k) {
    const LoopOperand& x = xs[k];
    if (x.tensor)
      ops[k] = {x.tensor->host(), x.tensor, x.tensor->dtype, x.kernel};
    else
      ops[k] = {const_cast<char*>(x.number), nullptr, x.kernel, x.kernel};
  }
  std::span<RawOperand> all(ops, xs.size());
  NarrowNumbers numbers;
  Loop loop = f.part >= 0                    ? f.kernels.pull[f.part][f.compute]
              : f.part == FormulaLoop::kTail ? f.kernels.tail[f.compute]
              : f.compute == CI64            ? narrow_twin(f.kernels, all, numbers)
                                             : f.kernels.value[f.compute];
  if (int64_t st[kMaxLoopOperands]; is_flat(all, st)) {
    char* p[kMaxLoopOperands];
    for (size_t k = 0; k < all.size(); ++k) p[k] = ops[k].data;
    return run_flat(loop, p, st, int(all.size()), y.numel);
  }
  run_strided(loop, y.sizes(), y.numel, all);
}

void run_flat(Loop loop, char* const* ptrs, const int64_t* strides, int count, int64_t n) {
  if (n < kLargeWork) return loop(ptrs, strides, n);
  Work work(n);
  if (streams(ptrs, strides, count, n)) {
    return parallel_for(n, kGrain,
                        [&](int64_t b, int64_t e) { run_streaming(loop, ptrs, strides, count, b, e); });
  }
  parallel_for(n, kGrain, [&](int64_t b, int64_t e) {
    char* p[kMaxLoopOperands];
    for (int k = 0; k < count; ++k) p[k] = ptrs[k] + b * strides[k];
    loop(p, strides, e - b);
  });
}

}  // namespace adjoint::cpu
