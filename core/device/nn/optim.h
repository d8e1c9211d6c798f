// What a device provides for update rules of optimizers: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

// A rule's loop over n dense elements of a parameter, its gradient and its slots: made from the formulas in ops/optim.
using UpdateLoop = void (*)(const double* constants, int64_t n, void* p, const void* g, void* const* slots);
struct UpdateLoops {
  UpdateLoop f32, f64;  // of half precision in float32, of complex numbers for both parts
};

// A parameter on its way through an optimizer's step. All tensors have one type, shape and dense layout.
struct Update {
  static constexpr int kSlots = 3, kConstants = 12;
  const TensorImpl *p, *g, *slots[kSlots];
  double constants[kConstants];
};

struct OptimKernels {
  // One pass over all parameters, as if one after the other.
  void (*step)(const UpdateLoops& loops, int slots, std::span<const Update> updates);
};

}  // namespace adjoint
