// The one door: apply(op, inputs...) runs an operation's forward and, when a gradient is needed, records it.
//
//   struct Narrow {  // an operation with one differentiable input
//     static constexpr const char *name = "narrow", *node = "NarrowBackward0";
//     int64_t dim, start, length;  // attributes; SavedTensor members, too
//     Dims shape = {};
//     // Attributes are at hand. No autograd inside (grad mode is the caller's): results come from raw kernels, or are
//     // built under NoGrad.
//     Tensor forward(const Tensor& x);
//     // The vjp as a formula, for those who ask: Node::rule() reads it. The inputs' parts are apart by "; ".
//     // x (a, b, ... or the signature's names where there are several) are inputs, y is the result, g its
//     // cotangent. Where it depends on attributes: `const char* rule() const`.
//     static constexpr const char* rule = "gx = zeros with g in the slice";
//     void vjp(Backward& b);  // b.gx[i] = ... for each i with b.needs(i); without a vjp nothing is ever recorded
//     // What is kept, under PyTorch's names: see fields.h.
//     void fields(auto& f) {
//       f("dim", dim), f("start", start), f("length", length);
//       f("self_sym_sizes", shape, input(0));
//     }
//     void note(const Tensor& x);  // optional, for what fields() cannot say of the inputs: called when recording
//   };
//   Tensor narrow(const Tensor& x, ...) { return apply_view(Narrow{dim, start, length}, x); }
//
// Who adds what happens to every operation (another mode of differentiation, batching, tracing) does it here and in the
// pointwise driver (ops/pointwise.cpp, pointwise_quick.cpp, pointwise_node.cpp), whose nodes share one class. Beside
// them only the bindings give tensors a history: autograd.Function's nodes, and the tensors that stand for a
// GradientEdge.
#pragma once
#include <array>
#include <type_traits>
#include "autograd/cuts.h"
#include "autograd/fields.h"
#include "autograd/grad_mode.h"
#include "autograd/history.h"
#include "autograd/leaf.h"
#include "autograd/node.h"
#include "tensor/devices.h"

namespace adjoint {

template <class... T> bool needs_record(const T&... x) { return modes.grad && (requires_grad(x) || ...); }
bool needs_record(std::span<const Tensor> xs);

// --- nodes ---
namespace door {

template <class Op> const char* name_of(const Op& op) {
  if constexpr (requires { op.name; })
    return op.name;
  else
    return op.node;
}

inline constexpr int kMany = -1;
template <int N> struct EdgeArray {
  Edge edges[N];
  explicit EdgeArray(size_t) {}
  Edge* data() { return edges; }
};
template <> struct EdgeArray<kMany> {  // any number of inputs (cat, stack ...): on the heap
  std::unique_ptr<Edge[]> edges;
  explicit EdgeArray(size_t n) : edges(new Edge[n]) {}
  Edge* data() { return edges.get(); }
};

}  // namespace door

template <class Op, int N> struct NodeOf final : Node {
  door::EdgeArray<N> edge_array;
  Op op;
  explicit NodeOf(Op&& o, size_t n = size_t(N)) : edge_array(n), op(std::move(o)) {
    static_assert(sizeof(NodeOf) <= detail::kPoolMax || N == door::kMany);
    static_assert(door::check_members<Op, door::has_fields<Op>>());
    inputs = checked_count(n);
    edges = edge_array.data();
    bytes = sizeof(*this);
  }
  void vjp(Backward& b) override { op.vjp(b); }
  std::string name() const override { return op.node; }
  const char* operation() const override { return door::name_of(op); }
  const char* rule() const override {
    if constexpr (requires { op.rule(); })
      return op.rule();
    else if constexpr (requires { Op::rule; })
      return Op::rule;
    else
      return nullptr;
  }
  void release_saved() override {
    door::Release release;
    if constexpr (door::has_fields<Op>) op.fields(release);
  }
  void visit_saved(SavedVisitor& v) override {
    door::Show show{v};
    if constexpr (door::has_fields<Op>) op.fields(show);
  }
};

namespace door {

// Every operation passes here with its inputs before it touches memory: Note [Devices of a call].
template <class Op, class... T> void check_devices(const T&... x) {
  if constexpr (sizeof...(T) > 1 && !requires { Op::across_devices; }) {
    CommonDevice device;
    ((x ? device.add(*x) : void()), ...);
  }
}

template <class Op> constexpr bool has_rule = requires(Op& op, Backward& b) { op.vjp(b); };

template <class Op, int N> struct Made
    : NodeRef {  // owning: what follows may throw (user hooks, inference tensors)
  Made() = default;
  explicit Made(NodeOf<Op, N>* n) : NodeRef(NodeRef::steal(n)) {}
  NodeOf<Op, N>* operator->() const { return static_cast<NodeOf<Op, N>*>(get()); }
};
// A node with its edges set, before any tensor knows it.
template <class Op, class... T> Made<Op, sizeof...(T)> make_node(Op&& op, const T&... x) {
  using N = NodeOf<Op, sizeof...(T)>;
  Made<Op, sizeof...(T)> n(new (pool_alloc(sizeof(N))) N(std::move(op)));
  int i = 0;
  ((x ? n->edges[i++].set(*x) : void(i++)), ...);
  finish_node(*n.get());
  return n;
}
template <class Op> Made<Op, kMany> make_node(Op&& op, std::span<const Tensor> xs) {
  using N = NodeOf<Op, kMany>;
  Made<Op, kMany> n(new (pool_alloc(sizeof(N))) N(std::move(op), xs.size()));
  for (size_t i = 0; i < xs.size(); ++i)
    if (xs[i]) n->edges[i].set(*xs[i]);
  finish_node(*n.get());
  return n;
}

template <class Op, int N, class In> void keep(Made<Op, N>& n, std::span<const Tensor> ys, In in) {
  Keep<In> keep{*n.get(), ys, in};
  if constexpr (has_fields<Op>) n->op.fields(keep);
}
template <class Op, class... T>
void save(Made<Op, sizeof...(T)>& n, std::span<const Tensor> ys, const T&... x) {
  const Tensor* inputs[] = {&x...};
  keep(n, ys, [&](int i) -> const Tensor& { return *inputs[i]; });
  if constexpr (requires { n->op.note(x...); }) n->op.note(x...);
}
template <class Op> void save(Made<Op, kMany>& n, std::span<const Tensor> ys, std::span<const Tensor> xs) {
  keep(n, ys, [&](int i) -> const Tensor& { return xs[size_t(i)]; });
  if constexpr (requires { n->op.note(xs); }) n->op.note(xs);
}
template <class Op, class... T> void record(Op&& op, const Tensor& y, const T&... x) {
  auto n = make_node(std::move(op), x...);
  set_history(*y, *n.get());
  save(n, std::span(&y, 1), x...);
}
// y is what op makes of x...: with its history, or with the cut that it inherits.
template <class Op, class... T> void settle(Op&& op, const Tensor& y, const T&... x) {
  if constexpr (has_rule<Op>)
    if (needs_record(x...) && is_differentiable(y->dtype)) return record(std::move(op), y, x...);
  leave_cut(y, name_of(op), x...);
}

}  // namespace door

// --- results ---
template <class Op, class... T> Tensor apply(Op op, const T&... x) {
  door::check_devices<Op>(x...);
  Tensor y = op.forward(x...);
  door::settle(std::move(op), y, x...);
  return y;
}
// The same where the result is there already.
template <class Op, class... T> Tensor apply_from(Op op, Tensor y, const T&... x) {
  door::settle(std::move(op), y, x...);
  return y;
}

template <class Op> Tensor apply_view(Op op, const Tensor& x) {
  Tensor y = op.forward(x);
  link_view(y, x);
  door::settle(std::move(op), y, x);
  return y;
}

// Several outputs, a vector or an array (unbind, split, max with indices ...). `differentiable` outputs come first.
template <class Op, class Results>
Results apply_multi(Op op, std::span<const Tensor> xs, Results ys, size_t differentiable) {
  if (!needs_record(xs) || differentiable == 0) {
    for (const Tensor& y : ys) leave_cut(y, door::name_of(op), xs);
    return ys;
  }
  auto n = door::make_node(std::move(op), xs);
  n->outputs = checked_count(differentiable);
  for (size_t i = 0; i < differentiable; ++i) set_history(*ys[i], *n.get(), uint32_t(i));
  for (size_t i = differentiable; i < ys.size(); ++i) leave_cut(ys[i], door::name_of(n->op), xs);
  door::save(n, ys, xs);
  return ys;
}
// One output, any number of inputs.
template <class Op> Tensor apply_many(Op op, std::span<const Tensor> xs, Tensor y) {
  const size_t differentiable = is_differentiable(y->dtype);
  return apply_multi(std::move(op), xs, std::array<Tensor, 1>{std::move(y)}, differentiable)[0];
}
// A view that exists gets the history of being op's view of its base, whatever the mode: what grad_fn_of asks for.
template <class Op> void remake_view(Op op, const Tensor& view, const Tensor& base) {
  door::record(std::move(op), view, base);
}
// Several views of x.
template <class Op> std::vector<Tensor> apply_views(Op op, const Tensor& x, std::vector<Tensor> ys) {
  for (const Tensor& y : ys) link_view(y, x, true);
  const size_t n = ys.size();
  return apply_multi(std::move(op), std::span(&x, 1), std::move(ys), n);
}

// --- in place ---
namespace door {

// May x be changed? Says whether the change is recorded.
template <class Op, class... T>
bool may_change(bool may_overlap, const Tensor& x, const char* name, const T&... others) {
  check_devices<Op>(x, others...);
  const bool record = needs_record(x, others...) && is_differentiable(x->dtype);
  may_overlap ? check_history(x, name, record) : check_inplace(x, name, record);
  return record;
}

}  // namespace door

// x is written by `write()`; what it held before flows through `op`, whose inputs are x and `others`. An op that writes
// one value everywhere (`one_value`) may write into memory that overlaps itself. Whatever `write` is made of, it is
// one change of x.
template <class Op, class Write, class... T>
Tensor apply_inplace(Op op, const Tensor& x, const char* name, Write&& write, const T&... others) {
  const bool record = door::may_change<Op>(requires { Op::one_value; }, x, name, others...);
  door::Made<Op, 1 + sizeof...(T)> n;
  if (record) {
    n = door::make_node(std::move(op), x, others...);
    door::save(n, {}, x, others...);
  }
  const uint32_t version = x->storage->version;
  try {
    write();
  } catch (...) {  // a bad index, Ctrl-C: part of it may be written
    x->storage->version = version + 1;
    throw;
  }
  x->storage->version = version;
  bumped(x, name);
  if (record) rebase_history(x, std::move(n));
  return x;
}

// x takes the geometry of its own view: t_, squeeze_, ...
template <class Op> Tensor apply_view_inplace(Op op, const Tensor& x, const char* name) {
  const bool record = door::may_change<Op>(true, x, name);
  Tensor y = op.forward(x);
  door::Made<Op, 1> n;
  if (record) {
    n = door::make_node(std::move(op), x);
    door::save(n, {}, x);
  }
  record ? wait_for_kernels() : will_reshape(*x);
  x->byte_offset = y->byte_offset;
  x->set_geometry(y->sizes(), y->strides());
  bumped(x, name);
  if (record) extend_history(x, std::move(n));
  return x;
}

// x takes source's storage, in the given geometry, and counts its changes on from where it was: set_.
template <class Op> Tensor apply_storage_inplace(Op op, const Tensor& x, const char* name,
                                                 const Tensor& source, int64_t byte_offset, Ints sizes,
                                                 Ints strides) {
  const bool record = door::may_change<Op>(true, x, name, source);
  door::Made<Op, 2> n;
  if (record) n = door::make_node(std::move(op), x, source);
  Dims s(sizes), st(strides);
  record ? wait_for_kernels() : will_reshape(*x);
  const uint32_t version = x->version();
  source->storage->retain();
  x->storage->release();
  x->storage = source->storage;
  x->byte_offset = byte_offset;
  x->set_geometry(s, st);
  x->version_bias = version + 1 - x->storage->version;
  if (TensorImpl* base = std::exchange(x->base, nullptr)) base->release();
  if (record) rebase_history(x, std::move(n));
  return x;
}

}  // namespace adjoint
