// Losses of classes over raw memory: x is [outer, classes, inner], its targets [outer, inner], a `row` each.
//
// Cross entropy keeps of each row its largest element and log Σ e^(x - largest), apart, lest the sum's digits be lost
// beside a large element; the gradient comes out of x and these two. With q for what a row's target weighs (weight at
// a class, times a share of it where targets are probabilities or smoothed):
//   loss = Σ q·(log Σ e^(x - top) - (x - top))        gx = g·(softmax(x)·Σq - q)
#pragma once
#include <optional>
#include "tensor/dtype.h"

namespace adjoint {

struct ClassPlan {
  int64_t outer, classes, inner;
  int64_t ignored = -100;  // a target that does not count
  double smoothing = 0;
  bool each = false,
       mean = false;  // a loss for each row; else their sum, or that over the sum of their weights
  int64_t rows() const { return outer * inner; }
};

// The first place in `target` whose class is not there.
std::optional<int64_t> outside_classes(const int64_t* target, int64_t n, int64_t classes, int64_t ignored);

// What targets are: classes, or probabilities in x's type and order.
struct ClassTargets {
  const int64_t* classes;
  const void* probabilities;
};

// Of each row: its loss, and what a mean divides by. `norms` is [2, rows]. T: what `dtype` is computed in, float or
// double; the weight of a class may be null.
template <class T> void cross_entropy(const ClassPlan& plan, Dtype dtype, const void* x,
                                      const ClassTargets& target, const T* weight, T* norms, double* losses,
                                      double* weights);
// g(row): the cotangent of a row's loss. gx and gtarget may be null.
template <class T> void cross_entropy_backward(const ClassPlan& plan, Dtype dtype, const void* x,
                                               const ClassTargets& target, const T* weight, const T* norms,
                                               const double* g, void* gx, void* gtarget);

// The same for what is a logarithm of probabilities already: loss = -weight · x at the target.
void nll(const ClassPlan& plan, Dtype dtype, const void* x, const int64_t* target, const void* weight,
         double* losses, double* weights);
// Into a gx of zeros.
void nll_backward(const ClassPlan& plan, Dtype dtype, const int64_t* target, const void* weight,
                  const double* g, void* gx);

}  // namespace adjoint
