// Operations as Python callables: torch.exp (a function) and Tensor.exp (a method), made from the registry.
#pragma once
#include "python/args.h"

namespace adjoint::python {

enum class Form : uint8_t { Function, Method, Inplace, InplaceFunction };

// All overloads of one name in one place (adjoint, Tensor, adjoint.linalg ...). Schemas are read at the first
// call.
struct OpEntry {
  std::string name;
  PyObject* py_name = nullptr;
  Form form = Form::Function;
  std::vector<const OpRecord*> records;
  std::vector<Overload> overloads;
  PyObject* object = nullptr;  // the callable, borrowed from its namespace
  const char* module = "adjoint";
  bool parsed = false;
  // The formula that a call of `quick_arity` plain operands comes to, or null; which operands may be tensors,
  // and which numbers (bits).
  const PointwiseOp* quick = nullptr;
  int quick_arity = 0;
  unsigned quick_tensors = 0, quick_numbers = 0;
  void ensure_parsed();

 private:
  void find_quick(const Overload& o);
};

// The callables of every record: methods go into the tensor type, functions into the module, and into
// its dictionaries _linalg, _special, _nn, _fft, _ops.
void add_operations(PyObject* module);
OpEntry* find_method(std::string_view name);  // null where no record gives it
OpEntry* find_function(std::string_view name);
// Calls it; `call.self` set in method form. Null with a Python exception set.
PyObject* call_entry(OpEntry& e, const Call& call);
// entry(self, a) in method form.
PyObject* call_method(OpEntry& e, PyObject* self, std::initializer_list<PyObject*> args = {});

// --- results.cpp ---
PyObject* give_back(Overload& o, Returned& r);  // a result as Python sees it
PyObject* give_tuple(Overload& o, std::vector<Tensor>& ts, bool out = false);
PyTypeObject* tuple_type(const Overload& o, const char* suffix = "");  // the named tuple of its results
void add_return_types(PyObject* module);

}  // namespace adjoint::python
