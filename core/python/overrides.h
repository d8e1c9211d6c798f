// __torch_function__: classes that take over what is done with their objects.
#pragma once
#include "python/object.h"

namespace adjoint::python {

// Note [Overrides]: exact tensors and parameters never come here. A subclass that inherits Tensor's own
// __torch_function__ gets results of its class; one with its own is asked.
extern bool overrides_disabled;  // within torch._C.DisableTorchFunctionSubclass
bool overridden(PyObject* o);    // has an active __torch_function__ (tensor subclass or any other object)

// Calls __torch_function__ of the arguments, subclasses before their bases, then from left to right.
PyObject* call_override(PyObject* function, PyObject* const* args, Py_ssize_t n, PyObject* keywords);
// The same for an attribute or slot: function(self, other...).
PyObject* call_override(PyObject* function, std::initializer_list<PyObject*> args);

// Results of class `cls`: tensors are made so, tuples and lists go through.
PyObject* convert_results(PyObject* result, PyTypeObject* cls);

extern PyObject* disabled_torch_function;  // torch._C._disabled_torch_function_impl
PyMethodDef* override_methods();  // __torch_function__, as_subclass, _make_subclass of the tensor type
void add_overrides(PyObject* module);

}  // namespace adjoint::python
