// The CPU's pooling: kernels/nn/pool.h given addresses, the big lock released.
#include "device/nn/pool.h"
#include "device/cpu/work.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;

void max(Ref x, const PoolPlan& plan, const TensorImpl* samples, Ref y, const TensorImpl* index) {
  if (y.numel == 0) return;
  Work work(x.numel + y.numel);
  pool_max(x.dtype, x.host(), plan, samples ? samples->host_as<double>() : nullptr, y.host(),
           index ? index->host_as<int64_t>() : nullptr);
}
void average(Ref x, const PoolPlan& plan, Ref y) {
  if (y.numel == 0) return;
  Work work(x.numel + y.numel);
  pool_average(x.dtype, x.host(), plan, y.host());
}
void average_backward(Ref g, const PoolPlan& plan, Ref gx) {
  if (gx.numel == 0) return;
  Work work(g.numel + gx.numel);
  pool_average_backward(g.dtype, g.host(), plan, gx.host());
}

PoolPlanes planes_of(Ref small, Ref large, int64_t planes, int64_t channels) {
  const int64_t of = planes * channels;
  return {planes, channels, of ? small.numel / of : 0, of ? large.numel / of : 0};
}
std::optional<int64_t> put(Ref x, Ref index, int64_t planes, int64_t channels, bool add, Ref y) {
  Work work(x.numel + y.numel);
  return pool_put(x.dtype, x.host(), index.host_as<int64_t>(), planes_of(x, y, planes, channels), add,
                  y.host());
}
std::optional<int64_t> pick(Ref x, Ref index, int64_t planes, int64_t channels, Ref y) {
  Work work(x.numel + y.numel);
  return pool_pick(x.dtype, x.host(), index.host_as<int64_t>(), planes_of(y, x, planes, channels), y.host());
}

}  // namespace
}  // namespace cpu

const PoolKernels cpu_pool = {
    .max = cpu::max,
    .average = cpu::average,
    .average_backward = cpu::average_backward,
    .put = cpu::put,
    .pick = cpu::pick,
};

}  // namespace adjoint
