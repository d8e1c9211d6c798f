// Cycles: what Python's collector cannot see by itself.
//
// Note [Cycles]
// Tensors and nodes count references among themselves; Python's collector knows Python objects only. A cycle
// that runs through both (a hook that closes over a tensor whose history holds the hook), or through C++
// alone (x.grad -> its graph -> x, after backward(create_graph=True)), would never be freed. Two measures:
//   1. tp_traverse of a tensor or node reports every Python object held by the part of the graph that this
//      object alone keeps alive (`Walk`). To report less is safe, to report what others hold too is not.
//   2. After a full collection a trial deletion over tensors, nodes and Python objects together (`Region`)
//      starts from what can close a cycle behind Python's back: dicts of hooks and metadata, leaves whose
//      .grad has a graph. What only the region itself refers to is dead; its dicts are cleared, its gradients
//      dropped.
#include "autograd/history.h"
#include "python/autograd.h"
#include <frameobject.h>
#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

namespace adjoint::python {
namespace {

bool only_python = false;  // tp_traverse leaves the C++ side out

// Calls node(Node&), tensor(TensorImpl&) and python(PyObject*) for each reference that is held.
template <class N, class T, class P> struct References final : SavedVisitor {
  N node;
  T tensor_ref;
  P python;
  References(N n, T t, P p) : node(n), tensor_ref(t), python(p) {}

  void tensor(const char*, SavedTensor& s) override {
    if (s.raw()) tensor_ref(*s.raw());
  }
  template <class H> void hooks(const HookList<H>& list) {
    for (const auto& e : list.entries)
      if (void* o = e.fn->python(); o && e.fn.use_count() == 1) python(static_cast<PyObject*>(o));
  }
  void of(Node& n) {
    for (uint32_t i = 0; i < n.inputs; ++i) {
      const Edge& e = n.edges[i];
      if (!e) continue;
      if (e.is_leaf())
        tensor_ref(*e.leaf());
      else
        node(*e.node());
    }
    if (Node* inner = inner_node(n))  // it shows the inner node's saved tensors as its own
      node(*inner);
    else
      n.visit_saved(*this);
    if (n.hooks) {
      hooks(n.hooks->tensor_pre);
      hooks(n.hooks->pre);
      hooks(n.hooks->post);
    }
    auto bits = reinterpret_cast<uintptr_t>(n.pyobj);
    if (bits & 1) python(reinterpret_cast<PyObject*>(bits & ~uintptr_t(1)));  // dormant: Note [Node objects]
  }
  // Our own objects first, then what their type reports: with `only_python`, that is Python objects alone.
  void of(PyObject* o) {
    if (is_tensor(o)) {
      if (const Tensor& t = unwrap(o)) tensor_ref(*t);
    } else if (is_node(o)) {
      auto* n = reinterpret_cast<PyNode*>(o);
      if (n->awake && n->node) node(*n->node);
      if (n->leaf) tensor_ref(*n->leaf);
    }
    if (PyFunction_Check(o)) {  // not its globals: they would lead everywhere
      auto* f = reinterpret_cast<PyFunctionObject*>(o);
      for (PyObject* part : {f->func_closure, f->func_defaults, f->func_kwdefaults, f->func_dict})
        if (part) python(part);
    } else if (traverseproc f = Py_TYPE(o)->tp_traverse) {
      only_python = true;
      f(o, visit, this);
      only_python = false;
    }
  }
  static int visit(PyObject* o, void* self) {
    static_cast<References*>(self)->python(o);
    return 0;
  }
  void of(TensorImpl& t) {
    if (t.grad_fn) node(*t.grad_fn);
    if (t.base) tensor_ref(*t.base);
    if ((t.flags & TensorImpl::PyOwned) && t.pyobj)
      if (PyObject* d = static_cast<PyTensor*>(t.pyobj)->dict) python(d);
    if (!t.meta) return;
    if (t.meta->grad) tensor_ref(*t.meta->grad);
    hooks(t.meta->hooks);
    hooks(t.meta->post_accumulate);
    const AccumulateNode& a = t.meta->accumulate;
    hooks(a.pre);
    hooks(a.post);
    if (a.metadata) python(static_cast<PyObject*>(a.metadata.get()));
  }
};
template <class N, class T, class P> References(N, T, P) -> References<N, T, P>;

// A tensor, node or Python object as one word: the low bits tell which.
using Thing = uintptr_t;
Thing thing(TensorImpl& t) { return reinterpret_cast<Thing>(&t); }
Thing thing(Node& n) { return reinterpret_cast<Thing>(&n) | 1; }
Thing thing(PyObject& o) { return reinterpret_cast<Thing>(&o) | 2; }
size_t refs_of(Thing t) {
  if (t & 1) return reinterpret_cast<Node*>(t - 1)->refs;
  if (t & 2) return size_t(Py_REFCNT(reinterpret_cast<PyObject*>(t - 2)));
  return reinterpret_cast<TensorImpl*>(t)->refs;
}
template <class R> void references_of(Thing t, R& r) {
  if (t & 1)
    r.of(*reinterpret_cast<Node*>(t - 1));
  else if (t & 2)
    r.of(reinterpret_cast<PyObject*>(t - 2));
  else
    r.of(*reinterpret_cast<TensorImpl*>(t));
}

// Everything that a starting reference keeps alive alone: a thing counts once all its references were met.
class Walk {
 public:
  Walk(visitproc visit, void* arg) : visit_(visit), arg_(arg) {}
  template <class X> void reach(X& x) {
    Thing t = thing(x);
    size_t refs = refs_of(t);
    if (refs == 1 || ++met_[t] == refs) todo_.push_back(t);
  }
  int run() {
    References r([this](Node& n) { reach(n); }, [this](TensorImpl& t) { reach(t); },
                 [this](PyObject* o) {
                   if (!result_) result_ = visit_(o, arg_);
                 });
    while (!todo_.empty() && !result_) {
      Thing t = todo_.back();
      todo_.pop_back();
      references_of(t, r);
    }
    return result_;
  }

 private:
  visitproc visit_;
  void* arg_;
  int result_ = 0;
  std::vector<Thing> todo_;
  std::unordered_map<Thing, size_t> met_;
};

// Trial deletion: all that is reachable from the starts; what has references from outside lives, with all it
// reaches.
class Region {
 public:
  template <class X> void start(X& x) { enter(thing(x)); }
  // False if the region grew too large to be worth the time.
  bool run() {
    auto count = [this](auto& x) { enter(thing(x)), ++met_[thing(x)]; };
    References r(count, count, [&](PyObject* o) {
      if (may_die(o)) count(*o);
    });
    for (size_t i = 0; i < all_.size(); ++i) {
      if (i > kLimit) return false;
      references_of(all_[i], r);
    }
    spread_life();
    return true;
  }
  template <class X> bool dead(X& x) const { return !alive_.contains(thing(x)); }

 private:
  static constexpr size_t kLimit = 500'000;
  // Modules, classes and running code live; what they hold then has a reference that is not counted, and
  // lives, too.
  static bool may_die(PyObject* o) {
    return PyType_IS_GC(Py_TYPE(o)) && !PyType_Check(o) && !PyModule_Check(o) && !PyCode_Check(o) &&
           !PyFrame_Check(o);
  }
  void enter(Thing t) {
    if (met_.try_emplace(t, 0).second) all_.push_back(t);
  }
  void spread_life() {
    std::vector<Thing> todo;
    auto keep = [&](Thing t) {
      if (alive_.insert(t).second) todo.push_back(t);
    };
    for (Thing t : all_)
      if (refs_of(t) != met_[t]) keep(t);
    auto mark = [&](auto& x) { keep(thing(x)); };
    References r(mark, mark, [&](PyObject* o) {
      if (may_die(o)) mark(*o);
    });
    while (!todo.empty()) {
      Thing t = todo.back();
      todo.pop_back();
      references_of(t, r);
    }
  }
  std::vector<Thing> all_;
  std::unordered_map<Thing, size_t> met_;
  std::unordered_set<Thing> alive_;
};

// --- where cycles start ---

std::unordered_set<TensorImpl*>& suspects() {
  static auto* s = new std::unordered_set<TensorImpl*>;
  return *s;
}
std::unordered_set<PyObject*>& watched() {
  static auto* s = new std::unordered_set<PyObject*>;
  return *s;
}
size_t threshold = 64;
bool collecting = false;

void suspect(TensorImpl* x) {
  AutogradMeta& m = ensure_meta(*x);
  if (m.suspect) return;
  m.suspect = true;
  suspects().insert(x);
}
void forget_suspect(TensorImpl* x) { suspects().erase(x); }
bool still_suspect(const TensorImpl& x) {
  return x.grad_fn || (x.meta->grad && x.meta->grad->requires_grad());
}

NodeRef take_history(TensorImpl& x) {
  if (x.grad_fn && x.meta->retains_grad && x.grad_fn->hooks)
    std::erase_if(x.grad_fn->hooks->retain, [&](auto& r) { return r.second == &x; });
  return NodeRef::steal(std::exchange(x.grad_fn, nullptr));
}

struct Garbage {  // released when nothing is looked at any more
  std::vector<Tensor> gradients;
  std::vector<NodeRef> histories;
  std::vector<Ref> hooks;
};

void find_garbage(Garbage& g, bool with_hooks) {
  Region region;
  std::erase_if(suspects(),
                [](TensorImpl* t) { return !still_suspect(*t) && (t->meta->suspect = false, true); });
  for (TensorImpl* t : suspects()) region.start(*t);
  if (with_hooks)
    for (PyObject* o : watched()) region.start(*o);
  if (!region.run()) return;
  if (with_hooks)
    for (PyObject* o : watched())
      if (region.dead(*o)) g.hooks.push_back(Ref::share(o));
  for (TensorImpl* t : suspects())
    if (region.dead(*t)) {
      g.gradients.push_back(std::move(t->meta->grad));
      g.histories.push_back(take_history(*t));
    }
}

void collect_cycles(bool with_hooks) {
  if (collecting || (suspects().empty() && (!with_hooks || watched().empty()))) return;
  collecting = true;
  {
    Garbage g;
    find_garbage(g, with_hooks);
    for (Ref& dict : g.hooks) Ref::steal(PyObject_CallMethod(dict.get(), "clear", nullptr));
  }
  if (PyErr_Occurred()) PyErr_Clear();
  threshold = std::max<size_t>(64, 2 * suspects().size());
  collecting = false;
}

// An element of gc.callbacks.
PyObject* on_collection(PyObject*, PyObject* args) {
  const char* phase;
  PyObject* info;
  if (!PyArg_ParseTuple(args, "sO", &phase, &info)) return nullptr;
  PyObject* g = PyDict_Check(info) ? PyDict_GetItemString(info, "generation") : nullptr;
  long generation = g ? PyLong_AsLong(g) : 2;
  if (generation < 2) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    if (!std::strcmp(phase, "stop")) collect_cycles(true);
    Py_RETURN_NONE;
  });
}
PyObject* collect(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    collect_cycles(true);
    Py_RETURN_NONE;
  });
}
PyMethodDef callback = {"_on_collection", on_collection, METH_VARARGS, nullptr};
PyMethodDef functions[] = {
    {"_collect_cycles", collect, METH_NOARGS, "Frees cycles through tensors, nodes and hooks."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

void watch(PyObject* o) { watched().insert(o); }
void unwatch(PyObject* o) { watched().erase(o); }

void collect_if_many() {
  if (__builtin_expect(suspects().size() >= threshold, 0)) collect_cycles(false);
}

int traverse_node(Node* n, visitproc visit, void* arg) {
  if (only_python || n->refs != 1) return 0;
  Walk walk(visit, arg);
  walk.reach(*n);
  return walk.run();
}

int traverse_autograd(PyTensor* self, visitproc visit, void* arg) {
  TensorImpl* t = self->t.get();
  if (only_python || !t || t->refs != 1 || (!t->grad_fn && !t->meta && !t->base)) return 0;
  Walk walk(visit, arg);
  walk.reach(*t);
  return walk.run();
}
// Hook dicts and contexts are cleared by Python itself; gradients are ours.
void clear_autograd(PyTensor* self) {
  TensorImpl* t = self->t.get();
  if (!t || !t->meta) return;
  Tensor grad = std::move(t->meta->grad);
  auto hooks = std::move(t->meta->hooks.entries);
  auto post = std::move(t->meta->post_accumulate.entries);
}

void init_gc(PyObject* module) {
  host.leaf_cycle = suspect;
  host.leaf_forgotten = forget_suspect;
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
  Ref gc = Ref::steal(must(PyImport_ImportModule("gc")));
  Ref list = Ref::steal(must(PyObject_GetAttrString(gc.get(), "callbacks")));
  Ref f = Ref::steal(must(PyCFunction_New(&callback, nullptr)));
  if (PyList_Append(list.get(), f.get()) < 0) raise_set();
}

}  // namespace adjoint::python
