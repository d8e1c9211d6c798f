// A layer of a recurrent network in one direction, for the operations of this family.
#pragma once
#include "device/nn/recurrent.h"
#include "ops/ops.h"

namespace adjoint {

struct CellState {
  Tensor h, c;  // c: LSTM only
};
struct CellParams {
  Tensor w_ih, w_hh, b_ih, b_hh,
      w_hr;  // w_ih [gates · hidden, inputs]; biases and the projection may be null
};
struct LayerResult {
  Tensor y;        // the states of all steps, in the rows' order
  CellState last;  // of each sequence
};

// x [rows, inputs] in packed order (kernels/nn/recurrent.h), or [steps, batch, inputs], which is the same; shapes and
// types are checked.
struct LayerPlan {
  Cell cell;
  bool reverse;
  Ints batch_sizes;
};
LayerResult recurrent_layer(const LayerPlan& plan, const Tensor& x, const CellState& start,
                            const CellParams& p);
// The same out of differentiable operations, step by step: the derivative of the derivative, and complex numbers.
LayerResult layer_by_steps(const LayerPlan& plan, const Tensor& x, const CellState& start,
                           const CellParams& p);

}  // namespace adjoint
