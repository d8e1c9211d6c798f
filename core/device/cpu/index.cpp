// Elements and slices by index tensors along one dimension, and what finds indices.
#include <cstring>
#include "device/cpu/entries.h"
#include "device/cpu/work.h"
#include "kernels/parallel.h"

namespace adjoint::cpu {
namespace {

// Calls f(offset in x, offset in other) in elements, for each position of `index`. x is addressed through the
// index.
template <class F>
void each_along(const TensorImpl& index, int64_t dim, const TensorImpl& x, const TensorImpl& other, F&& f) {
  const int64_t* p = index.host_as<int64_t>();
  const int last = index.ndim - 1;
  const int64_t n = x.ndim ? x.size(int(dim)) : 1, step = x.ndim ? x.stride(int(dim)) : 0;
  const int64_t row = last >= 0 ? index.size(last) : 1;
  const int64_t x_step = last >= 0 && x.ndim && last != dim ? x.stride(last) : 0,
                other_step = last >= 0 && other.ndim ? other.stride(last) : 0;
  const auto out_of_bounds = [=](int64_t i) {
    fail("index ", i, " is out of bounds for dimension ", dim, " with size ", n);
  };
  Dims at(index.ndim);
  int64_t xo = 0, oo = 0;
  for (const int64_t* end = p + index.numel; p != end; p += row) {
    const auto sweep = [&](int64_t x_step, int64_t step, int64_t other_step) __attribute__((always_inline)) {
      for (int64_t j = 0; j < row; ++j) {
        int64_t i = p[j];
        if (uint64_t(i) >= uint64_t(n)) [[unlikely]]
          out_of_bounds(i);
        f(xo + j * x_step + i * step, oo + j * other_step);
      }
    };
    if (x_step == 0 && step == 1 && other_step == 1)
      sweep(0, 1, 1);
    else
      sweep(x_step, step, other_step);
    for (int d = last - 1; d >= 0; --d) {
      if (d != dim && x.ndim) xo += x.stride(d);
      if (other.ndim) oo += other.stride(d);
      if (++at[d] < index.size(d)) break;
      if (d != dim && x.ndim) xo -= at[d] * x.stride(d);
      if (other.ndim) oo -= at[d] * other.stride(d);
      at[d] = 0;
    }
  }
}

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

// The first place whose value is not below x (above x, for the upper side). NaN is above all numbers and equals
// NaN, as sort and NumPy have it.
template <class T> int64_t place_of(const T* row, int64_t n, T x, bool upper) {
  auto below = [](T a, T b) { return a < b || (b != b && a == a); };
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t mid = low + (high - low) / 2;
    if (upper ? !below(x, row[mid]) : below(row[mid], x))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

}  // namespace

void gather(const TensorImpl& x, int64_t dim, const TensorImpl& index, const TensorImpl& y) {
  if (y.numel == 0) return;
  Work work(y.numel);
  visit(x.dtype, [&]<class T>(T*) {
    const T* src = x.host_as<T>();
    T* dst = y.host_as<T>();
    each_along(index, dim, x, y, [=](int64_t from, int64_t to) { dst[to] = src[from]; });
  });
}

void scatter(Combine how, const TensorImpl& x, int64_t dim, const TensorImpl& index,
             const TensorImpl& source) {
  if (index.numel == 0) return;
  Work work(index.numel);
  visit(x.dtype, [&]<class T>(T*) {
    T* dst = x.host_as<T>();
    const T* src = source.host_as<T>();
    if constexpr (!std::is_same_v<T, bool>)  // the common one, without a choice for each element
      if (how == Combine::Add)
        return each_along(index, dim, x, source,
                          [=](int64_t to, int64_t from) { dst[to] = T(dst[to] + src[from]); });
    each_along(index, dim, x, source,
               [=](int64_t to, int64_t from) { dst[to] = combined<T>(how, dst[to], src[from]); });
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
  const int64_t* p = index.host_as<int64_t>();
  for (int64_t k = 0; k < index.numel; ++k)
    if (p[k] < low || p[k] >= high) return p[k];
  return {};
}

void nonzero(const TensorImpl& mask, const TensorImpl& places) {
  const bool* p = mask.host_as<bool>();
  int64_t* out = places.host_as<int64_t>();
  const int64_t count = places.size(1);
  Work work(mask.numel);
  Dims at(mask.ndim);
  for (int64_t i = 0; i < mask.numel; ++i) {
    if (p[i]) {
      for (int d = 0; d < mask.ndim; ++d) out[d * count] = at[d];
      ++out;
    }
    for (int d = mask.ndim - 1; d >= 0 && ++at[d] == mask.size(d); --d) at[d] = 0;
  }
}

void search_rows(const TensorImpl& sorted, const TensorImpl& v, bool upper, const TensorImpl& y) {
  const int64_t n = sorted.size(sorted.ndim - 1);
  const int64_t width = sorted.ndim == 1 ? v.numel : v.size(v.ndim - 1);
  int64_t* out = y.host_as<int64_t>();
  Work work(v.numel);
  auto find = [&]<class T>(const T* rows, const T* at) {
    for (int64_t i = 0; i < v.numel; ++i)
      out[i] = place_of(sorted.ndim == 1 ? rows : rows + i / width * n, n, at[i], upper);
  };
  if (v.dtype == Dtype::I64)
    find(sorted.host_as<int64_t>(), v.host_as<int64_t>());
  else
    find(sorted.host_as<double>(), v.host_as<double>());
}

}  // namespace adjoint::cpu
