// The life of nodes, edges and tensors' autograd parts.
#include "autograd/node.h"
#include "autograd/door.h"

namespace adjoint {

Host host;

int64_t detail::g_live_nodes = 0;
static uint64_t g_clock = 0;
int64_t live_tensors() { return detail::g_live_tensors; }
int64_t live_nodes() { return detail::g_live_nodes; }
uint64_t Node::clock() { return g_clock; }

// --- edges ---
void Edge::set_view(TensorImpl& x) {
  if (!x.requires_grad()) return;
  if (Node* n = grad_fn_of(x)) {
    set_node(n, x.output_nr);
  } else {
    set_leaf(x);
  }
}
void Edge::set_node(Node* n, uint32_t output_nr) {
  if (n) n->retain();
  reset();
  v_ = reinterpret_cast<uintptr_t>(n);
  nr = output_nr;
}
static bool holds_anything(const AccumulateNode& n) {
  return n.metadata || !n.pre.entries.empty() || !n.post.entries.empty();
}
void Edge::drop() {
  uintptr_t v = std::exchange(v_, 0);
  if (v & 1) {
    TensorImpl& leaf = *reinterpret_cast<TensorImpl*>(v & ~uintptr_t(1));
    if (--leaf.leaf_edges == 0 && leaf.meta && holds_anything(leaf.meta->accumulate)) forget_accumulate(leaf);
    leaf.release();
  } else {
    reinterpret_cast<Node*>(v)->release();
  }
}

void forget_accumulate(TensorImpl& leaf) {
  AccumulateNode& n = leaf.meta->accumulate;
  if (leaf.leaf_edges || n.pyobj) return;
  // Out of the leaf first: what hooks hold may come back here.
  auto pre = std::move(n.pre.entries), post = std::move(n.post.entries);
  auto metadata = std::move(n.metadata);
  n.pre.entries.clear();
  n.post.entries.clear();
}

// --- nodes ---
Node::~Node() {
  if (where.code && host.forget) host.forget(where);
  delete hooks;
  --detail::g_live_nodes;
}

// Note [Burying nodes]: releasing a node's edges and saved tensors may release further nodes. They queue on a
// list that the outermost call drains, so the depth of the graph never becomes depth of the stack.
void Node::bury(Node* n) {
  static Node* dead = nullptr;
  static bool draining = false;
  n->link = dead;
  dead = n;
  if (draining) return;
  draining = true;
  while (Node* d = dead) {
    dead = d->link;
    if (d->pyobj && host.node_destroy) host.node_destroy(d);
    uint32_t bytes = d->bytes;
    d->~Node();
    pool_free(d, bytes);
  }
  draining = false;
}

void finish_node(Node& n) {
  uint64_t seq = g_clock;
  for (uint32_t i = 0; i < n.inputs; ++i) {
    Edge& e = n.edges[i];
    if (e && !e.is_leaf() && e.node()->seq > seq) seq = e.node()->seq;
  }
  n.seq = g_clock = seq + 1;
  if (modes.provenance && host.here) n.where = host.here();
  if (__builtin_expect(modes.anomaly, 0) && host.node_created) host.node_created(&n);
}

void set_history(TensorImpl& y, Node& n, uint32_t output_nr) {
  if (!is_differentiable(y.dtype)) return;
  n.retain();
  if (Node* old = std::exchange(y.grad_fn, &n)) old->release();
  y.output_nr = output_nr;
  n.output_info.note(y, output_nr);
  y.flags |= TensorImpl::RequiresGrad;
  if (y.base) y.view_version = y.version();
}

bool needs_record(std::span<const Tensor> xs) {
  if (!modes.grad) return false;
  for (const Tensor& x : xs)
    if (requires_grad(x)) return true;
  return false;
}

// --- tensors ---
AutogradMeta& ensure_meta(TensorImpl& x) {
  if (!x.meta) x.meta = new AutogradMeta;
  return *x.meta;
}

void TensorImpl::destroy() {
  if (pyobj) {  // only C++ held the tensor, and its wrapper with it
    refs = 1;
    if (adjoint::host.wrapper_destroy) adjoint::host.wrapper_destroy(this);
    if (--refs != 0) return;  // a finalizer took it back
  }
  if (Node* n = std::exchange(grad_fn, nullptr)) {
    if (meta && meta->retains_grad && n->hooks)
      std::erase_if(n->hooks->retain, [this](auto& r) { return r.second == this; });
    n->release();
  }
  if (meta) {
    if (meta->suspect && adjoint::host.leaf_forgotten) adjoint::host.leaf_forgotten(this);
    delete std::exchange(meta, nullptr);
  }
  if (TensorImpl* b = std::exchange(base, nullptr)) b->release();
  if (storage) storage->release();
  if (dims != inline_dims) delete[] dims;
  --detail::g_live_tensors;
  pool_free(this, sizeof(TensorImpl));
}

}  // namespace adjoint
