// Batches of matrices: layouts, checks, errors.
#include "ops/linalg/batch.h"
#include "device/host_values.h"
#include "device/linalg/solve.h"
#include "device/linalg/spectral.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint {

Tensor empty_column_major(Ints sizes, Dtype dtype, Device device) {
  Dims strides{Ints(sizes)};
  const int64_t n = strides.size();
  int64_t step = 1;
  for (int64_t i : {n - 2, n - 1}) {
    strides[i] = step;
    step = checked_mul(step, std::max<int64_t>(1, sizes[size_t(i)]));
  }
  for (int64_t i = n - 3; i >= 0; --i) {
    strides[i] = step;
    step = checked_mul(step, std::max<int64_t>(1, sizes[size_t(i)]));
  }
  return empty_strided(sizes, strides, dtype, device);
}

Tensor column_major(const Tensor& x) {
  Tensor y = empty_column_major(x->sizes(), x->dtype, x->device);
  constexpr int64_t kSmall = 32;
  const size_t item = x->itemsize();
  if (x->ndim > 1 && x->contiguous() && x->numel && (item == 4 || item == 8) &&
      x->size(x->ndim - 2) <= kSmall && x->size(x->ndim - 1) <= kSmall)
    backend(x).solve->to_columns(*x, *y);
  else
    raw::copy(y, x);
  return y;
}

bool is_column_major(const TensorImpl& x) {
  int64_t step = 1;
  auto dense = [&](int i) {
    const bool ok = x.size(i) == 1 || x.stride(i) == step;
    step *= x.size(i);
    return ok;
  };
  if (x.ndim < 2 || !dense(x.ndim - 2) || !dense(x.ndim - 1)) return false;
  for (int i = x.ndim - 3; i >= 0; --i)
    if (!dense(i)) return false;
  return true;
}

int64_t batch_count(const TensorImpl& x) {
  int64_t n = 1;
  for (int i = 0; i < x.ndim - 2; ++i) n *= x.size(i);
  return n;
}

Dims batch_sizes(const TensorImpl& x, int matrix) { return Dims(x.sizes().first(size_t(x.ndim - matrix))); }

Dims broadcast_batches(Ints a, Ints b) {
  const size_t n = std::max(a.size(), b.size());
  Dims out(static_cast<int64_t>(n), 0);
  for (size_t i = 0; i < n; ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    check(x == y || x == 1 || y == 1, "The size of tensor a (", x, ") must match the size of tensor b (", y,
          ") at non-singleton dimension ", int64_t(n - 1 - i));
    out[int64_t(n - 1 - i)] = x == 1 ? y : x;
  }
  return out;
}

Dims joined(Ints batch, std::initializer_list<int64_t> matrix) {
  Dims out(batch);
  for (int64_t s : matrix) out.push_back(s);
  return out;
}

void check_matrix(const Tensor& x, const char* name, const char* argument) {
  check(x->ndim >= 2, name, ": The input tensor ", argument, " must have at least 2 dimensions.");
}

void check_square(const Tensor& x, const char* name, const char* argument) {
  check_matrix(x, name, argument);
  const int64_t rows = x->size(x->ndim - 2), cols = x->size(x->ndim - 1);
  check(rows == cols, name, ": ", argument, " must be batches of square matrices, but they are ", rows,
        " by ", cols, " matrices");
}

void check_linalg_dtype(const Tensor& x, const char* name, bool low) {
  check(is_differentiable(x->dtype), name, ": Expected a floating point or complex tensor as input. Got ",
        label_of(x->dtype));
  check(low || !is_reduced(x->dtype), name, ": Low precision dtypes not supported. Got ", label_of(x->dtype));
}

void check_same_dtype(const Tensor& a, const Tensor& b, const char* name) {
  check(a->dtype == b->dtype, name, ": Expected inputs to have the same dtype, but got ", label_of(a->dtype),
        " and ", label_of(b->dtype));
}

static std::string reason(LinalgFailure what, int64_t code) {
  if (code == kNotFinite)
    return "The algorithm failed to converge because the input matrix contained non-finite values.";
  switch (what) {
    case LinalgFailure::Inverse:
      return str("The diagonal element ", code,
                 " is zero, the inversion could not be completed because the input matrix is singular.");
    case LinalgFailure::Solve: return "The solver failed because the input matrix is singular.";
    case LinalgFailure::Cholesky:
      return str(
          "The factorization could not be completed because the input is not positive-definite (the leading "
          "minor of order ",
          code, " is not positive-definite).");
    case LinalgFailure::Svd:
      return str(
          "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
          "singular values (error code: ",
          code, ").");
    case LinalgFailure::Eigen:
      return str(
          "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated "
          "eigenvalues (error code: ",
          code, ").");
    case LinalgFailure::LeastSquares:
      return str(
          "The least squares solution could not be computed because the input matrix does not have full rank "
          "(error code: ",
          code, ").");
    case LinalgFailure::LuFactor:
      return str("U[", code, ",", code,
                 "] is zero and using it on lu_solve would result in a division by zero. If you "
                 "still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
                 "linalg.lu_factor_ex(A, pivot)");
    default: return str("Unknown error code: ", code, ".");
  }
}

void check_info(const Tensor& info, const char* name, LinalgFailure what) {
  if (!has_values(info)) return;
  const HostElements<int32_t> codes(info);
  for (int64_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == 0) continue;
    const std::string which = info->ndim ? str("(Batch element ", i, "): ") : "";
    // PyTorch's factorisations that are no answer yet fail as RuntimeErrors.
    const bool plain = what == LinalgFailure::LuFactor || what == LinalgFailure::LdlFactor;
    fail(plain ? ErrorKind::Runtime : ErrorKind::Linalg, name, ": ", which, reason(what, codes[i]));
  }
}

}  // namespace adjoint
