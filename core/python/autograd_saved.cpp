// Saved tensors as Python sees them: `_saved_*` attributes, SavedTensor objects, and hooks that pack and
// unpack.
#include "python/autograd.h"
#include "python/slots.h"
#include <cstring>

namespace adjoint::python {
namespace {

// --- hooks over Python callables ---

struct PyPacked final : PackedTensor {
  Ref data, unpack_hook;
  PyPacked(Ref d, Ref u) : data(std::move(d)), unpack_hook(std::move(u)) {}
  Tensor unpack() override {
    PyObject* r = must(PyObject_CallOneArg(unpack_hook.get(), data.get()));
    Ref result = Ref::steal(r);
    if (!is_tensor(r))
      raise(PyExc_TypeError,
            "Output of saved tensor unpack_hook expected to be a Tensor but got result of type %s",
            Py_TYPE(r)->tp_name);
    return unwrap(r);
  }
};
struct PySavedHooks final : SavedHooks {
  Ref pack_hook, unpack_hook;
  PySavedHooks(PyObject* p, PyObject* u) : pack_hook(Ref::share(p)), unpack_hook(Ref::share(u)) {}
  std::unique_ptr<PackedTensor> pack(const Tensor& x) override {
    Ref arg = Ref::steal(must(wrap(x)));
    Ref data = Ref::steal(must(PyObject_CallOneArg(pack_hook.get(), arg.get())));
    return std::make_unique<PyPacked>(std::move(data), unpack_hook);
  }
};

// --- SavedTensor objects (`_raw_saved_self`) ---

struct PySaved {
  PyObject_HEAD PyObject* owner;  // the node's object: keeps the node, and so the value, in place
  SavedTensor* saved;
};
PyTypeObject* saved_type = nullptr;
PySaved* as_saved(PyObject* o) { return reinterpret_cast<PySaved*>(o); }

void saved_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_CLEAR(as_saved(self)->owner);
  type->tp_free(self);
  Py_DECREF(type);
}
int saved_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(as_saved(self)->owner);
  return 0;
}
Node& owner_of(PyObject* self) { return *reinterpret_cast<PyNode*>(as_saved(self)->owner)->node; }

PyObject* saved_register_hooks(PyObject* self, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *pack, *unpack;
    if (!PyArg_ParseTuple(args, "OO:register_hooks", &pack, &unpack)) raise_set();
    if (!PyCallable_Check(pack) || !PyCallable_Check(unpack))
      raise(PyExc_TypeError, "register_hooks(): incompatible function arguments");
    SavedTensor& s = *as_saved(self)->saved;
    check(s.was_set(), "Calling register_hooks on a saved tensor with value None is forbidden");
    check(bool(s),
          "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of "
          "the graph are freed "
          "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
          "through the graph a second time "
          "or if you need to access saved variables after calling backward.");
    check(bool(s.raw()),
          "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair "
          "of hooks is "
          "allowed at a time.");
    PySavedHooks hooks(pack, unpack);
    s.register_hooks(hooks);
    Py_RETURN_NONE;
  });
}
PyObject* saved_unpack(PyObject* self, PyObject*) {
  return guarded([&] { return wrap(as_saved(self)->saved->get(owner_of(self))); });
}
PyObject* saved_data(PyObject* self, void*) {
  return guarded([&] { return wrap(as_saved(self)->saved->raw()); });
}
PyMethodDef saved_methods[] = {{"register_hooks", saved_register_hooks, METH_VARARGS,
                                "register_hooks(pack, unpack): stores pack(x) in place of x."},
                               {"unpack", saved_unpack, METH_NOARGS, "The saved tensor."},
                               {nullptr, nullptr, 0, nullptr}};
PyGetSetDef saved_getset[] = {{"data", saved_data, nullptr, nullptr, nullptr},
                              {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot saved_slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(saved_dealloc)},
                             {Py_tp_traverse, reinterpret_cast<void*>(saved_traverse)},
                             {Py_tp_methods, saved_methods},
                             {Py_tp_getset, saved_getset},
                             {0, nullptr}};
PyType_Spec saved_spec = {"adjoint._core.SavedTensor", sizeof(PySaved), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                          saved_slots};

// --- attributes of nodes ---

struct Find final : SavedVisitor {
  PyNode* owner;
  const char* wanted;
  bool raw;
  PyObject* found = nullptr;
  Find(PyNode* o, const char* w, bool r) : owner(o), wanted(w), raw(r) {}
  bool is_it(const char* name) const { return !found && !std::strcmp(name, wanted); }
  PyObject* object_of(SavedTensor& s) {
    return raw ? wrap_saved(reinterpret_cast<PyObject*>(owner), s) : must(wrap(s.get(*owner->node)));
  }
  void tensor(const char* name, SavedTensor& s) override {
    if (is_it(name)) found = object_of(s);
    if (name != std::string(wanted) + "[]") return;
    Ref one = Ref::steal(must(PyTuple_New(1))), before = Ref::steal(found ? found : must(PyTuple_New(0)));
    PyTuple_SET_ITEM(one.get(), 0, object_of(s));
    found = must(PySequence_Concat(before.get(), one.get()));
  }
  void value(const char* name, const Scalar& v) override {
    if (!raw && is_it(name)) found = must(number_of(v));
  }
  void ints(const char* name, Ints v) override {
    if (raw || !is_it(name)) return;
    Ref t = Ref::steal(must(PyTuple_New(Py_ssize_t(v.size()))));
    for (size_t i = 0; i < v.size(); ++i)
      PyTuple_SET_ITEM(t.get(), Py_ssize_t(i), must(PyLong_FromLongLong(v[i])));
    found = t.take();
  }
};
struct List final : SavedVisitor {
  PyObject* list;
  std::string last;  // of several values under one name
  explicit List(PyObject* l) : list(l) {}
  void add(const char* prefix, const char* name) {
    Ref s = Ref::steal(must(PyUnicode_FromFormat("%s%s", prefix, name)));
    if (PyList_Append(list, s.get()) < 0) raise_set();
  }
  void tensor(const char* name, SavedTensor&) override {
    std::string shown = name;
    if (shown.ends_with("[]")) {
      shown.resize(shown.size() - 2);
      if (shown == last) return;
      last = shown;
    }
    add("_saved_", shown.c_str());
    add("_raw_saved_", shown.c_str());
  }
  void value(const char* name, const Scalar&) override { add("_saved_", name); }
  void ints(const char* name, Ints) override { add("_saved_", name); }
};

// --- module functions ---

PyObject* push_hooks(PyObject*, PyObject* args) {
  return guarded([&]() -> PyObject* {
    PyObject *pack, *unpack;
    if (!PyArg_ParseTuple(args, "OO", &pack, &unpack)) raise_set();
    push_saved_hooks(std::make_unique<PySavedHooks>(pack, unpack));
    Py_RETURN_NONE;
  });
}
PyObject* pop_hooks(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    pop_saved_hooks();
    Py_RETURN_NONE;
  });
}
PyObject* top_hooks(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    auto* h = dynamic_cast<PySavedHooks*>(current_saved_hooks());
    if (!h) Py_RETURN_NONE;
    return PyTuple_Pack(2, h->pack_hook.get(), h->unpack_hook.get());
  });
}
PyObject* disable_hooks(PyObject*, PyObject* message) {
  return guarded([&]() -> PyObject* {
    const char* s = PyUnicode_AsUTF8(message);
    if (!s) raise_set();
    std::string text = s;
    set_saved_hooks_disabled(&text);
    Py_RETURN_NONE;
  });
}
PyObject* enable_hooks(PyObject*, PyObject*) {
  set_saved_hooks_disabled(nullptr);
  Py_RETURN_NONE;
}
PyObject* hooks_enabled(PyObject*, PyObject*) { return PyBool_FromLong(!saved_hooks_disabled()); }
PyObject* hooks_message(PyObject*, PyObject*) {
  const std::string* s = saved_hooks_disabled();
  if (!s) Py_RETURN_NONE;
  return PyUnicode_FromString(s->c_str());
}

PyMethodDef functions[] = {
    {"_push_saved_tensors_default_hooks", push_hooks, METH_VARARGS, nullptr},
    {"_pop_saved_tensors_default_hooks", pop_hooks, METH_NOARGS, nullptr},
    {"_top_saved_tensors_default_hooks", top_hooks, METH_VARARGS, nullptr},
    {"_saved_tensors_hooks_disable", disable_hooks, METH_O, nullptr},
    {"_saved_tensors_hooks_enable", enable_hooks, METH_NOARGS, nullptr},
    {"_saved_tensors_hooks_is_enabled", hooks_enabled, METH_NOARGS, nullptr},
    {"_saved_tensors_hooks_get_disabled_error_message", hooks_message, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

PyObject* wrap_saved(PyObject* owner, SavedTensor& s) {
  PyObject* o = must(saved_type->tp_alloc(saved_type, 0));
  as_saved(o)->owner = Py_NewRef(owner);
  as_saved(o)->saved = &s;
  return o;
}
PyObject* saved_attribute(PyNode* self, const char* name, bool raw) {
  Find find(self, name, raw);
  NodeRef keep = NodeRef::share(self->node);
  self->node->visit_saved(find);
  return find.found;
}
void list_saved(Node& n, PyObject* list) {
  List visitor(list);
  n.visit_saved(visitor);
}

void init_saved(PyObject* module) {
  saved_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&saved_spec)));
  if (PyModule_AddObjectRef(module, "SavedTensor", reinterpret_cast<PyObject*>(saved_type)) < 0) raise_set();
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
