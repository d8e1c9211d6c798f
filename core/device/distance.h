// What a device provides for distances of all pairs of rows. A table of its own; see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct DistanceEntries {
  // y[b, i, j] = the norm of order p of x[b, i] - z[b, j]. All of one type, float or double, in batches of matrices.
  void (*pairs)(const TensorImpl& x, const TensorImpl& z, double p, const TensorImpl& y);
  // gx[b, i] = the sum over j of g[b, i, j] times the slope of y[b, i, j]; g and y are [b, j, i] where `turned`.
  void (*slopes)(const TensorImpl& x, const TensorImpl& z, const TensorImpl& g, const TensorImpl& y,
                 bool turned, double p, const TensorImpl& gx);
};

extern const DistanceEntries cpu_distances, meta_distances;
inline const DistanceEntries& distances_of(const Tensor& x) {
  return x->device == Device::Cpu ? cpu_distances : meta_distances;
}

}  // namespace adjoint
