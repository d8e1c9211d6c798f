// The CPU's update rules of optimizers: all parameters of a group in one pass, in pieces that stay in the cache.
#include "device/nn/optim.h"
#include <algorithm>
#include <vector>
#include "device/cpu/work.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kPiece = 16 * 1024;  // bytes of a parameter that are updated at a time
constexpr int64_t kGrain = 4;          // pieces that are worth another thread

void update(const UpdateLoops& loops, int slots, const Update& u, int64_t begin, int64_t end) {
  const int64_t at = begin * int64_t(u.p->itemsize());
  void* addresses[Update::kSlots] = {};
  for (int k = 0; k < slots; ++k) addresses[k] = u.slots[k]->address() + at;
  (u.p->dtype == Dtype::F32 ? loops.f32 : loops.f64)(u.constants, end - begin, u.p->address() + at,
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
