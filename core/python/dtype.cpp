// dtype objects, layouts and memory formats.
#include "python/types.h"

namespace adjoint::python {

PyTypeObject* dtype_type = nullptr;
PyObject* dtype_objects[kDtypes] = {};
PyTypeObject *layout_type = nullptr, *memory_format_type = nullptr;
PyObject *strided = nullptr, *memory_formats[4] = {};

bool to_dtype(PyObject* o, Dtype& out) {
  if (is_dtype(o))
    out = reinterpret_cast<PyDtype*>(o)->value;
  else if (o == reinterpret_cast<PyObject*>(&PyFloat_Type))
    out = Dtype::F64;
  else if (o == reinterpret_cast<PyObject*>(&PyLong_Type))
    out = Dtype::I64;
  else if (o == reinterpret_cast<PyObject*>(&PyBool_Type))
    out = Dtype::Bool;
  else if (o == reinterpret_cast<PyObject*>(&PyComplex_Type))
    out = Dtype::C128;
  else
    return false;
  return true;
}

namespace {
Dtype value(PyObject* o) { return reinterpret_cast<PyDtype*>(o)->value; }

PyObject* dtype_repr(PyObject* o) { return PyUnicode_FromFormat("torch.%s", name_of(value(o))); }
PyObject* dtype_reduce(PyObject* o, PyObject*) { return PyUnicode_FromString(name_of(value(o))); }
PyObject* dtype_to_real(PyObject* o, PyObject*) { return wrap(real_of(value(o))); }
PyObject* dtype_to_complex(PyObject* o, PyObject*) {
  Dtype d = value(o);
  if (d == Dtype::F16 || d == Dtype::BF16 || is_complex(d) || d == Dtype::F32 || d == Dtype::F64)
    return wrap(complex_of(d));
  return PyErr_Format(PyExc_RuntimeError, "Unknown Complex ScalarType for %s", label_of(d));
}
PyObject* dtype_itemsize(PyObject* o, void*) { return PyLong_FromSize_t(item_size(value(o))); }
PyObject* dtype_is_floating(PyObject* o, void*) { return PyBool_FromLong(is_floating(value(o))); }
PyObject* dtype_is_complex(PyObject* o, void*) { return PyBool_FromLong(is_complex(value(o))); }
PyObject* dtype_is_signed(PyObject* o, void*) {
  return PyBool_FromLong(value(o) != Dtype::Bool && value(o) != Dtype::U8);
}

PyMethodDef dtype_methods[] = {
    {"__reduce__", dtype_reduce, METH_NOARGS, nullptr},
    {"to_real", dtype_to_real, METH_NOARGS, "The real type of the same precision."},
    {"to_complex", dtype_to_complex, METH_NOARGS, "The complex type of the same precision."},
    {}};
PyGetSetDef dtype_getset[] = {{"itemsize", dtype_itemsize, nullptr, "Bytes of one element.", nullptr},
                              {"is_floating_point", dtype_is_floating, nullptr, nullptr, nullptr},
                              {"is_complex", dtype_is_complex, nullptr, nullptr, nullptr},
                              {"is_signed", dtype_is_signed, nullptr, nullptr, nullptr},
                              {}};
PyType_Slot dtype_slots[] = {{Py_tp_repr, (void*)dtype_repr},
                             {Py_tp_methods, dtype_methods},
                             {Py_tp_getset, dtype_getset},
                             {Py_tp_doc, (void*)"The type of a tensor's elements."},
                             {0, nullptr}};
PyType_Spec dtype_spec = {"adjoint.dtype", sizeof(PyDtype), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, dtype_slots};

// --- named constants ---
struct Named {
  PyObject_HEAD int value;
  const char* name;
};
PyObject* named_repr(PyObject* o) {
  return PyUnicode_FromFormat("torch.%s", reinterpret_cast<Named*>(o)->name);
}
PyObject* named_reduce(PyObject* o, PyObject*) {
  return PyUnicode_FromString(reinterpret_cast<Named*>(o)->name);
}
PyMethodDef named_methods[] = {{"__reduce__", named_reduce, METH_NOARGS, nullptr}, {}};
PyType_Slot named_slots[] = {{Py_tp_repr, (void*)named_repr}, {Py_tp_methods, named_methods}, {0, nullptr}};
PyType_Spec layout_spec = {"adjoint.layout", sizeof(Named), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, named_slots};
PyType_Spec format_spec = {"adjoint.memory_format", sizeof(Named), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, named_slots};

PyObject* add_named(PyObject* module, PyTypeObject* type, const char* name, int v) {
  auto* n = reinterpret_cast<Named*>(must(PyType_GenericAlloc(type, 0)));
  n->value = v;
  n->name = name;
  auto* o = reinterpret_cast<PyObject*>(n);
  if (PyModule_AddObjectRef(module, name, o) < 0) raise_set();
  return o;
}
}  // namespace

bool to_memory_format(PyObject* o, MemoryFormat& out) {
  if (Py_TYPE(o) != memory_format_type) return false;
  out = MemoryFormat(reinterpret_cast<Named*>(o)->value);
  return true;
}

namespace {
// Classes print as PyTorch's do: programs print them, and compare what they print.
PyObject* class_repr(PyObject* o) {
  Ref module = Ref::steal(PyObject_GetAttrString(o, "__module__")),
      name = Ref::steal(PyObject_GetAttrString(o, "__qualname__"));
  if (!module || !name) return nullptr;
  bool ours = PyUnicode_Check(module.get()) && !PyUnicode_CompareWithASCIIString(module.get(), "adjoint");
  return ours ? PyUnicode_FromFormat("<class 'torch.%U'>", name.get()) : PyType_Type.tp_repr(o);
}
PyTypeObject* metaclass() {
  static PyTypeObject* type = nullptr;
  static PyType_Slot slots[] = {{Py_tp_repr, (void*)class_repr}, {0, nullptr}};
  static PyType_Spec spec = {"adjoint._TensorMeta", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
  if (!type)
    type = reinterpret_cast<PyTypeObject*>(
        must(PyType_FromSpecWithBases(&spec, reinterpret_cast<PyObject*>(&PyType_Type))));
  return type;
}
}  // namespace

// `printed`: how C-level messages call it ("Tensor", "torch.dtype"). The class prints so, too, and pickles as
// ours.
PyTypeObject* add_type(PyObject* module, const char* name, PyType_Spec& spec, PyTypeObject* base,
                       const char* printed) {
  auto* type = must(PyType_FromSpecWithBases(&spec, reinterpret_cast<PyObject*>(base)));
  Py_INCREF(reinterpret_cast<PyObject*>(metaclass()));
  Py_SET_TYPE(type, metaclass());  // `type` itself is never freed
  reinterpret_cast<PyTypeObject*>(type)->tp_name = printed;
  Ref package = Ref::steal(must(PyUnicode_FromString("adjoint")));
  if (PyObject_SetAttrString(type, "__module__", package.get()) < 0) raise_set();
  if (PyModule_AddObjectRef(module, name, type) < 0) raise_set();
  return reinterpret_cast<PyTypeObject*>(type);
}

void add_dtypes(PyObject* module) {
  dtype_type = add_type(module, "dtype", dtype_spec, nullptr, "torch.dtype");
  for (int i = 0; i < kDtypes; ++i) {
    auto* d = reinterpret_cast<PyDtype*>(must(PyType_GenericAlloc(dtype_type, 0)));
    d->value = Dtype(i);
    dtype_objects[i] = reinterpret_cast<PyObject*>(d);
    if (PyModule_AddObjectRef(module, name_of(Dtype(i)), dtype_objects[i]) < 0) raise_set();
  }
  static constexpr std::pair<const char*, Dtype> aliases[] = {
      {"float", Dtype::F32}, {"double", Dtype::F64}, {"half", Dtype::F16},   {"short", Dtype::I16},
      {"int", Dtype::I32},   {"long", Dtype::I64},   {"cfloat", Dtype::C64}, {"cdouble", Dtype::C128}};
  for (auto [name, d] : aliases)
    if (PyModule_AddObjectRef(module, name, dtype_objects[int(d)]) < 0) raise_set();

  layout_type = add_type(module, "layout", layout_spec, nullptr, "torch.layout");
  strided = add_named(module, layout_type, "strided", 0);
  for (const char* name : {"sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc"})
    add_named(module, layout_type, name, 1);
  memory_format_type = add_type(module, "memory_format", format_spec, nullptr, "torch.memory_format");
  static const char* const formats[] = {"contiguous_format", "preserve_format", "channels_last",
                                        "channels_last_3d"};
  for (int i = 0; i < 4; ++i) memory_formats[i] = add_named(module, memory_format_type, formats[i], i);
}

}  // namespace adjoint::python
