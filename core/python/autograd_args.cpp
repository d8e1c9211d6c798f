// Arguments of the autograd side's own methods and functions.
#include "python/autograd.h"

namespace adjoint::python {

void bind_args(const char* function, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames,
               const char* const* names, PyObject** out, int required) {
  int count = 0;
  while (names[count]) ++count;
  if (nargs > count)
    raise(PyExc_TypeError, "%s() takes at most %d positional arguments but %zd were given", function, count,
          nargs);
  for (Py_ssize_t i = 0; i < nargs; ++i) out[i] = args[i];
  Py_ssize_t keywords = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
  for (Py_ssize_t k = 0; k < keywords; ++k) {
    PyObject* name = PyTuple_GET_ITEM(kwnames, k);
    int i = 0;
    while (i < count && PyUnicode_CompareWithASCIIString(name, names[i])) ++i;
    if (i == count) raise(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", function, name);
    if (out[i]) raise(PyExc_TypeError, "%s() got multiple values for argument '%s'", function, names[i]);
    out[i] = args[nargs + k];
  }
  for (int i = 0; i < required; ++i)
    if (!out[i])
      raise(PyExc_TypeError, "%s() missing %d required positional arguments: \"%s\"", function, required - i,
            names[i]);
}

bool as_bool(PyObject* o, const char* function, const char* name, int position) {
  if (!PyBool_Check(o))
    raise(PyExc_TypeError, "%s(): argument '%s' (position %d) must be bool, not %s", function, name, position,
          Py_TYPE(o)->tp_name);
  return o == Py_True;
}

PyObject* package(const char* module) {
  Ref name = Ref::steal(must(PyUnicode_FromFormat("adjoint.%s", module)));
  return must(PyImport_Import(name.get()));
}

}  // namespace adjoint::python
