// What a device provides for normalisations: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/norm.h"

namespace adjoint {

// x, y and their gradients have one floating type and lie in memory as the plan says; weights are float, or double
// where x is, and so are their gradients. `statistics` is float64 [2, rows], or [3, rows] where the variances are asked
// for: means, reciprocal deviations, variances. Null: absent.
struct NormKernels {
  void (*forward)(const NormPlan& plan, const TensorImpl& x, const TensorImpl* w, const TensorImpl* b,
                  const TensorImpl& y, const TensorImpl& statistics);
  void (*backward)(const NormPlan& plan, const TensorImpl& g, const TensorImpl& x, const TensorImpl* w,
                   const TensorImpl& statistics, const TensorImpl* gx, const TensorImpl* gw,
                   const TensorImpl* gb);
  // The statistics that running ones stand for.
  void (*recall)(const TensorImpl& mean, const TensorImpl& var, double eps, const TensorImpl& statistics);
  // running = (1 - momentum) · running + momentum · factor · the mean over n of values[n, c], which are float64.
  void (*track)(const TensorImpl& running, const TensorImpl& values, double momentum, double factor);
};

}  // namespace adjoint
