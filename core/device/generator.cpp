#include "device/generator.h"
#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include "kernels/isa.h"
#include "kernels/mersenne_table.h"
#include "tensor/tensor.h"

namespace adjoint {

void Generator::manual_seed(uint64_t s) {
  seed = s;
  seeded = true;
  state[0] = uint32_t(s);
  for (uint32_t i = 1; i < kWords; ++i) state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  left = 1;
  next = 0;
  has_float = has_double = false;
}

uint64_t Generator::seed_from_system() {
  std::random_device device;
  uint64_t s = uint64_t(device()) << 32 | device();
  manual_seed(s);
  return s;
}

ADJOINT_PICK_TABLE(MersenneTable, mersenne_table)

void Generator::refill() {
  mersenne_table().twist(state);
  left = kWords;
  next = 0;
}

void Generator::random(uint32_t* words, int64_t n) {
  while (n > 0) {
    if (left == 1) {
      refill();
      ++left;  // as it is before one of them is drawn
    }
    const int64_t m = std::min<int64_t>(n, left - 1);
    mersenne_table().temper(state + next, m, words);
    left -= int(m);
    next += uint32_t(m);
    words += m;
    n -= m;
  }
}

namespace {

// PyTorch's state blob: Torch7's layout with the single-precision normal number appended.
struct Blob {
  uint64_t seed;
  int32_t left, seeded;
  uint64_t next;
  uint64_t state[Generator::kWords];
  double normal_x, normal_y, normal_rho;
  int32_t normal_valid, pad;
  float next_float;
  bool has_float;
};
static_assert(sizeof(Blob) == 5056);

}  // namespace

Tensor Generator::get_state() const {
  Tensor bytes = zeros(Dims{int64_t(sizeof(Blob))}, Dtype::U8);
  Blob b;
  std::memset(&b, 0, sizeof b);
  b.seed = seed;
  b.left = left;
  b.seeded = seeded;
  b.next = next;
  std::copy(state, state + kWords, b.state);
  b.normal_y = has_double ? next_double : 0;
  b.normal_valid = has_double;
  b.next_float = has_float ? next_float : 0;
  b.has_float = has_float;
  std::memcpy(bytes->host(), &b, sizeof b);
  return bytes;
}

void Generator::set_state(const Tensor& bytes) {
  check_as(bytes->dtype == Dtype::U8 && bytes->device == Device::Cpu, ErrorKind::Type,
           "expected a torch.ByteTensor, but got ", *bytes);
  check(bytes->contiguous() && bytes->numel == int64_t(sizeof(Blob)),
        "Expected either a CPUGeneratorImplStateLegacy of size 5048 or a CPUGeneratorImplState of size 5056 "
        "but found "
        "the input RNG state size to be ",
        bytes->numel);
  Blob b;
  std::memcpy(&b, bytes->host(), sizeof b);
  check(b.left > 0 && b.left <= kWords && b.next <= uint64_t(kWords), "Invalid mt19937 state");
  seed = b.seed;
  left = b.left;
  seeded = b.seeded;
  next = uint32_t(b.next);
  std::copy(b.state, b.state + kWords, state);
  has_double = b.normal_valid;
  next_double = b.normal_y;
  has_float = b.has_float;
  next_float = b.next_float;
}

Generator& default_generator() {
  static Generator g;
  return g;
}

namespace random {

double normal(Generator& g) {
  if (g.has_double) {
    g.has_double = false;
    return g.next_double;
  }
  double u1 = uniform<double>(g), u2 = uniform<double>(g);
  double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  g.next_double = r * std::sin(theta);
  g.has_double = true;
  return r * std::cos(theta);
}

}  // namespace random
}  // namespace adjoint
