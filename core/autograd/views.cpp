// Views and in-place operations: who may change what, and how the history of a base follows a change of its
// view.
//
// Note [Rebasing]: an in-place operation on a view changes its base. The base's history becomes a CopySlices
// node, which cuts the view's part out of the cotangent, runs the operation's own vjp on it and puts the
// result back. The view's grad_fn is then remade from the base (as_strided) when somebody next asks:
// grad_fn_of.
#include "autograd/changes.h"
#include "autograd/engine.h"
#include "autograd/inplace.h"
#include "autograd/needs.h"
#include "autograd/record.h"

namespace adjoint {

GraphOps graph_ops;

namespace {

struct Geometry {
  Dims sizes, strides;
  int64_t offset = 0;  // in elements, in the storage
  explicit Geometry(const TensorImpl& x)
      : sizes(x.sizes()), strides(x.strides()), offset(x.storage_offset()) {}
};

// The view's part of a cotangent laid out like the base.
Tensor part_of(const Tensor& whole, const Geometry& base, const Geometry& view) {
  return graph_ops.as_strided(whole, view.sizes, view.strides,
                              whole->storage_offset() + view.offset - base.offset);
}

struct CopySlices final : Node {
  std::unique_ptr<Edge[]> edge_array;
  Geometry base, view;
  Dtype dtype;
  NodeRef fn;
  CopySlices(const TensorImpl& b, const TensorImpl& v, NodeRef f)
      : base(b), view(v), dtype(b.dtype), fn(std::move(f)) {
    inputs = std::max<uint32_t>(fn->inputs, 1);
    edge_array.reset(new Edge[inputs]);
    edges = edge_array.get();
    bytes = sizeof(*this);
    edges[0].set(const_cast<TensorImpl&>(b));
    for (uint32_t i = 1; i < fn->inputs; ++i) copy_edge(fn->edges[i], edges[i]);
  }
  static void copy_edge(const Edge& from, Edge& to) {
    if (!from) return;
    if (from.is_leaf())
      to.set(*from.leaf());
    else
      to.set_node(from.node(), from.nr);
  }
  std::string name() const override { return "torch::autograd::CopySlices"; }
  const char* rule() const override {
    return "gx = g, its part in the view replaced by what the written operation's rule makes of it";
  }
  void release_saved() override {
    // A recorded pass gave what fn saved the history fn: the pass may come to fn itself, later.
    if (fn && !engine_runs(*fn.get())) {
      fn->release_saved();
      fn->released = true;
    }
  }
  void visit_saved(SavedVisitor& v) override {
    if (fn) fn->visit_saved(v);
  }
  void vjp(Backward& b) override {
    Tensor whole;
    {
      Tensor laid_out = empty_strided(base.sizes, base.strides, dtype, b.grad()->device);
      whole = graph_ops.copy_(laid_out, b.grad());
    }
    Tensor part = part_of(whole, base, view);
    std::vector<Tensor> result(inputs);
    Tensor g = graph_ops.clone(part);
    // fn asks which inputs need a gradient through its own edges: its first one stands for the view.
    Backward inner{*fn.get(), &g, result.data()};
    fn->vjp(inner);
    if (edges[0]) {
      Tensor zero = result[0] ? result[0] : graph_ops.zeros_like(part);
      graph_ops.copy_(part, zero);
      b.gx[0] = whole;
    }
    for (uint32_t i = 1; i < inputs; ++i) b.gx[i] = std::move(result[size_t(i)]);
  }
};

// The remade history of a view: AsStridedBackward0 onto the base.
struct ViewOfBase {
  static constexpr const char* node = "AsStridedBackward0";
  Geometry base, view;
  Dtype dtype;
  static constexpr const char* rule = "gx = zeros with g at the view's place";
  void vjp(Backward& b) {
    Tensor whole = graph_ops.copy_(empty_strided(base.sizes, base.strides, dtype, b.grad()->device),
                                   scalar_tensor(0, dtype, b.grad()->device));
    // An expanded view shows an element many times: its cotangents add up.
    Geometry once = view;
    for (int64_t d = 0; d < int64_t(once.sizes.size()); ++d)
      if (once.strides[d] == 0 && once.sizes[d] > 1) once.sizes[d] = 1;
    graph_ops.copy_(part_of(whole, base, once), graph_ops.sum_to(b.grad(), once.sizes));
    b.gx[0] = whole;
  }
};

// x.copy_(y): what x was has no influence any more.
struct Assigned {
  static constexpr const char* node = "CopyBackwards";
  Dtype from;
  static constexpr const char* rule = "gx = 0; gsrc = g";
  void vjp(Backward& b) {
    if (b.needs(1)) b.gx[1] = b.grad()->dtype == from ? b.grad() : graph_ops.to(b.grad(), from);
  }
};

// `indirect`: not x itself was changed but its base or another view of that, so that x's history cannot be
// told.
[[noreturn]] void refuse_view(const TensorImpl& x, bool indirect = false) {
  Node* n = x.grad_fn;
  std::string changed = indirect ? "its base or another view of its base has been modified inplace"
                                 : "is being modified inplace";
  std::string what =
      n ? str("Output ", x.output_nr, " of ", operation_of(*n), " is a view and ", changed, ". ")
        : str("A view was created in no_grad mode and ", changed, " with grad mode enabled. ");
  if (x.flags & TensorImpl::ViewCustom)
    fail(what,
         "This view was created inside a custom Function (or because an input was returned as-is) and the "
         "autograd logic to handle "
         "view+inplace would override the custom backward associated with the custom Function, leading to "
         "incorrect gradients. This "
         "behavior is forbidden. You can fix this by cloning the output of the custom Function.");
  if (x.flags & TensorImpl::ViewMulti)
    fail(what,
         "This view is the output of a function that returns multiple views. Such functions do not allow the "
         "output views to be "
         "modified inplace. You should replace the inplace operation by an out-of-place one.");
  if (x.flags & TensorImpl::ViewInference)
    fail(
        "A view was created in inference mode and is being modified inplace in normal mode. Given that this "
        "use case is ambiguous and "
        "error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace "
        "either both inside the "
        "inference_mode block (if you don't want the inplace to be tracked) or both outside (if you want the "
        "inplace to be tracked).");
  fail(what,
       "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
       "moving both the view and "
       "the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or "
       "both outside (if you want the "
       "inplace to be tracked).");
}

}  // namespace

Node* inner_node(Node& n) {
  auto* slices = dynamic_cast<CopySlices*>(&n);
  return slices ? slices->fn.get() : nullptr;
}

void link_view(const Tensor& view, const Tensor& source, bool multi_output) {
  constexpr uint8_t kCreation =
      TensorImpl::ViewMulti | TensorImpl::ViewNoGrad | TensorImpl::ViewInference | TensorImpl::ViewCustom;
  if (modes.inference || source->inference()) {
    if (source->inference()) {
      view->flags |= TensorImpl::Inference;
      return;
    }
    view->flags |= TensorImpl::ViewInference;
  }
  TensorImpl* base = source->base ? source->base : source.get();
  base->retain();
  view->base = base;
  view->version_bias = source->version_bias;
  view->view_version = view->version();
  uint8_t inherited = source->base ? uint8_t(source->flags & kCreation) : uint8_t(0);
  if (inherited)
    view->flags |= inherited;
  else if (!modes.grad && !modes.inference)
    view->flags |= TensorImpl::ViewNoGrad;
  else if (multi_output)
    view->flags |= TensorImpl::ViewMulti;
}

void check_inplace(const Tensor& x, const char* name, bool will_record) {
  check_history(x, name, will_record);
  check_no_self_overlap(x);
}

void check_history(const Tensor& x, const char* name, bool will_record) {
  check(!x->inference() || modes.inference, name,
        ": Inplace update to inference tensor outside InferenceMode is not allowed. You can make a "
        "clone to get a normal tensor before doing inplace update. See "
        "https://github.com/pytorch/rfcs/pull/17 for more details.");
  if (!will_record || !modes.grad) return;
  constexpr uint8_t kCreation =
      TensorImpl::ViewMulti | TensorImpl::ViewNoGrad | TensorImpl::ViewInference | TensorImpl::ViewCustom;
  if (x->base) {
    if (x->flags & kCreation) refuse_view(*x);
    check(!(x->requires_grad() && x->base->is_leaf()), name,
          ": a view of a leaf Variable that requires grad is "
          "being used in an in-place operation.");
  }
  check(!(x->requires_grad() && x->is_leaf()), name,
        ": a leaf Variable that requires grad is being used in an in-place operation.");
}

bool written_over(TensorImpl& x, const TensorImpl& target) {
  return x.storage == target.storage && (grad_fn_of(x) || !x.requires_grad());
}

Tensor value_before(const Tensor& x) {
  Tensor y;
  {
    NoGrad no_grad;
    y = graph_ops.clone(x);
  }
  y->cut = x->cut;
  if (Node* n = grad_fn_of(*x)) set_history(*y, *n, x->output_nr);
  return y;
}

void bumped(const Tensor& x, const char* name) {
  x->bump_version();
  note_change(*x, name);
}

// The history that a change gave x may have saved x, or a view that holds x: the collector must look.
static void may_be_cycle(TensorImpl& x) {
  if (x.refs > 1 && host.leaf_cycle) host.leaf_cycle(&x);
}

Node* grad_fn_of(TensorImpl& x) {
  if (__builtin_expect(!x.base, 1)) return x.grad_fn;
  if (!x.grad_fn && !x.base->requires_grad()) return nullptr;
  if (x.view_version == x.version()) return x.grad_fn;
  if (!x.base->requires_grad() || !is_differentiable(x.dtype)) return x.grad_fn;
  // The base was changed in place since: this view's history is the base's, if it was recorded as a view at
  // all.
  constexpr uint8_t kCreation =
      TensorImpl::ViewMulti | TensorImpl::ViewNoGrad | TensorImpl::ViewInference | TensorImpl::ViewCustom;
  if (x.flags & kCreation) refuse_view(x, true);
  ViewOfBase op{Geometry(*x.base), Geometry(x), x.base->dtype};
  using N = NodeOf<ViewOfBase, 1>;
  auto* n = new (pool_alloc(sizeof(N))) N(std::move(op));
  n->edges[0].set(*x.base);
  finish_node(*n);
  set_history(x, *n, 0);
  n->release();
  x.view_version = x.version();
  may_be_cycle(x);
  return x.grad_fn;
}

// Hooks and retain_grad that the user put on x stay with the value they were put on, except that retain_grad
// follows x to its new value.
void forget_retain(TensorImpl& x) {
  if (!x.meta || !x.meta->retains_grad || !x.grad_fn || !x.grad_fn->hooks) return;
  std::erase_if(x.grad_fn->hooks->retain, [&](auto& r) { return r.second == &x; });
  x.meta->retains_grad = false;
}

void rebase_history(const Tensor& x, NodeRef n, uint32_t output_nr) {
  bool retains = x->meta && x->meta->retains_grad;
  if (retains) forget_retain(*x);
  if (!x->base) {
    set_history(*x, *n.get(), output_nr);
  } else {
    Tensor base = Tensor::share(x->base);
    auto* slices = new (pool_alloc(sizeof(CopySlices))) CopySlices(*base, *x, std::move(n));
    finish_node(*slices);
    bool base_retains = base->meta && base->meta->retains_grad;
    if (base_retains) forget_retain(*base);
    set_history(*base, *slices, 0);
    slices->release();
    if (base_retains) retain_grad(base);
    x->view_version = x->version() - 1;  // force it to be remade
    grad_fn_of(*x);
  }
  may_be_cycle(x->base ? *x->base : *x);
  if (retains) retain_grad(x);
}

void extend_history(const Tensor& x, NodeRef n) {
  bool retains = x->meta && x->meta->retains_grad;
  if (retains) forget_retain(*x);
  set_history(*x, *n.get());
  if (retains) retain_grad(x);
}

Tensor assign_inplace(const Tensor& x, const Tensor& y, const char* name) {
  if (x.same(y)) return x;  // the operation wrote into x itself, and counted it
  bool will_record = needs_record(x, y) && is_differentiable(x->dtype);
  check_inplace(x, name, will_record);
  if (!x.same(y)) graph_ops.raw_copy(x, y);
  bumped(x, name);
  if (!will_record) return x;
  if (!x->base && y->dtype == x->dtype && y->grad_fn) {
    rebase_history(x, NodeRef::share(grad_fn_of(*y)), y->output_nr);
    return x;
  }
  using N = NodeOf<Assigned, 2>;
  auto* n = new (pool_alloc(sizeof(N))) N(Assigned{y->dtype});
  n->edges[0].set(*x);
  n->edges[1].set(*y);
  finish_node(*n);
  rebase_history(x, NodeRef::steal(n), 0);
  return x;
}

}  // namespace adjoint
