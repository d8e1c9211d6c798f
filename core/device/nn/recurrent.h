// What a device provides for recurrent networks: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/recurrent.h"

namespace adjoint {

// The tensors of a sweep: kernels/nn/recurrent.h says what they are. Contiguous, of one type; null where there is none.
struct RecurrentForward {
  const TensorImpl *h0, *c0, *w_hh, *b_ih, *b_hh, *w_hr, *gates, *cells, *y, *hn, *cn;
};
struct RecurrentBackward {
  const TensorImpl *h0, *c0, *w_hh, *w_hr, *gates, *cells, *y, *gy, *gh, *gc, *ggates, *gy_full;
  bool initial;
};

struct RecurrentKernels {
  void (*forward)(const Sweep& s, const RecurrentForward& x);
  void (*backward)(const Sweep& s, const RecurrentBackward& x);
};

}  // namespace adjoint
