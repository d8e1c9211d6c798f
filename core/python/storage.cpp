// Storage objects: the bytes behind a tensor, as Python sees them.
#include <cstddef>
#include <cstring>
#include "python/args.h"
#include "python/creation.h"
#include "python/types.h"
#include <structmember.h>

namespace adjoint::python {
namespace {

struct PyStorage {
  PyObject_HEAD
  Storage* s;  // owned; Storage::pyobj points back weakly
  PyObject* weak;
};
PyTypeObject* storage_type = nullptr;
Storage* of(PyObject* o) { return reinterpret_cast<PyStorage*>(o)->s; }

PyObject* wrap_storage(Storage* s) {
  if (s->pyobj) return Py_NewRef(static_cast<PyObject*>(s->pyobj));
  auto* p = reinterpret_cast<PyStorage*>(must(PyType_GenericAlloc(storage_type, 0)));
  s->retain();
  p->s = s;
  s->pyobj = p;
  return reinterpret_cast<PyObject*>(p);
}
void dealloc(PyObject* o) {
  auto* p = reinterpret_cast<PyStorage*>(o);
  PyTypeObject* type = Py_TYPE(o);
  if (p->weak) PyObject_ClearWeakRefs(o);
  if (p->s) {
    p->s->pyobj = nullptr;
    p->s->release();
  }
  type->tp_free(o);
  Py_DECREF(type);
}

Py_ssize_t index_of(PyObject* o, PyObject* i) {
  Py_ssize_t k = PyNumber_AsSsize_t(i, PyExc_IndexError), n = Py_ssize_t(of(o)->nbytes);
  if (k == -1 && PyErr_Occurred()) raise_set();
  if (k < -n || k >= n) raise(PyExc_IndexError, "index %zd out of range for storage of size %zd", k, n);
  if (of(o)->meta()) raise(PyExc_NotImplementedError, "Not available for 'meta' device type");
  return k < 0 ? k + n : k;
}

Py_ssize_t length(PyObject* o) { return Py_ssize_t(of(o)->nbytes); }
PyObject* get_item(PyObject* o, PyObject* i) {
  return guarded([&]() -> PyObject* { return PyLong_FromLong(uint8_t(of(o)->data[index_of(o, i)])); });
}
int set_item(PyObject* o, PyObject* i, PyObject* v) {
  return guarded([&]() -> int {
    if (!v) raise(PyExc_TypeError, "a storage's bytes cannot be deleted");
    long byte = PyLong_AsLong(v);
    if (byte == -1 && PyErr_Occurred()) raise_set();
    of(o)->data[index_of(o, i)] = char(byte);
    ++of(o)->version;
    return 0;
  });
}
PyObject* nbytes(PyObject* o, PyObject*) { return PyLong_FromSize_t(of(o)->nbytes); }
PyObject* data_ptr(PyObject* o, PyObject*) { return PyLong_FromVoidPtr(of(o)->data); }
PyObject* element_size(PyObject*, PyObject*) { return PyLong_FromLong(1); }
PyObject* never(PyObject*, PyObject*) { Py_RETURN_FALSE; }
PyObject* itself(PyObject* o, PyObject*) { return Py_NewRef(o); }
PyObject* to_list(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    Storage* s = of(o);
    Ref list = Ref::steal(must(PyList_New(Py_ssize_t(s->nbytes))));
    for (size_t i = 0; i < s->nbytes; ++i) PyList_SET_ITEM(list.get(), Py_ssize_t(i), must(PyLong_FromLong(uint8_t(s->data[i]))));
    return list.take();
  });
}
PyObject* resize(PyObject* o, PyObject* n) {
  return guarded([&]() -> PyObject* {
    int64_t size;
    if (!to_int(n, size)) raise(PyExc_TypeError, "resize_ expects an int, but got %s", Py_TYPE(n)->tp_name);
    check(size >= 0, "resize_(): the size must not be negative, got ", size);
    of(o)->resize(size_t(size));
    return Py_NewRef(o);
  });
}
PyObject* fill(PyObject* o, PyObject* v) {
  return guarded([&]() -> PyObject* {
    int64_t byte;
    if (!to_int(v, byte)) raise(PyExc_TypeError, "fill_ expects an int, but got %s", Py_TYPE(v)->tp_name);
    std::memset(of(o)->data, int(byte), of(o)->nbytes);
    ++of(o)->version;
    return Py_NewRef(o);
  });
}
PyObject* clone(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    Storage* s = Storage::make(of(o)->nbytes);
    if (of(o)->data) std::memcpy(s->data, of(o)->data, of(o)->nbytes);
    Ref r = Ref::steal(wrap_storage(s));
    s->release();
    return r.take();
  });
}
PyObject* get_device(PyObject* o, void*) { return wrap(of(o)->meta() ? Device::Meta : Device::Cpu); }
PyObject* get_version(PyObject* o, void*) { return PyLong_FromLong(of(o)->version); }
PyObject* get_identity(PyObject* o, void*) { return PyLong_FromVoidPtr(of(o)); }
PyObject* repr(PyObject* o) {
  return PyUnicode_FromFormat("[torch.storage.UntypedStorage(device=%s) of size %zu]", of(o)->meta() ? "meta" : "cpu", of(o)->nbytes);
}

PyMethodDef methods[] = {{"nbytes", nbytes, METH_NOARGS, nullptr},   {"size", nbytes, METH_NOARGS, nullptr},
                         {"data_ptr", data_ptr, METH_NOARGS, nullptr}, {"element_size", element_size, METH_NOARGS, nullptr},
                         {"resize_", resize, METH_O, nullptr},       {"fill_", fill, METH_O, nullptr},
                         {"clone", clone, METH_NOARGS, nullptr},     {"tolist", to_list, METH_NOARGS, nullptr},
                         {"cpu", itself, METH_NOARGS, nullptr},      {"untyped", itself, METH_NOARGS, nullptr},
                         {"is_pinned", never, METH_NOARGS, nullptr}, {"is_shared", never, METH_NOARGS, nullptr}, {}};
PyGetSetDef getset[] = {{"device", get_device, nullptr, nullptr, nullptr},
                        {"_version", get_version, nullptr, nullptr, nullptr},
                        {"_cdata", get_identity, nullptr, nullptr, nullptr},
                        {}};
PyMemberDef members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(PyStorage, weak), READONLY, nullptr}, {}};
PyType_Slot slots[] = {{Py_tp_dealloc, (void*)dealloc}, {Py_tp_repr, (void*)repr},        {Py_tp_methods, methods},
                       {Py_tp_getset, getset},         {Py_tp_members, members},         {Py_mp_length, (void*)length},
                       {Py_mp_subscript, (void*)get_item}, {Py_mp_ass_subscript, (void*)set_item}, {0, nullptr}};
PyType_Spec spec = {"adjoint.UntypedStorage", sizeof(PyStorage), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

PyObject* untyped(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* { return wrap_storage(unwrap(self)->storage); });
}
// storage(): the same, counted in elements (adjoint/storage.py).
PyObject* typed(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    Ref module = Ref::steal(must(PyImport_ImportModule("adjoint.storage")));
    Ref s = Ref::steal(wrap_storage(unwrap(self)->storage)), d = Ref::steal(wrap(unwrap(self)->dtype));
    return PyObject_CallMethod(module.get(), "TypedStorage", "OO", s.get(), d.get());
  });
}
PyMethodDef tensor_methods[] = {{"untyped_storage", untyped, METH_NOARGS, "untyped_storage() -> UntypedStorage\n\nThe bytes behind the tensor."},
                                {"storage", typed, METH_NOARGS, nullptr},
                                {"_typed_storage", typed, METH_NOARGS, nullptr},
                                {}};
}  // namespace

PyMethodDef* storage_methods() { return tensor_methods; }
void add_storage(PyObject* module) { storage_type = add_type(module, "UntypedStorage", spec); }

}  // namespace adjoint::python
