// Distances of all pairs: covers over kernels/distance.h.
#include "device/distance.h"
#include "device/cpu/work.h"
#include "kernels/distance.h"

namespace adjoint {
namespace {

void pairs(const TensorImpl& x, const TensorImpl& z, double p, const TensorImpl& y) {
  if (y.numel == 0) return;
  cpu::Work work(y.numel * (x.size(2) + 1));
  const auto run = [&]<class T>(T*) {
    distances(x.host_as<T>(), z.host_as<T>(), x.size(0), x.size(1), z.size(1), x.size(2), p, y.host_as<T>());
  };
  x.dtype == Dtype::F32 ? run((float*)nullptr) : run((double*)nullptr);
}

void slopes(const TensorImpl& x, const TensorImpl& z, const TensorImpl& g, const TensorImpl& y, bool turned,
            double p, const TensorImpl& gx) {
  if (gx.numel == 0) return;
  cpu::Work work(y.numel * (x.size(2) + 1));
  const auto run = [&]<class T>(T*) {
    distance_slopes<T>(x.host_as<T>(), z.host_as<T>(), {g.host_as<T>(), y.host_as<T>(), turned}, x.size(0),
                       x.size(1), z.size(1), x.size(2), p, gx.host_as<T>());
  };
  x.dtype == Dtype::F32 ? run((float*)nullptr) : run((double*)nullptr);
}

}  // namespace

const DistanceEntries cpu_distances = {.pairs = pairs, .slopes = slopes};

}  // namespace adjoint
