// What embedding and embedding_bag share.
#pragma once
#include "device/nn/embedding.h"
#include "ops/ops.h"

namespace adjoint {

// int64, contiguous, and all within a table of `rows`; an error of the given kind names the first that is not, and where
// it stands.
Tensor checked_rows(const Tensor& index, int64_t rows, const char* op, ErrorKind kind);
// Refuses a gradient in a sparse tensor.
void refuse_sparse(bool sparse, const char* op);
// 1 / how often each index occurs among all, in the type given.
Tensor inverse_frequencies(const Tensor& index, Dtype dtype);
// RowSums as a tensor [rows, width] in g's type.
Tensor summed_rows(const Tensor& g, const RowSums& r, int64_t rows, int64_t width);

}  // namespace adjoint
