// The ring of cuts: see Note [Cuts].
#include "autograd/cuts.h"

namespace adjoint {
namespace {

constexpr uint32_t kEntries = 4096;
struct Ring {
  std::vector<CutEntry> entries{kEntries};
  uint32_t last = 0;
};
Ring& ring() {
  static auto* r = new Ring;  // holds code objects: never destroyed behind the interpreter
  return *r;
}

}  // namespace

uint64_t cut_source(const TensorImpl& x) {
  return x.grad_fn ? x.grad_fn->seq : uint64_t(reinterpret_cast<uintptr_t>(&x)) | uint64_t(1) << 63;
}

uint32_t note_cut(Cut kind, const char* operation, const TensorImpl& x) {
  Ring& r = ring();
  if (++r.last == 0) ++r.last;
  CutEntry& e = r.entries[r.last % kEntries];
  if (e.where.code && host.forget) host.forget(e.where);
  e = CutEntry{r.last, x.cut, kind, operation, {}, cut_source(x)};
  if (host.here) e.where = host.here();
  return r.last;
}

const CutEntry* find_cut(uint32_t id) {
  const CutEntry& e = ring().entries[id % kEntries];
  return id && e.id == id ? &e : nullptr;
}

uint32_t last_cut() { return ring().last; }

uint32_t cut_by_operation(const char* operation, const TensorImpl& x) {
  Cut kind = modes.grad ? Cut::NotDifferentiable : modes.inference ? Cut::Inference : Cut::NoGrad;
  return note_cut(kind, operation, x);
}

void leave_cut(const Tensor& y, const char* operation, std::span<const Tensor> xs) {
  uint32_t inherited = 0;
  for (const Tensor& x : xs) {
    if (!x) continue;
    if (requires_grad(x)) {
      if (modes.grad || modes.user_off) y->cut = cut_by_operation(operation, *x);
      return;
    }
    inherited = std::max(inherited, x->cut);
  }
  y->cut = inherited;
}

}  // namespace adjoint
