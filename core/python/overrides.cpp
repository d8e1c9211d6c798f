// Dispatch to __torch_function__, and the default that gives subclasses results of their own class.
#include "python/overrides.h"
#include <vector>
#include "autograd/leaf.h"
#include "ops/ops.h"
#include "python/args.h"

namespace adjoint::python {

bool overrides_disabled = false;
PyObject* disabled_torch_function = nullptr;

namespace {
PyObject* hook_name = nullptr;  // "__torch_function__"

bool basic(PyTypeObject* t) {
  return t == &PyLong_Type || t == &PyFloat_Type || t == &PyBool_Type || t == &PyUnicode_Type ||
         t == &PyTuple_Type || t == &PyList_Type || t == Py_TYPE(Py_None) || t == &PySlice_Type ||
         t == &PyComplex_Type || t == &PyDict_Type || t == Py_TYPE(Py_Ellipsis) || t == &PyType_Type;
}

// Arguments are tensors, lists of them, or indices: tuples that may hold lists. What lies deeper is none.
constexpr int kDeepest = 2;
void gather(PyObject* o, std::vector<PyObject*>& found, int depth = 0) {
  if (PyTuple_Check(o) || PyList_Check(o)) {
    for (Py_ssize_t i = 0; depth < kDeepest && i < PySequence_Fast_GET_SIZE(o); ++i)
      gather(PySequence_Fast_GET_ITEM(o, i), found, depth + 1);
    return;
  }
  if (!overridden(o)) return;
  size_t at = found.size();
  for (size_t i = 0; i < found.size(); ++i) {
    if (Py_TYPE(found[i]) == Py_TYPE(o)) return;
    if (at == found.size() && PyType_IsSubtype(Py_TYPE(o), Py_TYPE(found[i]))) at = i;
  }
  found.insert(found.begin() + Py_ssize_t(at), o);
}

PyObject* ask(PyObject* function, PyObject* args, PyObject* kwargs, const std::vector<PyObject*>& found) {
  Ref types = Ref::steal(PyTuple_New(Py_ssize_t(found.size())));
  if (!types) return nullptr;
  for (size_t i = 0; i < found.size(); ++i)
    PyTuple_SET_ITEM(types.get(), Py_ssize_t(i), Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(found[i]))));
  for (PyObject* o : found) {
    Ref hook = Ref::steal(PyObject_GetAttr(o, hook_name));
    if (!hook) return nullptr;
    PyObject* result = PyObject_CallFunctionObjArgs(hook.get(), function, types.get(), args, kwargs, nullptr);
    if (result != Py_NotImplemented) return result;
    Py_DECREF(result);
  }
  Ref name = Ref::steal(PyObject_GetAttrString(function, "__name__"));
  if (!name) PyErr_Clear();
  return PyErr_Format(PyExc_TypeError,
                      "Multiple dispatch failed for 'torch.%S'; all __torch_function__ handlers returned "
                      "NotImplemented: types %R",
                      name ? name.get() : function, types.get());
}

struct Disable {
  bool old = std::exchange(overrides_disabled, true);
  ~Disable() { overrides_disabled = old; }
};

bool keeps_plain(PyObject* function) {  // grad, _base: PyTorch does not rewrap them
  Ref self = Ref::steal(PyObject_GetAttrString(function, "__self__"));
  Ref name = self ? Ref::steal(PyObject_GetAttrString(self.get(), "__name__")) : Ref();
  PyErr_Clear();
  if (!name || !PyUnicode_Check(name.get())) return false;
  for (const char* n : {"grad", "_grad", "_base"})
    if (!PyUnicode_CompareWithASCIIString(name.get(), n)) return true;
  return false;
}

// Tensor.__torch_function__(func, types, args=(), kwargs=None)
PyObject* default_hook(PyObject* cls, PyObject* args, PyObject* keywords) {
  static const char* names[] = {"func", "types", "args", "kwargs", nullptr};
  PyObject *function, *types, *inner = nullptr, *kwargs = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|OO", const_cast<char**>(names), &function, &types,
                                   &inner, &kwargs))
    return nullptr;
  Ref list = Ref::steal(PySequence_Fast(types, "types must be a sequence"));
  if (!list) return nullptr;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
    int is = PyObject_IsSubclass(cls, PySequence_Fast_GET_ITEM(list.get(), i));
    if (is < 0) return nullptr;
    if (!is) Py_RETURN_NOTIMPLEMENTED;
  }
  Ref none = inner ? Ref::share(inner) : Ref::steal(PyTuple_New(0));
  Ref tuple = Ref::steal(PySequence_Tuple(none.get()));
  if (!tuple) return nullptr;
  Ref result;
  {
    Disable off;
    result = Ref::steal(PyObject_Call(function, tuple.get(), kwargs == Py_None ? nullptr : kwargs));
    if (!result) return nullptr;
    if (keeps_plain(function)) return result.take();
  }
  return convert_results(result.take(), reinterpret_cast<PyTypeObject*>(cls));
}

PyObject* disabled_hook(PyObject*, PyObject* args, PyObject* keywords) {
  static const char* names[] = {"func", "types", "args", "kwargs", nullptr};
  PyObject *function, *types, *inner = nullptr, *kwargs = nullptr;
  // Called as func(types...) or, through a class attribute, with the class in front.
  Ref rest = PyTuple_GET_SIZE(args) && PyType_Check(PyTuple_GET_ITEM(args, 0)) &&
                     PyTuple_GET_SIZE(args) > 2 && !PyTuple_Check(PyTuple_GET_ITEM(args, 1)) &&
                     !PyList_Check(PyTuple_GET_ITEM(args, 1))
                 ? Ref::steal(PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args)))
                 : Ref::share(args);
  if (!PyArg_ParseTupleAndKeywords(rest.get(), keywords, "OO|OO", const_cast<char**>(names), &function,
                                   &types, &inner, &kwargs))
    return nullptr;
  Ref tuple = inner ? Ref::steal(PySequence_Tuple(inner)) : Ref::steal(PyTuple_New(0));
  if (!tuple) return nullptr;
  Disable off;
  return PyObject_Call(function, tuple.get(), kwargs == Py_None ? nullptr : kwargs);
}

PyTypeObject* check_class(PyObject* cls) {
  if (!PyType_Check(cls) || !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(cls), tensor_type))
    raise(PyExc_TypeError, "cls must be a type (got %s)",
          PyType_Check(cls) ? reinterpret_cast<PyTypeObject*>(cls)->tp_name : Py_TYPE(cls)->tp_name);
  return reinterpret_cast<PyTypeObject*>(cls);
}

PyObject* as_subclass(PyObject* self, PyObject* cls) {
  return guarded([&]() -> PyObject* { return wrap_as(check_class(cls), ops::alias_view(unwrap(self))); });
}

// _make_subclass(cls, data, require_grad=False): a leaf of class cls over data's memory.
PyObject* make_subclass(PyObject*, PyObject* args, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* names[] = {
        "cls",  "data", "require_grad", "dispatch_strides", "dispatch_device", "device_for_backend_keys",
        nullptr};
    PyObject *cls, *data, *ignored[3];
    int require_grad = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|pOOO", const_cast<char**>(names), &cls, &data,
                                     &require_grad, &ignored[0], &ignored[1], &ignored[2]))
      raise_set();
    Tensor t = detach(unwrap_checked(data, "_make_subclass(): argument 'data' (position 2)"));
    if (require_grad) set_requires_grad(t, true);
    return wrap_as(check_class(cls), std::move(t));
  });
}

struct DisableObject {
  PyObject_HEAD bool old;
};
PyObject* disable_enter(PyObject* o, PyObject*) {
  reinterpret_cast<DisableObject*>(o)->old = std::exchange(overrides_disabled, true);
  return Py_NewRef(o);
}
PyObject* disable_exit(PyObject* o, PyObject*) {
  overrides_disabled = reinterpret_cast<DisableObject*>(o)->old;
  Py_RETURN_NONE;
}
PyMethodDef disable_methods[] = {{"__enter__", disable_enter, METH_NOARGS, nullptr},
                                 {"__exit__", disable_exit, METH_VARARGS, nullptr},
                                 {}};
PyType_Slot disable_slots[] = {
    {Py_tp_new, (void*)PyType_GenericNew}, {Py_tp_methods, disable_methods}, {0, nullptr}};
PyType_Spec disable_spec = {"adjoint.DisableTorchFunctionSubclass", sizeof(DisableObject), 0,
                            Py_TPFLAGS_DEFAULT, disable_slots};

PyObject* has_override(PyObject*, PyObject* args) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); ++i) {
    std::vector<PyObject*> found;
    gather(PyTuple_GET_ITEM(args, i), found);
    if (!found.empty()) Py_RETURN_TRUE;
  }
  Py_RETURN_FALSE;
}
PyMethodDef functions[] = {
    {"_disabled_torch_function_impl", (PyCFunction)(void*)disabled_hook, METH_VARARGS | METH_KEYWORDS,
     "The __torch_function__ of classes that want none."},
    {"_has_torch_function", has_override, METH_VARARGS, "Does any argument take over?"},
    {}};
PyMethodDef methods[] = {
    {"__torch_function__", (PyCFunction)(void*)default_hook, METH_VARARGS | METH_KEYWORDS | METH_CLASS,
     "Gives subclasses results of their own class."},
    {"as_subclass", as_subclass, METH_O, "The same data as a tensor of class cls; gradients flow."},
    {"_make_subclass", (PyCFunction)(void*)make_subclass, METH_VARARGS | METH_KEYWORDS | METH_STATIC,
     nullptr},
    {}};
}  // namespace

bool overridden(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (type == tensor_type || type == parameter_type || overrides_disabled || basic(type)) return false;
  // A class attribute, found without asking the object (a proxy may answer anything).
  PyObject* hook = _PyType_Lookup(type, hook_name);
  return hook && hook != disabled_torch_function;
}

PyObject* call_override(PyObject* function, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  std::vector<PyObject*> found;
  Py_ssize_t nk = keywords ? PyTuple_GET_SIZE(keywords) : 0;
  for (Py_ssize_t i = 0; i < n + nk; ++i) gather(args[i], found);
  Ref tuple = Ref::steal(PyTuple_New(n)), dict = nk ? Ref::steal(PyDict_New()) : Ref::share(Py_None);
  if (!tuple || !dict) return nullptr;
  for (Py_ssize_t i = 0; i < n; ++i) PyTuple_SET_ITEM(tuple.get(), i, Py_NewRef(args[i]));
  for (Py_ssize_t k = 0; k < nk; ++k)
    if (PyDict_SetItem(dict.get(), PyTuple_GET_ITEM(keywords, k), args[n + k]) < 0) return nullptr;
  Ref kwargs = nk ? dict : Ref::steal(PyDict_New());
  return ask(function, tuple.get(), kwargs.get(), found);
}
PyObject* call_override(PyObject* function, std::initializer_list<PyObject*> args) {
  return call_override(function, args.begin(), Py_ssize_t(args.size()), nullptr);
}

PyObject* convert_results(PyObject* result, PyTypeObject* cls) {
  Ref r = Ref::steal(result);
  if (cls == tensor_type) return r.take();
  if (is_tensor(r.get())) {
    if (PyType_IsSubtype(Py_TYPE(r.get()), cls)) return r.take();
    return as_subclass(r.get(), reinterpret_cast<PyObject*>(cls));
  }
  if (!PyTuple_Check(r.get()) && !PyList_Check(r.get())) return r.take();
  Ref list = Ref::steal(PySequence_List(r.get()));
  if (!list) return nullptr;
  bool changed = false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i) {
    PyObject* item = PyList_GET_ITEM(list.get(), i);
    if (Py_EnterRecursiveCall(" while results are converted to a subclass")) return nullptr;
    PyObject* converted = convert_results(Py_NewRef(item), cls);
    Py_LeaveRecursiveCall();
    if (!converted) return nullptr;
    changed |= converted != item;
    PyList_SetItem(list.get(), i, converted);
  }
  if (!changed) return r.take();
  return PyObject_CallOneArg(reinterpret_cast<PyObject*>(Py_TYPE(r.get())), list.get());
}

PyMethodDef* override_methods() { return methods; }

void add_overrides(PyObject* module) {
  hook_name = must(PyUnicode_InternFromString("__torch_function__"));
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
  disabled_torch_function = must(PyObject_GetAttrString(module, "_disabled_torch_function_impl"));
  auto* type = must(PyType_FromSpec(&disable_spec));
  if (PyModule_AddObjectRef(module, "DisableTorchFunctionSubclass", type) < 0) raise_set();
}

}  // namespace adjoint::python
