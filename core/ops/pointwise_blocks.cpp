// Brings the operands of a pointwise loop into blocks. See Note [Blocks].
#include <cstring>
#include "ops/pointwise_loops.h"

namespace adjoint {
namespace {

constexpr int kOperands = 7, kBytes = 64;
constexpr int64_t kChunk = 32;  // blocks gathered at a time

template <class T> [[gnu::always_inline]] inline void spread(char* to, const char* from) {
  T v;
  std::memcpy(&v, from, sizeof v);
  for (int i = 0; i < kBytes / int(sizeof v); ++i) std::memcpy(to + i * int(sizeof v), &v, sizeof v);
}
// A block full of one value.
void spread(char* to, const char* from, int size) {
  switch (size) {
    case 1: return spread<uint8_t>(to, from);
    case 2: return spread<uint16_t>(to, from);
    case 4: return spread<uint32_t>(to, from);
    default: return spread<uint64_t>(to, from);
  }
}
template <class T> [[gnu::always_inline]] inline void move_elements(char* to, int64_t to_stride,
                                                                    const char* from, int64_t from_stride,
                                                                    int64_t n) {
  for (int64_t i = 0; i < n; ++i) std::memcpy(to + i * to_stride, from + i * from_stride, sizeof(T));
}
void move_elements(char* to, int64_t to_stride, const char* from, int64_t from_stride, int64_t n, int size) {
  switch (size) {
    case 1: return move_elements<uint8_t>(to, to_stride, from, from_stride, n);
    case 2: return move_elements<uint16_t>(to, to_stride, from, from_stride, n);
    case 4: return move_elements<uint32_t>(to, to_stride, from, from_stride, n);
    default: return move_elements<uint64_t>(to, to_stride, from, from_stride, n);
  }
}
// At most a block's bytes, as two overlapping pieces.
template <class Piece>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from, int64_t bytes) {
  Piece a, b;
  std::memcpy(&a, from, sizeof a);
  std::memcpy(&b, from + bytes - int64_t(sizeof b), sizeof b);
  std::memcpy(to, &a, sizeof a);
  std::memcpy(to + bytes - int64_t(sizeof b), &b, sizeof b);
}
struct Bytes16 {
  uint64_t v[2];
};
struct Bytes32 {
  uint64_t v[4];
};
void copy_short(char* to, const char* from, int64_t bytes) {
  if (bytes >= 32) return copy_ends<Bytes32>(to, from, bytes);
  if (bytes >= 16) return copy_ends<Bytes16>(to, from, bytes);
  if (bytes >= 8) return copy_ends<uint64_t>(to, from, bytes);
  if (bytes >= 4) return copy_ends<uint32_t>(to, from, bytes);
  if (bytes >= 2) return copy_ends<uint16_t>(to, from, bytes);
  if (bytes) *to = *from;
}

// Fewer elements than a block has: through blocks of copies, so that what fills them up is harmless.
void run_few(const BlockLoop& l, char* const* p, const int64_t* steps, int64_t n) {
  alignas(64) char block[kOperands][kBytes];
  char* q[kOperands];
  q[0] = block[0];
  for (int k = 1; k < l.operands; ++k) {
    if (steps[k] == 0) {
      q[k] = p[k];
      continue;
    }
    q[k] = block[k];
    spread(block[k], p[k], l.sizes[k]);
    copy_short(block[k], p[k], n * l.sizes[k]);
  }
  l.run(q, steps, 1);
  copy_short(p[0], block[0], n * l.sizes[0]);
}

// Dense operands, and blocks of single values (step 0).
void run_near(const BlockLoop& l, char* const* p, const int64_t* steps, int64_t n) {
  const int64_t whole = n / l.width, rest = n - whole * l.width;
  if (whole) l.run(p, steps, whole);
  if (!rest) return;
  bool in_place = false;
  char* q[kOperands];
  // The last block overlaps the one before, where that was not overwritten.
  const int64_t back = whole ? n - l.width : 0;
  for (int k = 0; k < l.operands; ++k) {
    in_place |= k > 0 && p[k] == p[0];
    q[k] = p[k] + (steps[k] ? back * l.sizes[k] : 0);
  }
  if (whole && !in_place) return l.run(q, steps, 1);
  for (int k = 0; k < l.operands; ++k) q[k] = p[k] + whole * steps[k];
  run_few(l, q, steps, rest);
}

}  // namespace

void run_blocks(const BlockLoop& l, char* const* p, const int64_t* st, int64_t n) {
  if (n <= 0) return;
  alignas(64) char one[kOperands][kBytes];
  char* q[kOperands];
  int64_t steps[kOperands];
  bool far[kOperands], any_far = false, all_single = true;
  for (int k = 0; k < l.operands; ++k) {
    const int64_t size = l.sizes[k];
    q[k] = p[k];
    steps[k] = size * l.width;
    far[k] = false;
    if (st[k] == size) {
      all_single &= k == 0;
    } else if (k > 0 && st[k] == 0) {
      spread(one[k], p[k], int(size));
      q[k] = one[k];
      steps[k] = 0;
    } else {
      far[k] = any_far = true;
      all_single &= k == 0;
    }
  }
  if (all_single && n > l.width) {  // one value many times (the gradient of a sum goes this way)
    q[0] = one[0];
    l.run(q, steps, 1);
    if (far[0]) return move_elements(p[0], st[0], one[0], 0, n, l.sizes[0]);
    const int64_t bytes = n * l.sizes[0], block = steps[0];
    for (int64_t i = block; i < kBytes; i += block) std::memcpy(one[0] + i, one[0], size_t(block));
    for (int64_t i = 0; i + kBytes <= bytes; i += kBytes) std::memcpy(p[0] + i, one[0], kBytes);
    return copy_short(p[0] + bytes / kBytes * kBytes, one[0], bytes % kBytes);
  }
  if (!any_far) return run_near(l, q, steps, n);

  alignas(64) char gathered[kOperands][kChunk * kBytes];
  const int64_t chunk = kChunk * l.width;
  for (int64_t i = 0; i < n; i += chunk) {
    const int64_t m = std::min(chunk, n - i);
    char* r[kOperands];
    for (int k = 0; k < l.operands; ++k) {
      r[k] = far[k] ? gathered[k] : q[k] + i / l.width * steps[k];
      if (far[k] && k > 0) move_elements(gathered[k], l.sizes[k], p[k] + i * st[k], st[k], m, l.sizes[k]);
    }
    run_near(l, r, steps, m);
    if (far[0]) move_elements(p[0] + i * st[0], st[0], gathered[0], l.sizes[0], m, l.sizes[0]);
  }
}

}  // namespace adjoint
