// Elements at positions that several index tensors, or overlapping strides, give.
#include <cstring>
#include <vector>
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "tensor/geometry.h"

namespace adjoint::cpu {
namespace {

// In x, in elements, of each index.
std::vector<int64_t> offsets_of(const Positions& a) {
  std::vector<int64_t> offsets(size_t(numel_of(a.index_shape)), 0);
  for (const IndexTensor& t : a.indices) {
    const int64_t* p = t.index->host_as<int64_t>();
    for (size_t k = 0; k < offsets.size(); ++k) {
      int64_t i = p[k];
      check_as(i >= -t.size && i < t.size, ErrorKind::Index, "index ", i, " is out of bounds for dimension ",
               t.dim, " with size ", t.size);
      offsets[k] += (i < 0 ? i + t.size : i) * t.stride;
    }
  }
  return offsets;
}

// Calls f(offset in x in elements, position in the dense result, block elements) for every run of the result.
template <class F> void each_block(const Positions& a, const std::vector<int64_t>& offsets, F&& f) {
  int64_t block = numel_of(a.after), blocks = numel_of(a.before), k = 0;
  Dims at(a.before.size());
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t base = 0;
    for (int64_t d = 0; d < at.size(); ++d) base += at[d] * a.before_strides[d];
    for (int64_t o : offsets) {
      f(base + o, k);
      k += block;
    }
    for (int64_t d = at.size() - 1; d >= 0 && ++at[d] == a.before[d]; --d) at[d] = 0;
  }
}
// Offsets in x of the elements of one block.
std::vector<int64_t> block_offsets(const Positions& a) {
  int64_t n = numel_of(a.after);
  std::vector<int64_t> v(size_t(n), 0);
  Dims at(a.after.size());
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t d = 0; d < at.size(); ++d) v[size_t(i)] += at[d] * a.after_strides[d];
    for (int64_t d = at.size() - 1; d >= 0 && ++at[d] == a.after[d]; --d) at[d] = 0;
  }
  return v;
}
bool dense(const std::vector<int64_t>& block) {
  return block.empty() ||
         (block.back() == int64_t(block.size()) - 1 && block[0] == 0 && (block.size() < 2 || block[1] == 1));
}

template <size_t N> struct Bytes {
  char b[N];
};
template <class F> void by_size(size_t item, F&& f) {
  switch (item) {
    case 1: return f(Bytes<1>());
    case 2: return f(Bytes<2>());
    case 4: return f(Bytes<4>());
    case 8: return f(Bytes<8>());
    default: return f(Bytes<16>());
  }
}

// Of x's elements, from its first.
Geometry places_of(const TensorImpl& x) { return {x.sizes(), x.strides(), 0}; }

}  // namespace

void take(const TensorImpl& x, const Positions& at, const TensorImpl& y) {
  std::vector<int64_t> offsets = offsets_of(at);
  if (y.numel == 0) return;
  std::vector<int64_t> block = block_offsets(at);
  bool flat = dense(block);
  Work work(y.numel);
  by_size(x.itemsize(), [&]<class T>(T) {
    const T* src = reinterpret_cast<const T*>(x.host());
    T* dst = reinterpret_cast<T*>(y.host());
    each_block(at, offsets, [&](int64_t from, int64_t to) {
      if (flat)
        std::memcpy(dst + to, src + from, block.size() * sizeof(T));
      else
        for (size_t i = 0; i < block.size(); ++i) dst[to + int64_t(i)] = src[from + block[i]];
    });
  });
}

void put(const TensorImpl& x, const Positions& at, const TensorImpl& values, bool accumulate) {
  std::vector<int64_t> offsets = offsets_of(at);
  if (values.numel == 0) return;
  std::vector<int64_t> block = block_offsets(at);
  Work work(values.numel);
  if (!accumulate) {
    by_size(x.itemsize(), [&]<class T>(T) {
      T* dst = reinterpret_cast<T*>(x.host());
      const T* src = reinterpret_cast<const T*>(values.host());
      each_block(at, offsets, [&](int64_t to, int64_t from) {
        for (size_t i = 0; i < block.size(); ++i) dst[to + block[i]] = src[from + int64_t(i)];
      });
    });
    return;
  }
  visit(x.dtype, [&]<class T>(T*) {
    T* dst = x.host_as<T>();
    const T* src = values.host_as<T>();
    each_block(at, offsets, [&](int64_t to, int64_t from) {
      for (size_t i = 0; i < block.size(); ++i) {
        T& d = dst[to + block[i]];
        d = T(d + src[from + int64_t(i)]);
      }
    });
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
