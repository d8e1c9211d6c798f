// Backward of pointwise operations: the fused loop when gradients are only wanted as numbers, the formula
// read with tensors when the backward pass is itself recorded.
#include "ops/pointwise_node.h"
#include "autograd/history.h"
#include "autograd/needs.h"
#include "ops/ops.h"
#include "ops/schema.h"

namespace adjoint {

using namespace pointwise_detail;

namespace {

template <int N> struct Sized final : PointwiseNode {
  Edge edge_array[N];
  Arg arg_array[N];
  Sized(const PointwiseOp& o, Dtype c) : PointwiseNode(o, c) {
    static_assert(sizeof(Sized) <= detail::kPoolMax);
    inputs = N;
    edges = edge_array;
    args = arg_array;
    bytes = sizeof(*this);
  }
};
template <int N> PointwiseNode* make_sized(const PointwiseOp& op, Dtype common) {
  return new (pool_alloc(sizeof(Sized<N>))) Sized<N>(op, common);
}

// The names that `_saved_*` attributes have: the schema's parameters.
std::string parameter(const PointwiseOp& op, int i) {
  return std::string(schema_of(op.record).parameters[size_t(i)].text);
}

}  // namespace

PointwiseNode* make_node(const PointwiseOp& op, std::span<const Operand> xs, Dtype common,
                         const TensorImpl* target) {
  PointwiseNode* n = op.arity == 1   ? make_sized<1>(op, common)
                     : op.arity == 2 ? make_sized<2>(op, common)
                     : op.arity == 3 ? make_sized<3>(op, common)
                                     : make_sized<4>(op, common);
  NodeRef held = NodeRef::steal(n);  // saving may throw: user hooks, inference tensors
  const Tensor* first = nullptr;
  unsigned reads = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    PointwiseNode::Arg& a = n->args[i];
    if (!xs[i].is_tensor()) {
      a.scalar = xs[i].scalar;
      continue;
    }
    const Tensor& x = *xs[i].tensor;
    a.is_tensor = true;
    a.dtype = x->dtype;
    if (first && !same_sizes(**first, *x)) n->same_shape = false;
    if (!first) first = &x;
    if (!x->requires_grad() || !is_differentiable(x->dtype)) continue;
    n->edges[i].set(*x);
    reads |= op.pull[i].reads;
  }
  if (!n->same_shape) {
    n->shapes = new Dims[xs.size()];
    for (size_t i = 0; i < xs.size(); ++i)
      if (xs[i].is_tensor()) n->shapes[i] = Dims((*xs[i].tensor)->sizes());
  }
  finish_node(*n);
  for (size_t i = 0; i < xs.size(); ++i) {
    if (!(reads >> i & 1) || !xs[i].is_tensor()) continue;
    const Tensor& x = *xs[i].tensor;
    n->args[i].saved.save(target && written_over(*x, *target) ? value_before(x) : x);
  }
  n->result_read = reads >> op.arity & 1;
  if (op.tail_pull && reads) n->tails = Tails::of(op, *xs[0].tensor);
  held.take();
  return n;
}

void PointwiseNode::save_result(const Tensor& y) {
  if (result_read) result.save_output(y, *this);
}

void PointwiseNode::release_saved() {
  for (uint32_t i = 0; i < inputs; ++i) args[i].saved.reset();
  result.reset();
  tails.reset();
}

void PointwiseNode::visit_saved(SavedVisitor& v) {
  unsigned reads = 0;  // by any rule; what was not needed this time shows as None
  for (int i = 0; i < int(inputs); ++i) reads |= op.pull[i].reads;
  for (int i = 0; i < int(inputs); ++i) {
    if (!args[i].is_tensor)
      v.value(parameter(op, i).c_str(), args[i].scalar);
    else if (reads >> i & 1)
      v.tensor(parameter(op, i).c_str(), args[i].saved);
  }
  if (reads >> op.arity & 1) v.tensor("result", result);
}

// The operand that tails kept has the history of the one that it is a copy of.
Tensor PointwiseNode::mend_recorded(const Tensor& r, const Tensor& g) {
  const Tensor x = tails->operand(r->sizes());
  return ops::where(tails->where(x), op.tail_pull(V(g), V(with_edge(x, edges[0]))).tensor, r);
}

Tensor PointwiseNode::pull_recorded(const Tensor& g, int i) {
  V x[kMaxOperands], y;
  unsigned reads = op.pull[i].reads;
  for (int k = 0; k < op.arity; ++k) {
    if (!args[k].is_tensor)
      x[k] = V(args[k].scalar);
    else if (reads >> k & 1)
      x[k] = V(args[k].saved.get(*this));
  }
  if (reads >> op.arity & 1) y = V(result.get(*this));
  V r = op.pull[i].tensors(V(g), y, x);
  if (r.tensor) return tails ? mend_recorded(r.tensor, g) : r.tensor;
  return graph_ops.add(graph_ops.zeros_like(g), scalar_tensor(r.scalar, g->dtype, g->device));
}

Tensor PointwiseNode::pull_fused(const Tensor& g, int i) {
  unsigned reads = op.pull[i].reads;
  const auto compute = Compute(compute_of(op, common));
  Tensor held[kMaxOperands + 1];
  Operand xs[kMaxOperands + 2] = {g, 0, 0, 0, 0, 0};
  int n = 1;
  for (int k = 0; k <= op.arity; ++k) {
    if (!(reads >> k & 1)) continue;
    if (k < op.arity && !args[k].is_tensor) {
      xs[n++] = Operand(args[k].scalar);
      continue;
    }
    held[k] = k == op.arity ? result.get(*this) : args[k].saved.get(*this);
    xs[n++] = Operand(held[k]);
  }
  const Dtype kernel = kKernelType[compute];
  const bool cond = op.cond_first && (reads & 1);  // the condition comes second here, after g
  Tensor out;
  if (tails && tails->whole()) {
    out = empty_like_strides(g, common);
    tails->pull(out, g, held[op.arity]);
    return out;
  }
  if (cond || common != kernel || !quick_pull(op.kernels.pull[i][compute], kernel, {xs, size_t(n)}, out)) {
    out = is_spread(*g) ? empty(g->sizes(), common, g->device) : empty_like_strides(g, common);
    run_loop({op.kernels, compute, i}, out, kernel, kernel, {xs, size_t(n)}, cond ? 1 : -1);
  }
  if (tails) tails->mend(out, g, held[op.arity]);
  return out;
}

Tensor PointwiseNode::pull(Backward& b, int i) {
  check_as(op.pull[i].exists, ErrorKind::NotImplemented, "derivative for ", op.name, " is not implemented");
  const Tensor& g = b.grad();
  // Note [Identity pulls]: add and its like hand the cotangent on untouched.
  Tensor r = op.pull[i].identity && g->dtype == common ? g
             : grad_enabled()                          ? pull_recorded(g, i)
                                                       : pull_fused(g, i);
  if (is_complex(r->dtype) && !is_complex(args[i].dtype)) r = ops::real(r);
  if (!same_shape && !equal(r->sizes(), shapes[i])) r = ops::sum_to(r, shapes[i]);
  if (r->dtype != args[i].dtype) r = ops::to(r, args[i].dtype);
  return r;
}

// PyTorch wraps the numbers of products and quotients into tensors and frees them with the others, so that
// `x * 2`, too, cannot be gone through twice.
static void refuse_second_pass(const PointwiseNode& n, const Backward& b) {
  const int inputs = int(n.inputs);
  for (int i = 0; i < inputs; ++i)
    for (int k = 0; b.needs(i) && k < inputs; ++k)
      check(
          n.args[k].is_tensor || !(n.op.pull[i].reads >> k & 1) || !shows_edge(n, k), n.op.name,
          ": Trying to backward through the graph a second time (or directly access saved tensors after they "
          "have already been freed). Saved intermediate values of the graph are freed when you call "
          ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
          "graph a second time or if you need to access saved tensors after calling backward.");
}

void PointwiseNode::vjp(Backward& b) {
  if (released) refuse_second_pass(*this, b);
  for (int i = 0; i < int(inputs); ++i)
    if (b.needs(i)) b.gx[i] = pull(b, i);
}

bool shows_edge(const Node& node, int i) {
  auto* n = dynamic_cast<const PointwiseNode*>(&node);
  if (!n) return true;
  const PointwiseOp& op = n->op;
  if (op.cond_first && i == 0) return false;
  if (n->args[i].is_tensor) return true;
  return i < op.promoting && op.record.flags & kWrapsNumbers;
}

}  // namespace adjoint
