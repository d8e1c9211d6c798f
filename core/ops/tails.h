// What a saturating operation keeps of its operand.
//
// Note [Tails]: the slopes of tanh, sigmoid and expm1 are read from their results, as PyTorch does, so that the operand
// may go or be overwritten. In a tail, where the result is close to its limit, its difference from that (1 - y²) has
// lost its digits, and in the end is 0. An operation that has `tail` (where tails begin) and `tail_slope` (the slope,
// from the operand) keeps the operands of these elements besides: few as pairs of index and operand, many as a copy
// of all. Each element decides by its operand which of the two slopes it has, so no road and no neighbour changes its
// bits.
#pragma once
#include <memory>
#include "ops/pointwise_record.h"

namespace adjoint {

class Tails {
 public:
  // Null where no element of x is in a tail. x is read now: it may be overwritten right after.
  static std::unique_ptr<Tails> of(const PointwiseOp& op, const Tensor& x);

  bool whole() const { return !at_; }
  // The cotangent of the operand where it is kept as a whole.
  void pull(const Tensor& gx, const Tensor& g, const Tensor& y) const;
  // Where it is not: gx has what the result says, and elements in tails get theirs.
  void mend(const Tensor& gx, const Tensor& g, const Tensor& y) const;
  // For a recorded pass: the operand (where pairs are kept, 0 outside of tails), and which elements are in tails.
  Tensor operand(Ints sizes) const;
  Tensor where(const Tensor& operand) const;

 private:
  static std::unique_ptr<Tails> of_dense(const PointwiseOp& op, const Tensor& x, const TailRange& r,
                                         bool own);
  Tails(const PointwiseOp& op, const TailRange& r, Tensor at) : op_(op), range_(r), at_(std::move(at)) {}
  const PointwiseOp& op_;
  TailRange range_;  // for this type
  Tensor at_;        // flat indices; null: values_ is the whole operand
  Tensor values_;    // contiguous
};

}  // namespace adjoint
