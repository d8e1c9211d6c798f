// The CPU's update rules of optimizers: all parameters of a group in one pass, in pieces that stay in the cache.
#include "device/nn/optim.h"
#include <algorithm>
#include <vector>
#include "device/cpu/work.h"
#include "kernels/copy.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kPiece = 16 * 1024;  // bytes of a parameter that are updated at a time
constexpr int64_t kGrain = 4;          // pieces that are worth another thread

// Half precision: a stretch at a time becomes float32 and back, rounded once.
void update_half(const UpdateLoops& loops, int slots, const Update& u, int64_t begin, int64_t end) {
  constexpr int64_t kStretch = 1024;
  alignas(64) float wide[2 + Update::kSlots][kStretch];
  const Dtype type = u.p->dtype;
  void* addresses[Update::kSlots];
  for (int k = 0; k < Update::kSlots; ++k) addresses[k] = wide[2 + k];
  auto bytes = [](float* x) { return reinterpret_cast<char*>(x); };
  for (int64_t at = begin; at < end; at += kStretch) {
    const int64_t n = std::min(kStretch, end - at), offset = at * int64_t(item_size(type));
    convert(bytes(wide[0]), Dtype::F32, u.p->address() + offset, type, n);
    convert(bytes(wide[1]), Dtype::F32, u.g->address() + offset, type, n);
    for (int k = 0; k < slots; ++k)
      convert(bytes(wide[2 + k]), Dtype::F32, u.slots[k]->address() + offset, type, n);
    loops.f32(u.constants, n, wide[0], wide[1], addresses);
    convert(u.p->address() + offset, type, bytes(wide[0]), Dtype::F32, n);
    for (int k = 0; k < slots; ++k)
      convert(u.slots[k]->address() + offset, type, bytes(wide[2 + k]), Dtype::F32, n);
  }
}

// A complex parameter is two real ones, side by side.
void update(const UpdateLoops& loops, int slots, const Update& u, int64_t begin, int64_t end) {
  const Dtype type = u.p->dtype;
  if (is_reduced(type)) return update_half(loops, slots, u, begin, end);
  const int64_t at = begin * int64_t(item_size(type)), n = (end - begin) * (is_complex(type) ? 2 : 1);
  void* addresses[Update::kSlots] = {};
  for (int k = 0; k < slots; ++k) addresses[k] = u.slots[k]->address() + at;
  (real_of(type) == Dtype::F32 ? loops.f32 : loops.f64)(u.constants, n, u.p->address() + at,
                                                        u.g->address() + at, addresses);
}

// Where one parameter's memory is also another's, or one is there twice, the order counts.
bool disjoint(std::span<const Update> updates) {
  std::vector<std::pair<const char*, const char*>> blocks;
  blocks.reserve(updates.size());
  for (const Update& u : updates) {
    const char* begin = u.p->address();
    blocks.push_back({begin, begin + u.p->numel * int64_t(u.p->itemsize())});
  }
  std::sort(blocks.begin(), blocks.end());
  for (size_t i = 1; i < blocks.size(); ++i)
    if (blocks[i].first < blocks[i - 1].second) return false;
  return true;
}

void step(const UpdateLoops& loops, int slots, std::span<const Update> updates) {
  int64_t bytes = 0;
  for (const Update& u : updates) bytes += u.p->numel * int64_t(u.p->itemsize());
  cpu::Work work(bytes / 4);
  if (bytes <= kGrain * kPiece || !disjoint(updates)) {
    for (const Update& u : updates) update(loops, slots, u, 0, u.p->numel);
    return;
  }
  std::vector<int64_t> first(updates.size() + 1);  // piece of each parameter
  for (size_t i = 0; i < updates.size(); ++i)
    first[i + 1] = first[i] + (updates[i].p->numel * int64_t(updates[i].p->itemsize()) + kPiece - 1) / kPiece;
  parallel_for(first.back(), kGrain, [&](int64_t begin, int64_t end) {
    size_t i = size_t(std::upper_bound(first.begin(), first.end(), begin) - first.begin()) - 1;
    for (int64_t piece = begin; piece < end; ++piece) {
      while (piece >= first[i + 1]) ++i;
      const Update& u = updates[i];
      const int64_t n = kPiece / int64_t(u.p->itemsize()), from = (piece - first[i]) * n;
      update(loops, slots, u, from, std::min(from + n, u.p->numel));
    }
  });
}

}  // namespace

const OptimKernels cpu_optim = {.step = step};

}  // namespace adjoint
