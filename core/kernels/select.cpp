// Selection along rows: top-k, the k-th smallest, medians. Which of several equal elements is named is what PyTorch's
// CPU kernels name: where there are such, the same partitioning runs on the same order of elements.
#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/sort.h"
#include "kernels/sort_key.h"
#include "kernels/sort_table.h"

namespace adjoint {
namespace {

constexpr int64_t kGrain = 4096;

template <class F> void for_rows(int64_t rows, int64_t n, F f) {
  parallel_for(rows, std::max<int64_t>(1, kGrain / (n + 1)), f);
}
// f(a position of the type that is wide enough).
template <class F> void with_positions(int64_t n, F f) { n <= UINT32_MAX ? f(uint32_t(0)) : f(int64_t(0)); }

// ---- top-k

// Makes v the root's successor, as the library's heaps do: the hole sinks to a leaf, then v climbs (Floyd).
template <class K> void replace_root(K* heap, int64_t n, K v) {
  int64_t hole = 0, child = 0;
  while (child < (n - 1) / 2) {
    child = 2 * (child + 1);
    if (heap[child].key < heap[child - 1].key) --child;
    heap[hole] = heap[child];
    hole = child;
  }
  if ((n & 1) == 0 && child == (n - 2) / 2) {
    child = 2 * child + 1;
    heap[hole] = heap[child];
    hole = child;
  }
  for (int64_t parent = (hole - 1) / 2; hole > 0 && heap[parent].key < v.key; parent = (hole - 1) / 2) {
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = v;
}

// Does a belong before b? The order of keys, without making them.
template <class T> [[gnu::always_inline]] inline bool is_ahead(T a, T b, bool largest) {
  if constexpr (sizeof(T) < 4)
    return sort_key(a, largest) < sort_key(b, largest);
  else if (largest)
    return a > b || (is_nan(a) && !is_nan(b));
  else
    return a < b || (is_nan(b) && !is_nan(a));
}
// The first of [from, n) in whose block something belongs before `bound`.
template <class T> int64_t find_ahead(const T* x, int64_t from, int64_t n, T bound, bool largest) {
  const SortTable& t = sort_table();
  if (is_nan(bound)) return largest ? n : from;
  if constexpr (std::is_same_v<T, float>)
    return t.ahead_f32(x, from, n, bound, largest);
  else if constexpr (std::is_same_v<T, double>)
    return t.ahead_f64(x, from, n, bound, largest);
  else if constexpr (std::is_same_v<T, int32_t>)
    return t.ahead_i32(x, from, n, bound, largest);
  else if constexpr (std::is_same_v<T, int64_t>)
    return t.ahead_i64(x, from, n, bound, largest);
  else
    return from;
}

// std::partial_sort of all pairs, of which only those that enter the heap are made. At first many do; later a block of
// elements mostly has none.
template <class T, class P>
void topk_heap(const T* x, int64_t n, int64_t k, bool largest, Keyed<KeyOf<T>, P>* heap) {
  fill_keys(x, k, largest, heap);
  std::make_heap(heap, heap + k, ByKey());
  T bound = x[heap[0].position];
  auto enter = [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i)
      if (is_ahead(x[i], bound, largest)) {
        replace_root(heap, k, Keyed<KeyOf<T>, P>{sort_key(x[i], largest), P(i)});
        bound = x[heap[0].position];
      }
  };
  const int64_t dense = std::min(n, 64 * (k + kAheadBlock));
  enter(k, dense);
  for (int64_t i = dense; i < n;) {
    i = find_ahead(x, i, n, bound, largest);
    const int64_t end = std::min(n, i + kAheadBlock);
    enter(i, end);
    i = end;
  }
  std::sort_heap(heap, heap + k, ByKey());
}
template <class T, class P>
void topk_queue(const T* x, int64_t n, int64_t k, bool largest, bool sorted, Keyed<KeyOf<T>, P>* queue) {
  fill_keys(x, n, largest, queue);
  std::nth_element(queue, queue + k - 1, queue + n, ByKey());
  if (sorted) std::sort(queue, queue + k - 1, ByKey());
}

template <class T> void topk_as(const T* x, int64_t rows, int64_t n, int64_t k, bool largest, bool sorted,
                                T* values, int64_t* indices) {
  const bool few = k * 64 <= n;
  with_positions(n, [&]<class P>(P) {
    for_rows(rows, n, [&](int64_t begin, int64_t end) {
      using K = Keyed<KeyOf<T>, P>;
      std::unique_ptr<K[]> queue(new K[size_t(few ? k : n)]);
      for (int64_t r = begin; r < end; ++r) {
        const T* row = x + r * n;
        few ? topk_heap(row, n, k, largest, queue.get())
            : topk_queue(row, n, k, largest, sorted, queue.get());
        for (int64_t i = 0; i < k; ++i) {
          const int64_t at = queue[size_t(i)].position;
          values[r * k + i] = row[at], indices[r * k + i] = at;
        }
      }
    });
  });
}

// ---- one element

constexpr int64_t kCountFrom =
    1 << 11;  // elements that are counted by their upper bits before they are compared
constexpr int kCountBits = 11;

// The k-th of a row in stable order, and how many have its key.
struct Found {
  int64_t position, equals;
};

template <class K> Found nth_of(K* a, int64_t n, int64_t k) {
  std::nth_element(a, a + k, a + n, ByKeyAndPosition());
  const auto key = a[k].key;
  return {int64_t(a[k].position), std::count_if(a, a + n, [=](const K& b) { return b.key == key; })};
}

// Counts by the uppermost bits that differ, keeps those that share the k-th's, and so on.
template <class K> Found select_among(std::vector<K>& a, int64_t k) {
  for (;;) {
    const int64_t n = int64_t(a.size());
    uint64_t differ = 0;
    for (const K& e : a) differ |= uint64_t(e.key ^ a[0].key);
    if (n < kCountFrom || differ == 0) return nth_of(a.data(), n, k);
    const int shift = std::max(0, int(std::bit_width(differ)) - kCountBits);
    constexpr uint64_t digit = (uint64_t(1) << kCountBits) - 1;
    int64_t counts[1 << kCountBits] = {};
    for (const K& e : a) ++counts[uint64_t(e.key) >> shift & digit];
    uint64_t v = 0;
    for (; k >= counts[v]; ++v) k -= counts[v];
    std::erase_if(a, [=](const K& e) { return (uint64_t(e.key) >> shift & digit) != v; });
  }
}

template <class T, class P>
Found select(const T* x, int64_t n, int64_t k, std::vector<Keyed<KeyOf<T>, P>>& room) {
  using U = KeyOf<T>;
  room.clear();
  if (n < kCountFrom) {
    room.resize(size_t(n));
    fill_keys(x, n, false, room.data());
    return nth_of(room.data(), n, k);
  }
  // As select_among, but nothing is written that is not kept.
  U differ = 0;
  const U first = ordered_bits(x[0]);
  for (int64_t i = 0; i < n; ++i) differ |= U(ordered_bits(x[i]) ^ first);
  const int shift = std::max(0, int(std::bit_width(uint64_t(differ))) - kCountBits);
  constexpr uint64_t digit = (uint64_t(1) << kCountBits) - 1;
  std::unique_ptr<int64_t[]> counts(
      new int64_t[4 << kCountBits]());  // four tables: equals in a row would wait
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int t = 0; t < 4; ++t)
      ++counts[size_t(t) << kCountBits | (uint64_t(ordered_bits(x[i + t])) >> shift & digit)];
  for (; i < n; ++i) ++counts[uint64_t(ordered_bits(x[i])) >> shift & digit];
  uint64_t v = 0;
  int64_t here = 0;
  for (;; ++v, k -= here) {
    here = 0;
    for (size_t t = 0; t < 4; ++t) here += counts[t << kCountBits | v];
    if (k < here) break;
  }
  room.reserve(size_t(here));
  for (i = 0; i < n; ++i)
    if (const U key = ordered_bits(x[i]); (uint64_t(key) >> shift & digit) == v) room.push_back({key, P(i)});
  return select_among(room, k);
}

// Hoare's quick select with the median of three as pivot; element k ends in its place.
template <class K> void quick_select(K* a, int64_t n, int64_t k) {
  auto after = [](const K& x, const K& y) { return x.key > y.key; };
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
    K pivot = a[left];
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
template <class T, class P>
int64_t kth_of(const T* x, int64_t n, int64_t k, std::vector<Keyed<KeyOf<T>, P>>& room) {
  if (const Found f = select(x, n, k, room); f.equals == 1) return f.position;
  room.resize(size_t(n));
  fill_keys(x, n, false, room.data());
  quick_select(room.data(), n, k);
  return int64_t(room[size_t(k)].position);
}
template <class T> void kth_as(const T* x, int64_t rows, int64_t n, int64_t k, T* values, int64_t* indices) {
  with_positions(n, [&]<class P>(P) {
    for_rows(rows, n, [&](int64_t begin, int64_t end) {
      std::vector<Keyed<KeyOf<T>, P>> room;
      for (int64_t r = begin; r < end; ++r) {
        const int64_t at = kth_of(x + r * n, n, k, room);
        values[r] = x[r * n + at];
        if (indices) indices[r] = at;
      }
    });
  });
}

// Of equals the one in the middle, as if sorted stably.
template <class T, class P>
int64_t median_of(const T* x, int64_t n, bool skip_nan, std::vector<Keyed<KeyOf<T>, P>>& room) {
  int64_t nans = 0;
  for (int64_t i = 0; i < n; ++i)
    if (is_nan(x[i])) {
      if (!skip_nan) return i;
      ++nans;
    }
  return select(x, n, nans == n ? 0 : (n - nans - 1) / 2, room).position;
}
template <class T>
void median_as(const T* x, int64_t rows, int64_t n, bool skip_nan, T* values, int64_t* indices) {
  with_positions(n, [&]<class P>(P) {
    for_rows(rows, n, [&](int64_t begin, int64_t end) {
      std::vector<Keyed<KeyOf<T>, P>> room;
      for (int64_t r = begin; r < end; ++r) {
        const int64_t at = median_of(x + r * n, n, skip_nan, room);
        values[r] = x[r * n + at];
        if (indices) indices[r] = at;
      }
    });
  });
}

}  // namespace

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
