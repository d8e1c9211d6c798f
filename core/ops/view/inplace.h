// In-place operations whose target takes a node of its own: the shared steps.
#pragma once
#include "autograd/inplace.h"
#include "autograd/record.h"

namespace adjoint {

// A node with its edges set, before any tensor knows it. In-place operations need it before they write.
template <class Op, class... T> NodeRef make_node(Op&& op, const T&... x) {
  using N = NodeOf<std::decay_t<Op>, sizeof...(T)>;
  auto* n = new (pool_alloc(sizeof(N))) N(std::move(op));
  int i = 0;
  ((x ? n->edges[i++].set(*x) : void(i++)), ...);
  finish_node(*n);
  return NodeRef::steal(n);
}

// x takes the geometry of its own view: t_, squeeze_, ... (the op knows all it needs: `save` is not called)
template <class Op> Tensor apply_view_inplace(Op op, const Tensor& x, const char* name) {
  bool record = needs_record(x);
  check_history(x, name, record);
  Tensor y = op.forward(x);
  NodeRef n;
  if (record) n = make_node(std::move(op), x);
  wait_for_kernels();
  x->byte_offset = y->byte_offset;
  x->set_geometry(y->sizes(), y->strides());
  bumped(x, name);
  if (record) extend_history(x, std::move(n));
  return x;
}

// x is written by `write()`; what it held before flows through `op` (whose inputs are x and `others`). An op that
// writes one value everywhere (`one_value`) may write into memory that overlaps itself.
template <class Op, class Write, class... T>
Tensor apply_inplace(Op op, const Tensor& x, const char* name, Write write, const T&... others) {
  bool record = needs_record(x, others...) && is_differentiable(x->dtype);
  if constexpr (requires { Op::one_value; })
    check_history(x, name, record);
  else
    check_inplace(x, name, record);
  NodeRef n;
  if (record) n = make_node(std::move(op), x, others...);
  uint32_t version = x->storage->version;
  write();
  x->storage->version = version;  // whatever `write` is made of, it is one change
  bumped(x, name);
  if (record) rebase_history(x, std::move(n));
  return x;
}

}  // namespace adjoint
