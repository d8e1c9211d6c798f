// One argument: a Python object as a Value. False where it is not of the kind.
#pragma once
#include "python/args.h"
#include "python/overrides.h"

namespace adjoint::python {

// Is it a tensor for this call? Classes with their own __torch_function__ are, and the call becomes theirs.
inline bool tensor_like(PyObject* o, Scratch& s) {
  if (__builtin_expect(is_exact_tensor(o), 1)) return true;
  if (is_tensor(o)) {
    if (Py_TYPE(o) != parameter_type && overridden(o)) s.overridden = true;
    return true;
  }
  if (!overridden(o)) return false;
  s.overridden = true;
  return true;
}

bool tensor_list(const Param& p, PyObject* o, Value& v, Scratch& s);
bool scalar_argument(PyObject* o, Value& v);
bool float_argument(PyObject* o, Value& v);
bool bool_argument(PyObject* o, Value& v);
bool other_kinds(const Param& p, PyObject* o, Value& v);

}  // namespace adjoint::python
