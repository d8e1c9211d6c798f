// Where the graph begins and ends: detach, requires_grad_, retain_grad, .data.
#include "autograd/leaf.h"
#include "autograd/grad_mode.h"
#include "autograd/history.h"

namespace adjoint {

Tensor detach(const Tensor& x) {
  Tensor y = alias(x);
  y->version_bias = x->version_bias;
  y->flags |= x->flags & TensorImpl::Inference;
  if (modes.inference && !x->inference()) y->flags |= TensorImpl::ViewInference;  // no result of its own
  return y;
}

void detach_inplace(const Tensor& x) {
  check(!x->base,
        "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) "
        "for training, and "
        "gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() "
        "cannot be called on "
        "these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
        "torch/optim/optimizer.py as the "
        "solution.");
  forget_retain(*x);
  if (Node* n = std::exchange(x->grad_fn, nullptr)) n->release();
  x->flags &= uint8_t(~TensorImpl::RequiresGrad);
  x->output_nr = 0;
}

void set_requires_grad(const Tensor& x, bool on) {
  check(on || !grad_fn_of(*x),
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
        "in a "
        "subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  check(!on || is_differentiable(x->dtype), "only Tensors of floating point dtype can require gradients");
  check(!(x->inference() && on && !modes.inference),
        "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  if (on)
    x->flags |= TensorImpl::RequiresGrad;
  else
    x->flags &= uint8_t(~TensorImpl::RequiresGrad);
}

void retain_grad(const Tensor& x) {
  check(x->requires_grad(), "can't retain_grad on Tensor that has requires_grad=False");
  Node* n = grad_fn_of(*x);
  if (!n) return;  // a leaf keeps its gradient anyway
  AutogradMeta& m = ensure_meta(*x);
  if (m.retains_grad) return;
  m.retains_grad = true;
  n->ensure_hooks().retain.push_back({x->output_nr, x.get()});
}

void set_data(const Tensor& x, const Tensor& y) {
  check(x->device == y->device,
        "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor "
        "type.");
  check(!(x->requires_grad() && !is_differentiable(y->dtype)),
        "data set to a tensor that requires gradients must be floating point or "
        "complex dtype");
  // Note [Counting .data]: whoever saved x must see that its values are others now.
  uint32_t next = x->version() + 1;
  will_reshape(*x);
  y->storage->retain();
  x->storage->release();
  x->storage = y->storage;
  x->byte_offset = y->byte_offset;
  x->dtype = y->dtype;
  x->set_geometry(Dims(y->sizes()), Dims(y->strides()));
  x->version_bias = next - x->storage->version;
}

}  // namespace adjoint
