// What a device provides for embeddings: see device/backend.h. All tensors are contiguous, indices int64 and, but for
// the first entry, within bounds.
#pragma once
#include "device/backend.h"

namespace adjoint {

// Σ over k of scale[k] · g[source[k]] for rows of gx at index[k]; those at `padding` are left out, -1 is no row.
struct RowSums {
  const TensorImpl& index;   // any shape
  const TensorImpl* source;  // null: k itself
  const TensorImpl* scale;   // null: 1
  int64_t padding;
};
enum class Bag : uint8_t { Sum, Mean, Max };  // PyTorch's numbers
// Bags of rows: bag b has index[starts[b]] up to index[starts[b + 1]].
struct Bags {
  const TensorImpl &index, &starts;
  const TensorImpl* scale;  // of each index, or null
  int64_t padding;
  Bag mode;
};

struct EmbeddingKernels {
  // The place of the first index outside of [0, rows).
  std::optional<int64_t> (*outside)(const TensorImpl& index, int64_t rows);
  // gx [rows, width] from g [..., width], in the order of k for each row. float or double.
  void (*sum_rows)(const RowSums& r, const TensorImpl& g, const TensorImpl& gx);
  // y [bags, width] and how many rows each bag has; of maxima the row of each (`largest`, else null). float or double.
  void (*fill_bags)(const Bags& b, const TensorImpl& weight, const TensorImpl& y, const TensorImpl& counts,
                    const TensorImpl* largest);
};

}  // namespace adjoint
