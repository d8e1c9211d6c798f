// Short rows are sorted by counting, for each element, those that come before it: no branches, all pairs in vectors.
// Long ones by digits, in loops that profit from shifts without a fixed register.
#include "kernels/isa.h"
#include "kernels/sort_table.h"

namespace adjoint {
namespace {

template <int N, class K> void rank(const K* __restrict keys, int n, uint8_t* __restrict order) {
  K ranks[N], place[N];
  for (int i = 0; i < N; ++i) ranks[i] = 0, place[i] = K(i);
  for (int j = 0; j < n; ++j) {
    const K key = keys[j], at = K(j);
    for (int i = 0; i < N; ++i) ranks[i] += (key < keys[i]) | ((key == keys[i]) & (at < place[i]));
  }
  for (int i = 0; i < n; ++i) order[ranks[i]] = uint8_t(i);
}
template <class K> void rank_order(const K* keys, int n, uint8_t* order) {
  n <= 8    ? rank<8>(keys, n, order)
  : n <= 16 ? rank<16>(keys, n, order)
  : n <= 32 ? rank<32>(keys, n, order)
            : rank<64>(keys, n, order);
}

template <bool kLargest, class T> bool any_ahead(const T* x, int64_t n, T bound) {
  bool any = false;
  for (int64_t i = 0; i < n; ++i)
    any |= (kLargest ? x[i] > bound : x[i] < bound) | (kLargest & (x[i] != x[i]));
  return any;
}
template <bool kLargest, class T> int64_t find(const T* x, int64_t from, int64_t n, T bound) {
  for (; from + kAheadBlock <= n; from += kAheadBlock)
    if (any_ahead<kLargest>(x + from, kAheadBlock, bound)) return from;
  return any_ahead<kLargest>(x + from, n - from, bound) ? from : n;
}
template <class T> int64_t find_ahead(const T* x, int64_t from, int64_t n, T bound, bool largest) {
  return largest ? find<true>(x, from, n, bound) : find<false>(x, from, n, bound);
}

void count_digit(const uint64_t* items, int64_t n, int shift, int bits, uint32_t* counts) {
  const uint64_t digit = (uint64_t(1) << bits) - 1;
  for (int64_t i = 0; i < n; ++i) ++counts[items[i] >> shift & digit];
}
void place_digit(const uint64_t* items, int64_t n, int shift, int bits, uint32_t* places, uint64_t* to) {
  const uint64_t digit = (uint64_t(1) << bits) - 1;
  for (int64_t i = 0; i < n; ++i) to[places[items[i] >> shift & digit]++] = items[i];
}

using Counts = uint32_t[kMostPasses][1 << kDigitBits];
template <int kPasses> void count_all(const uint64_t* items, int64_t n, int low, int bits, Counts& counts) {
  const uint64_t digit = (uint64_t(1) << bits) - 1;
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t it = items[i] >> low;
    for (int p = 0; p < kPasses; ++p) ++counts[p][it >> p * bits & digit];
  }
}
uint64_t* least_digits(uint64_t* items, uint64_t* scratch, int64_t n, int low, int bits, int passes) {
  Counts counts;
  for (int p = 0; p < passes; ++p)
    for (int v = 0; v < 1 << bits; ++v) counts[p][v] = 0;
  passes == 1   ? count_all<1>(items, n, low, bits, counts)
  : passes == 2 ? count_all<2>(items, n, low, bits, counts)
  : passes == 3 ? count_all<3>(items, n, low, bits, counts)
                : count_all<4>(items, n, low, bits, counts);
  for (int p = 0; p < passes; ++p) {
    const int shift = low + p * bits;
    uint32_t* places = counts[p];
    if (places[items[0] >> shift & ((uint64_t(1) << bits) - 1)] == uint32_t(n)) continue;  // all alike
    uint32_t sum = 0;
    for (int v = 0; v < 1 << bits; ++v) {
      const uint32_t c = places[v];
      places[v] = sum;
      sum += c;
    }
    place_digit(items, n, shift, bits, places, scratch);
    uint64_t* sorted = scratch;
    scratch = items;
    items = sorted;
  }
  return items;
}

}  // namespace

extern const SortTable ADJOINT_ISA_NAME(sort_table);
const SortTable ADJOINT_ISA_NAME(sort_table) = {
    count_digit,       place_digit,        least_digits,        rank_order<int32_t>, rank_order<int64_t>,
    find_ahead<float>, find_ahead<double>, find_ahead<int32_t>, find_ahead<int64_t>};

}  // namespace adjoint
