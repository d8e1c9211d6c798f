// The tensor type's number, sequence and mapping slots.
#pragma once
#include <vector>
#include "ops/pointwise_record.h"
#include "python/op_function.h"

namespace adjoint::python {

void add_slots(std::vector<PyType_Slot>& slots);
void bind_slots();  // once the operations are known

// --- indexing.cpp ---
PyObject* subscript(PyObject* self, PyObject* index);
int assign_subscript(PyObject* self, PyObject* index, PyObject* value);

// --- scalars out of tensors (convert.cpp) ---
PyObject* number_of(const Scalar& s);
PyObject* tensor_bool_slot(PyObject* self);

// An exact tensor or a parameter: nothing can take the call over.
inline bool is_plain(PyObject* o) {
  return __builtin_expect(Py_TYPE(o) == tensor_type, 1) || (parameter_type && Py_TYPE(o) == parameter_type);
}

// A float or an int of ordinary size, without looking further.
inline bool quick_number(PyObject* o, QuickArg& x) {
  if (PyFloat_CheckExact(o)) {
    x.number = PyFloat_AS_DOUBLE(o);
    return true;
  }
  if (!PyLong_CheckExact(o)) return false;
  int overflow = 0;
  long long i = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (overflow || i > (1ll << 53) || i < -(1ll << 53)) return false;
  x.number = double(i);
  x.integer = true;
  return true;
}

}  // namespace adjoint::python
