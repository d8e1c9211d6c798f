// The type adjoint.Tensor, put together from the tables of its parts.
#include <cstddef>
#include "python/creation.h"
#include "python/op_function.h"
#include "python/overrides.h"
#include "python/slots.h"
#include "python/types.h"
#include <structmember.h>

namespace adjoint::python {
namespace {

int traverse(PyObject* o, visitproc visit, void* arg) {
  auto* p = reinterpret_cast<PyTensor*>(o);
  Py_VISIT(Py_TYPE(o));
  Py_VISIT(p->dict);
  return p->t ? traverse_autograd(p, visit, arg) : 0;
}
int clear(PyObject* o) {
  auto* p = reinterpret_cast<PyTensor*>(o);
  Py_CLEAR(p->dict);
  if (p->t) clear_autograd(p);
  return 0;
}

// An attribute makes a __dict__, and with it something that the collector must know.
int set_attribute(PyObject* o, PyObject* name, PyObject* value) {
  int r = PyObject_GenericSetAttr(o, name, value);
  if (reinterpret_cast<PyTensor*>(o)->dict) track(o);
  return r;
}
PyObject* get_dict(PyObject* o, void* context) {
  PyObject* d = PyObject_GenericGetDict(o, context);
  if (d) track(o);
  return d;
}
int set_dict(PyObject* o, PyObject* value, void* context) {
  int r = PyObject_GenericSetDict(o, value, context);
  if (reinterpret_cast<PyTensor*>(o)->dict) track(o);
  return r;
}

// Printing lives in Python (adjoint/_tensor_str.py).
PyObject* repr(PyObject* o) {
  static PyObject* print = nullptr;
  if (!is_plain(o) && overridden(o)) {
    Ref f = Ref::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__repr__"));
    return f ? call_override(f.get(), {o}) : nullptr;
  }
  if (!print) {
    Ref module = Ref::steal(PyImport_ImportModule("adjoint._tensor_str"));
    if (module) print = PyObject_GetAttrString(module.get(), "_str");
    if (!print) return nullptr;
  }
  return PyObject_CallOneArg(print, o);
}

PyGetSetDef own_getset[] = {{"__dict__", get_dict, set_dict, nullptr, nullptr}, {}};
PyMemberDef members[] = {{"__dictoffset__", T_PYSSIZET, offsetof(PyTensor, dict), READONLY, nullptr},
                         {"__weaklistoffset__", T_PYSSIZET, offsetof(PyTensor, weak), READONLY, nullptr},
                         {}};

const char* name_in(const PyMethodDef& d) { return d.ml_name; }
const char* name_in(const PyGetSetDef& d) { return d.name; }
template <class Def> Def* joined(std::initializer_list<Def*> tables) {
  auto* all = new std::vector<Def>;  // as long as the type
  for (Def* t : tables)
    for (; name_in(*t); ++t) all->push_back(*t);
  all->push_back(Def{});
  return all->data();
}
}  // namespace

PyTypeObject* make_tensor_type(PyObject* module) {
  std::vector<PyType_Slot> slots;
  auto slot = [&](int id, auto f) { slots.push_back({id, (void*)f}); };
  add_slots(slots);
  slot(Py_tp_new, tensor_new);
  slot(Py_tp_dealloc, dealloc_wrapper);
  slot(Py_tp_traverse, traverse);
  slot(Py_tp_clear, clear);
  slot(Py_tp_setattro, set_attribute);
  slot(Py_tp_repr, repr);
  slot(Py_tp_members, members);
  slot(Py_tp_getset, joined({own_getset, attribute_getset(), autograd_getset()}));
  slot(Py_tp_methods, joined({convert_methods(), attribute_methods(), creation_methods(), numpy_methods(),
                              dlpack_methods(), override_methods(), autograd_methods()}));
  slot(Py_bf_getbuffer, get_buffer);
  slot(Py_bf_releasebuffer, release_buffer);
  slot(Py_tp_doc, "An array of numbers that remembers how it was computed.");
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"adjoint.Tensor", sizeof(PyTensor), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  tensor_type = add_type(module, "Tensor", spec, nullptr, "Tensor");
  install_wrapper_hooks();
  return tensor_type;
}

}  // namespace adjoint::python
