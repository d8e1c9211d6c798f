// Matsumoto and Nishimura 1998, in loops that vectorise. See Note [One source, several instruction sets].
#include "kernels/isa.h"
#include "kernels/mersenne_table.h"

namespace adjoint {
namespace {

constexpr int kWords = 624, kShift = 397;

inline uint32_t mixed(uint32_t u, uint32_t v) {
  const uint32_t m = (u & 0x80000000) | (v & 0x7fffffff);
  return (m >> 1) ^ (v & 1 ? 0x9908b0df : 0);
}

// Each word is made of later ones, which are still the old ones, and of earlier new ones at least 227 words back.
void twist(uint32_t* p) {
#pragma GCC ivdep
  for (int i = 0; i < kWords - kShift; ++i) p[i] = p[i + kShift] ^ mixed(p[i], p[i + 1]);
  for (int from = kWords - kShift; from < kWords - 1; from += kWords - kShift) {
    const int end = from + kWords - kShift < kWords - 1 ? from + kWords - kShift : kWords - 1;
#pragma GCC ivdep
    for (int i = from; i < end; ++i) p[i] = p[i + kShift - kWords] ^ mixed(p[i], p[i + 1]);
  }
  p[kWords - 1] = p[kShift - 1] ^ mixed(p[kWords - 1], p[0]);
}

void temper(const uint32_t* __restrict state, int64_t n, uint32_t* __restrict words) {
  for (int64_t i = 0; i < n; ++i) {
    uint32_t y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    words[i] = y ^ (y >> 18);
  }
}

template <class T> void below(const uint32_t* __restrict words, int64_t n, uint64_t bound, T* __restrict y) {
  const uint32_t high = uint32_t(bound >> 32), low = uint32_t(bound);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t h = words[2 * i] & 0x1fffff, l = words[2 * i + 1];
    y[i] = T((h < high) | ((h == high) & (l < low)));
  }
}

}  // namespace

extern const MersenneTable ADJOINT_ISA_NAME(mersenne_table);
const MersenneTable ADJOINT_ISA_NAME(mersenne_table) = {twist, temper, below<float>, below<double>,
                                                        below<uint8_t>};

}  // namespace adjoint
