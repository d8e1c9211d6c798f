// Size: a tuple that knows how many elements it describes.
#include "python/types.h"

namespace adjoint::python {

PyTypeObject* size_type = nullptr;

namespace {
template <class T> void fill(PyObject* tuple, T values) {
  Py_ssize_t i = 0;
  for (int64_t v : values) PyTuple_SET_ITEM(tuple, i++, must(PyLong_FromLongLong(v)));
}

// A plain tuple's items in a Size.
PyObject* as_size(Ref tuple) {
  if (!tuple || !PyTuple_Check(tuple.get())) return tuple.take();
  Py_ssize_t n = PyTuple_GET_SIZE(tuple.get());
  PyObject* s = size_type->tp_alloc(size_type, n);
  if (!s) return nullptr;
  for (Py_ssize_t i = 0; i < n; ++i) PyTuple_SET_ITEM(s, i, Py_NewRef(PyTuple_GET_ITEM(tuple.get(), i)));
  return s;
}

PyObject* size_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  Ref self = Ref::steal(PyTuple_Type.tp_new(type, args, kwargs));
  if (!self) return nullptr;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self.get()); ++i) {
    PyObject* item = PyTuple_GET_ITEM(self.get(), i);
    if (PyLong_Check(item)) continue;
    PyObject* number = PyNumber_Index(item);
    if (!number) {
      PyErr_Clear();
      return PyErr_Format(PyExc_TypeError, "torch.Size() takes an iterable of 'int' (item %zd is '%s')", i,
                          Py_TYPE(item)->tp_name);
    }
    PyTuple_SET_ITEM(self.get(), i, number);
    Py_DECREF(item);
  }
  return self.take();
}

PyObject* size_repr(PyObject* o) {
  std::string text = "torch.Size([";
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); ++i) {
    Ref item = Ref::steal(PyObject_Repr(PyTuple_GET_ITEM(o, i)));
    if (!item) return nullptr;
    if (i) text += ", ";
    text += PyUnicode_AsUTF8(item.get());
  }
  return PyUnicode_FromString((text + "])").c_str());
}
PyObject* size_numel(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    int64_t n = 1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); ++i) {
      int64_t v = PyLong_AsLongLong(PyTuple_GET_ITEM(o, i));
      if (v == -1 && PyErr_Occurred()) raise_set();
      n *= v;
    }
    return PyLong_FromLongLong(n);
  });
}
PyObject* size_reduce(PyObject* o, PyObject*) {
  Py_ssize_t n = PyTuple_GET_SIZE(o);
  PyObject* t = PyTuple_New(n);
  if (!t) return nullptr;
  for (Py_ssize_t i = 0; i < n; ++i) PyTuple_SET_ITEM(t, i, Py_NewRef(PyTuple_GET_ITEM(o, i)));
  return Py_BuildValue("(O(N))", size_type, t);
}
PyObject* size_concat(PyObject* a, PyObject* b) {
  if (!PyTuple_Check(b))
    return PyErr_Format(PyExc_TypeError, "can only concatenate tuple (not %s) to torch.Size",
                        Py_TYPE(b)->tp_name);
  return as_size(Ref::steal(PyTuple_Type.tp_as_sequence->sq_concat(a, b)));
}
// tuple + Size is a Size, too, as in PyTorch.
PyObject* size_add(PyObject* a, PyObject* b) {
  if (!PyTuple_Check(a) || !PyTuple_Check(b)) Py_RETURN_NOTIMPLEMENTED;
  return as_size(Ref::steal(PyTuple_Type.tp_as_sequence->sq_concat(a, b)));
}
PyObject* size_repeat(PyObject* a, Py_ssize_t n) {
  return as_size(Ref::steal(PyTuple_Type.tp_as_sequence->sq_repeat(a, n)));
}
PyObject* size_subscript(PyObject* a, PyObject* i) {
  PyObject* r = PyTuple_Type.tp_as_mapping->mp_subscript(a, i);
  return PySlice_Check(i) ? as_size(Ref::steal(r)) : r;
}

PyMethodDef methods[] = {
    {"numel", size_numel, METH_NOARGS, "The number of elements of a tensor of this size."},
    {"__reduce__", size_reduce, METH_NOARGS, nullptr},
    {}};
PyType_Slot slots[] = {{Py_tp_new, (void*)size_new},
                       {Py_tp_repr, (void*)size_repr},
                       {Py_tp_methods, methods},
                       {Py_nb_add, (void*)size_add},
                       {Py_sq_concat, (void*)size_concat},
                       {Py_sq_repeat, (void*)size_repeat},
                       {Py_mp_subscript, (void*)size_subscript},
                       {Py_tp_doc, (void*)"The shape of a tensor: a tuple of ints."},
                       {0, nullptr}};
PyType_Spec spec = {"adjoint.Size", 0, 0, Py_TPFLAGS_DEFAULT, slots};
}  // namespace

PyObject* make_size(Ints sizes) {
  PyObject* s = must(size_type->tp_alloc(size_type, Py_ssize_t(sizes.size())));
  fill(s, sizes);
  return s;
}
PyObject* make_tuple(Ints values) {
  PyObject* t = must(PyTuple_New(Py_ssize_t(values.size())));
  fill(t, values);
  return t;
}

void add_size(PyObject* module) { size_type = add_type(module, "Size", spec, &PyTuple_Type, "torch.Size"); }

}  // namespace adjoint::python
