// Grad modes: the switches themselves, and context managers in C under adjoint.no_grad and its family.
#include "python/autograd.h"
#include "tensor/tensor.h"

namespace adjoint::python {
namespace {

PyObject* none_after(void (*f)(bool), PyObject* value, const char* name) {
  return guarded([&]() -> PyObject* {
    if (!PyBool_Check(value))
      raise(PyExc_TypeError, "%s(): argument 'mode' (position 1) must be bool, not %s", name,
            Py_TYPE(value)->tp_name);
    f(value == Py_True);
    Py_RETURN_NONE;
  });
}

// What the user asks for: results that lose their history then say so (Note [Cuts]).
void user_grad_mode(bool on) {
  modes.grad = on;
  modes.user_off = !on;
}

void set_inference_mode(bool on) {
  modes.inference = on;
  fresh_flags = on ? TensorImpl::Inference : 0;
}

PyObject* is_grad_enabled(PyObject*, PyObject*) { return PyBool_FromLong(modes.grad); }
PyObject* set_grad_enabled(PyObject*, PyObject* v) {
  return none_after([](bool on) { user_grad_mode(on); }, v, "set_grad_enabled");
}
PyObject* is_inference(PyObject*, PyObject*) { return PyBool_FromLong(modes.inference); }
PyObject* set_inference(PyObject*, PyObject* v) {
  return none_after(set_inference_mode, v, "set_inference_mode");
}
// Inference mode decides about grad mode, too. Returns what was before, for _exit_inference_mode.
PyObject* enter_inference(PyObject*, PyObject* v) {
  return guarded([&]() -> PyObject* {
    int on = PyObject_IsTrue(v);
    if (on < 0) raise_set();
    long before = modes.grad | modes.inference << 1;
    set_inference_mode(on);
    user_grad_mode(!on);
    return PyLong_FromLong(before);
  });
}
PyObject* exit_inference(PyObject*, PyObject* v) {
  return guarded([&]() -> PyObject* {
    long before = PyLong_AsLong(v);
    if (before == -1 && PyErr_Occurred()) raise_set();
    user_grad_mode(before & 1);
    set_inference_mode(before & 2);
    Py_RETURN_NONE;
  });
}
PyObject* is_anomaly(PyObject*, PyObject*) { return PyBool_FromLong(modes.anomaly); }
PyObject* is_check_nan(PyObject*, PyObject*) { return PyBool_FromLong(modes.anomaly_check_nan); }
PyObject* set_anomaly(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* kwnames) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"enabled", "check_nan", nullptr};
    PyObject* a[2] = {};
    bind_args("set_anomaly_enabled", args, n, kwnames, names, a, 1);
    bool on = as_bool(a[0], "set_anomaly_enabled", "enabled", 1);
    bool nan = !a[1] || as_bool(a[1], "set_anomaly_enabled", "check_nan", 2);
    modes.anomaly = on;
    modes.anomaly_check_nan = nan;
    Py_RETURN_NONE;
  });
}
PyObject* is_check_saved(PyObject*, PyObject*) { return PyBool_FromLong(modes.check_saved); }
PyObject* set_check_saved(PyObject*, PyObject* v) {
  return none_after([](bool on) { modes.check_saved = on; }, v, "set_check_saved");
}
PyObject* is_provenance(PyObject*, PyObject*) { return PyBool_FromLong(modes.provenance); }
PyObject* set_provenance(PyObject*, PyObject* v) {
  return none_after([](bool on) { modes.provenance = on; }, v, "set_provenance");
}

PyMethodDef functions[] = {
    {"is_grad_enabled", is_grad_enabled, METH_NOARGS,
     "is_grad_enabled() -> bool: are operations recorded for backward?"},
    {"_set_grad_enabled", set_grad_enabled, METH_O, nullptr},
    {"is_inference_mode_enabled", is_inference, METH_NOARGS, "is_inference_mode_enabled() -> bool"},
    {"_set_inference_mode", set_inference, METH_O, nullptr},
    {"_enter_inference_mode", enter_inference, METH_O, nullptr},
    {"_exit_inference_mode", exit_inference, METH_O, nullptr},
    {"is_anomaly_enabled", is_anomaly, METH_NOARGS, "is_anomaly_enabled() -> bool"},
    {"is_anomaly_check_nan_enabled", is_check_nan, METH_NOARGS, "is_anomaly_check_nan_enabled() -> bool"},
    {"_set_anomaly_enabled", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(set_anomaly)),
     METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"_is_check_saved_enabled", is_check_saved, METH_NOARGS, nullptr},
    {"_set_check_saved", set_check_saved, METH_O,
     "Checksums saved tensors: finds changes made behind the version counter."},
    {"_is_provenance_enabled", is_provenance, METH_NOARGS, nullptr},
    {"_set_provenance", set_provenance, METH_O, "Should nodes note the line of user code that made them?"},
    {nullptr, nullptr, 0, nullptr}};

// --- context managers ---
// `_GradMode(mode)` holds the mode to set and the one to restore; the Python classes derive from it and add
// the decorator form. Without arguments it reads the class attribute `_mode`.
struct GradMode {
  PyObject_HEAD bool mode, before;
};
GradMode* as_mode(PyObject* o) { return reinterpret_cast<GradMode*>(o); }

PyObject* enter(PyObject* self, PyObject*) {
  as_mode(self)->before = modes.grad;
  user_grad_mode(as_mode(self)->mode);
  Py_RETURN_NONE;
}
PyObject* leave(PyObject* self, PyObject* const*, Py_ssize_t) {
  user_grad_mode(as_mode(self)->before);
  Py_RETURN_NONE;
}
PyObject* get_mode(PyObject* self, void*) { return PyBool_FromLong(as_mode(self)->mode); }
int set_mode(PyObject* self, PyObject* v, void*) {
  as_mode(self)->mode = v && PyObject_IsTrue(v) == 1;
  return 0;
}
PyObject* get_before(PyObject* self, void*) { return PyBool_FromLong(as_mode(self)->before); }
int set_before(PyObject* self, PyObject* v, void*) {
  as_mode(self)->before = v && PyObject_IsTrue(v) == 1;
  return 0;
}
PyObject* make_mode(PyTypeObject* type, bool on) {
  PyObject* o = must(type->tp_alloc(type, 0));
  as_mode(o)->mode = on;
  as_mode(o)->before = modes.grad;
  return o;
}
// `@no_grad` without parentheses calls the class with the function: then the instance decorates it.
template <bool on> PyObject* new_fixed(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    PyObject* function = nullptr;
    static const char* const names[] = {"orig_func", nullptr};
    if ((PyTuple_GET_SIZE(args) || keywords) &&
        !PyArg_ParseTupleAndKeywords(args, keywords, "|O", const_cast<char**>(names), &function))
      raise_set();
    PyObject* o = make_mode(type, on);
    if (!function || function == Py_None) return o;
    Ref held = Ref::steal(o);
    return PyObject_CallOneArg(o, function);
  });
}
// The mode holds from the call on; a `with` block restores what was before.
PyObject* new_chosen(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    PyObject* mode;
    static const char* const names[] = {"mode", nullptr};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:set_grad_enabled", const_cast<char**>(names), &mode))
      raise_set();
    bool on = as_bool(mode, "set_grad_enabled", "mode", 1);
    PyObject* o = make_mode(type, on);
    user_grad_mode(on);
    return o;
  });
}
PyObject* enter_chosen(PyObject* self, PyObject*) {
  user_grad_mode(as_mode(self)->mode);
  Py_RETURN_NONE;
}
void mode_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}
PyMethodDef mode_methods[] = {
    {"__enter__", enter, METH_NOARGS, nullptr},
    {"__exit__", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(leave)), METH_FASTCALL, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyMethodDef chosen_methods[] = {
    {"__enter__", enter_chosen, METH_NOARGS, nullptr},
    {"__exit__", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(leave)), METH_FASTCALL, nullptr},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef mode_getset[] = {{"mode", get_mode, set_mode, "The mode that is set inside.", nullptr},
                             {"prev", get_before, set_before, "The mode that is restored.", nullptr},
                             {nullptr, nullptr, nullptr, nullptr, nullptr}};

void add_mode_type(PyObject* module, const char* name, newfunc make, PyMethodDef* methods) {
  std::string full = std::string("adjoint._core.") + name;
  PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(make)},
                         {Py_tp_dealloc, reinterpret_cast<void*>(mode_dealloc)},
                         {Py_tp_methods, methods},
                         {Py_tp_getset, mode_getset},
                         {0, nullptr}};
  static std::vector<std::unique_ptr<std::string>>* names = new std::vector<std::unique_ptr<std::string>>;
  names->push_back(std::make_unique<std::string>(full));  // a type keeps its name's address
  PyType_Spec spec = {names->back()->c_str(), sizeof(GradMode), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                      slots};
  PyObject* type = must(PyType_FromSpec(&spec));
  if (PyModule_AddObject(module, name, type) < 0) raise_set();
}

}  // namespace

void init_modes(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
  add_mode_type(module, "_NoGrad", new_fixed<false>, mode_methods);
  add_mode_type(module, "_EnableGrad", new_fixed<true>, mode_methods);
  add_mode_type(module, "_SetGradEnabled", new_chosen, chosen_methods);
}

}  // namespace adjoint::python
