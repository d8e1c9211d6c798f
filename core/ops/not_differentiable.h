// Operations whose results depend on their inputs but whose derivative is not defined by PyTorch
// (floor_divide, heaviside): the graph shows them, and a backward pass that reaches them says so.
#pragma once
#include "autograd/door.h"
#include "ops/pointwise_record.h"

namespace adjoint {

struct NoDerivative {
  static constexpr const char* node = "torch::autograd::NotImplemented";
  const char* name;
  void vjp(Backward&) { fail("derivative for aten::", name, " is not implemented"); }
};

inline Tensor without_derivative(const char* name, const PointwiseOp& op, std::initializer_list<Operand> xs,
                                 const Dest& dest) {
  Tensor x[2];
  int n = 0;
  for (const Operand& o : xs) x[n++] = o.is_tensor() ? *o.tensor : Tensor();
  if (!needs_record(x[0], x[1]) || (dest.tensor && !dest.inplace)) return pointwise(op, xs, dest);
  Tensor y;
  {
    NoGrad no_grad;
    y = pointwise(op, xs);
  }
  y = apply_from(NoDerivative{name}, std::move(y), x[0], x[1]);
  return dest.tensor ? assign_inplace(*dest.tensor, y, dest.name) : y;
}

}  // namespace adjoint
