// Sorting and selection along contiguous rows. NaN counts as larger than every number. Not for complex.
//
// x is [rows, n] contiguous (copy strided input first); results are contiguous too. All are threaded over
// rows. Which of several equal elements a selection names is what PyTorch's CPU kernels name: the same
// partitioning algorithms run on the same order of elements.
#pragma once
#include "tensor/dtype.h"

namespace adjoint {

// How equal elements come out. Introsort's order is that of PyTorch's unstable sort, which programs see in
// the indices; rows longer than kIntrosortMost keep the order in which they came.
enum class Ties { Stable, Introsort };
constexpr int64_t kIntrosortMost = 32768;

// values [rows, n] in x's dtype, or null (argsort); indices [rows, n].
void sort_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, bool descending, void* values,
               int64_t* indices, Ties ties = Ties::Stable);

// values, indices [rows, k], 0 <= k <= n. Unsorted results come in the order the selection leaves.
void topk_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, int64_t k, bool largest, bool sorted,
               void* values, int64_t* indices);

// The k-th smallest (k counts from 0, k < n): values, indices [rows].
void kth_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, int64_t k, void* values, int64_t* indices);

// The lower median. NaN, if any, is the result (its first position), unless skip_nan, which takes the median
// of the others. n > 0; indices may be null.
void median_rows(Dtype dtype, const void* x, int64_t rows, int64_t n, bool skip_nan, void* values,
                 int64_t* indices);

}  // namespace adjoint
