// Operations as Python objects: the types of the callables, their tables by name, and what they tell of themselves.
#include <cstddef>
#include <map>
#include "ops/formula.h"
#include "ops/schema_text.h"
#include "python/notes.h"
#include "python/op_function.h"
#include "python/overrides.h"
#include "python/types.h"
#include <structmember.h>

namespace adjoint::python {
namespace {

struct OpObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  OpEntry* entry;
};
PyTypeObject *function_type = nullptr, *method_type = nullptr;
using Table = std::map<std::string, OpEntry*, std::less<>>;
Table methods_by_name, functions_by_name, linalg_by_name;

OpEntry* find(const Table& table, std::string_view name) {
  auto i = table.find(name);
  return i == table.end() ? nullptr : i->second;
}

OpEntry& entry_of(PyObject* o) { return *reinterpret_cast<OpObject*>(o)->entry; }

PyObject* function_call(PyObject* o, PyObject* const* args, size_t nf, PyObject* keywords) {
  return call_entry(entry_of(o), Call{nullptr, args, PyVectorcall_NARGS(nf), keywords});
}
PyObject* method_call(PyObject* o, PyObject* const* args, size_t nf, PyObject* keywords) {
  Py_ssize_t n = PyVectorcall_NARGS(nf);
  if (__builtin_expect(n < 1 || !is_tensor(args[0]), 0)) {
    if (n >= 1 && overridden(args[0])) return call_override(o, args, n, keywords);
    const char* name = entry_of(o).name.c_str();
    return guarded_call(name, Call{nullptr, args, n, keywords}, [&]() -> PyObject* {
      if (n < 1) raise(PyExc_TypeError, "unbound method TensorBase.%s() needs an argument", name);
      raise(PyExc_TypeError,
            "descriptor '%s' for 'torch._C.TensorBase' objects doesn't apply to a '%s' object", name,
            type_name(args[0]));
    });
  }
  return call_entry(entry_of(o), Call{args[0], args + 1, n - 1, keywords});
}

PyObject* method_get(PyObject* o, PyObject* instance, PyObject*) {
  if (!instance || instance == Py_None) return Py_NewRef(o);
  return PyMethod_New(o, instance);
}
PyObject* function_repr(PyObject* o) {
  return PyUnicode_FromFormat("<built-in method %s of type object at %p>", entry_of(o).name.c_str(), o);
}
PyObject* method_repr(PyObject* o) {
  return PyUnicode_FromFormat("<method '%s' of 'torch._C.TensorBase' objects>", entry_of(o).name.c_str());
}
bool is_function(const OpEntry& e) { return e.form == Form::Function || e.form == Form::InplaceFunction; }
PyObject* get_name(PyObject* o, void*) { return Py_NewRef(entry_of(o).py_name); }
PyObject* get_qualname(PyObject* o, void*) {
  OpEntry& e = entry_of(o);
  return is_function(e) ? Py_NewRef(e.py_name) : PyUnicode_FromFormat("Tensor.%U", e.py_name);
}
PyObject* get_doc(PyObject* o, void*) {
  return guarded([&]() -> PyObject* {
    OpEntry& e = entry_of(o);
    e.ensure_parsed();
    std::string s;
    for (const Overload& v : e.overloads) s += e.name + signature_text(v, is_function(e)) + "\n";
    for (const OpRecord* r : e.records)
      if (r->doc && *r->doc) {
        s += "\n";
        s += r->doc;
        break;
      }
    return PyUnicode_FromString(s.c_str());
  });
}
PyObject* get_module(PyObject* o, void*) {
  if (!is_function(entry_of(o))) Py_RETURN_NONE;
  return PyUnicode_FromString(entry_of(o).module);
}
PyObject* get_records(PyObject* o, void*) {
  return guarded([&] {
    Ref list = Ref::steal(must(PyList_New(0)));
    for (const OpRecord* r : entry_of(o).records) append(list.get(), describe(*r));
    return list.take();
  });
}
PyObject* reduce(PyObject* o, PyObject*) {
  OpEntry& e = entry_of(o);
  if (is_function(e)) return Py_NewRef(e.py_name);
  Ref builtins = Ref::share(PyEval_GetBuiltins());
  PyObject* getattr = PyDict_GetItemString(builtins.get(), "getattr");
  return Py_BuildValue("(O(OO))", getattr, tensor_type, e.py_name);
}

PyGetSetDef getset[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                        {"__qualname__", get_qualname, nullptr, nullptr, nullptr},
                        {"__doc__", get_doc, nullptr, nullptr, nullptr},
                        {"__module__", get_module, nullptr, nullptr, nullptr},
                        {"_records", get_records, nullptr, nullptr, nullptr},
                        {}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OpObject, vectorcall), READONLY, nullptr}, {}};
PyType_Slot function_slots[] = {{Py_tp_call, (void*)PyVectorcall_Call},
                                {Py_tp_repr, (void*)function_repr},
                                {Py_tp_getset, getset},
                                {Py_tp_methods, methods},
                                {Py_tp_members, members},
                                {0, nullptr}};
PyType_Slot method_slots[] = {{Py_tp_call, (void*)PyVectorcall_Call},
                              {Py_tp_repr, (void*)method_repr},
                              {Py_tp_getset, getset},
                              {Py_tp_methods, methods},
                              {Py_tp_members, members},
                              {Py_tp_descr_get, (void*)method_get},
                              {0, nullptr}};
PyType_Spec function_spec = {"adjoint.builtin_function", sizeof(OpObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                 Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                             function_slots};
PyType_Spec method_spec = {"adjoint.method", sizeof(OpObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
                               Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                           method_slots};

// PyTorch has torch.exp_(x), for functions of one tensor and a few more, but no torch.add_.
bool has_inplace_function(const OpRecord& r) {
  return (r.flags & kInplace) && (r.flags & kFunction) &&
         (r.flags & kInplaceFunction || count_parameters(r.schema) == 1);
}

// One more record for the name in that namespace.
OpEntry& add_record(Table& table, PyObject* dict, std::string name, Form form, const OpRecord* r) {
  OpEntry*& e = table[name];
  if (!e) {
    e = new OpEntry;
    e->name = name;
    e->form = form;
    PyObject* text = must(PyUnicode_FromString(name.c_str()));
    PyUnicode_InternInPlace(&text);
    e->py_name = text;
    bool function = form == Form::Function || form == Form::InplaceFunction;
    auto* o =
        reinterpret_cast<OpObject*>(must(PyType_GenericAlloc(function ? function_type : method_type, 0)));
    o->vectorcall = function ? function_call : method_call;
    o->entry = e;
    e->object = reinterpret_cast<PyObject*>(o);
    if (PyDict_SetItem(dict, text, e->object) < 0) raise_set();
    Py_DECREF(e->object);
  }
  e->records.push_back(r);
  return *e;
}

// _return_type(name): the named tuple of an operation's results.
PyObject* return_type(PyObject*, PyObject* name) {
  return guarded([&]() -> PyObject* {
    const char* text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : nullptr;
    OpEntry* e = text ? find_function(text) : nullptr;
    if (!e && text) e = find_method(text);
    if (!e && text && std::string_view(text).starts_with("linalg_")) e = find(linalg_by_name, text + 7);
    if (e) {
      e->ensure_parsed();
      for (Overload& o : e->overloads)
        if (o.schema->named_results) return Py_NewRef(reinterpret_cast<PyObject*>(tuple_type(o)));
    }
    PyErr_SetObject(PyExc_KeyError, name);
    return nullptr;
  });
}
// _records(): every operation that Python can call.
PyObject* records(PyObject*, PyObject*) {
  return guarded([] {
    Ref list = Ref::steal(must(PyList_New(0)));
    for (const OpRecord* r : all_records())
      if (r->flags & (kBoth | kLinalg | kSpecial | kNN | kFft | kHidden)) append(list.get(), describe(*r));
    return list.take();
  });
}
PyMethodDef module_functions[] = {
    {"_records", records, METH_NOARGS, nullptr}, {"_return_type", return_type, METH_O, nullptr}, {}};
}  // namespace

OpEntry* find_method(std::string_view name) { return find(methods_by_name, name); }
OpEntry* find_function(std::string_view name) { return find(functions_by_name, name); }

void add_operations(PyObject* module) {
  Formula::find_all();
  function_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&function_spec)));
  method_type = reinterpret_cast<PyTypeObject*>(must(PyType_FromSpec(&method_spec)));
  static Table special, nn, fft, hidden;
  struct Space {
    uint32_t flag;
    const char *name, *module;  // in _core, and where users, and pickles, find it
    Table* table;
    PyObject* dict;
  } spaces[] = {{kFunction, nullptr, "adjoint", &functions_by_name, PyModule_GetDict(module)},
                {kLinalg, "_linalg", "adjoint.linalg", &linalg_by_name, nullptr},
                {kSpecial, "_special", "adjoint.special", &special, nullptr},
                {kNN, "_nn", "adjoint.nn.functional", &nn, nullptr},
                {kFft, "_fft", "adjoint.fft", &fft, nullptr},
                {kHidden, "_ops", "adjoint", &hidden, nullptr}};
  for (Space& s : spaces) {
    if (s.dict) continue;
    s.dict = must(PyDict_New());
    if (PyModule_AddObjectRef(module, s.name, s.dict) < 0) raise_set();
  }
  add_return_types(module);
  for (const OpRecord* r : all_records()) {
    std::string name(schema_name(r->schema));
    for (Space& s : spaces)
      if (r->flags & s.flag) add_record(*s.table, s.dict, name, Form::Function, r).module = s.module;
    if (r->flags & kMethod) add_record(methods_by_name, tensor_type->tp_dict, name, Form::Method, r);
    if (r->flags & kInplace) add_record(methods_by_name, tensor_type->tp_dict, name + "_", Form::Inplace, r);
    if (has_inplace_function(*r))
      add_record(functions_by_name, spaces[0].dict, name + "_", Form::InplaceFunction, r);
  }
  PyType_Modified(tensor_type);
  if (PyModule_AddFunctions(module, module_functions) < 0) raise_set();
}

}  // namespace adjoint::python
