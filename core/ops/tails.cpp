#include "ops/tails.h"
#include <algorithm>
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/pointwise_node.h"
#include "ops/raw.h"

namespace adjoint {

using namespace pointwise_detail;

namespace {

constexpr int64_t kFew = 1 << 10;     // elements looked through before anything else is done
constexpr int64_t kMended = 1 << 10;  // elements mended at a time

TailRange range_for(const TailRange& r, Dtype d) {
  const double part = is_reduced(d) ? 0.5 : 1;  // halves have few digits to lose
  return {r.low * part, r.high * part};
}

}  // namespace

std::unique_ptr<Tails> Tails::of(const PointwiseOp& op, const Tensor& x) {
  const TailRange r = range_for(op.tail, x->dtype);
  if (!x->contiguous()) return of_dense(op, raw::clone(x), r, true);
  if (x->numel <= kFew && !backend(x).any_outside(*x, r.low, r.high)) return nullptr;
  return of_dense(op, x, r, false);
}

// `own`: nobody else has x.
std::unique_ptr<Tails> Tails::of_dense(const PointwiseOp& op, const Tensor& x, const TailRange& r, bool own) {
  const Backend& on = backend(x);
  const Outside found = on.find_outside(*x, r.low, r.high);
  if (!found.any) return nullptr;
  std::unique_ptr<Tails> t(new Tails(op, r, found.at));
  if (t->whole()) {
    t->values_ = own ? x : raw::clone(x);
  } else {
    t->values_ = empty(found.at->sizes(), x->dtype, x->device);
    on.pick(*x, *found.at, *t->values_);
  }
  return t;
}

void Tails::pull(const Tensor& gx, const Tensor& g, const Tensor& y) const {
  const int compute = compute_of(op_, gx->dtype);
  const Tensor x = operand(gx->sizes());
  const Operand operands[] = {g, y, x, range_.low, range_.high};
  run_loop({op_.kernels, Compute(compute), FormulaLoop::kTail}, gx, kKernelType[compute],
           kKernelType[compute], operands, -1);
}

void Tails::mend(const Tensor& gx, const Tensor& g, const Tensor& y) const {
  const int compute = compute_of(op_, gx->dtype);
  const Backend& on = backend(gx);
  for (int64_t b = 0; b < at_->numel; b += kMended) {
    const Dims n{std::min(at_->numel - b, kMended)};
    const auto piece = [&](const Tensor& t) {
      return alias(t, n, Dims{1}, t->byte_offset + b * int64_t(t->itemsize()));
    };
    const Tensor at = piece(at_), some_g = empty(n, g->dtype, g->device),
                 some_y = empty(n, y->dtype, y->device);
    on.pick(*g, *at, *some_g);
    on.pick(*y, *at, *some_y);
    const Tensor out = empty(n, gx->dtype, gx->device), some_x = piece(values_);
    const Operand operands[] = {some_g, some_y, some_x, range_.low, range_.high};
    run_loop({op_.kernels, Compute(compute), FormulaLoop::kTail}, out, kKernelType[compute],
             kKernelType[compute], operands, -1);
    on.place(*gx, *at, *out);
  }
}

Tensor Tails::operand(Ints sizes) const {
  if (whole()) return alias_contiguous(values_, sizes);
  Tensor out = zeros(sizes, values_->dtype, values_->device);
  backend(out).place(*out, *at_, *values_);
  return out;
}

Tensor Tails::where(const Tensor& operand) const {
  const Tensor x = is_complex(operand->dtype) ? ops::real(operand) : operand;
  return pointwise(formula<"logical_or">,
                   {pointwise(formula<"lt">, {x, range_.low}), pointwise(formula<"gt">, {x, range_.high})});
}

}  // namespace adjoint
