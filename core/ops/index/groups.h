// Slices that are joined to slices of another tensor by their numbers: the slopes of index_reduce and segment_reduce.
#pragma once
#include <utility>
#include "ops/ops.h"

namespace adjoint::ops {

enum class Join : uint8_t { Sum, Mean, Prod, Max, Min };

// Slice k of `source` along dim joins slice index[k] of `self`, or of nothing where self is not included.
struct Groups {
  Join how;
  int64_t dim;
  bool include_self;
};
// What it gives: recorded like any operation.
Tensor join(const Groups& what, const Tensor& self, const Tensor& index, const Tensor& source);
// The cotangents of self and source, g being that of the result y.
std::pair<Tensor, Tensor> join_slopes(const Groups& what, const Tensor& g, const Tensor& self,
                                      const Tensor& index, const Tensor& source, const Tensor& y);

}  // namespace adjoint::ops
