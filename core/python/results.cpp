// What an operation gives, as Python objects: tensors, named tuples, numbers.
#include <cstring>
#include "python/op_function.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

PyObject* tuple_repr(PyObject* o) {
  Ref fields = Ref::steal(PyObject_GetAttrString(o, "__match_args__"));
  if (!fields) return nullptr;
  std::string s = str("torch.return_types.", std::strrchr(Py_TYPE(o)->tp_name, '.') + 1, "(\n");
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fields.get()); ++i) {
    Ref item = Ref::steal(PyObject_Repr(PyTuple_GET_ITEM(o, i)));
    if (!item) return nullptr;
    s += str(i ? ",\n" : "", PyUnicode_AsUTF8(PyTuple_GET_ITEM(fields.get(), i)), "=",
             PyUnicode_AsUTF8(item.get()));
  }
  return PyUnicode_FromString((s + ")").c_str());
}

PyObject* return_types = nullptr;  // the module's dictionary of them

// As PyTorch calls it: torch.linalg's svd has other fields than torch.svd.
std::string tuple_name(const Overload& o, const char* suffix) {
  const bool linalg = (o.record->flags & (kLinalg | kFunction)) == kLinalg;
  return str(linalg ? "linalg_" : "", o.schema->name, suffix);
}

}  // namespace

PyTypeObject* tuple_type(const Overload& o, const char* suffix) {
  const auto& results = o.schema->results;
  const std::string name = tuple_name(o, suffix);
  if (PyObject* known = PyDict_GetItemString(return_types, name.c_str())) {
    auto* type = reinterpret_cast<PyTypeObject*>(known);
    Ref fields = Ref::steal(PyObject_GetAttrString(known, "__match_args__"));
    if (fields && PyTuple_GET_SIZE(fields.get()) == Py_ssize_t(results.size())) return type;
    PyErr_Clear();
  }
  // The description must live as long as the type: for ever.
  auto* fields = new PyStructSequence_Field[results.size() + 1]();
  for (size_t i = 0; i < results.size(); ++i) fields[i].name = (new std::string(results[i].text))->c_str();
  auto* full = new std::string("adjoint.return_types." + name);
  PyStructSequence_Desc desc = {full->c_str(), nullptr, fields, int(results.size())};
  auto* type =
      reinterpret_cast<PyTypeObject*>(must(reinterpret_cast<PyObject*>(PyStructSequence_NewType(&desc))));
  type->tp_repr = tuple_repr;
  if (PyDict_SetItemString(return_types, name.c_str(), reinterpret_cast<PyObject*>(type)) < 0) raise_set();
  return type;
}

PyObject* give_tuple(Overload& o, std::vector<Tensor>& ts, bool out) {
  if (!o.schema->named_results || o.schema->results.size() != ts.size()) {
    Ref tuple = Ref::steal(must(PyTuple_New(Py_ssize_t(ts.size()))));
    for (size_t i = 0; i < ts.size(); ++i)
      PyTuple_SET_ITEM(tuple.get(), Py_ssize_t(i), wrap_result(std::move(ts[i])));
    return tuple.take();
  }
  if (!o.tuple_type) o.tuple_type = tuple_type(o);
  Ref tuple = Ref::steal(must(PyStructSequence_New(out ? tuple_type(o, "_out") : o.tuple_type)));
  for (size_t i = 0; i < ts.size(); ++i)
    PyStructSequence_SET_ITEM(tuple.get(), Py_ssize_t(i), wrap_result(std::move(ts[i])));
  return tuple.take();
}

PyObject* give_back(Overload& o, Returned& r) {
  switch (r.kind) {
    case Returned::One: return wrap_result(std::move(r.tensor));
    case Returned::Tuple: return give_tuple(o, r.tensors);
    case Returned::List: {
      Ref tuple = Ref::steal(must(PyTuple_New(Py_ssize_t(r.tensors.size()))));
      for (size_t i = 0; i < r.tensors.size(); ++i)
        PyTuple_SET_ITEM(tuple.get(), Py_ssize_t(i), wrap_result(std::move(r.tensors[i])));
      return tuple.take();
    }
    case Returned::Number:
    case Returned::Int:
    case Returned::Float:
    case Returned::Bool: return number_of(r.scalar);
    case Returned::IntList: return make_size(r.dims);
    default: Py_RETURN_NONE;
  }
}

void add_return_types(PyObject* module) {
  return_types = must(PyDict_New());
  if (PyModule_AddObjectRef(module, "_return_types", return_types) < 0) raise_set();
}

}  // namespace adjoint::python
