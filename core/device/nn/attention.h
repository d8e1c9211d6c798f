// What a device provides for attention: see device/backend.h and kernels/attention.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

// q [..., heads, queries, depth], k and v [..., heads / sharing, keys, depth or value depth], of one type, float or double,
// elements of a row side by side. mask and keep are of the scores' shape, expanded, or null.
struct AttentionOperands {
  const TensorImpl &q, &k, &v;
  const TensorImpl *mask, *keep;
  double keep_scale, scale;
  bool causal;
  int64_t sharing;
};

struct AttentionKernels {
  // log_sums [..., heads, queries], contiguous, or null.
  void (*forward)(const AttentionOperands& a, const TensorImpl& out, const TensorImpl* log_sums);
  // Elements of rows side by side in all; gmask, expanded as the mask is, holds zeros, or is null.
  void (*backward)(const AttentionOperands& a, const TensorImpl& g, const TensorImpl& out,
                   const TensorImpl& log_sums, const TensorImpl& gq, const TensorImpl& gk,
                   const TensorImpl& gv, const TensorImpl* gmask);
};

}  // namespace adjoint
