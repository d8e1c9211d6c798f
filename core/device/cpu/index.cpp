// Elements and slices by index tensors along one dimension, and what finds indices.
#include <algorithm>
#include <cstring>
#include <vector>
#include "device/cpu/by_size.h"
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "kernels/search.h"

namespace adjoint {
ADJOINT_PICK_TABLE(SearchTable, search_table)
}

namespace adjoint::cpu {
namespace {

constexpr int64_t kGrain = 16384;  // elements that are worth a thread

// The positions of an index tensor, which say where along a dimension of x; `other` has an element for each.
struct Along {
  const int64_t* p;
  Dims sizes;                     // of the index, at least one dimension
  Dims x_strides, other_strides;  // in elements; x's is 0 along dim
  int64_t n, step, dim;           // of x along dim

  Along(const TensorImpl& index, int64_t dim, const TensorImpl& x, const TensorImpl& other)
      : p(index.host_as<int64_t>()),
        n(x.ndim ? x.size(int(dim)) : 1),
        step(x.ndim ? x.stride(int(dim)) : 0),
        dim(dim) {
    for (int d = 0; d < index.ndim; ++d) {
      sizes.push_back(index.size(d));
      x_strides.push_back(d != dim && x.ndim ? x.stride(d) : 0);
      other_strides.push_back(other.ndim ? other.stride(d) : 0);
    }
    if (index.ndim == 0) {
      sizes.push_back(1);
      x_strides.push_back(0);
      other_strides.push_back(0);
    }
  }
  int64_t last() const { return sizes.size() - 1; }
  int64_t row() const { return sizes[last()]; }
  int64_t rows() const { return numel_of(Ints(sizes).first(size_t(last()))); }

  // Calls f(offset in x, offset in other) for columns [first, end) of rows [begin, stop).
  template <class F> void each(int64_t begin, int64_t stop, int64_t first, int64_t end, F&& f) const {
    Dims at(last());
    int64_t xo = 0, oo = 0, rest = begin;
    for (int64_t d = last() - 1; d >= 0; --d) {
      at[d] = rest % sizes[d], rest /= sizes[d];
      xo += at[d] * x_strides[d];
      oo += at[d] * other_strides[d];
    }
    for (int64_t r = begin; r < stop; ++r) {
      sweep(p + r * row(), first, end, xo, oo, f);
      for (int64_t d = last() - 1; d >= 0; --d) {
        xo += x_strides[d], oo += other_strides[d];
        if (++at[d] < sizes[d]) break;
        xo -= at[d] * x_strides[d], oo -= at[d] * other_strides[d];
        at[d] = 0;
      }
    }
  }
  template <class F>
  void sweep(const int64_t* at, int64_t first, int64_t end, int64_t xo, int64_t oo, F f) const {
    const int64_t x_step = x_strides[last()], other_step = other_strides[last()];
    const uint64_t size = uint64_t(n);
    const auto run = [=, this](int64_t x_step, int64_t step, int64_t other_step)
                         __attribute__((always_inline)) {
                           for (int64_t j = first; j < end; ++j) {
                             const int64_t i = at[j];
                             if (uint64_t(i) >= size) [[unlikely]]
                               out_of_bounds(i);
                             f(xo + j * x_step + i * step, oo + j * other_step);
                           }
                         };
    if (x_step == 0 && step == 1 && other_step == 1)
      run(0, 1, 1);
    else
      run(x_step, step, other_step);
  }

  [[noreturn, gnu::noinline, gnu::cold]] void out_of_bounds(int64_t i) const {
    fail("index ", i, " is out of bounds for dimension ", dim, " with size ", n);
  }

  // All positions, in any order.
  template <class F> void each_apart(F&& f) const {
    if (rows() == 1)
      return parallel_for(row(), kGrain, [&](int64_t begin, int64_t end) { each(0, 1, begin, end, f); });
    parallel_for(rows(), kGrain / row() + 1,
                 [&](int64_t begin, int64_t end) { each(begin, end, 0, row(), f); });
  }
  // All positions; those of one line along dim, which may meet in x, in their order.
  template <class F> void each_line(F&& f) const {
    int64_t planes = 1;  // apart before dim
    for (int64_t d = 0; d < std::min(dim, last()); ++d) planes *= sizes[d];
    const int64_t rows_each = rows() / std::max<int64_t>(planes, 1);
    if (planes >= kPlanes || dim == last())
      return parallel_for(planes, kGrain / (rows_each * row()) + 1, [&](int64_t begin, int64_t end) {
        each(begin * rows_each, end * rows_each, 0, row(), f);
      });
    parallel_for(row(), std::max<int64_t>(kColumns, kGrain / rows()),
                 [&](int64_t begin, int64_t end) { each(0, rows(), begin, end, f); });
  }
  static constexpr int64_t kPlanes = 8, kColumns = 64;
};

template <class T> T combined(Combine how, T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return how == Combine::Set ? b : how == Combine::Add || how == Combine::Max ? (a || b) : (a && b);
  } else {
    switch (how) {
      case Combine::Set: return b;
      case Combine::Add: return T(a + b);
      case Combine::Mul: return T(a * b);
      default:
        if constexpr (requires { a.imag(); })
          return b;
        else if (a != a || b != b)
          return a != a ? a : b;
        else
          return how == Combine::Max ? (a < b ? b : a) : (b < a ? b : a);
    }
  }
}

// One slice of `item` bytes at a time: for small ones the copy is a load and a store.
template <size_t kItem>
void pick_slices(char* to, const char* from, int64_t item, const int64_t* index, int64_t n) {
  for (int64_t k = 0; k < n; ++k, to += item) {
    if constexpr (kItem != 0)
      std::memcpy(to, from + index[k] * int64_t(kItem), kItem);
    else
      std::memcpy(to, from + index[k] * item, size_t(item));
  }
}
auto slice_picker(int64_t item) {
  switch (item) {
    case 1: return pick_slices<1>;
    case 2: return pick_slices<2>;
    case 4: return pick_slices<4>;
    case 8: return pick_slices<8>;
    case 16: return pick_slices<16>;
    default: return pick_slices<0>;
  }
}

}  // namespace

void gather(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y) {
  if (y.numel == 0) return;
  Work work(y.numel);
  const Along along(index, dim, x, y);
  by_size(x.itemsize(), [&]<class T>(T) {
    const T* src = reinterpret_cast<const T*>(x.host());
    T* dst = reinterpret_cast<T*>(y.host());
    along.each_apart([=](int64_t from, int64_t to) { dst[to] = src[from]; });
  });
}

void scatter(Combine how, const TensorImpl& x, int64_t dim, const TensorImpl& index,
             const TensorImpl& source) {
  if (index.numel == 0) return;
  Work work(index.numel);
  const Along along(index, dim, x, source);
  if (how == Combine::Set)
    return by_size(x.itemsize(), [&]<class T>(T) {
      T* dst = reinterpret_cast<T*>(x.host());
      const T* src = reinterpret_cast<const T*>(source.host());
      along.each_line([=](int64_t to, int64_t from) { dst[to] = src[from]; });
    });
  visit(x.dtype, [&]<class T>(T*) {
    T* dst = x.host_as<T>();
    const T* src = source.host_as<T>();
    if constexpr (!std::is_same_v<T, bool>) {  // the common ones, without a choice for each element
      if (how == Combine::Add)
        return along.each_line([=](int64_t to, int64_t from) { dst[to] = T(dst[to] + src[from]); });
      if (how == Combine::Mul)
        return along.each_line([=](int64_t to, int64_t from) { dst[to] = T(dst[to] * src[from]); });
    }
    along.each_line([=](int64_t to, int64_t from) { dst[to] = combined<T>(how, dst[to], src[from]); });
  });
}

void select(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y) {
  if (y.numel == 0) return;
  const int64_t n = x.size(int(dim)), count = index.numel, size = int64_t(x.itemsize());
  const int64_t outer = numel_of(x.sizes().first(size_t(dim))), item = x.numel / (outer * n) * size;
  const int64_t* at = index.host_as<int64_t>();
  char* to = y.host();
  const char* from = x.host();
  const auto pick = slice_picker(item);
  Work work(y.numel);
  // A piece is a part of one row of slices, or of the only row.
  parallel_for(outer * count, 65536 / item + 1, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      int64_t o = begin / count, k = begin % count, m = std::min(end - begin, count - k);
      pick(to + begin * item, from + o * n * item, item, at + k, m);
      begin += m;
    }
  });
}

std::optional<int64_t> outside(const TensorImpl& index, int64_t low, int64_t high) {
  constexpr int64_t kBlock = 512;  // looked at again where one is outside
  const int64_t* p = index.host_as<int64_t>();
  const auto is_outside = [=](int64_t i) { return (i < low) | (i >= high); };
  for (int64_t k = 0; k < index.numel; k += kBlock) {
    const int64_t end = std::min(k + kBlock, index.numel);
    bool any = false;
    for (int64_t i = k; i < end; ++i) any |= is_outside(p[i]);
    if (any) return *std::find_if(p + k, p + end, is_outside);
  }
  return {};
}

// Rows of the last dimension: those of a piece know where to write once the pieces before are counted.
void nonzero(const TensorImpl& mask, const TensorImpl& places) {
  if (mask.numel == 0) return;
  const bool* p = mask.host_as<bool>();
  int64_t* out = places.host_as<int64_t>();
  const int64_t all = places.size(1), last = mask.ndim - 1;
  if (mask.ndim == 0 || all == 0) return;
  const int64_t row = mask.size(int(last)), piece = std::max<int64_t>(1, kGrain / row);
  const int64_t rows = mask.numel / row, long_row = row > 4 * kGrain && rows == 1 ? kGrain : row;
  const int64_t runs = rows * ((row + long_row - 1) / long_row), pieces = (runs + piece - 1) / piece;
  const auto run_of = [=, numel = mask.numel](int64_t i) {  // elements of the i-th run
    const int64_t begin = i * long_row;
    return std::pair(begin, std::min(begin + long_row, numel));
  };
  Work work(mask.numel);
  std::vector<int64_t> before(size_t(pieces) + 1, 0);
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const int64_t from = run_of(c * piece).first, to = run_of(std::min(runs, (c + 1) * piece) - 1).second;
      int64_t count = 0;
      for (int64_t i = from; i < to; ++i) count += p[i];
      before[size_t(c) + 1] = count;
    }
  });
  for (int64_t c = 0; c < pieces; ++c) before[size_t(c) + 1] += before[size_t(c)];
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      int64_t k = before[size_t(c)];
      const int64_t stop = before[size_t(c) + 1];
      for (int64_t r = c * piece; r < std::min(runs, (c + 1) * piece) && k < stop; ++r) {
        const auto [from, to] = run_of(r);
        const int64_t first = k, start = from / row * row;
        for (int64_t i = from; i < to && k < stop; ++i) {
          out[last * all + k] = i - start;
          k += p[i];
        }
        int64_t rest = from / row;
        for (int64_t d = last - 1; d >= 0; rest /= mask.size(int(d)), --d)
          std::fill(out + d * all + first, out + d * all + k, rest % mask.size(int(d)));
      }
    }
  });
}

void search_rows(const TensorImpl& sorted, const TensorImpl& v, bool upper, const TensorImpl& y) {
  if (v.numel == 0) return;
  const int64_t n = sorted.size(sorted.ndim - 1);
  const int64_t width = sorted.ndim == 1 ? v.numel : v.size(v.ndim - 1);
  int64_t* out = y.host_as<int64_t>();
  Work work(v.numel * 16);
  const auto find = [&]<class T>(SearchRow<T> search) {
    const T *rows = sorted.host_as<T>(), *at = v.host_as<T>();
    parallel_for(v.numel, 1024, [&](int64_t begin, int64_t end) {
      while (begin < end) {
        const int64_t row = begin / width, stop = std::min(end, (row + 1) * width);
        search(rows + row * n, n, at + begin, stop - begin, upper, out + begin);
        begin = stop;
      }
    });
  };
  const SearchTable& t = search_table();
  switch (v.dtype) {
    case Dtype::I32: return find(t.i32);
    case Dtype::I64: return find(t.i64);
    case Dtype::F32: return find(t.f32);
    default: return find(t.f64);
  }
}

}  // namespace adjoint::cpu
