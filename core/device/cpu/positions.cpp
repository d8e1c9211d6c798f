// Elements at positions that several index tensors, or overlapping strides, give.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>
#include "device/cpu/by_size.h"
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "kernels/parallel.h"
#include "tensor/geometry.h"

namespace adjoint::cpu {
namespace {

constexpr int64_t kGrain = 8192;  // elements that are worth a thread

// In x, in elements, of indices [begin, end).
void write_offsets(const Positions& a, int64_t begin, int64_t end, int64_t* to) {
  std::fill(to, to + (end - begin), 0);
  for (const IndexTensor& t : a.indices) {
    const int64_t* p = t.index->host_as<int64_t>() + begin;
    for (int64_t k = 0; k < end - begin; ++k) {
      const int64_t i = p[k];
      if (uint64_t(i + t.size) >= uint64_t(2 * t.size)) [[unlikely]]
        fail(ErrorKind::Index, "index ", i, " is out of bounds for dimension ", t.dim, " with size ", t.size);
      to[k] += (i < 0 ? i + t.size : i) * t.stride;
    }
  }
}
std::unique_ptr<int64_t[]> offsets_of(const Positions& a) {
  const int64_t n = numel_of(a.index_shape);
  std::unique_ptr<int64_t[]> offsets(new int64_t[size_t(n)]);
  parallel_for(n, kGrain,
               [&](int64_t begin, int64_t end) { write_offsets(a, begin, end, offsets.get() + begin); });
  return offsets;
}

// Offsets in x of every index over some of its dimensions, in order.
std::vector<int64_t> all_offsets(const Dims& sizes, const Dims& strides) {
  const int64_t n = numel_of(sizes);
  std::vector<int64_t> v(size_t(n), 0);
  Dims at(sizes.size());
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t d = 0; d < at.size(); ++d) v[size_t(i)] += at[d] * strides[d];
    for (int64_t d = at.size() - 1; d >= 0 && ++at[d] == sizes[d]; --d) at[d] = 0;
  }
  return v;
}

// What an index names: a block of elements of x, which are dense or not.
struct Block {
  std::vector<int64_t> offsets;
  bool dense = true;

  explicit Block(const Positions& a) : offsets(all_offsets(a.after, a.after_strides)) {
    for (size_t i = 0; i < offsets.size(); ++i) dense &= offsets[i] == int64_t(i);
  }
  int64_t size() const { return int64_t(offsets.size()); }
  // f(place in x, place in the block) for elements [first, end) of the block at `base`.
  template <class F> void each(int64_t base, int64_t first, int64_t end, F&& f) const {
    if (dense)
      for (int64_t i = first; i < end; ++i) f(base + i, i);
    else
      for (int64_t i = first; i < end; ++i) f(base + offsets[size_t(i)], i);
  }
};

constexpr int64_t kSome = 512;    // indices whose offsets are worked out at a time
constexpr size_t kApart = 8;      // dimensions before the index that are enough for all threads
constexpr int64_t kColumns = 32;  // of a block, that are worth a walk through the index

template <class T>
void take_blocks(const T* src, const int64_t* offsets, int64_t n, const Block& block, T* dst) {
  const int64_t size = block.size();
  if (size == 1)
    for (int64_t k = 0; k < n; ++k) dst[k] = src[offsets[k]];
  else if (block.dense)
    for (int64_t k = 0; k < n; ++k) std::memcpy(dst + k * size, src + offsets[k], size_t(size) * sizeof(T));
  else
    for (int64_t k = 0; k < n; ++k)
      block.each(offsets[k], 0, size, [&](int64_t from, int64_t i) { dst[k * size + i] = src[from]; });
}

// Of x's elements, from its first.
Geometry places_of(const TensorImpl& x) { return {x.sizes(), x.strides(), 0}; }

}  // namespace

void take(const TensorImpl& x, const Positions& at, const TensorImpl& y) {
  const Block block(at);
  const std::vector<int64_t> bases = all_offsets(at.before, at.before_strides);
  const int64_t n = numel_of(at.index_shape), size = block.size();
  Work work(y.numel);
  by_size(x.itemsize(), [&]<class T>(T) {
    const T* src = reinterpret_cast<const T*>(x.host());
    T* dst = reinterpret_cast<T*>(y.host());
    parallel_for(n, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, size * int64_t(bases.size()))),
                 [&](int64_t begin, int64_t end) {
                   int64_t offsets[kSome];
                   for (; begin < end; begin += kSome) {
                     const int64_t m = std::min(kSome, end - begin);
                     write_offsets(at, begin, begin + m, offsets);
                     if (y.numel == 0) continue;
                     for (size_t b = 0; b < bases.size(); ++b)
                       take_blocks(src + bases[b], offsets, m, block, dst + (int64_t(b) * n + begin) * size);
                   }
                 });
  });
}

// Equal indices are written in their order, whoever writes: work is cut where they cannot meet.
template <class F> void put_each(const Positions& at, const int64_t* offsets, F&& f) {
  const Block block(at);
  const std::vector<int64_t> bases = all_offsets(at.before, at.before_strides);
  const int64_t n = numel_of(at.index_shape), size = block.size();
  const auto put = [&](size_t b, int64_t first, int64_t end) {
    for (int64_t k = 0; k < n; ++k)
      block.each(bases[b] + offsets[k], first, end,
                 [&](int64_t to, int64_t i)
                     __attribute__((always_inline)) { f(to, (int64_t(b) * n + k) * size + i); });
  };
  if (bases.size() >= kApart)
    return parallel_for(int64_t(bases.size()), std::max<int64_t>(1, kGrain / (n * size + 1)),
                        [&](int64_t begin, int64_t end) {
                          for (int64_t b = begin; b < end; ++b) put(size_t(b), 0, size);
                        });
  parallel_for(size, std::max<int64_t>(kColumns, kGrain / (n + 1)), [&](int64_t begin, int64_t end) {
    for (size_t b = 0; b < bases.size(); ++b) put(b, begin, end);
  });
}

void put(const TensorImpl& x, const Positions& at, const TensorImpl& values, bool accumulate) {
  Work work(values.numel);
  const std::unique_ptr<int64_t[]> offsets = offsets_of(at);
  if (values.numel == 0) return;
  if (!accumulate)
    return by_size(x.itemsize(), [&]<class T>(T) {
      T* dst = reinterpret_cast<T*>(x.host());
      const T* src = reinterpret_cast<const T*>(values.host());
      put_each(at, offsets.get(), [=](int64_t to, int64_t from) { dst[to] = src[from]; });
    });
  visit(x.dtype, [&]<class T>(T*) {
    T* dst = x.host_as<T>();
    const T* src = values.host_as<T>();
    put_each(at, offsets.get(), [=](int64_t to, int64_t from) { dst[to] = T(dst[to] + src[from]); });
  });
}

void add_overlapping(const TensorImpl& y, const TensorImpl& x) {
  Work work(x.numel);
  visit(x.dtype, [&]<class T>(T*) {
    T* out = y.host_as<T>();
    const T* in = x.host_as<T>();
    each_position(places_of(y), [&](int64_t p) { out[p] = T(out[p] + *in++); });
  });
}

void share_overlapping(const TensorImpl& y, const TensorImpl& view) {
  Dims count(y.numel);
  const int64_t start = (view.byte_offset - y.byte_offset) / int64_t(y.itemsize());
  each_position(places_of(view), [&](int64_t p) { ++count[start + p]; });
  visit(y.dtype, [&]<class T>(T*) {
    if constexpr (!std::is_integral_v<T>) {
      T* out = y.host_as<T>();
      for (int64_t i = 0; i < y.numel; ++i)
        if (count[i] > 1) out[i] = T(out[i] / T(float(count[i])));
    }
  });
}

}  // namespace adjoint::cpu
