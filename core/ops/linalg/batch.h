// What the operations of linear algebra have in common: batches of matrices, their checks, errors of the factorisations.
#pragma once
#include "tensor/tensor.h"

namespace adjoint {

// --- layouts: LAPACK's matrices are column-major, and so are PyTorch's results of it ---
Tensor empty_column_major(Ints sizes, Dtype dtype,
                          Device device = Device::Cpu);  // the batch is dense before it
Tensor column_major(const Tensor& x);                    // a fresh copy of x, without history
bool is_column_major(const TensorImpl& x);
int64_t batch_count(const TensorImpl& x);               // of matrices in x
Dims batch_sizes(const TensorImpl& x, int matrix = 2);  // all sizes but the last `matrix` ones
// The sizes that two batches have together; an Error of PyTorch's words where they do not go together.
Dims broadcast_batches(Ints a, Ints b);
Dims joined(Ints batch, std::initializer_list<int64_t> matrix);  // batch + matrix

// --- checks; `name` is the operation's ("linalg.inv"), `argument` the matrix's ("A") ---
void check_matrix(const Tensor& x, const char* name, const char* argument = "A");
void check_square(const Tensor& x, const char* name, const char* argument = "A");
// Floats of 32 and 64 bits, complex numbers; with `low`, 16 bits, too.
void check_linalg_dtype(const Tensor& x, const char* name, bool low = false);
void check_same_dtype(const Tensor& a, const Tensor& b, const char* name);

// --- what LAPACK's info means: LinAlgError for the first matrix that has failed; `info` is int32, one a matrix ---
enum class LinalgFailure { Inverse, Solve, Cholesky, Svd, Eigen, LeastSquares, LuFactor, LdlFactor };
void check_info(const Tensor& info, const char* name, LinalgFailure what);

}  // namespace adjoint
