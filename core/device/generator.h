// The random number generator: Mersenne Twister (MT19937), drawn from as PyTorch's CPU generator is, so that
// the same seed gives the same numbers.
#pragma once
#include <cmath>
#include <cstdint>
#include "tensor/tensor.h"

namespace adjoint {

struct Generator {
  static constexpr int kWords = 624, kShift = 397;
  static constexpr uint64_t kDefaultSeed = 67280421310721;
  uint32_t refs = 1;
  uint64_t seed = kDefaultSeed;
  bool seeded = false;
  int left = 1;
  uint32_t next = 0;
  uint32_t state[kWords];
  // Of a pair of normal numbers the second waits for the next call.
  bool has_float = false, has_double = false;
  float next_float = 0;
  double next_double = 0;

  Generator() { manual_seed(kDefaultSeed); }
  void manual_seed(uint64_t s);
  uint64_t seed_from_system();  // sets and returns a fresh seed
  uint32_t random() {
    if (--left == 0) refill();
    uint32_t y = state[next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >> 18);
  }
  void random(uint32_t* words, int64_t n);  // n of them
  uint64_t random64() {                     // the first draw is the high half
    uint64_t high = random();
    return high << 32 | random();
  }
  // The state as PyTorch lays it out: 5056 bytes.
  Tensor get_state() const;
  void set_state(const Tensor& bytes);

 private:
  void refill();
};

Generator& default_generator();
// The seed of a Python number: a negative one wraps as PyTorch does.
inline Generator& generator_or_default(Generator* g) { return g ? *g : default_generator(); }

namespace random {

// PyTorch's uniform number in [0, 1): the low 24 (53) bits, scaled.
template <class T> T uniform(Generator& g) {
  constexpr int digits = sizeof(T) == 8 ? 53 : 24;
  constexpr T scale = T(1) / T(uint64_t(1) << digits);
  uint64_t bits = (sizeof(T) == 8 ? g.random64() : g.random()) & ((uint64_t(1) << digits) - 1);
  return T(bits) * scale;
}
// In [from, to): they enter by one fused multiply-add.
template <class T> T uniform(Generator& g, T from, T to) { return std::fma(uniform<T>(g), to - from, from); }

// Standard normal numbers in double, two from each pair of uniforms; the generator keeps the second.
double normal(Generator& g);

}  // namespace random

}  // namespace adjoint
