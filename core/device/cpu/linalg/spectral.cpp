// The CPU's eigenvalues and singular values.
#include "device/linalg/spectral.h"
#include "device/cpu/work.h"
#include "kernels/linalg/spectral.h"

namespace adjoint {

namespace {

// The batch of a tensor of matrices, or of vectors (the rows are their length).
template <class T> MatrixBatch<T> matrices(const TensorImpl& x) {
  const int64_t rows = x.size(x.ndim - 2), cols = x.size(x.ndim - 1), each = rows * cols;
  return {x.host_as<T>(), each ? x.numel / each : 0, rows, cols};
}

// f<T>(), for the types that LAPACK knows.
template <class F> void each_type(Dtype d, F f) {
  switch (d) {
    case Dtype::F32: return f.template operator()<float>();
    case Dtype::F64: return f.template operator()<double>();
    case Dtype::C64: return f.template operator()<std::complex<float>>();
    default: return f.template operator()<std::complex<double>>();
  }
}

void svd(const TensorImpl& a, const TensorImpl* u, const TensorImpl& s, const TensorImpl* vh,
         const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_type(a.dtype, [&]<class T>() {
    const MatrixBatch<T> none{};
    svd_matrices<T>(matrices<T>(a), u ? matrices<T>(*u) : none, s.host_as<RealOf<T>>(),
                    vh ? matrices<T>(*vh) : none, info.host_as<int32_t>());
  });
}

void eigh(const TensorImpl& a, bool upper, bool vectors, const TensorImpl& w, const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_type(a.dtype, [&]<class T>() {
    eigh_matrices<T>(matrices<T>(a), upper, vectors, w.host_as<RealOf<T>>(), info.host_as<int32_t>());
  });
}

void eig(const TensorImpl& a, const TensorImpl& w, const TensorImpl* v, const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_type(a.dtype, [&]<class T>() {
    using C = std::complex<RealOf<T>>;
    eig_matrices<T>(matrices<T>(a), w.host_as<C>(), v ? v->host_as<C>() : nullptr, info.host_as<int32_t>());
  });
}

}  // namespace

const SpectralKernels cpu_spectral = {svd, eigh, eig};

}  // namespace adjoint
