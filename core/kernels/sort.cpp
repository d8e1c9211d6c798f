// Sorting, top-k and selection along rows. Large rows of plain types sort by radix; everything else by the
// standard library's merge sort and selection, on (value, position) pairs as PyTorch does, so that ties come
// out alike.
#include "kernels/sort.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kGrain = 4096;
constexpr int64_t kRadixFrom = 256;  // shorter rows merge faster than they count

// How elements compare: 16-bit floats as floats.
template <class T>
struct Compared {
  using type = T;
};
template <>
struct Compared<Half> {
  using type = float;
};
template <>
struct Compared<BFloat16> {
  using type = float;
};
template <class T>
[[gnu::always_inline]] inline auto key_of(T x) {
  return typename Compared<T>::type(x);
}

template <class T>
inline bool is_nan(T x) {
  auto k = key_of(x);
  return k != k;
}
template <class T>
inline bool less(T a, T b) {
  return (is_nan(b) && !is_nan(a)) || key_of(a) < key_of(b);
}
template <class T>
inline bool greater(T a, T b) {
  return (is_nan(a) && !is_nan(b)) || key_of(a) > key_of(b);
}

template <class F>
void for_rows(int64_t rows, int64_t n, F f) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) f(r);
  });
}

// ---- radix sort

template <size_t Size>
using Bits = std::conditional_t<
    Size == 1, uint8_t,
    std::conditional_t<Size == 2, uint16_t, std::conditional_t<Size == 4, uint32_t, uint64_t>>>;

// An unsigned number which orders as the value does: NaN above all (every NaN alike), -0 equal to 0.
template <class T>
Bits<sizeof(T)> ordered_bits(T x) {
  using U = Bits<sizeof(T)>;
  constexpr U sign = U(U(1) << (sizeof(T) * 8 - 1));
  U u;
  std::memcpy(&u, &x, sizeof u);
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, uint8_t>)
    return u;
  else if constexpr (std::is_integral_v<T>)
    return U(u ^ sign);
  else {
    if (is_nan(x)) return U(-1);
    if (u == sign) u = 0;
    return u & sign ? U(~u) : U(u | sign);
  }
}

template <class U>
struct Item {
  U key;
  uint32_t position;
};

// Least significant byte first; stable; bytes in which all keys agree are skipped. Descending order flips the
// keys. Rows below 2^32 elements.
template <class T>
void radix_sort(const T* x, int64_t n, bool descending, std::vector<Item<Bits<sizeof(T)>>>& scratch,
                int64_t* index) {
  using U = Bits<sizeof(T)>;
  using I = Item<U>;
  scratch.resize(2 * n);
  I *from = scratch.data(), *to = from + n;
  std::vector<uint32_t> counts(sizeof(U) * 256, 0);
  for (int64_t i = 0; i < n; ++i) {
    U key = ordered_bits(x[i]);
    if (descending) key = U(~key);
    from[i] = {key, uint32_t(i)};
    for (size_t b = 0; b < sizeof(U); ++b) ++counts[b * 256 + ((key >> (8 * b)) & 255)];
  }
  for (size_t b = 0; b < sizeof(U); ++b) {
    uint32_t* count = counts.data() + b * 256;
    if (count[(from[0].key >> (8 * b)) & 255] == uint32_t(n)) continue;
    uint32_t sum = 0;
    for (int v = 0; v < 256; ++v) {
      uint32_t c = count[v];
      count[v] = sum, sum += c;
    }
    for (int64_t i = 0; i < n; ++i) to[count[(from[i].key >> (8 * b)) & 255]++] = from[i];
    std::swap(from, to);
  }
  for (int64_t i = 0; i < n; ++i) index[i] = from[i].position;
}

template <class T>
void merge_sort(const T* x, int64_t n, bool descending, int64_t* index) {
  for (int64_t i = 0; i < n; ++i) index[i] = i;
  if (n <= 16) {  // insertion: no buffer
    for (int64_t i = 1; i < n; ++i) {
      int64_t at = i;
      for (; at > 0 && (descending ? greater(x[i], x[index[at - 1]]) : less(x[i], x[index[at - 1]])); --at)
        index[at] = index[at - 1];
      index[at] = i;
    }
  } else if (descending) {
    std::stable_sort(index, index + n, [x](int64_t a, int64_t b) { return greater(x[a], x[b]); });
  } else {
    std::stable_sort(index, index + n, [x](int64_t a, int64_t b) { return less(x[a], x[b]); });
  }
}

template <class T>
using Pair = std::pair<T, int64_t>;

// Where equals meet, their order is the one in which std::sort leaves pairs. `index` is a sorted order
// already.
template <class T>
void reorder_ties(const T* x, int64_t n, bool descending, std::vector<Pair<T>>& pairs, int64_t* index) {
  int64_t i = 1;
  while (i < n && (descending ? greater(x[index[i - 1]], x[index[i]]) : less(x[index[i - 1]], x[index[i]])))
    ++i;
  if (i >= n) return;
  pairs.resize(n);
  for (int64_t j = 0; j < n; ++j) pairs[j] = {x[j], j};
  if (descending)
    std::sort(pairs.begin(), pairs.end(), [](auto& a, auto& b) { return greater(a.first, b.first); });
  else
    std::sort(pairs.begin(), pairs.end(), [](auto& a, auto& b) { return less(a.first, b.first); });
  for (int64_t j = 0; j < n; ++j) index[j] = pairs[j].second;
}

template <class T>
void sort_as(const T* x, int64_t rows, int64_t n, bool descending, T* values, int64_t* indices, Ties ties) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    std::vector<Item<Bits<sizeof(T)>>> scratch;
    std::vector<Pair<T>> pairs;
    for (int64_t r = begin; r < end; ++r) {
      const T* row = x + r * n;
      int64_t* index = indices + r * n;
      if (n >= kRadixFrom && n < (int64_t(1) << 32))
        radix_sort(row, n, descending, scratch, index);
      else
        merge_sort(row, n, descending, index);
      if (ties == Ties::Introsort && n > 16 && n <= kIntrosortMost)
        reorder_ties(row, n, descending, pairs, index);
      if (values)
        for (int64_t i = 0; i < n; ++i) values[r * n + i] = row[index[i]];
    }
  });
}

// ---- top-k

template <class T, class Before>
void topk_row(std::vector<Pair<T>>& queue, int64_t k, bool sorted, Before before) {
  int64_t n = int64_t(queue.size());
  auto first = queue.begin();
  if (k * 64 <= n) return std::partial_sort(first, first + k, queue.end(), before);
  std::nth_element(first, first + k - 1, queue.end(), before);
  if (sorted) std::sort(first, first + k - 1, before);
}

template <class T>
void topk_as(const T* x, int64_t rows, int64_t n, int64_t k, bool largest, bool sorted, T* values,
             int64_t* indices) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    std::vector<Pair<T>> queue(n);
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t i = 0; i < n; ++i) queue[i] = {x[r * n + i], i};
      if (largest)
        topk_row(queue, k, sorted,
                 [](const Pair<T>& a, const Pair<T>& b) { return greater(a.first, b.first); });
      else
        topk_row(queue, k, sorted, [](const Pair<T>& a, const Pair<T>& b) { return less(a.first, b.first); });
      for (int64_t i = 0; i < k; ++i)
        values[r * k + i] = queue[i].first, indices[r * k + i] = queue[i].second;
    }
  });
}

// ---- selection

// Hoare's quick select with the median of three as pivot; element k ends in its place.
template <class T>
void quick_select(Pair<T>* a, int64_t n, int64_t k) {
  auto after = [](const Pair<T>& x, const Pair<T>& y) { return greater(x.first, y.first); };
  for (int64_t left = 0, right = n - 1; left < right;) {
    if (right == left + 1) {
      if (after(a[left], a[right])) std::swap(a[left], a[right]);
      return;
    }
    std::swap(a[left + (right - left) / 2], a[left + 1]);
    if (after(a[left + 1], a[right])) std::swap(a[left + 1], a[right]);
    if (after(a[left], a[right])) std::swap(a[left], a[right]);
    if (after(a[left + 1], a[left])) std::swap(a[left + 1], a[left]);
    int64_t i = left + 1, j = right;
    Pair<T> pivot = a[left];
    for (;;) {
      do ++i;
      while (after(pivot, a[i]));
      do --j;
      while (after(a[j], pivot));
      if (j < i) break;
      std::swap(a[i], a[j]);
    }
    std::swap(a[left], a[j]);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
}
template <class T>
void kth_as(const T* x, int64_t rows, int64_t n, int64_t k, T* values, int64_t* indices) {
  for_rows(rows, n, [&](int64_t r) {
    std::unique_ptr<Pair<T>[]> a(new Pair<T>[n]);
    for (int64_t i = 0; i < n; ++i) a[i] = {x[r * n + i], i};
    quick_select(a.get(), n, k);
    values[r] = a[k].first;
    if (indices) indices[r] = a[k].second;
  });
}

template <class T>
int64_t median_of(const T* x, int64_t n, bool skip_nan) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; ++i)
    if (is_nan(x[i])) {
      if (!skip_nan) return i;
      ++nans;
    }
  std::unique_ptr<int64_t[]> at(new int64_t[n]);
  for (int64_t i = 0; i < n; ++i) at[i] = i;
  int64_t middle = nans == n ? 0 : (n - nans - 1) / 2;
  std::nth_element(at.get(), at.get() + middle, at.get() + n, [x](int64_t a, int64_t b) {
    return less(x[a], x[b]) || (a < b && !less(x[b], x[a]));  // of equals the middle one, as if sorted stably
  });
  return at[middle];
}
template <class T>
void median_as(const T* x, int64_t rows, int64_t n, bool skip_nan, T* values, int64_t* indices) {
  for_rows(rows, n, [&](int64_t r) {
    int64_t at = median_of(x + r * n, n, skip_nan);
    values[r] = x[r * n + at];
    if (indices) indices[r] = at;
  });
}

// f(null pointer of the element type), for every type but the complex ones.
template <class F>
void visit_real(Dtype dtype, F f) {
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (sizeof(T) <= 8 && !std::is_same_v<T, std::complex<float>>) f(tag);
  });
}

}  // namespace

void sort_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, bool descending, void* values,
               int64_t* indices, Ties ties) {
  visit_real(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    sort_as(static_cast<const T*>(x), rows, n, descending, static_cast<T*>(values), indices, ties);
  });
}
void topk_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, int64_t k, bool largest, bool sorted,
               void* values, int64_t* indices) {
  if (k == 0) return;
  visit_real(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    topk_as(static_cast<const T*>(x), rows, n, k, largest, sorted, static_cast<T*>(values), indices);
  });
}
void kth_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, int64_t k, void* values,
              int64_t* indices) {
  visit_real(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    kth_as(static_cast<const T*>(x), rows, n, k, static_cast<T*>(values), indices);
  });
}
void median_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, bool skip_nan, void* values,
                 int64_t* indices) {
  visit_real(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    median_as(static_cast<const T*>(x), rows, n, skip_nan, static_cast<T*>(values), indices);
  });
}

}  // namespace adjoint
