// Views and in-place operations: who may change what, and how the history of a base follows a change of its
// view.
//
// Note [Rebasing]: an in-place operation on a view changes its base. The base's history becomes a CopySlices
// node, which cuts the view's part out of the cotangent, runs the operation's own vjp on it and puts the
// result back. The view's grad_fn is then remade from the base when somebody next asks: grad_fn_of.
//
// Note [How a view was made]: every view that may be changed or remade is a map from indices to places of its
// base's storage, however many views led to it: sizes, strides, offset, and the type under which it reads them,
// which differs from its base's at most in showing complex numbers as their parts, or parts as numbers. A tensor
// holds all of that, so a view remembers how it was made by being what it is: nothing is kept beside it, and
// Look::through makes it again of its base, or of a cotangent that lies as its base does. (Views which that
// would not tell, a custom Function's, refuse; `view(dtype)` has neither base nor gradient.)
#include "autograd/changes.h"
#include "autograd/door.h"
#include "autograd/engine.h"
#include "autograd/needs.h"

namespace adjoint {

GraphOps graph_ops;

namespace {

bool fills_its_storage(const TensorImpl& x) {
  return x.numel * int64_t(x.itemsize()) == int64_t(x.storage->nbytes);
}
// as_strided may show memory that belongs to none of its base's elements.
bool shows_no_more(const TensorImpl& view, const TensorImpl& base) {
  if (fills_its_storage(base) || view.numel == 0) return true;
  int64_t item = int64_t(view.itemsize()), base_item = int64_t(base.itemsize());
  return view.byte_offset >= base.byte_offset &&
         geometry_of(view).reach() * item <= geometry_of(base).reach() * base_item;
}

// A view apart from its base.
struct Look {
  Geometry at;
  Dtype dtype;
  explicit Look(const TensorImpl& view) : at(geometry_of(view)), dtype(view.dtype) {}

  // The view of a base that lies `moved` elements further on in its storage than the one it was made of.
  Tensor through(const Tensor& base, int64_t moved = 0) const {
    if (is_complex(dtype) == is_complex(base->dtype)) return strided(base, at, moved);
    if (!is_complex(base->dtype)) {
      Geometry parts = at;
      for (int64_t& s : parts.strides) s *= 2;
      parts.offset *= 2;
      parts.sizes.push_back(2);
      parts.strides.push_back(1);
      return graph_ops.view_as_complex(strided_unless_same(base, parts, moved));
    }
    if (!shows_pairs()) return strided(graph_ops.view_as_real(base), at, 2 * moved);
    Geometry whole = at;
    whole.sizes.erase(whole.sizes.size() - 1);
    whole.strides.erase(whole.strides.size() - 1);
    for (int64_t& s : whole.strides) s /= 2;
    whole.offset /= 2;
    return graph_ops.view_as_real(strided_unless_same(base, whole, moved));
  }

 private:
  bool shows_pairs() const {  // of real and imaginary part, in the last dimension
    size_t n = at.sizes.size();
    bool pairs = n && at.sizes[n - 1] == 2 && at.strides[n - 1] == 1 && at.offset % 2 == 0;
    for (size_t i = 0; pairs && i + 1 < n; ++i) pairs = at.strides[i] % 2 == 0;
    return pairs;
  }
  static Tensor strided(const Tensor& x, const Geometry& a, int64_t moved) {
    return graph_ops.as_strided(x, a.sizes, a.strides, a.offset + moved);
  }
  static Tensor strided_unless_same(const Tensor& x, const Geometry& a, int64_t moved) {
    bool same = equal(x->sizes(), a.sizes) && equal(x->strides(), a.strides) &&
                x->storage_offset() == a.offset + moved;
    return same ? x : strided(x, a, moved);
  }
};

struct CopySlices final : Node {
  std::unique_ptr<Edge[]> edge_array;
  Look base, view;
  bool fills_storage;  // the base
  NodeRef fn;
  CopySlices(const TensorImpl& b, const TensorImpl& v, NodeRef f)
      : base(b), view(v), fills_storage(is_dense(b) && fills_its_storage(b)), fn(std::move(f)) {
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
  // The cotangent in the layout of the base; gaps that as_strided may show are 0, numbers begin at even places.
  Tensor laid_out(const Tensor& g) {
    const Geometry& a = base.at;
    if (fills_storage) return graph_ops.copy_(empty_strided(a.sizes, a.strides, base.dtype, g->device), g);
    int64_t first = a.offset / 2 * 2;
    Tensor room = zeros(Dims{std::max<int64_t>(a.reach() - first, 0)}, base.dtype, g->device);
    return graph_ops.copy_(graph_ops.as_strided(room, a.sizes, a.strides, a.offset - first), g);
  }
  void vjp(Backward& b) override {
    Tensor whole = laid_out(b.grad());
    Tensor part = view.through(whole, whole->storage_offset() - base.at.offset);
    Tensor g = graph_ops.clone(part);
    // Only one value for all (fill_, zero_) is ever written where places are shared.
    bool shared = overlaps_itself(*part);
    if (shared) g = graph_ops.share_out(g, view.at);
    std::vector<Tensor> result(inputs);
    // fn asks which inputs need a gradient through its own edges: its first one stands for the view.
    Backward inner{*fn.get(), &g, result.data()};
    fn->vjp(inner);
    if (edges[0]) {
      if (result[0] && !shared)
        graph_ops.copy_(part, result[0]);
      else
        graph_ops.zero_(part);
      b.gx[0] = whole;
    }
    for (uint32_t i = 1; i < inputs; ++i) b.gx[i] = std::move(result[size_t(i)]);
  }
};

// x.copy_(y): what x was has no influence any more.
struct Assigned {
  static constexpr const char* node = "torch::autograd::CopyBackwards";
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
  check(!will_record || !x->base || shows_no_more(*x, *x->base), name,
        ": a view made by as_strided shows memory outside of its base: what a change of it means for the "
        "base's gradient cannot be told. Clone the view before changing it.");
}

void check_history(const Tensor& x, const char* name, bool will_record) {
  check(!x->inference() || modes.inference, name,
        ": Inplace update to inference tensor outside InferenceMode is not allowed. You can make a "
        "clone to get a normal tensor before doing inplace update. See "
        "https://github.com/pytorch/rfcs/pull/17 for more details.");
  if (!will_record || !modes.grad) return;
  if (x->base) {
    if (x->flags & kCreation) refuse_view(*x);
    check(!(x->requires_grad() && x->base->is_leaf()), name,
          ": a view of a leaf Variable that requires grad is "
          "being used in an in-place operation.");
  }
  check(!(x->requires_grad() && !grad_fn_of(*x)), name,
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

void will_reshape(TensorImpl& x) {
  if (x.grad_fn) x.grad_fn->reshaped = true;
  wait_for_kernels();
}

// The history that a change gave x may have saved x, or a view that holds x: the collector must look.
static void may_be_cycle(TensorImpl& x) {
  if (x.refs > 1 && host.leaf_cycle) host.leaf_cycle(&x);
}

// The base was given other data since (`.data =`, set_): the view shows the old, and its changes are its own.
static bool has_left(const TensorImpl& view) { return view.storage != view.base->storage; }

Node* grad_fn_of(TensorImpl& x) {
  if (__builtin_expect(!x.base, 1)) return x.grad_fn;
  if (!x.grad_fn && !x.base->requires_grad()) return nullptr;
  if (x.view_version == x.version()) return x.grad_fn;
  if (!is_differentiable(x.dtype) || has_left(x)) return x.grad_fn;
  // The base was changed in place since: this view's history is the base's (none, where that was detached), if it
  // was recorded as a view at all.
  if (x.flags & kCreation) refuse_view(x, true);
  const Tensor base = Tensor::share(x.base);
  if (is_complex(x.dtype) == is_complex(base->dtype) || !base->requires_grad()) {
    graph_ops.record_strided(Tensor::share(&x), base);
  } else {
    GradModeGuard on(true);
    Tensor again = Look(x).through(base);
    set_history(x, *again->grad_fn, again->output_nr);
  }
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
  if (!x->base || has_left(*x)) {
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
