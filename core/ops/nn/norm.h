// What normalisations share: the layout of their rows, what their nodes keep, both derivatives.
#pragma once
#include <array>
#include "autograd/door.h"
#include "device/backend.h"
#include "device/nn/norm.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint {

// x and what goes with it in memory as a plan says.
struct NormLayout {
  NormPlan plan;
  Dims shape;  // of weights
  MemoryFormat format = MemoryFormat::Contiguous;
};

inline Dtype norm_dtype(Dtype x) { return x == Dtype::F64 ? Dtype::F64 : Dtype::F32; }  // of its arithmetic

// Weights of another type than x's are float beside a 16-bit x; else PyTorch's errors. Null ones are passed over.
void check_norm_types(const Tensor& x, std::initializer_list<const Tensor*> parameters, const char* kernel);

struct NormResult {
  Tensor y, statistics;  // [2, rows], with variances [3, rows]
};
NormResult norm_raw(const NormLayout& layout, const Tensor& x, const Tensor& w, const Tensor& b,
                    Tensor statistics);
// Row `which` of the statistics (means, scales, variances) in a type and shape.
Tensor statistic(const Tensor& statistics, int which, Ints sizes, Dtype dtype);

// What a node keeps; `Names` has its names.
template <class Names> struct Norm {
  static constexpr const char *name = Names::name, *node = Names::node;
  NormLayout layout;
  SavedTensor statistics;
  Dtype bias = Dtype::F32;
  SavedTensor x_ = {}, w_ = {};
  static constexpr const char* rule =
      Names::centred
          ? "ginput = (q − E[q] − h·E[q·h])/σ, q = g·weight, h = (input − μ)/σ; gweight = Σ g·h; gbias = Σ g"
          : "ginput = (q − h·E[q·h])/σ, q = g·weight, h = input/σ, σ = rms(input); gweight = Σ g·h";
  void vjp(Backward& b);
  void fields(auto& f) {
    f("input", x_, input(0));
    f("weight", w_, input(1));
    f("statistics", statistics);
    f("eps", layout.plan.eps);
  }
};
void norm_vjp(const NormLayout& layout, Backward& b, const Tensor& x, const Tensor& w,
              const Tensor& statistics, Dtype bias);
template <class Names> void Norm<Names>::vjp(Backward& b) {
  norm_vjp(layout, b, x_.get(b.node), w_.get(b.node), statistics.get(b.node), bias);
}

template <class Names> Tensor apply_norm(const NormLayout& layout, const NormResult& r, const Tensor& x,
                                         const Tensor& w, const Tensor& b) {
  return apply_from(Norm<Names>{layout, r.statistics, b ? b->dtype : Dtype::F32}, r.y, x, w, b);
}

}  // namespace adjoint
