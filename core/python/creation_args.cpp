// Arguments of creation functions written by hand: names to places, and the usual options.
#include <algorithm>
#include "python/args.h"
#include "python/creation.h"
#include "python/types.h"

namespace adjoint::python {

void bind(const char* f, const char* const* names, int count, int positional, int required,
          PyObject* const* args, Py_ssize_t n, PyObject* keywords, PyObject** out) {
  std::fill_n(out, count, nullptr);
  if (n > positional) {
    if (required == positional || positional <= 1)
      raise(PyExc_TypeError, "%s() takes %d positional argument%s but %zd were given", f, positional,
            positional == 1 ? "" : "s", n);
    raise(PyExc_TypeError, "%s() takes from %d to %d positional arguments but %zd were given", f, required,
          positional, n);
  }
  for (Py_ssize_t i = 0; i < n; ++i) out[i] = args[i];
  for (Py_ssize_t k = 0; keywords && k < PyTuple_GET_SIZE(keywords); ++k) {
    PyObject* key = PyTuple_GET_ITEM(keywords, k);
    int i = 0;
    while (i < count && PyUnicode_CompareWithASCIIString(key, names[i])) ++i;
    if (i == count) raise(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", f, key);
    if (out[i]) raise(PyExc_TypeError, "%s() got multiple values for argument '%U'", f, key);
    out[i] = args[n + k];
  }
  for (int i = 0; i < required; ++i)
    if (!out[i]) raise(PyExc_TypeError, "%s() missing 1 required positional arguments: \"%s\"", f, names[i]);
}

Options read_options(const char* f, PyObject* dtype, PyObject* device, PyObject* requires_grad) {
  Options o;
  if (dtype && dtype != Py_None) {
    Dtype d;
    if (!to_dtype(dtype, d))
      raise(PyExc_TypeError, "%s(): argument 'dtype' must be torch.dtype, not %s", f,
            Py_TYPE(dtype)->tp_name);
    o.dtype = d;
  }
  if (device && device != Py_None) {
    if (!looks_like_device(device))
      raise(PyExc_TypeError, "%s(): argument 'device' must be torch.device, not %s", f,
            Py_TYPE(device)->tp_name);
    o.device = to_device(device);
  }
  if (requires_grad && requires_grad != Py_None) {
    if (!PyBool_Check(requires_grad))
      raise(PyExc_TypeError, "%s(): argument 'requires_grad' must be bool, not %s", f,
            Py_TYPE(requires_grad)->tp_name);
    o.requires_grad = requires_grad == Py_True;
  }
  return o;
}

}  // namespace adjoint::python
