// The one door: apply(op, inputs...) runs an operation's forward and, when a gradient is needed, records it.
//
//   struct Narrow {  // an operation with one differentiable input
//     static constexpr const char *name = "narrow", *node = "NarrowBackward0";
//     int64_t dim, start, length;  // attributes; SavedTensor members, too
//     Dims shape;
//     // Attributes are at hand. No autograd inside (grad mode is the caller's):
//     // results come from raw kernels, or are built
//     // under NoGrad.
//     Tensor forward(const Tensor& x);
//     void save(Node& n, const Tensor& y, const Tensor& x);  // optional: called only when recording
//     // The vjp as a formula, for those who ask: Node::rule() reads it. The inputs' parts are apart by "; ".
//     // x (a, b, ... or the signature's names where there are several) are inputs, y is the result, g its
//     // cotangent. Where it depends on attributes: `const char* rule() const`.
//     static constexpr const char* rule = "gx = zeros with g in the slice";
//     void vjp(Backward& b);  // b.gx[i] = ... for each i with b.needs(i)
//     void release();                // optional: drop saved tensors
//     void visit(SavedVisitor& v);   // optional: names what is saved ("self", "result", ...)
//   };
//   Tensor narrow(const Tensor& x, ...) { return apply_view(Narrow{dim, start, length, x->sizes()}, x); }
#pragma once
#include <array>
#include <type_traits>
#include "autograd/cuts.h"
#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "autograd/saved.h"

namespace adjoint {

template <class... T> bool needs_record(const T&... x) { return modes.grad && (requires_grad(x) || ...); }
bool needs_record(std::span<const Tensor> xs);

template <class Op> const char* name_of_op(const Op& op) {
  if constexpr (requires { op.name; })
    return op.name;
  else
    return op.node;
}

template <class Op> const char* rule_of_op(const Op& op) {
  if constexpr (requires { op.rule(); })
    return op.rule();
  else if constexpr (requires { Op::rule; })
    return Op::rule;
  else
    return nullptr;
}

template <class Op, int N> struct NodeOf final : Node {
  Edge edge_array[N > 0 ? N : 1];
  Op op;
  explicit NodeOf(Op&& o) : op(std::move(o)) {
    static_assert(sizeof(NodeOf) <= detail::kPoolMax);
    inputs = N;
    edges = edge_array;
    bytes = sizeof(*this);
  }
  void vjp(Backward& b) override { op.vjp(b); }
  std::string name() const override { return op.node; }
  const char* operation() const override { return name_of_op(op); }
  const char* rule() const override { return rule_of_op(op); }
  void release_saved() override {
    if constexpr (requires { op.release(); }) op.release();
  }
  void visit_saved(SavedVisitor& v) override {
    if constexpr (requires { op.visit(v); }) op.visit(v);
  }
};
// Any number of inputs (cat, stack, index_put ...): edges on the heap.
template <class Op> struct NodeOfMany final : Node {
  std::unique_ptr<Edge[]> edge_array;
  Op op;
  NodeOfMany(Op&& o, size_t n) : edge_array(new Edge[n]), op(std::move(o)) {
    inputs = checked_count(n);
    edges = edge_array.get();
    bytes = sizeof(*this);
  }
  void vjp(Backward& b) override { op.vjp(b); }
  std::string name() const override { return op.node; }
  const char* operation() const override { return name_of_op(op); }
  const char* rule() const override { return rule_of_op(op); }
  void release_saved() override {
    if constexpr (requires { op.release(); }) op.release();
  }
  void visit_saved(SavedVisitor& v) override {
    if constexpr (requires { op.visit(v); }) op.visit(v);
  }
};

// Numbers the node after its inputs, notes the user's line, tells the anomaly mode. Call once the edges are
// set.
void finish_node(Node& n);
// Makes y the output_nr-th output of n (takes a reference). y must be fresh, or an in-place target whose
// history is being replaced.
void set_history(TensorImpl& y, Node& n, uint32_t output_nr = 0);

// Only differentiable dtypes carry gradients; an integer output of a recorded operation does not.
template <class Op, class... T> Node* record(Op&& op, const Tensor& y, const T&... x) {
  using N = NodeOf<std::decay_t<Op>, sizeof...(T)>;
  auto* n = new (pool_alloc(sizeof(N))) N(std::move(op));
  NodeRef held = NodeRef::steal(n);  // saving may throw: user hooks, inference tensors
  int i = 0;
  ((x ? n->edges[i++].set(*x) : void(i++)), ...);
  finish_node(*n);
  set_history(*y, *n);
  if constexpr (requires { n->op.save(*n, y, x...); }) n->op.save(*n, y, x...);
  return y->grad_fn;
}

template <class Op, class... T> Tensor apply(Op op, const T&... x) {
  Tensor y = op.forward(x...);
  if (needs_record(x...) && is_differentiable(y->dtype))
    record(std::move(op), y, x...);
  else
    leave_cut(y, name_of_op(op), x...);
  return y;
}

// Links a fresh alias to the tensor it views: base, creation mode. Every view operation passes here.
void link_view(const Tensor& view, const Tensor& source, bool multi_output = false);
template <class Op> Tensor apply_view(Op op, const Tensor& x) {
  Tensor y = op.forward(x);
  link_view(y, x);
  if (needs_record(x))
    record(std::move(op), y, x);
  else
    leave_cut(y, name_of_op(op), x);
  return y;
}

// Several outputs (unbind, split, max with indices ...). `differentiable` outputs come first.
template <class Op> std::vector<Tensor> apply_multi(Op op, std::span<const Tensor> xs, std::vector<Tensor> ys,
                                                    size_t differentiable) {
  if (!needs_record(xs)) {
    for (const Tensor& y : ys) leave_cut(y, name_of_op(op), xs);
    return ys;
  }
  using N = NodeOfMany<Op>;
  auto* n = new (pool_alloc(sizeof(N))) N(std::move(op), xs.size());
  NodeRef held = NodeRef::steal(n);
  n->outputs = checked_count(differentiable);
  for (size_t i = 0; i < xs.size(); ++i)
    if (xs[i]) n->edges[i].set(*xs[i]);
  finish_node(*n);
  for (size_t i = 0; i < differentiable; ++i) set_history(*ys[i], *n, uint32_t(i));
  for (size_t i = differentiable; i < ys.size(); ++i) leave_cut(ys[i], name_of_op(n->op), xs);
  if constexpr (requires { n->op.save(*n, ys, xs); }) n->op.save(*n, ys, xs);
  return ys;
}
// One output, any number of inputs.
template <class Op> Tensor apply_many(Op op, std::span<const Tensor> xs, Tensor y) {
  if (!is_differentiable(y->dtype)) {
    leave_cut(y, name_of_op(op), xs);
    return y;
  }
  std::vector<Tensor> ys = apply_multi(std::move(op), xs, std::vector<Tensor>{y}, 1);
  return y;
}

// --- in place ---
// Before an in-place operation writes into x: a leaf that requires grad, a view of one, an output of a
// multi-output view, or memory that overlaps itself refuse. `name` is the operation's ("add_").
void check_inplace(const Tensor& x, const char* name, bool will_record);
// The same where nothing can go wrong with an element that is written twice: the geometry changes, or all
// elements get one value.
void check_history(const Tensor& x, const char* name, bool will_record);
// After the write: bumps the version and remembers the line for error messages.
void bumped(const Tensor& x, const char* name);
// Makes x (already written) the result of `n`, as an output of an in-place operation. When x is a view its
// base's history is rebased (CopySlices) and x's own is regenerated on demand.
void rebase_history(const Tensor& x, NodeRef n, uint32_t output_nr = 0);
// x takes y's values and history: the in-place form of any out-of-place operation. Returns x.
Tensor assign_inplace(const Tensor& x, const Tensor& y, const char* name);
// An operation that writes into x itself: write() does it. Edges lead to x and `rest`; op.save sees x as it
// is after.
template <class Op, class W, class... T>
Tensor apply_inplace(Op op, const char* name, W&& write, const Tensor& x, const T&... rest) {
  bool will_record = needs_record(x, rest...) && is_differentiable(x->dtype);
  check_inplace(x, name, will_record);
  if (!will_record) {
    write();
    bumped(x, name);
    return x;
  }
  using N = NodeOf<Op, 1 + sizeof...(T)>;
  NodeRef n = NodeRef::steal(new (pool_alloc(sizeof(N))) N(std::move(op)));
  auto* node = static_cast<N*>(n.get());
  int i = 0;
  node->edges[i++].set(*x);
  ((rest ? node->edges[i++].set(*rest) : void(i++)), ...);
  finish_node(*node);
  write();
  bumped(x, name);
  rebase_history(x, n);
  if constexpr (requires { node->op.save(*node, x, rest...); }) node->op.save(*node, x, rest...);
  return x;
}
// A view's grad_fn is remade when its base was changed in place since; every reader of grad_fn passes here.
Node* grad_fn_of(TensorImpl& x);

// --- cuts ---
Tensor detach(const Tensor& x);  // a view without history, sharing the version counter
void detach_inplace(const Tensor& x);
void set_requires_grad(const Tensor& x, bool on);  // RuntimeError on non-leaves and non-float dtypes
void retain_grad(const Tensor& x);
void set_data(const Tensor& x, const Tensor& y);

}  // namespace adjoint
