// Cycles: what Python's collector cannot see by itself.
//
// Note [Cycles]
// Tensors and nodes count references among themselves; Python's collector knows the Python objects only. A
// cycle that runs through both (a hook that closes over a tensor whose history holds the hook), or through
// C++ alone (x.grad -> its graph -> x, after backward(create_graph=True)), would never be freed. Three
// measures:
//   1. tp_traverse of a tensor or node reports every Python object held by the part of the graph that this
//   object
//      alone keeps alive (`Walk`). Reporting less is safe, reporting what others hold too would not be.
//   2. Most tensors are unknown to the collector. Before a full collection, those near a hook are made known.
//   3. Leaves whose .grad has a graph are remembered; a trial deletion (`Region`) finds those that only their
//   own
//      graph keeps alive, and drops their .grad.
#include "python/autograd.h"
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace adjoint::python {
namespace {

// Calls node(Node&), tensor(TensorImpl&) and python(PyObject*) for each reference that is held.
template <class N, class T, class P>
struct References final : SavedVisitor {
  N node;
  T tensor_ref;
  P python;
  std::unordered_set<const SavedTensor*> once;  // a node may show another's saved tensors as its own
  References(N n, T t, P p) : node(n), tensor_ref(t), python(p) {}

  void tensor(const char*, SavedTensor& s) override {
    if (s.raw() && once.insert(&s).second) tensor_ref(*s.raw());
  }
  template <class H>
  void hooks(const HookList<H>& list) {
    for (const auto& e : list.entries)
      if (void* o = e.fn->python(); o && e.fn.use_count() == 1) python(static_cast<PyObject*>(o));
  }
  void of(Node& n) {
    for (int i = 0; i < n.inputs; ++i) {
      const Edge& e = n.edges[i];
      if (!e) continue;
      if (e.is_leaf())
        tensor_ref(*e.leaf());
      else
        node(*e.node());
    }
    once.clear();
    n.visit_saved(*this);
    if (n.hooks) {
      hooks(n.hooks->tensor_pre);
      hooks(n.hooks->pre);
      hooks(n.hooks->post);
    }
    auto bits = reinterpret_cast<uintptr_t>(n.pyobj);
    if (bits & 1) python(reinterpret_cast<PyObject*>(bits & ~uintptr_t(1)));  // dormant: Note [Node objects]
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
    hooks(t.meta->accumulate_pre);
    hooks(t.meta->accumulate_post);
  }
};
template <class N, class T, class P>
References(N, T, P) -> References<N, T, P>;

// A tensor or node as one word: nodes carry the tag.
using Thing = uintptr_t;
Thing thing(Node& n) { return reinterpret_cast<Thing>(&n) | 1; }
Thing thing(TensorImpl& t) { return reinterpret_cast<Thing>(&t); }
uint32_t refs_of(Thing t) {
  return t & 1 ? reinterpret_cast<Node*>(t - 1)->refs : reinterpret_cast<TensorImpl*>(t)->refs;
}
template <class R>
void references_of(Thing t, R& r) {
  if (t & 1)
    r.of(*reinterpret_cast<Node*>(t - 1));
  else
    r.of(*reinterpret_cast<TensorImpl*>(t));
}

// Everything that a starting reference keeps alive alone: a thing counts once all its references were met.
class Walk {
 public:
  Walk(visitproc visit, void* arg) : visit_(visit), arg_(arg) {}
  template <class X>
  void reach(X& x) {
    Thing t = thing(x);
    uint32_t refs = refs_of(t);
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
  std::unordered_map<Thing, uint32_t> met_;
};

// Trial deletion: all that is reachable from the starts; what has references from outside lives, with all it
// reaches.
class Region {
 public:
  void start(TensorImpl& t, uint32_t known_references) {
    enter(thing(t));
    met_[thing(t)] += known_references;
  }
  void run() {
    auto count = [this](auto& x) {
      enter(thing(x));
      ++met_[thing(x)];
    };
    References r(count, count, [](PyObject*) {});
    for (size_t i = 0; i < all_.size(); ++i) references_of(all_[i], r);
    std::vector<Thing> todo;
    auto keep = [&](Thing t) {
      if (alive_.insert(t).second) todo.push_back(t);
    };
    for (Thing t : all_)
      if (refs_of(t) != met_[t]) keep(t);
    auto mark = [&](auto& x) { keep(thing(x)); };
    References again(mark, mark, [](PyObject*) {});
    while (!todo.empty()) {
      Thing t = todo.back();
      todo.pop_back();
      references_of(t, again);
    }
  }
  bool dead(TensorImpl& t) const { return !alive_.contains(thing(t)); }
  template <class P>
  void python_of_the_dead(P python) {
    auto nothing = [](auto&) {};
    References r(nothing, nothing, python);
    for (Thing t : all_)
      if (!alive_.contains(t)) references_of(t, r);
  }

 private:
  void enter(Thing t) {
    if (met_.try_emplace(t, 0).second) all_.push_back(t);
  }
  std::vector<Thing> all_;
  std::unordered_map<Thing, uint32_t> met_;
  std::unordered_set<Thing> alive_;
};

// --- leaves whose gradient has a graph ---

std::unordered_set<TensorImpl*>& suspects() {
  static auto* s = new std::unordered_set<TensorImpl*>;
  return *s;
}
size_t threshold = 64;
bool collecting = false;

void suspect(TensorImpl* leaf) {
  AutogradMeta& m = ensure_meta(*leaf);
  if (m.suspect) return;
  m.suspect = true;
  suspects().insert(leaf);
}
void forget_suspect(TensorImpl* leaf) { suspects().erase(leaf); }

void collect_cycles() {
  if (collecting || suspects().empty()) return;
  collecting = true;
  std::vector<Tensor> garbage;  // released when nothing is looked at any more
  {
    Region region;
    std::vector<TensorImpl*> leaves;
    for (TensorImpl* t : suspects()) {
      if (t->meta->grad && t->meta->grad->requires_grad())
        leaves.push_back(t);
      else
        t->meta->suspect = false;
    }
    suspects() = {leaves.begin(), leaves.end()};
    for (TensorImpl* t : leaves) region.start(*t, 0);
    region.run();
    for (TensorImpl* t : leaves)
      if (region.dead(*t)) garbage.push_back(std::move(t->meta->grad));
  }
  garbage.clear();
  threshold = std::max<size_t>(64, 2 * suspects().size());
  collecting = false;
}

// --- making tensors near hooks known ---

std::unordered_set<PyObject*>& watched() {
  static auto* s = new std::unordered_set<PyObject*>;
  return *s;
}

// Looks at what an object holds, a bounded number of steps deep, without wandering off into modules and
// classes.
class Search {
 public:
  void from(PyObject* o) {
    push(o);
    for (int left = 2000; left > 0 && !todo_.empty(); --left) {
      PyObject* next = todo_.back();
      todo_.pop_back();
      look_into(next);
    }
    todo_.clear();
  }

 private:
  static int visit(PyObject* o, void* self) {
    static_cast<Search*>(self)->push(o);
    return 0;
  }
  void push(PyObject* o) {
    if (!o) return;
    if (is_tensor(o)) return track(o);
    if (PyType_IS_GC(Py_TYPE(o)) && !PyType_Check(o) && !PyModule_Check(o) && !PyCode_Check(o) &&
        seen_.insert(o).second)
      todo_.push_back(o);
  }
  void look_into(PyObject* o) {
    if (PyFunction_Check(o)) {  // not its globals
      auto* f = reinterpret_cast<PyFunctionObject*>(o);
      for (PyObject* part : {f->func_closure, f->func_defaults, f->func_kwdefaults, f->func_dict}) push(part);
    } else if (traverseproc f = Py_TYPE(o)->tp_traverse) {
      f(o, visit, this);
    }
  }
  std::unordered_set<PyObject*> seen_;
  std::vector<PyObject*> todo_;
};

// An element of gc.callbacks.
PyObject* on_collection(PyObject*, PyObject* args) {
  const char* phase;
  PyObject* info;
  if (!PyArg_ParseTuple(args, "sO", &phase, &info)) return nullptr;
  PyObject* g = PyDict_Check(info) ? PyDict_GetItemString(info, "generation") : nullptr;
  long generation = g ? PyLong_AsLong(g) : 2;
  if (generation < 2) Py_RETURN_NONE;
  return guarded([&]() -> PyObject* {
    if (phase[2] == 'a') {  // "start"
      Search search;
      for (PyObject* o : watched()) search.from(o);
    } else {
      collect_cycles();
    }
    Py_RETURN_NONE;
  });
}
PyObject* collect(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    collect_cycles();
    Py_RETURN_NONE;
  });
}
PyMethodDef callback = {"_on_collection", on_collection, METH_VARARGS, nullptr};
PyMethodDef functions[] = {{"_collect_cycles", collect, METH_NOARGS,
                            "Frees leaves that only the graph of their own .grad keeps alive."},
                           {nullptr, nullptr, 0, nullptr}};

}  // namespace

void watch(PyObject* o) { watched().insert(o); }
void unwatch(PyObject* o) { watched().erase(o); }

void collect_if_many() {
  if (__builtin_expect(suspects().size() >= threshold, 0)) collect_cycles();
}

int traverse_node(Node* n, visitproc visit, void* arg) {
  if (n->refs != 1) return 0;
  Walk walk(visit, arg);
  walk.reach(*n);
  return walk.run();
}

int traverse_autograd(PyTensor* self, visitproc visit, void* arg) {
  TensorImpl* t = self->t.get();
  if (!t || (!t->grad_fn && !t->meta && !t->base)) return 0;
  if (t->refs == 1) {
    Walk walk(visit, arg);
    walk.reach(*t);
    return walk.run();
  }
  if (!t->meta || !t->meta->suspect) return 0;
  Region region;
  region.start(*t, 1);  // the wrapper's
  region.run();
  int result = 0;
  if (region.dead(*t))
    region.python_of_the_dead([&](PyObject* o) {
      if (!result) result = visit(o, arg);
    });
  return result;
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
