// Attention over raw memory, and its gradients: softmax(scale · Q Kᵀ + mask) V for many heads.
//
// Neither holds the scores of more than a tile of keys and queries: softmax goes along with a running maximum and sum
// (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"), and the gradients make the weights again
// from the logarithm of each query's sum (Dao, Fu, Ermon, Rudra and Ré 2022, "FlashAttention").
//
// Note [Behind a mask]: a key that a query may not see has the score -inf and takes no part in any sum, whatever stands
// in its row: where operands are not finite, 0 · x would not be 0, and the products of such a tile are made by loops
// that pass over those places. A query that sees no key gives zeros and has no gradient.
#pragma once
#include <cstdint>

#include "tensor/dims.h"
#include "tensor/dtype.h"

namespace adjoint {

// A matrix of each head: `lead` has strides over the leading dimensions; all strides in elements.
struct HeadsIn {
  const void* data = nullptr;
  Ints lead = {};
  int64_t row = 0, col = 1;
};
struct HeadsOut {
  void* data = nullptr;
  Ints lead = {};
  int64_t row = 0, col = 1;
};

struct Attention {
  Dtype dtype;  // F32 or F64
  Ints lead;    // sizes of the leading dimensions of the queries; the last one counts heads
  int64_t queries, keys, depth, value_depth;
  int64_t sharing;  // so many heads of queries, one after the other, have one head of keys and values
  HeadsIn q, k, v;  // columns side by side
  HeadsIn mask;     // bool: true is seen; or numbers of `dtype` that are added; absent: no data
  bool mask_is_bool;
  HeadsIn keep;  // uint8, as dropout leaves the weights or not, and what it scales them by
  double keep_scale;
  bool causal;  // query i sees the keys 0 ... i
  double scale;
};

// out = the attention; log_sums[head, query], where wanted, is what the gradients need.
void attention(const Attention& a, const HeadsOut& out, void* log_sums);

// The gradients of the operands, from that of the output, g. Those of the mask, where wanted, are added to what it
// holds; several heads and queries may share its elements.
void attention_backward(const Attention& a, const HeadsIn& g, const HeadsIn& out, const void* log_sums,
                        const HeadsOut& gq, const HeadsOut& gk, const HeadsOut& gv, const HeadsOut& gmask);

}  // namespace adjoint
