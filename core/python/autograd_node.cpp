// Nodes of the graph as Python objects: one Python type per kind of node ("MulBackward0"), see Note [Node
// objects].
#include "ops/pointwise_node.h"
#include "python/context.h"
#include "python/types.h"
#include <structmember.h>
#include <unordered_map>

namespace adjoint::python {

PyTypeObject* node_type = nullptr;

namespace {

PyNode* as_node(PyObject* o) { return reinterpret_cast<PyNode*>(o); }
constexpr uintptr_t kDormant = 1;
PyNode* object_of(Node* n) {
  return reinterpret_cast<PyNode*>(reinterpret_cast<uintptr_t>(n->pyobj) & ~kDormant);
}
bool is_dormant(Node* n) { return reinterpret_cast<uintptr_t>(n->pyobj) & kDormant; }

// A class for each name of a node, derived from ours.
PyTypeObject* type_for(const std::string& name) {
  static auto* types = new std::unordered_map<std::string, PyTypeObject*>;
  auto [it, fresh] = types->try_emplace(name, nullptr);
  if (!it->second) {
    size_t colons = name.rfind("::");
    std::string short_name = colons == std::string::npos ? name : name.substr(colons + 2);
    PyObject* t = PyObject_CallFunction(reinterpret_cast<PyObject*>(&PyType_Type), "s(O){s:s,s:()}",
                                        short_name.c_str(), node_type, "__module__", "builtins", "__slots__");
    it->second = reinterpret_cast<PyTypeObject*>(must(t));
  }
  return it->second;
}

PyObject* dict_of(PyNode* self) {
  if (self->leaf) {
    std::shared_ptr<void>& metadata = ensure_meta(*self->leaf).accumulate.metadata;
    if (!metadata) {
      PyObject* fresh = must(PyDict_New());
      watch(fresh);
      metadata = std::shared_ptr<void>(fresh, [](void* dict) {
        unwatch(static_cast<PyObject*>(dict));
        Py_DECREF(static_cast<PyObject*>(dict));
      });
    }
    return static_cast<PyObject*>(metadata.get());
  }
  if (!self->metadata) {
    self->metadata = must(PyDict_New());
    watch(self->metadata);
  }
  return self->metadata;
}
// Finalizers run once in an object's life; node_finalize must run whenever Python lets go. The mark is the
// lowest bit of the second word of the collector's header, which stands before the object.
void allow_finalizer(PyObject* o) {
#if !defined(Py_GIL_DISABLED) && !defined(PYPY_VERSION)
  if (PyObject_GC_IsFinalized(o)) reinterpret_cast<uintptr_t*>(o)[-1] &= ~uintptr_t(1);
#else
  (void)o;
#endif
}
// A node's object that only the graph needs any more but that would lose something if it was freed.
bool must_survive(PyNode* self) { return Py_TYPE(self)->tp_base != node_type || self->metadata; }

}  // namespace

void attach_node(PyNode* self, Node* n) {
  n->retain();
  n->pyobj = self;
  self->node = n;
  self->awake = true;
}

PyObject* wrap_node(Node* n) {
  if (!n) Py_RETURN_NONE;
  if (n->pyobj) {
    PyNode* o = object_of(n);
    if (!is_dormant(n)) return Py_NewRef(reinterpret_cast<PyObject*>(o));
    attach_node(o, n);  // the node's reference to the object passes to the caller
    allow_finalizer(reinterpret_cast<PyObject*>(o));
    return reinterpret_cast<PyObject*>(o);
  }
  PyTypeObject* t = type_for(n->name());
  PyObject* o = must(t->tp_alloc(t, 0));
  attach_node(as_node(o), n);
  return o;
}

PyObject* wrap_accumulate(TensorImpl& leaf) {
  AccumulateNode& n = ensure_meta(leaf).accumulate;
  if (n.pyobj) return Py_NewRef(static_cast<PyObject*>(n.pyobj));
  static PyTypeObject* t = type_for("AccumulateGrad");
  PyObject* o = must(t->tp_alloc(t, 0));
  leaf.retain();
  as_node(o)->leaf = &leaf;
  as_node(o)->awake = true;
  n.pyobj = o;
  return o;
}

PyObject* wrap_edge(const Edge& e) {
  Ref fn = Ref::steal(!e            ? Py_NewRef(Py_None)
                      : e.is_leaf() ? wrap_accumulate(*e.leaf())
                                    : wrap_node(e.node()));
  return must(Py_BuildValue("(OI)", fn.get(), e && !e.is_leaf() ? e.nr : 0u));
}

PyObject* describe_output(Ints sizes, Dtype dtype, Device device) {
  static PyObject* space =
      must(PyObject_GetAttrString(Ref::steal(must(PyImport_ImportModule("types"))).get(), "SimpleNamespace"));
  Ref shape = Ref::steal(must(make_size(sizes))), type = Ref::steal(wrap(dtype)),
      where = Ref::steal(must(wrap(device)));
  Ref values = Ref::steal(
      must(Py_BuildValue("{s:O,s:O,s:O}", "shape", shape.get(), "dtype", type.get(), "device", where.get())));
  Ref none = Ref::steal(must(PyTuple_New(0)));
  return must(PyObject_Call(space, none.get(), values.get()));
}

void set_metadata(Node* n, const char* key, PyObject* value) {
  Ref o = Ref::steal(wrap_node(n));
  if (PyDict_SetItemString(dict_of(as_node(o.get())), key, value) < 0) raise_set();
}

// --- slots shared with contexts ---

int node_traverse(PyObject* self, visitproc visit, void* arg) {
  PyNode* n = as_node(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(n->metadata);
  return n->awake && n->node ? traverse_node(n->node, visit, arg) : 0;
}
int node_clear(PyObject* self) {
  if (PyObject* metadata = std::exchange(as_node(self)->metadata, nullptr)) {
    unwatch(metadata);
    Py_DECREF(metadata);
  }
  return 0;
}
// Python has no use for the object any more (or only garbage refers to it): the graph takes it over if it
// must live on.
void node_finalize(PyObject* self) {
  PyNode* n = as_node(self);
  if (!n->node || !n->awake || n->node->refs < 2 || !must_survive(n)) return;
  Py_INCREF(self);
  n->awake = false;
  n->node->pyobj = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(n) | kDormant);
  n->node->release();
}
void node_dealloc(PyObject* self) {
  PyNode* n = as_node(self);
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (n->weak) PyObject_ClearWeakRefs(self);
  node_clear(self);
  if (Node* node = std::exchange(n->node, nullptr)) {
    if (object_of(node) == n) node->pyobj = nullptr;
    if (n->awake) node->release();
  }
  if (TensorImpl* leaf = std::exchange(n->leaf, nullptr)) {
    leaf->meta->accumulate.pyobj = nullptr;
    forget_accumulate(*leaf);
    leaf->release();
  }
  type->tp_free(self);
  Py_DECREF(type);
}

namespace {

// The node dies and owns its object: Host::node_destroy.
void node_destroyed(Node* n) {
  PyNode* o = object_of(n);
  bool owned = is_dormant(n);
  n->pyobj = nullptr;
  o->node = nullptr;
  if (!owned) return;
  PyObject *type, *value, *trace;  // freeing a node happens in the middle of anything
  PyErr_Fetch(&type, &value, &trace);
  Py_DECREF(reinterpret_cast<PyObject*>(o));
  PyErr_Restore(type, value, trace);
}

Node* alive(PyObject* self, const char* what) {
  Node* n = as_node(self)->node;
  if (!n && !as_node(self)->leaf)
    fail("Attribute '", what,
         "' is invalid for this instance of _C._FunctionBase. Accessing this attribute directly on an "
         "instance of "
         "autograd.Function is a legacy access pattern that is no longer supported. For examples on how to "
         "use new-style autograd "
         "functions, see https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function ");
  return n;
}

// --- methods ---

PyObject* node_name(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    if (as_node(self)->leaf) return PyUnicode_FromString("torch::autograd::AccumulateGrad");
    return PyUnicode_FromString(alive(self, "name")->name().c_str());
  });
}
PyObject* node_sequence_nr(PyObject* self, PyObject*) {
  return guarded([&] {
    Node* n = alive(self, "_sequence_nr");
    return PyLong_FromUnsignedLongLong(n ? n->seq : UINT64_MAX);
  });
}
PyObject* node_register_hook(PyObject* self, PyObject* hook) {
  return guarded([&] {
    alive(self, "register_hook");
    return add_node_hook(as_node(self), hook, false);
  });
}
PyObject* node_register_prehook(PyObject* self, PyObject* hook) {
  return guarded([&] {
    alive(self, "register_prehook");
    return add_node_hook(as_node(self), hook, true);
  });
}
PyObject* node_register_hook_dict(PyObject* self, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    alive(self, "_register_hook_dict");
    if (!is_tensor(tensor)) raise(PyExc_RuntimeError, "_register_hook_dict expected a Tensor");
    Py_RETURN_NONE;  // a tensor's hooks live with its node already
  });
}

// By hand, one number may stand for a gradient of that number everywhere.
Tensor spread(PyNode* self, uint32_t nr, Tensor g) {
  if (!g) return g;
  ValueInfo want;
  if (self->leaf)
    want.sizes = Dims(self->leaf->sizes());
  else if (!self->node->output_info.find(nr, want))
    return g;
  Tensor wide = broadcast_view(g, want.sizes);
  return wide ? wide : g;
}

// grad_fn(grads...): the node's rule by hand.
PyObject* node_call(PyObject* self, PyObject* args, PyObject*) {
  return guarded([&]() -> PyObject* {
    Node* n = alive(self, "__call__");
    std::vector<Tensor> g;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); ++i) {
      PyObject* o = PyTuple_GET_ITEM(args, i);
      if (o != Py_None && !is_tensor(o))
        raise(PyExc_TypeError, "expected Variable argument, but got %s", Py_TYPE(o)->tp_name);
      g.push_back(o == Py_None ? Tensor() : unwrap(o));
    }
    const size_t outputs = n ? n->outputs : 1;
    if (g.size() != outputs)
      raise(PyExc_TypeError, "expected %zu gradient%s, got %zu", outputs, outputs == 1 ? "" : "s", g.size());
    for (uint32_t i = 0; i < outputs; ++i) g[i] = spread(as_node(self), i, std::move(g[i]));
    if (!n) {
      if (g[0]) accumulate_grad(*as_node(self)->leaf, std::move(g[0]));
      return PyTuple_New(0);
    }
    bool any = n->wants_nulls;
    for (uint32_t i = 0; i < n->outputs; ++i) {
      g[i] = checked_cotangent(*n, i, std::move(g[i]));
      any = any || g[i];
    }
    std::vector<Tensor> gx(n->inputs);
    NodeRef keep = NodeRef::share(n);
    Backward b{*n, g.data(), gx.data()};
    if (any) n->vjp(b);
    if (gx.size() == 1) return wrap(gx[0]);
    Ref r = Ref::steal(must(PyTuple_New(Py_ssize_t(gx.size()))));
    for (size_t i = 0; i < gx.size(); ++i) PyTuple_SET_ITEM(r.get(), Py_ssize_t(i), must(wrap(gx[i])));
    return r.take();
  });
}

// --- attributes ---

PyObject* get_next_functions(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    Node* n = alive(self, "next_functions");
    std::vector<int> shown;
    for (int i = 0; n && i < int(n->inputs); ++i)
      if (shows_edge(*n, i)) shown.push_back(i);
    Ref r = Ref::steal(must(PyTuple_New(Py_ssize_t(shown.size()))));
    for (size_t k = 0; k < shown.size(); ++k)
      PyTuple_SET_ITEM(r.get(), Py_ssize_t(k), wrap_edge(n->edges[shown[k]]));
    return r.take();
  });
}
PyObject* get_metadata(PyObject* self, void*) {
  return guarded([&] { return Py_NewRef(dict_of(as_node(self))); });
}
PyObject* get_true(PyObject*, void*) { Py_RETURN_TRUE; }
PyObject* get_variable(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    TensorImpl* leaf = as_node(self)->leaf;
    if (!leaf) raise(PyExc_AttributeError, "'%s' object has no attribute 'variable'", Py_TYPE(self)->tp_name);
    return wrap(Tensor::share(leaf));
  });
}
PyObject* get_where(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    Node* n = as_node(self)->node;
    if (!n || !n->where.code) Py_RETURN_NONE;
    SourceLine s = source_of(n->where);
    return Py_BuildValue("(sis)", s.file.c_str(), s.line, s.text.c_str());
  });
}
PyObject* get_outputs(PyObject* self, void*) {
  return guarded([&] {
    Node* n = alive(self, "_num_outputs");
    return PyLong_FromUnsignedLong(n ? n->outputs : 1);
  });
}

// What output nr of the forward operation is; None where it is no tensor.
PyObject* output_info(PyNode* self, uint32_t nr) {
  if (self->leaf) return describe_output(self->leaf->sizes(), self->leaf->dtype, self->leaf->device);
  if (auto* f = dynamic_cast<FunctionNode*>(self->node)) {
    const ArgumentInfo& v = f->results[nr];
    return v.is_tensor ? describe_output(v.sizes, v.dtype, v.device) : Py_NewRef(Py_None);
  }
  ValueInfo v;
  return self->node->output_info.find(nr, v) ? describe_output(v.sizes, v.dtype, v.device)
                                             : Py_NewRef(Py_None);
}
PyObject* get_input_metadata(PyObject* self, void*) {
  return guarded([&]() -> PyObject* {
    Node* n = alive(self, "_input_metadata");
    uint32_t count = n ? n->outputs : 1;
    Ref t = Ref::steal(must(PyTuple_New(Py_ssize_t(count))));
    for (uint32_t i = 0; i < count; ++i) PyTuple_SET_ITEM(t.get(), i, output_info(as_node(self), i));
    return t.take();
  });
}

PyGetSetDef node_getset[] = {
    {"next_functions", get_next_functions, nullptr,
     "The nodes that come next in the backward pass: ((node, output_nr), ...).", nullptr},
    {"metadata", get_metadata, nullptr, "A dict for whatever belongs to this node.", nullptr},
    {"requires_grad", get_true, nullptr, nullptr, nullptr},
    {"variable", get_variable, nullptr, "The leaf an AccumulateGrad node accumulates into.", nullptr},
    {"where", get_where, nullptr, "(file, line, source) of the line that made this node, or None.", nullptr},
    {"_input_metadata", get_input_metadata, nullptr, "Shape, dtype and device of the outputs, where known.",
     nullptr},
    {"_num_outputs", get_outputs, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyObject* node_dir(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    Ref list = Ref::steal(
        must(PyObject_CallMethod(reinterpret_cast<PyObject*>(&PyBaseObject_Type), "__dir__", "O", self)));
    if (Node* n = as_node(self)->node) list_saved(*n, list.get());
    return list.take();
  });
}

PyMethodDef node_methods[] = {{"name", node_name, METH_NOARGS, "The node's name, e.g. 'MulBackward0'."},
                              {"_sequence_nr", node_sequence_nr, METH_NOARGS, nullptr},
                              {"register_hook", node_register_hook, METH_O,
                               "hook(grad_inputs, grad_outputs) -> tuple or None, after this node ran."},
                              {"register_prehook", node_register_prehook, METH_O,
                               "hook(grad_outputs) -> tuple or None, before this node runs."},
                              {"_register_hook_dict", node_register_hook_dict, METH_O, nullptr},
                              {"__dir__", node_dir, METH_NOARGS, nullptr},
                              {nullptr, nullptr, 0, nullptr}};

// Saved values are attributes that differ from node to node: looked up when the ordinary ones do not answer.
PyObject* node_getattro(PyObject* self, PyObject* name) {
  const char* s = PyUnicode_AsUTF8(name);
  if (!s) return nullptr;
  bool raw = std::string_view(s).starts_with("_raw_saved_");
  if ((raw || std::string_view(s).starts_with("_saved_")) && as_node(self)->node) {
    PyObject* r = guarded([&] { return saved_attribute(as_node(self), s + (raw ? 11 : 7), raw); });
    if (r || PyErr_Occurred()) return r;
  }
  return PyObject_GenericGetAttr(self, name);
}

PyMemberDef node_members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(PyNode, weak), READONLY, nullptr},
                              {nullptr, 0, 0, 0, nullptr}};

PyType_Slot node_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(node_dealloc)},
                            {Py_tp_finalize, reinterpret_cast<void*>(node_finalize)},
                            {Py_tp_traverse, reinterpret_cast<void*>(node_traverse)},
                            {Py_tp_clear, reinterpret_cast<void*>(node_clear)},
                            {Py_tp_getattro, reinterpret_cast<void*>(node_getattro)},
                            {Py_tp_call, reinterpret_cast<void*>(node_call)},
                            {Py_tp_methods, node_methods},
                            {Py_tp_getset, node_getset},
                            {Py_tp_members, node_members},
                            {Py_tp_doc, const_cast<char*>("A node of the autograd graph.")},
                            {0, nullptr}};
PyType_Spec node_spec = {
    "adjoint._core.Node", sizeof(PyNode), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    node_slots};

}  // namespace

void init_nodes(PyObject* module) {
  node_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&node_spec)));
  if (PyModule_AddObjectRef(module, "Node", reinterpret_cast<PyObject*>(node_type)) < 0) raise_set();
  host.node_destroy = node_destroyed;
}

}  // namespace adjoint::python
