// Sorting rows. Short ones by counting, those up to 2^32 elements by radix, longer ones by the library's merge sort.
#include "kernels/sort.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "kernels/radix.h"
#include "kernels/sort_key.h"
#include "kernels/sort_table.h"

namespace adjoint {

ADJOINT_PICK_TABLE(SortTable, sort_table)

namespace {

constexpr int64_t kGrain = 4096;
constexpr int64_t kSharedFrom = 1 << 16;  // rows so long are each shared by all threads

// The inverse of ordered_bits where it has one: not at 0, which may be -0, and not at NaN.
template <class T> bool value_of(KeyOf<T> key, T& value) {
  using U = KeyOf<T>;
  constexpr U sign = U(U(1) << (sizeof(T) * 8 - 1));
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, uint8_t>)
    value = T(key);
  else if constexpr (std::is_integral_v<T>)
    value = T(key ^ sign);
  else {
    if (key == sign || key == U(-1)) return false;
    const U u = U(key ^ (key & sign ? sign : U(-1)));
    std::memcpy(&value, &u, sizeof u);
  }
  return true;
}

template <class T> struct Row {
  const T* x;
  int64_t n;
  bool descending;
  T* values;         // may be null
  int64_t* indices;  // may be null

  uint64_t key(int64_t i) const { return sort_key(x[i], descending); }
  void put(int64_t at, int64_t from) const {
    if (indices) indices[at] = from;
    if (values) values[at] = x[from];
  }
};

// Bits in which keys differ, up to the highest one that does.
template <class T> uint64_t differing(const Row<T>& row) {
  constexpr KeyOf<T> top = KeyOf<T>(KeyOf<T>(1) << (sizeof(T) * 8 - 1));
  const KeyOf<T> first = ordered_bits(row.x[0]);
  KeyOf<T> all = 0;
  for (int64_t i = 0; i < row.n && !(all & top);)
    for (const int64_t end = std::min(row.n, i + 256); i < end; ++i)
      all |= KeyOf<T>(ordered_bits(row.x[i]) ^ first);
  return all;
}

// A row as items: the key's bits below the highest that differs, then the position. Where both have more than 64 bits
// the lowest of the key are dropped, and looked at later where all others are equal.
template <class T> struct RadixRow : Row<T>, RadixSource, RadixSink {
  int position_bits, key_bits, dropped;

  RadixRow(const Row<T>& row, uint64_t differ) : Row<T>(row) {
    position_bits = std::bit_width(uint64_t(row.n - 1));
    key_bits = std::bit_width(differ);
    dropped = std::max(0, key_bits + position_bits - 64);
  }
  uint64_t mask() const { return key_bits == 64 ? ~uint64_t(0) : (uint64_t(1) << key_bits) - 1; }
  uint64_t item(int64_t i) const { return (this->key(i) & mask()) >> dropped << position_bits | uint64_t(i); }
  int64_t position(uint64_t item) const { return int64_t(item & ((uint64_t(1) << position_bits) - 1)); }
  bool same(uint64_t a, uint64_t b) const { return (a ^ b) >> position_bits == 0; }
  RadixRange range(uint64_t* items) const {
    return {items, items + this->n, this->n, position_bits, position_bits + key_bits - dropped};
  }

  // The item's digit above `shift`, from its key. Members are copied: what is written could be they.
  void count(int64_t begin, int64_t end, int shift, uint32_t* counts) const override {
    const int s = shift - position_bits + dropped;
    const uint64_t m = mask();
    const Row<T> row = *this;
    for (int64_t i = begin; i < end; ++i) ++counts[(row.key(i) & m) >> s];
  }
  void place(int64_t begin, int64_t end, int shift, uint32_t* places, uint64_t* to) const override {
    const int s = shift - position_bits + dropped, down = dropped, up = position_bits;
    const uint64_t m = mask();
    const Row<T> row = *this;
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t key = row.key(i) & m;
      to[places[key >> s]++] = key >> down << up | uint64_t(i);
    }
  }

  // Sorts a run of items by what they do not tell.
  void sort_dropped(uint64_t* run, uint64_t* scratch, int64_t m) const {
    auto rest = [&](uint64_t it) { return this->key(position(it)) & ((uint64_t(1) << dropped) - 1); };
    if (m <= 16) {
      for (int64_t i = 1; i < m; ++i) {
        const uint64_t it = run[i], k = rest(it);
        int64_t at = i;
        for (; at > 0 && rest(run[at - 1]) > k; --at) run[at] = run[at - 1];
        run[at] = it;
      }
      return;
    }
    const int ranks = std::bit_width(uint64_t(m - 1));
    Items room;
    uint64_t* items = room.of(2 * m);
    for (int64_t i = 0; i < m; ++i) items[i] = rest(run[i]) << ranks | uint64_t(i);
    const uint64_t* sorted = radix_sort_here({items, items + m, m, ranks, ranks + dropped});
    for (int64_t i = 0; i < m; ++i) scratch[i] = run[sorted[i] & ((uint64_t(1) << ranks) - 1)];
    std::copy_n(scratch, m, run);
  }
  void take(uint64_t* sorted, uint64_t* scratch, int64_t m, int64_t at) const override {
    if (dropped)
      for (int64_t first = 0, i = 1; i <= m; ++i)
        if (i == m || !same(sorted[first], sorted[i])) {
          if (i - first > 1) sort_dropped(sorted + first, scratch, i - first);
          first = i;
        }
    write(sorted, m, at);
  }
  void write(const uint64_t* sorted, int64_t m, int64_t at) const {
    if (this->indices)
      for (int64_t i = 0; i < m; ++i) this->indices[at + i] = position(sorted[i]);
    if (!this->values) return;
    if (dropped) {
      for (int64_t i = 0; i < m; ++i) this->values[at + i] = this->x[position(sorted[i])];
      return;
    }
    const KeyOf<T> flip = KeyOf<T>(-int(this->descending)), above = KeyOf<T>(this->key(0) & ~mask());
    for (int64_t i = 0; i < m; ++i) {
      const KeyOf<T> key = KeyOf<T>((above | KeyOf<T>(sorted[i] >> position_bits & mask())) ^ flip);
      if (!value_of(key, this->values[at + i])) this->values[at + i] = this->x[position(sorted[i])];
    }
  }
};

// Keys of few bits: elements go from where they are to where they belong.
template <class T> struct CountedRow : Row<T>, RadixSource {
  uint64_t mask;
  CountedRow(const Row<T>& row, int bits) : Row<T>(row), mask((uint64_t(1) << bits) - 1) {}
  void count(int64_t begin, int64_t end, int, uint32_t* counts) const override {
    const Row<T> row = *this;
    for (int64_t i = begin, m = int64_t(mask); i < end; ++i) ++counts[row.key(i) & uint64_t(m)];
  }
  void place(int64_t begin, int64_t end, int, uint32_t* places, uint64_t*) const override {
    const Row<T> row = *this;
    for (int64_t i = begin, m = int64_t(mask); i < end; ++i) row.put(places[row.key(i) & uint64_t(m)]++, i);
  }
};

template <class T> void radix_row(const Row<T>& row, Items& room) {
  const uint64_t differ = differing(row);
  if (const int bits = std::bit_width(differ); bits <= kDistributeBits && row.n >= int64_t(4) << bits)
    return radix_distribute(CountedRow<T>(row, bits), row.n, bits);
  const RadixRow<T> r(row, differ);
  const RadixRange range = r.range(room.of(2 * row.n));
  if (row.n >= kSharedFrom) return radix_sort_source(r, range, r);
  for (int64_t i = 0; i < row.n; ++i) range.items[i] = r.item(i);
  radix_sort(range, 0, r);
}

template <class T> void merge_row(const Row<T>& row) {
  std::vector<Keyed<KeyOf<T>, int64_t>> pairs(static_cast<size_t>(row.n));
  fill_keys(row.x, row.n, row.descending, pairs.data());
  std::stable_sort(pairs.begin(), pairs.end(), ByKey());
  for (int64_t i = 0; i < row.n; ++i) row.put(i, pairs[size_t(i)].position);
}

template <class T> void short_row(const Row<T>& row) {
  using K = std::conditional_t<sizeof(T) <= 4, int32_t, int64_t>;
  constexpr uint64_t sign = sizeof(T) < 4 ? 0 : uint64_t(1) << (sizeof(T) * 8 - 1);
  K keys[kRankMost];
  uint8_t order[kRankMost];
  for (int64_t i = 0; i < row.n; ++i) keys[i] = K(row.key(i) ^ sign);
  if constexpr (sizeof(K) == 4)
    sort_table().rank32(keys, int(row.n), order);
  else
    sort_table().rank64(keys, int(row.n), order);
  for (int64_t i = 0; i < row.n; ++i) row.put(i, order[i]);
}

// Where equals meet, their order is the one in which std::sort leaves pairs. The row is in order already.
template <class T> void reorder_ties(const Row<T>& row) {
  int64_t i = 1;
  while (i < row.n && row.key(row.indices[i - 1]) != row.key(row.indices[i])) ++i;
  if (i >= row.n) return;
  std::unique_ptr<Keyed<KeyOf<T>, uint32_t>[]> pairs(new Keyed<KeyOf<T>, uint32_t>[size_t(row.n)]);
  fill_keys(row.x, row.n, row.descending, pairs.get());
  std::sort(pairs.get(), pairs.get() + row.n, ByKey());
  for (i = 0; i < row.n; ++i) row.put(i, pairs[size_t(i)].position);
}

template <class T> void sort_row(const Row<T>& row, Ties ties, Items& room) {
  if (row.n <= (sizeof(T) <= 4 ? kRankMost : kRankMost / 2))
    short_row(row);
  else if (row.n < kRadixMost)
    radix_row(row, room);
  else
    merge_row(row);
  if (ties == Ties::Introsort && row.indices && row.n > 16 && row.n <= kIntrosortMost) reorder_ties(row);
}

template <class T>
void sort_as(const T* x, int64_t rows, int64_t n, bool descending, T* values, int64_t* indices, Ties ties) {
  auto sort_some = [&](int64_t begin, int64_t end) {
    Items room;
    for (int64_t r = begin; r < end; ++r)
      sort_row(Row<T>{x + r * n, n, descending, values ? values + r * n : nullptr,
                      indices ? indices + r * n : nullptr},
               ties, room);
  };
  if (n >= kSharedFrom) return sort_some(0, rows);
  parallel_for(rows, std::max<int64_t>(1, kGrain / (n + 1)), sort_some);
}

}  // namespace

void sort_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, bool descending, void* values,
               int64_t* indices, Ties ties) {
  if (rows == 0 || n == 0) return;
  visit_real(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    sort_as(static_cast<const T*>(x), rows, n, descending, static_cast<T*>(values), indices, ties);
  });
}

}  // namespace adjoint
