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
template <class T> struct Compared {
  using type = T;
};
template <> struct Compared<Half> {
  using type = float;
};
template <> struct Compared<BFloat16> {
  using type = float;
};
template <class T> [[gnu::always_inline]] inline auto key_of(T x) { return typename Compared<T>::type(x); }

template <class T> inline bool is_nan(T x) {
  auto k = key_of(x);
  return k != k;
}
template <class T> inline bool less(T a, T b) { return (is_nan(b) && !is_nan(a)) || key_of(a) < key_of(b); }
template <class T> inline bool greater(T a, T b) {
  return (is_nan(a) && !is_nan(b)) || key_of(a) > key_of(b);
}

template <class F> void for_rows(int64_t rows, int64_t n, F f) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) f(r);
  });
}

// ---- radix sort

template <size_t Size> using Bits = std::conditional_t<
    Size == 1, uint8_t,
    std::conditional_t<Size == 2, uint16_t, std::conditional_t<Size == 4, uint32_t, uint64_t>>>;

// An unsigned number which orders as the value does: NaN above all (every NaN alike), -0 equal to 0.
template <class T> Bits<sizeof(T)> ordered_bits(T x) {
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

// Sorting sees keys only, the same in descending order with all bits flipped: one instance of the library's
// algorithms for each width, not two for each type.
template <class T> [[gnu::always_inline]] inline Bits<sizeof(T)> sort_key(T x, bool descending) {
  const auto key = ordered_bits(x);
  return descending ? Bits<sizeof(T)>(~key) : key;
}
template <class U> using Keyed = std::pair<U, int64_t>;  // a key and its element's position
struct ByKey {
  template <class U> bool operator()(const Keyed<U>& a, const Keyed<U>& b) const { return a.first < b.first; }
};
template <class T> void fill_keys(const T* x, int64_t n, bool descending, Keyed<Bits<sizeof(T)>>* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = {sort_key(x[i], descending), i};
}

template <class U> struct Item {
  U key;
  uint32_t position;
};

// Least significant byte first; stable; bytes in which all keys agree are skipped.
template <class U> void radix_passes(Item<U>* from, int64_t n, uint32_t* counts, int64_t* index) {
  Item<U>* to = from + n;
  for (size_t b = 0; b < sizeof(U); ++b) {
    uint32_t* count = counts + b * 256;
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
// Rows below 2^32 elements.
template <class T> void radix_sort(const T* x, int64_t n, bool descending,
                                   std::vector<Item<Bits<sizeof(T)>>>& scratch, int64_t* index) {
  using U = Bits<sizeof(T)>;
  scratch.resize(2 * n);
  Item<U>* from = scratch.data();
  std::vector<uint32_t> counts(sizeof(U) * 256, 0);
  for (int64_t i = 0; i < n; ++i) {
    const U key = sort_key(x[i], descending);
    from[i] = {key, uint32_t(i)};
    for (size_t b = 0; b < sizeof(U); ++b) ++counts[b * 256 + ((key >> (8 * b)) & 255)];
  }
  radix_passes(from, n, counts.data(), index);
}

template <class U> void merge_keys(std::vector<Keyed<U>>& pairs, int64_t* index) {
  std::stable_sort(pairs.begin(), pairs.end(), ByKey());
  for (size_t i = 0; i < pairs.size(); ++i) index[i] = pairs[i].second;
}
template <class T> void merge_sort(const T* x, int64_t n, bool descending,
                                   std::vector<Keyed<Bits<sizeof(T)>>>& pairs, int64_t* index) {
  if (n <= 16) {  // insertion: no buffer
    if (n > 0) index[0] = 0;
    for (int64_t i = 1; i < n; ++i) {
      int64_t at = i;
      for (; at > 0 && (descending ? greater(x[i], x[index[at - 1]]) : less(x[i], x[index[at - 1]])); --at)
        index[at] = index[at - 1];
      index[at] = i;
    }
    return;
  }
  pairs.resize(size_t(n));
  fill_keys(x, n, descending, pairs.data());
  merge_keys(pairs, index);
}

template <class U> void introsort_keys(std::vector<Keyed<U>>& pairs, int64_t* index) {
  std::sort(pairs.begin(), pairs.end(), ByKey());
  for (size_t i = 0; i < pairs.size(); ++i) index[i] = pairs[i].second;
}
template <class T> void introsort_row(const T* x, int64_t n, bool descending,
                                      std::vector<Keyed<Bits<sizeof(T)>>>& pairs, int64_t* index) {
  pairs.resize(size_t(n));
  fill_keys(x, n, descending, pairs.data());
  introsort_keys(pairs, index);
}
// Where equals meet, their order is the one in which std::sort leaves pairs. `index` is a sorted order
// already.
template <class T> void reorder_ties(const T* x, int64_t n, bool descending,
                                     std::vector<Keyed<Bits<sizeof(T)>>>& pairs, int64_t* index) {
  int64_t i = 1;
  while (i < n && ordered_bits(x[index[i - 1]]) != ordered_bits(x[index[i]])) ++i;
  if (i < n) introsort_row(x, n, descending, pairs, index);
}

template <class T>
void sort_as(const T* x, int64_t rows, int64_t n, bool descending, T* values, int64_t* indices, Ties ties) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    std::vector<Item<Bits<sizeof(T)>>> scratch;
    std::vector<Keyed<Bits<sizeof(T)>>> pairs;
    for (int64_t r = begin; r < end; ++r) {
      const T* row = x + r * n;
      int64_t* index = indices + r * n;
      const bool introsort = ties == Ties::Introsort && n > 16 && n <= kIntrosortMost;
      if (introsort && n < kRadixFrom)  // one sort, not a second one where ties are found
        introsort_row(row, n, descending, pairs, index);
      else if (n >= kRadixFrom && n < (int64_t(1) << 32))
        radix_sort(row, n, descending, scratch, index);
      else
        merge_sort(row, n, descending, pairs, index);
      if (introsort && n >= kRadixFrom) reorder_ties(row, n, descending, pairs, index);
      if (values)
        for (int64_t i = 0; i < n; ++i) values[r * n + i] = row[index[i]];
    }
  });
}

// ---- top-k

template <class U> void topk_row(std::vector<Keyed<U>>& queue, int64_t k, bool sorted) {
  int64_t n = int64_t(queue.size());
  auto first = queue.begin();
  if (k * 64 <= n) return std::partial_sort(first, first + k, queue.end(), ByKey());
  std::nth_element(first, first + k - 1, queue.end(), ByKey());
  if (sorted) std::sort(first, first + k - 1, ByKey());
}

template <class T> void topk_as(const T* x, int64_t rows, int64_t n, int64_t k, bool largest, bool sorted,
                                T* values, int64_t* indices) {
  int64_t grain = kGrain / (n + 1);
  parallel_for(rows, grain < 1 ? 1 : grain, [&](int64_t begin, int64_t end) {
    std::vector<Keyed<Bits<sizeof(T)>>> queue(static_cast<size_t>(n));
    for (int64_t r = begin; r < end; ++r) {
      fill_keys(x + r * n, n, largest, queue.data());
      topk_row(queue, k, sorted);
      for (int64_t i = 0; i < k; ++i) {
        const int64_t at = queue[size_t(i)].second;
        values[r * k + i] = x[r * n + at], indices[r * k + i] = at;
      }
    }
  });
}

// ---- selection

// Hoare's quick select with the median of three as pivot; element k ends in its place.
template <class U> void quick_select(Keyed<U>* a, int64_t n, int64_t k) {
  auto after = [](const Keyed<U>& x, const Keyed<U>& y) { return x.first > y.first; };
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
    Keyed<U> pivot = a[left];
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
template <class T> void kth_as(const T* x, int64_t rows, int64_t n, int64_t k, T* values, int64_t* indices) {
  for_rows(rows, n, [&](int64_t r) {
    std::unique_ptr<Keyed<Bits<sizeof(T)>>[]> a(new Keyed<Bits<sizeof(T)>>[size_t(n)]);
    fill_keys(x + r * n, n, false, a.get());
    quick_select(a.get(), n, k);
    values[r] = x[r * n + a[size_t(k)].second];
    if (indices) indices[r] = a[size_t(k)].second;
  });
}

// Of equals the one in the middle, as if sorted stably.
template <class U> int64_t middle_of(Keyed<U>* a, int64_t n, int64_t middle) {
  std::nth_element(a, a + middle, a + n);
  return a[middle].second;
}
template <class T> int64_t median_of(const T* x, int64_t n, bool skip_nan) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; ++i)
    if (is_nan(x[i])) {
      if (!skip_nan) return i;
      ++nans;
    }
  std::unique_ptr<Keyed<Bits<sizeof(T)>>[]> a(new Keyed<Bits<sizeof(T)>>[size_t(n)]);
  fill_keys(x, n, false, a.get());
  return middle_of(a.get(), n, nans == n ? 0 : (n - nans - 1) / 2);
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
template <class F> void visit_real(Dtype dtype, F f) {
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
