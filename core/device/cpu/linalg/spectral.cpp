// The CPU's eigenvalues and singular values.
#include "device/linalg/spectral.h"
#include "device/cpu/linalg/types.h"
#include "device/cpu/work.h"
#include "kernels/linalg/spectral.h"

namespace adjoint {

namespace {

using cpu::each_linalg_type;
using cpu::matrices;

void svd(const TensorImpl& a, const TensorImpl* u, const TensorImpl& s, const TensorImpl* vh,
         const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    const MatrixBatch<T> none{};
    svd_matrices<T>(matrices<T>(a), u ? matrices<T>(*u) : none, s.host_as<RealOf<T>>(),
                    vh ? matrices<T>(*vh) : none, info.host_as<int32_t>());
  });
}

void eigh(const TensorImpl& a, bool upper, bool vectors, const TensorImpl& w, const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    eigh_matrices<T>(matrices<T>(a), upper, vectors, w.host_as<RealOf<T>>(), info.host_as<int32_t>());
  });
}

void eig(const TensorImpl& a, const TensorImpl& w, const TensorImpl* v, const TensorImpl& info) {
  cpu::Work work(a.numel * 16);
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    using C = std::complex<RealOf<T>>;
    eig_matrices<T>(matrices<T>(a), w.host_as<C>(), v ? v->host_as<C>() : nullptr, info.host_as<int32_t>());
  });
}

}  // namespace

const SpectralKernels cpu_spectral = {svd, eigh, eig};

}  // namespace adjoint
