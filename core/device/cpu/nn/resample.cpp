// The CPU's resampling: kernels/nn/resample.h and grid.h given addresses, the big lock released.
#include "device/nn/resample.h"
#include "device/cpu/work.h"

namespace adjoint {
namespace cpu {
namespace {

void resample(const TensorImpl& x, const ResamplePlan& plan, const TensorImpl& y) {
  if (y.numel == 0) return;
  Work work(x.numel + y.numel);
  adjoint::resample(x.dtype, x.host(), plan, y.host());
}

int64_t taps_of(const GridPlan& p) {
  int64_t n = 1;
  for (int i = 0; i < p.spatial; ++i)
    n *= p.mode == GridPlan::Nearest ? 1 : p.mode == GridPlan::Linear ? 2 : 4;
  return n;
}
void grid_sample(const TensorImpl& x, const TensorImpl& grid, const GridPlan& plan, const TensorImpl& y) {
  if (y.numel == 0) return;
  Work work(y.numel * taps_of(plan));
  adjoint::grid_sample(x.dtype, x.host(), grid.host(), plan, y.host());
}
void grid_sample_backward(const TensorImpl& g, const TensorImpl& x, const TensorImpl& grid,
                          const GridPlan& plan, const TensorImpl* gx, const TensorImpl* ggrid) {
  Work work(g.numel * taps_of(plan));
  adjoint::grid_sample_backward(x.dtype, g.host(), x.host(), grid.host(), plan, gx ? gx->host() : nullptr,
                                ggrid ? ggrid->host() : nullptr);
}

}  // namespace
}  // namespace cpu

const ResampleKernels cpu_resample = {
    .resample = cpu::resample,
    .grid_sample = cpu::grid_sample,
    .grid_sample_backward = cpu::grid_sample_backward,
};

}  // namespace adjoint
