// The CPU's orthogonal factors, least squares and exponentials.
#include "device/linalg/orthogonal.h"
#include <algorithm>
#include "device/cpu/linalg/types.h"
#include "device/cpu/work.h"
#include "kernels/linalg/matrix_exp.h"
#include "kernels/linalg/qr.h"

namespace adjoint {
namespace cpu {
namespace {

int64_t last(const TensorImpl& x) { return x.size(x.ndim - 1); }
int64_t work_of(const TensorImpl& a) { return a.numel * std::min<int64_t>(last(a), 64); }

void geqrf(const TensorImpl& a, const TensorImpl& tau) {
  if (a.numel == 0) return;
  Work work(work_of(a));
  each_linalg_type(a.dtype, [&]<class T>(T*) { adjoint::geqrf(matrices<T>(a), tau.host_as<T>()); });
}

void orgqr(const TensorImpl& a, const TensorImpl& tau) {
  if (a.numel == 0) return;
  Work work(work_of(a));
  each_linalg_type(a.dtype,
                   [&]<class T>(T*) { adjoint::orgqr(matrices<T>(a), last(tau), tau.host_as<T>()); });
}

void ormqr(const TensorImpl& a, const TensorImpl& tau, const TensorImpl& c, bool left, bool adjoint) {
  if (a.numel == 0 || c.numel == 0) return;
  Work work(work_of(c));
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    MatrixBatch<T> m = matrices<T>(a);
    adjoint::ormqr<T>({m.data, m.count, m.rows, m.cols}, tau.host_as<T>(), matrices<T>(c), left, adjoint);
  });
}

void lstsq(LstsqDriver driver, const TensorImpl& a, const TensorImpl& b, double rcond, const TensorImpl* rank,
           const TensorImpl* values, const TensorImpl& info) {
  if (info.numel == 0 || a.numel == 0) return;
  Work work(work_of(a));
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    MatrixBatch<T> m = matrices<T>(a), sides{b.host_as<T>(), m.count, b.size(b.ndim - 2), last(b)};
    least_squares<T>(driver, m, sides, rcond, rank ? rank->host_as<int64_t>() : nullptr,
                     values ? values->host_as<RealOf<T>>() : nullptr, info.host_as<int32_t>());
  });
}

void matrix_exp(const TensorImpl& a, const TensorImpl& y) {
  if (a.numel == 0) return;
  const int64_t n = last(a);
  Work work(work_of(a));
  each_linalg_type(a.dtype, [&]<class T>(T*) {
    adjoint::matrix_exp(a.host_as<T>(), a.numel / (n * n), n, y.host_as<T>());
  });
}

}  // namespace
}  // namespace cpu

const OrthogonalKernels cpu_orthogonal = {cpu::geqrf, cpu::orgqr, cpu::ormqr, cpu::lstsq, cpu::matrix_exp};

}  // namespace adjoint
