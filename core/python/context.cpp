#include "python/context.h"
#include "ops/ops.h"

namespace adjoint::python {

PyTypeObject* context_type = nullptr;

// --- the node ---

FunctionNode::FunctionNode(PyTypeObject* t, size_t tensors, size_t args)
    : edge_array(new Edge[tensors]),
      arguments(args),
      type_name(Ref::share(reinterpret_cast<PyHeapTypeObject*>(t)->ht_name)) {
  static_assert(sizeof(FunctionNode) <= detail::kPoolMax);
  inputs = checked_count(tensors);
  edges = edge_array.get();
  bytes = sizeof(*this);
  wants_nulls = true;
}
std::string FunctionNode::name() const {
  const char* text = PyUnicode_AsUTF8(type_name.get());
  return text ? text : "Function";
}
void FunctionNode::release_saved() {
  for (SavedTensor& s : saved) s.reset();  // Python may hold `_raw_saved_tensors`: they stay in place
}

// What backward gets: zeros for outputs that no gradient reached, unless ctx asked for None.
std::vector<PyObject*> FunctionNode::cotangents(Backward& b) {
  auto* ctx = reinterpret_cast<PyContext*>(reinterpret_cast<uintptr_t>(pyobj) & ~uintptr_t(1));
  std::vector<PyObject*> gs;
  for (size_t i = 0; i < results.size(); ++i) {
    Tensor g = b.g[i];
    const ArgumentInfo& r = results[i];
    bool fill = ctx->materialize && r.is_tensor &&
                (is_differentiable(r.dtype) || ctx->materialize_non_differentiable);
    if (!g && fill) g = zeros(r.sizes, r.dtype, r.device);
    gs.push_back(must(wrap(std::move(g))));
  }
  return gs;
}

void FunctionNode::vjp(Backward& b) {
  Ref ctx = Ref::steal(wrap_node(this));
  static PyObject* apply = PyUnicode_InternFromString("apply");
  std::vector<PyObject*> args = cotangents(b);
  args.insert(args.begin(), ctx.get());
  for (size_t i = 0; i < results.size(); ++i) b.g[i].reset();  // backward's own frame holds them now
  PyObject* r = PyObject_VectorcallMethod(apply, args.data(), args.size(), nullptr);
  for (size_t i = 1; i < args.size(); ++i) Py_DECREF(args[i]);
  Ref result = Ref::steal(must(r));
  if (!PyTuple_Check(r)) result = Ref::steal(must(PyTuple_Pack(1, r)));
  take(result.get(), b);
}

void FunctionNode::take(PyObject* result, Backward& b) {
  auto expected = Py_ssize_t(arguments.size()), got = PyTuple_GET_SIZE(result);
  while (got > expected && PyTuple_GET_ITEM(result, got - 1) == Py_None) --got;
  check(got == expected, "function ", name(), " returned an incorrect number of gradients (expected ",
        expected, ", got ", got > expected ? PyTuple_GET_SIZE(result) : got, ")");
  for (Py_ssize_t i = 0, k = 0; i < expected; ++i) {
    PyObject* o = PyTuple_GET_ITEM(result, i);
    const ArgumentInfo& want = arguments[size_t(i)];
    if (!want.is_tensor) {
      check(o == Py_None, "function ", name(), " returned a gradient different than None at position ", i + 1,
            ", but the corresponding forward input was not a Variable");
      continue;
    }
    check(o == Py_None || is_tensor(o), "expected Variable or None (got ", Py_TYPE(o)->tp_name, ")");
    if (o != Py_None && b.needs(int(k))) b.gx[k] = fitted(want, unwrap(o), int(k));
    ++k;
  }
}

bool expandable(Ints from, Ints to) {
  if (from.size() > to.size()) return false;
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t a = from[from.size() - 1 - i], b = to[to.size() - 1 - i];
    if (a != b && a != 1) return false;
  }
  return true;
}
// A gradient has its input's shape, dtype and device: sums what was broadcast, casts, or refuses.
Tensor FunctionNode::fitted(const ValueInfo& want, Tensor g, int index) const {
  auto refuse = [&](const auto&... text) {
    fail("Function ", name(), " returned an invalid gradient at index ", index, " - ", text...);
  };
  if (!equal(g->sizes(), want.sizes)) {
    if (!expandable(want.sizes, g->sizes()))
      refuse("got ", g->sizes(), " but expected shape compatible with ", want.sizes);
    g = ops::sum_to(g, want.sizes);
  }
  check(!is_complex(g->dtype) || is_complex(want.dtype), "Function ", name(),
        " returned an invalid gradient at index ", index,
        " - got a complex gradient for a real input. Expected isFloatingType(grad.scalar_type()) || "
        "(input_is_complex == "
        "grad_is_complex) to be true, but got false.");
  if (g->dtype != want.dtype) g = ops::to(g, want.dtype);
  if (g->device != want.device)
    refuse("expected device ", name_of(want.device), " but got ", name_of(g->device));
  return g;
}

// --- the object ---

namespace {

PyContext* as_context(PyObject* o) { return reinterpret_cast<PyContext*>(o); }

template <class F> void each_member(PyContext* c, F f) {
  f(c->to_save);
  f(c->dirty_tensors);
  f(c->non_differentiable);
  f(c->saved_for_forward);
  f(c->needs_input_grad);
}
PyObject* context_new(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* o = type->tp_alloc(type, 0);
  if (o) as_context(o)->materialize = as_context(o)->materialize_non_differentiable = true;
  return o;
}
int context_traverse(PyObject* self, visitproc visit, void* arg) {
  int r = 0;
  each_member(as_context(self), [&](PyObject* o) {
    if (!r && o) r = visit(o, arg);
  });
  return r ? r : node_traverse(self, visit, arg);
}
int context_clear(PyObject* self) {
  each_member(as_context(self), [](PyObject*& o) { Py_CLEAR(o); });
  return node_clear(self);
}
void context_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  each_member(as_context(self), [](PyObject*& o) { Py_CLEAR(o); });
  node_dealloc(self);
}
// A tensor kept as an attribute may close a cycle: the collector must know it.
int context_setattr(PyObject* self, PyObject* name, PyObject* value) {
  if (value && is_tensor(value)) track(value);
  return PyObject_GenericSetAttr(self, name, value);
}
PyObject* context_call(PyObject* self, PyObject*, PyObject*) {
  PyErr_Format(PyExc_TypeError, "'%s' object is not callable", Py_TYPE(self)->tp_name);
  return nullptr;
}

PyObject* saved_tuple(PyObject* self, PyObject* (*item)(PyObject*, SavedTensor&)) {
  return guarded([&]() -> PyObject* {
    FunctionNode* n = node_of(as_context(self));
    if (!n) return PyTuple_New(0);
    check(!n->released, n->name(),
          ": Trying to backward through the graph a second time (or directly access saved tensors after they "
          "have already been freed). Saved intermediate values of the graph are freed when you call "
          ".backward() or autograd.grad(). "
          "Specify retain_graph=True if you need to backward through the graph a second time or if you need "
          "to access saved tensors "
          "after calling backward.");
    Ref t = Ref::steal(must(PyTuple_New(Py_ssize_t(n->saved.size()))));
    for (size_t i = 0; i < n->saved.size(); ++i)
      PyTuple_SET_ITEM(t.get(), Py_ssize_t(i), must(item(self, n->saved[i])));
    return t.take();
  });
}
PyObject* get_saved_tensors(PyObject* self, void*) {
  if (PyObject* forward = as_context(self)->saved_for_forward; forward && !node_of(as_context(self)))
    return Py_NewRef(forward);
  GradModeGuard with_history(
      true);  // what backward makes of the values may be recorded later, under enable_grad
  return saved_tuple(self,
                     [](PyObject* o, SavedTensor& s) { return wrap(s.get(*as_context(o)->node.node)); });
}
PyObject* get_saved_variables(PyObject* self, void*) {
  if (PyErr_WarnEx(PyExc_DeprecationWarning, "'saved_variables' is deprecated; use 'saved_tensors'", 1) < 0)
    return nullptr;
  return get_saved_tensors(self, nullptr);
}
PyObject* get_raw_saved(PyObject* self, void*) { return saved_tuple(self, wrap_saved); }

// Plain members: `where` is the offset.
PyObject*& member(PyObject* self, void* where) {
  return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(self) + reinterpret_cast<uintptr_t>(where));
}
PyObject* get_member(PyObject* self, void* where) {
  PyObject* o = member(self, where);
  return Py_NewRef(o ? o : Py_None);
}
int set_member(PyObject* self, PyObject* value, void* where) {
  PyObject* old = std::exchange(member(self, where), value && value != Py_None ? Py_NewRef(value) : nullptr);
  Py_XDECREF(old);
  return 0;
}
PyObject* get_flag(PyObject* self, void* where) {
  return PyBool_FromLong(*(reinterpret_cast<char*>(self) + reinterpret_cast<uintptr_t>(where)));
}
int set_flag(PyObject* self, PyObject* value, void* where) {
  if (!value || !PyBool_Check(value)) {
    PyErr_Format(PyExc_TypeError, "set_materialize_grads(): argument 'value' must be bool, not %s",
                 value ? Py_TYPE(value)->tp_name : "nothing");
    return -1;
  }
  *(reinterpret_cast<bool*>(reinterpret_cast<char*>(self) + reinterpret_cast<uintptr_t>(where))) =
      value == Py_True;
  return 0;
}
#define AT(field) reinterpret_cast<void*>(offsetof(PyContext, field))
PyGetSetDef context_getset[] = {
    {"saved_tensors", get_saved_tensors, nullptr, "What save_for_backward kept.", nullptr},
    {"saved_variables", get_saved_variables, nullptr, nullptr, nullptr},
    {"_raw_saved_tensors", get_raw_saved, nullptr, nullptr, nullptr},
    {"to_save", get_member, set_member, nullptr, AT(to_save)},
    {"dirty_tensors", get_member, set_member, nullptr, AT(dirty_tensors)},
    {"non_differentiable", get_member, set_member, nullptr, AT(non_differentiable)},
    {"saved_for_forward", get_member, set_member, nullptr, AT(saved_for_forward)},
    {"needs_input_grad", get_member, set_member, "Which arguments need a gradient: a tuple of bool.",
     AT(needs_input_grad)},
    {"materialize_grads", get_flag, set_flag, nullptr, AT(materialize)},
    {"_materialize_non_diff_grads", get_flag, set_flag, nullptr, AT(materialize_non_differentiable)},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};
#undef AT

PyObject* maybe_clear(PyObject*, PyObject*) {
  Py_RETURN_NONE;
}  // the engine frees what a pass does not retain
PyMethodDef context_methods[] = {{"maybe_clear_saved_tensors", maybe_clear, METH_NOARGS, nullptr},
                                 {nullptr, nullptr, 0, nullptr}};

PyType_Slot context_slots[] = {{Py_tp_new, reinterpret_cast<void*>(context_new)},
                               {Py_tp_dealloc, reinterpret_cast<void*>(context_dealloc)},
                               {Py_tp_finalize, reinterpret_cast<void*>(node_finalize)},
                               {Py_tp_traverse, reinterpret_cast<void*>(context_traverse)},
                               {Py_tp_clear, reinterpret_cast<void*>(context_clear)},
                               {Py_tp_setattro, reinterpret_cast<void*>(context_setattr)},
                               {Py_tp_call, reinterpret_cast<void*>(context_call)},
                               {Py_tp_getset, context_getset},
                               {Py_tp_methods, context_methods},
                               {0, nullptr}};
PyType_Spec context_spec = {"adjoint._core._FunctionBase", sizeof(PyContext), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, context_slots};

}  // namespace

void init_contexts(PyObject* module) {
  PyObject* type = must(PyType_FromSpecWithBases(&context_spec, reinterpret_cast<PyObject*>(node_type)));
  context_type = reinterpret_cast<PyTypeObject*>(type);
  if (PyModule_AddObjectRef(module, "_FunctionBase", type) < 0) raise_set();
}

}  // namespace adjoint::python
