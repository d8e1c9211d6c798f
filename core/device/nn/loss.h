// What a device provides for losses: see device/backend.h.
#pragma once
#include "device/backend.h"
#include "kernels/nn/cross_entropy.h"

namespace adjoint {

// Samples of connectionist temporal classification: log_probs [steps, samples, classes], float or double, contiguous.
// Sample i has targets from starts[i] on. All lengths and labels are within bounds.
struct Ctc {
  const TensorImpl &log_probs, &targets;
  Ints input_lengths, target_lengths, starts;
  int64_t blank;
  bool zero_infinity;
};

struct LossKernels {
  // y[0] = Σ of a formula over n elements, or their mean. Operands are dense, of the loop's type, which y has, too; one
  // that has a single element, or is a number, goes with all.
  void (*total)(const FormulaLoop& loop, std::span<const LoopOperand> operands, int64_t n, bool mean,
                const TensorImpl& y);
  // The first element of a contiguous x of a floating type that is no number in [0, 1].
  std::optional<int64_t> (*outside_unit)(const TensorImpl& x);

  // --- of classes: kernels/nn/cross_entropy.h. Dense; targets are int64, or probabilities of x's type ---
  // The first place in a target whose class is not there.
  std::optional<int64_t> (*outside_classes)(const TensorImpl& target, int64_t classes, int64_t ignored);
  // The weight of classes is of the computing type, as `norms` [2, rows] is; `total`, float64: the sum of the weights.
  void (*cross_entropy)(const ClassPlan& plan, const TensorImpl& x, const TensorImpl& target,
                        const TensorImpl* weight, const TensorImpl& norms, const TensorImpl& total,
                        const TensorImpl& y);
  void (*cross_entropy_backward)(const ClassPlan& plan, const TensorImpl& g, const TensorImpl& x,
                                 const TensorImpl& target, const TensorImpl* weight, const TensorImpl& norms,
                                 const TensorImpl& total, const TensorImpl* gx, const TensorImpl* gtarget);
  // The weight of classes is of x's type. gx comes as zeros.
  void (*nll)(const ClassPlan& plan, const TensorImpl& x, const TensorImpl& target, const TensorImpl* weight,
              const TensorImpl& total, const TensorImpl& y);
  void (*nll_backward)(const ClassPlan& plan, const TensorImpl& g, const TensorImpl& target,
                       const TensorImpl* weight, const TensorImpl& total, const TensorImpl& gx);
  // Of multilabel_margin_loss: y [samples] the losses of x [samples, classes], or [samples, classes] their slopes. Both
  // float or double, and contiguous, as target is, whose classes end at a -1.
  void (*multilabel_margin)(const TensorImpl& x, const TensorImpl& target, bool slopes, const TensorImpl& y);
  // y [samples]: -log p(targets), and from it and its cotangents those of log_probs.
  void (*ctc)(const Ctc& c, const TensorImpl& y);
  void (*ctc_backward)(const Ctc& c, const TensorImpl& g, const TensorImpl& y, const TensorImpl& gx);
};

}  // namespace adjoint
