// Hands the graph what it computes with (autograd/needs.h).
#include "autograd/grad_mode.h"
#include "autograd/needs.h"
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"
#include "ops/view/restride.h"

namespace adjoint {
namespace {

void add_into(const Tensor& dst, const Tensor& src) {
  const PointwiseOp& op = formula<"add">;
  const bool real = dst->dtype == Dtype::F32 || dst->dtype == Dtype::F64;
  if (real && dst->dtype == src->dtype) {
    const LoopOperand to{dst.get(), dst->dtype, {}}, from{src.get(), src->dtype, {}},
        operands[3] = {to, to, from};
    return backend(dst).pointwise({op.kernels, dst->dtype == Dtype::F32 ? CF32 : CF64}, std::span(operands));
  }
  NoGrad no_grad;
  raw::copy(dst, pointwise(op, {dst, src}));
}

bool has_nan(const Tensor& x) {
  return is_differentiable(x->dtype) && item(ops::any(ops::isnan(x))).to_bool();
}

[[maybe_unused]] const bool installed = [] {
  graph_ops.add = [](const Tensor& a, const Tensor& b) { return ops::add(a, b); };
  graph_ops.add_into = add_into;
  graph_ops.clone = [](const Tensor& x) { return ops::clone(x); };
  graph_ops.as_strided = [](const Tensor& x, Ints sizes, Ints strides, int64_t offset) {
    return ops::as_strided(x, sizes, strides, offset);
  };
  graph_ops.record_strided = record_strided;
  graph_ops.view_as_real = ops::view_as_real;
  graph_ops.view_as_complex = ops::view_as_complex;
  graph_ops.share_out = share_out;
  graph_ops.copy_ = [](const Tensor& dst, const Tensor& src) { return ops::copy_(dst, src); };
  graph_ops.to = [](const Tensor& x, Dtype d) { return ops::to(x, d); };
  graph_ops.zero_ = ops::zero_;
  graph_ops.zeros_like = [](const Tensor& x) { return ops::zeros_like(x); };
  graph_ops.raw_copy = raw::copy;
  graph_ops.has_nan = [](const Tensor& x) {
    NoGrad no_grad;
    return has_nan(x);
  };
  return true;
}();

}  // namespace
}  // namespace adjoint
