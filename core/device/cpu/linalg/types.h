// The element types of linear algebra, and tensors as LAPACK's batches.
#pragma once
#include "kernels/linalg/lapack.h"
#include "tensor/tensor.h"

namespace adjoint::cpu {

// f(a null pointer of the type): float, double, complex numbers.
template <class F> void each_linalg_type(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::F32: return f(static_cast<float*>(nullptr));
    case Dtype::F64: return f(static_cast<double*>(nullptr));
    case Dtype::C64: return f(static_cast<std::complex<float>*>(nullptr));
    case Dtype::C128: return f(static_cast<std::complex<double>*>(nullptr));
    default: fail_dtype("linear algebra", dtype);
  }
}

template <class T> MatrixBatch<T> matrices(const TensorImpl& x) {
  const int64_t rows = x.size(x.ndim - 2), cols = x.size(x.ndim - 1);
  int64_t count = 1;
  for (int i = 0; i < x.ndim - 2; ++i) count *= x.size(i);
  return {x.host_as<T>(), count, rows, cols};
}

}  // namespace adjoint::cpu
