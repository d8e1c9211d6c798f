// Where values left the graph, so that somebody who asks why a gradient is missing can be told the line.
//
// Note [Cuts]: a result whose inputs had a history but which got none (detach, no_grad, an integer type)
// carries the number of an entry that says why and where; what is computed from it inherits the number.
// Entries live in a ring: the oldest are forgotten. Recorded results carry none, and neither do results of
// plain data, so ordinary programs pay a few loads.
#pragma once
#include <algorithm>
#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace adjoint {

enum class Cut : uint8_t { Detach, Data, NoGrad, Inference, NotDifferentiable, Copy, Item, ToList, Numpy };

struct CutEntry {
  uint32_t id = 0;      // 0: empty
  uint32_t before = 0;  // the cut that the source carried already
  Cut kind = Cut::Detach;
  const char* operation = nullptr;  // static: "argmax"
  Where where;
  uint64_t source = 0;  // what lost its history: cut_source() of it
};

// Notes one and returns its number. x is what lost its history.
uint32_t note_cut(Cut kind, const char* operation, const TensorImpl& x);
// The sequence number of the node that made x; of a leaf its address, told apart by the top bit.
uint64_t cut_source(const TensorImpl& x);
const CutEntry* find_cut(uint32_t id);  // null when forgotten
uint32_t last_cut();                    // the number of the newest entry

// The cut that a result without history gets from its inputs.
[[gnu::cold, gnu::noinline]] uint32_t cut_by_operation(const char* operation, const TensorImpl& x);
template <class... T> inline void leave_cut(const Tensor& y, const char* operation, const T&... x) {
  if (__builtin_expect((requires_grad(x) || ...), 0)) {
    if (modes.grad || modes.user_off) {
      const TensorImpl* source = nullptr;
      ((source = !source && requires_grad(x) ? x.get() : source), ...);
      y->cut = cut_by_operation(operation, *source);
    }
    return;
  }
  uint32_t inherited = 0;
  ((inherited = std::max(inherited, x ? x->cut : 0u)), ...);
  y->cut = inherited;
}
void leave_cut(const Tensor& y, const char* operation, std::span<const Tensor> xs);

}  // namespace adjoint
