// The vectorised kernels under sort.cpp and select.cpp: sort.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

inline constexpr int kRankMost = 64;  // elements
// order[k]: the position of the k-th of n keys; equals keep their order. `keys` has room for kRankMost.
template <class K> using RankOrder = void (*)(const K* keys, int n, uint8_t* order);

// The first of [from, n) in whose block of kAheadBlock some element is larger (smaller) than the bound, which
// is not NaN. NaN counts as the largest. n where there is none.
inline constexpr int64_t kAheadBlock = 64;
template <class T> using FindAhead = int64_t (*)(const T* x, int64_t from, int64_t n, T bound, bool largest);

// One digit of items (kernels/radix.h): counted, then placed.
using CountDigit = void (*)(const uint64_t* items, int64_t n, int shift, int bits, uint32_t* counts);
using PlaceDigit = void (*)(const uint64_t* items, int64_t n, int shift, int bits, uint32_t* places,
                            uint64_t* to);
// Sorts by `passes` digits of `bits` each from bit `low` on; gives back where the items are then.
inline constexpr int kDigitBits = 8, kMostPasses = 4;
using LeastDigits = uint64_t* (*)(uint64_t* items, uint64_t* scratch, int64_t n, int low, int bits,
                                  int passes);

struct SortTable {
  CountDigit count_digit;
  PlaceDigit place_digit;
  LeastDigits least_digits;
  RankOrder<int32_t> rank32;
  RankOrder<int64_t> rank64;
  FindAhead<float> ahead_f32;
  FindAhead<double> ahead_f64;
  FindAhead<int32_t> ahead_i32;
  FindAhead<int64_t> ahead_i64;
};
const SortTable& sort_table();

}  // namespace adjoint
