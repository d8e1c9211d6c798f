// Most significant digit first until a piece fits the nearest cache, then least significant digit first there; what a
// few digits leave in disorder is mended by insertion.
#include "kernels/radix.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/sort_table.h"

namespace adjoint {
namespace {

constexpr int64_t kInsertionMost = 32;
constexpr int64_t kCachedMost = 8192;     // items that stay in the nearest cache with their scratch
constexpr int64_t kSharedFrom = 1 << 16;  // items that are worth several threads
constexpr int64_t kChunk = 1 << 15, kMostChunks = 256;

void insertion(uint64_t* a, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const uint64_t v = a[i];
    int64_t at = i;
    for (; at > 0 && a[at - 1] > v; --at) a[at] = a[at - 1];
    a[at] = v;
  }
}
// The same for what is nearly in order. Items are distinct, so any sort will do for what is not.
void mend(uint64_t* a, int64_t n) {
  int64_t moves = 4 * n;
  for (int64_t i = 1; i < n; ++i) {
    if (a[i - 1] < a[i]) [[likely]]
      continue;
    const uint64_t v = a[i];
    int64_t at = i;
    for (; at > 0 && a[at - 1] > v; --at) a[at] = a[at - 1];
    a[at] = v;
    if ((moves -= i - at) < 0) return std::sort(a, a + n);
  }
}

void to_places(uint32_t* counts, int n) {
  uint32_t sum = 0;
  for (int v = 0; v < n; ++v) {
    const uint32_t c = counts[v];
    counts[v] = sum;
    sum += c;
  }
}

// As many of the upper bits as tell most items apart; where they end there are items to mend.
uint64_t* by_least_digits(const RadixRange& r) {
  const int want = std::min(r.high - r.low, int(std::bit_width(uint64_t(r.n))) + 7);
  const int passes = (want + kDigitBits - 1) / kDigitBits, bits = (want + passes - 1) / passes;
  const int low = std::max(r.low, r.high - passes * bits);
  uint64_t* sorted = sort_table().least_digits(r.items, r.scratch, r.n, low, bits, passes);
  if (low > r.low) mend(sorted, r.n);
  return sorted;
}

int first_digit(const RadixRange& r) {
  return std::min(r.high - r.low, r.n >= kSharedFrom ? kDistributeBits : kDigitBits);
}

struct Pieces {
  int bits;
  std::vector<int64_t> ends;  // of each digit's items
};
// Calls f(piece, first, count) for each digit that occurs.
template <class F> void each_piece(const Pieces& p, size_t from, size_t to, F f) {
  for (size_t v = from; v < to; ++v) {
    const int64_t first = v ? p.ends[v - 1] : 0, n = p.ends[v] - first;
    if (n) f(v, first, n);
  }
}

// count(begin, end, counts) and place(begin, end, places) over chunks of n items.
template <class C, class P> Pieces partition(int64_t n, int bits, C count, P place) {
  const int64_t size = std::max(kChunk, (n + kMostChunks - 1) / kMostChunks);
  const int64_t chunks = (n + size - 1) / size, values = int64_t(1) << bits;
  std::vector<uint32_t> counts(size_t(chunks * values), 0);
  parallel_chunks(
      chunks, [&](int64_t c) { count(c * size, std::min(n, (c + 1) * size), &counts[size_t(c * values)]); });
  Pieces pieces{bits, std::vector<int64_t>(size_t(values))};
  uint32_t sum = 0;
  for (int64_t v = 0; v < values; ++v) {
    for (int64_t c = 0; c < chunks; ++c) {
      uint32_t& here = counts[size_t(c * values + v)];
      const uint32_t k = here;
      here = sum;
      sum += k;
    }
    pieces.ends[size_t(v)] = v + 1 == values ? n : int64_t(sum);
  }
  parallel_chunks(
      chunks, [&](int64_t c) { place(c * size, std::min(n, (c + 1) * size), &counts[size_t(c * values)]); });
  return pieces;
}
Pieces partition(const RadixSource& source, int64_t n, int shift, int bits, uint64_t* to) {
  return partition(
      n, bits, [&](int64_t begin, int64_t end, uint32_t* counts) { source.count(begin, end, shift, counts); },
      [&](int64_t begin, int64_t end, uint32_t* places) { source.place(begin, end, shift, places, to); });
}
Pieces partition(const RadixRange& r, int bits) {
  const int shift = r.high - bits;
  return partition(
      r.n, bits,
      [&](int64_t begin, int64_t end, uint32_t* counts) {
        sort_table().count_digit(r.items + begin, end - begin, shift, bits, counts);
      },
      [&](int64_t begin, int64_t end, uint32_t* places) {
        sort_table().place_digit(r.items + begin, end - begin, shift, bits, places, r.scratch);
      });
}

void sort_pieces(const Pieces& p, const RadixRange& r, int64_t at, const RadixSink& sink) {
  auto range = [&](int64_t first, int64_t n) {  // the pieces lie in the scratch
    return RadixRange{r.scratch + first, r.items + first, n, r.low, r.high - p.bits};
  };
  // Runs of digits with about as many items each; a piece that would be most of the work is shared in its turn.
  const int64_t share = std::max<int64_t>(kChunk / 2, r.n / 64), large = std::max(kSharedFrom, r.n / 8);
  std::vector<size_t> cuts{0};
  int64_t held = 0;
  each_piece(p, 0, p.ends.size(), [&](size_t v, int64_t first, int64_t n) {
    if (n > large) radix_sort(range(first, n), at + first, sink);
    held += n;
    if (held >= share) {
      cuts.push_back(v + 1);
      held = 0;
    }
  });
  cuts.push_back(p.ends.size());
  parallel_chunks(int64_t(cuts.size()) - 1, [&](int64_t c) {
    each_piece(p, cuts[size_t(c)], cuts[size_t(c) + 1], [&](size_t, int64_t first, int64_t n) {
      if (n > large) return;
      const RadixRange piece = range(first, n);
      uint64_t* sorted = radix_sort_here(piece);
      sink.take(sorted, sorted == piece.items ? piece.scratch : piece.items, n, at + first);
    });
  });
}

}  // namespace

uint64_t* radix_sort_here(const RadixRange& r) {
  if (r.low == r.high || r.n < 2) return r.items;
  if (r.n <= kInsertionMost) {
    insertion(r.items, r.n);
    return r.items;
  }
  if (r.n <= kCachedMost || r.high - r.low <= kDigitBits) return by_least_digits(r);
  const int bits = first_digit(r), shift = r.high - bits;
  uint32_t places[1 << kDistributeBits], ends[1 << kDistributeBits];
  std::fill_n(places, 1 << bits, 0u);
  sort_table().count_digit(r.items, r.n, shift, bits, places);
  to_places(places, 1 << bits);
  sort_table().place_digit(r.items, r.n, shift, bits, places, r.scratch);
  std::copy_n(places, 1 << bits, ends);
  for (int v = 0; v < 1 << bits; ++v) {
    const int64_t first = v ? ends[v - 1] : 0, n = ends[v] - first;
    if (n == 0) continue;
    const uint64_t* sorted = radix_sort_here({r.scratch + first, r.items + first, n, r.low, shift});
    if (sorted != r.scratch + first) std::copy_n(sorted, n, r.scratch + first);
  }
  return r.scratch;
}

void radix_sort(const RadixRange& r, int64_t at, const RadixSink& sink) {
  if (r.n < kSharedFrom || r.low == r.high) {
    uint64_t* sorted = radix_sort_here(r);
    return sink.take(sorted, sorted == r.items ? r.scratch : r.items, r.n, at);
  }
  sort_pieces(partition(r, first_digit(r)), r, at, sink);
}

void radix_sort_source(const RadixSource& source, const RadixRange& r, const RadixSink& sink) {
  const int bits = first_digit(r);
  sort_pieces(partition(source, r.n, r.high - bits, bits, r.scratch), r, 0, sink);
}
void radix_distribute(const RadixSource& source, int64_t n, int bits) {
  partition(source, n, 0, bits, nullptr);
}

}  // namespace adjoint
