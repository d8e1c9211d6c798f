// A recurrent layer in one direction: forward and backward over the whole sequence, which has been multiplied by the
// input's weights before, and will be after.
//
// Rows are in packed order: the batch of step 0, then that of step 1, ... A step's batch is never larger than that of
// the step before: sequences are sorted by length, the longest first. `reverse` goes from the last step to the first,
// where longer sequences begin sooner.
#pragma once
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace adjoint {

enum class Cell : uint8_t { Tanh, Relu, Lstm, Gru };
constexpr int gates_of(Cell c) { return c == Cell::Lstm ? 4 : c == Cell::Gru ? 3 : 1; }
// Numbers kept of each unit: see recurrent_table.h.
constexpr int kept_of(Cell c) { return c == Cell::Lstm || c == Cell::Gru ? 4 : 1; }

struct Sweep {
  Cell cell;
  bool reverse;
  std::span<const int64_t> batch_sizes;
  int64_t hidden, state;  // units; numbers of the state that goes on, fewer where it is projected

  int64_t batch() const { return batch_sizes.empty() ? 0 : batch_sizes[0]; }
  int64_t rows() const {
    int64_t n = 0;
    for (int64_t b : batch_sizes) n += b;
    return n;
  }
  int64_t row_width() const { return kept_of(cell) * hidden; }
};

// All contiguous, of one type, float or double; null where there is none. For the kernel itself: `panels`, which the
// weights are copied to, and `room`.
struct SweepForward {
  const void *h0, *c0, *w_hh, *b_ih, *b_hh, *w_hr;
  void*
      gates;  // [rows, row_width]: in: the input's products, x W_ihᵀ; out: what the backward pass reads. Of tanh and
              // relu: y itself
  void* cells;  // LSTM: c [rows, hidden], or null where nobody needs it
  void *y, *hn, *cn;
  void *panels, *room;
};
struct SweepBackward {
  const void *h0, *c0, *w_hh, *w_hr, *gates, *cells, *y;
  const void* gy;  // null: 0
  void *gh, *gc;   // in: the gradients of hn and cn; out: of h0 and c0
  void* ggates;    // [rows, row_width]
  void* gy_full;   // with a projection: the gradient of y by all ways, [rows, state]
  void *panels, *room;
  bool initial;  // the gradient of h0 is wanted
};

// Their elements. Panels take what the weights take, so that gradients and they serve each other as blocks of the cache.
int64_t sweep_panels(const Sweep& s);
int64_t sweep_room(const Sweep& s);
void sweep_forward(Dtype dtype, const Sweep& s, const SweepForward& p);
void sweep_backward(Dtype dtype, const Sweep& s, const SweepBackward& p);

}  // namespace adjoint
