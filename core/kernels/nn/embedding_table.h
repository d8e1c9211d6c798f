// The vectorised kernels of embeddings: embedding.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

template <class T> struct EmbeddingRowKernels {
  // y[index[k]] += scale[k] · g[source[k]] for k < count, in order, where index[k] lies in [low, high) and is not
  // `padding`; n of a row's elements, rows being `stride` apart. Without `source` it is k, without `scale` 1.
  void (*add_rows)(const T* g, int64_t stride, int64_t n, const int64_t* index, const int64_t* source,
                   const T* scale, int64_t count, int64_t low, int64_t high, int64_t padding, T* y);
  // y = Σ scale[k] · x[index[k]], of those that are not `padding`; how many those are.
  int64_t (*sum_bag)(const T* x, int64_t width, const int64_t* index, const T* scale, int64_t count,
                     int64_t padding, bool mean, T* y);
  // The same for maxima, with the row that each came from. NaN counts as larger than all.
  int64_t (*max_bag)(const T* x, int64_t width, const int64_t* index, int64_t count, int64_t padding, T* y,
                     int64_t* row);
};
struct EmbeddingTable {
  EmbeddingRowKernels<float> f32;
  EmbeddingRowKernels<double> f64;
};
const EmbeddingTable& embedding_table();

}  // namespace adjoint
