// Single arguments: numbers, lists and the rest, out of Python objects.
#include "python/values.h"
#include <cstring>
#include "python/types.h"

namespace adjoint::python {

const char* type_name(PyObject* o) { return Py_TYPE(o)->tp_name; }

bool is_numpy_scalar(PyObject* o) {
  const char* name = Py_TYPE(o)->tp_name;
  return !std::strncmp(name, "numpy.", 6) && std::strcmp(name + 6, "ndarray") && Py_TYPE(o)->tp_as_number &&
         (Py_TYPE(o)->tp_as_number->nb_float || PyComplex_Check(o) || PyObject_HasAttrString(o, "dtype"));
}
bool is_ndarray(PyObject* o) {
  for (PyTypeObject* t = Py_TYPE(o); t; t = t->tp_base)
    if (!std::strcmp(t->tp_name, "numpy.ndarray")) return true;
  return false;
}

namespace {
bool numpy_bool(PyObject* o) {
  const char* name = Py_TYPE(o)->tp_name;
  return !std::strcmp(name, "numpy.bool") || !std::strcmp(name, "numpy.bool_");
}

bool numpy_number(PyObject* o, Scalar& out) {
  if (!is_numpy_scalar(o)) return false;
  if (numpy_bool(o)) {
    int truth = PyObject_IsTrue(o);
    if (truth < 0) raise_set();
    out = Scalar(truth != 0);
    return true;
  }
  if (Py_TYPE(o)->tp_as_number->nb_index) {
    Ref i = Ref::steal(must(PyNumber_Index(o)));
    return to_scalar(i.get(), out);
  }
  if (std::strstr(Py_TYPE(o)->tp_name, "complex")) {
    Py_complex c = PyComplex_AsCComplex(o);
    if (PyErr_Occurred()) raise_set();
    out = Scalar(std::complex<double>(c.real, c.imag));
    return true;
  }
  double d = PyFloat_AsDouble(o);
  if (d == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    return false;
  }
  out = Scalar(d);
  return true;
}

int64_t int_value(PyObject* o) {
  int overflow = 0;
  long long i = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (__builtin_expect(overflow != 0, 0)) raise(PyExc_ValueError, "Overflow when unpacking long long");
  if (i == -1 && PyErr_Occurred()) raise_set();
  return i;
}

// A 0-d tensor of one number that nobody differentiates may stand for a number.
bool number_tensor(PyObject* o) {
  if (!is_tensor(o)) return false;
  const Tensor& t = unwrap(o);
  return t && t->ndim == 0 && !t->requires_grad() && !t->meta_device();
}
}  // namespace

bool to_scalar(PyObject* o, Scalar& out) {
  if (PyFloat_Check(o)) {
    out = Scalar(PyFloat_AS_DOUBLE(o));
  } else if (PyBool_Check(o)) {
    out = Scalar(o == Py_True);
  } else if (PyLong_Check(o)) {
    int overflow = 0;
    long long i = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (__builtin_expect(overflow != 0, 0)) raise(PyExc_OverflowError, "int too big to convert");
    out = Scalar(int64_t(i));
  } else if (PyComplex_Check(o)) {
    Py_complex c = PyComplex_AsCComplex(o);
    out = Scalar(std::complex<double>(c.real, c.imag));
  } else {
    return numpy_number(o, out);
  }
  return true;
}

bool to_int_slow(PyObject* o, int64_t& out) {
  if (PyLong_Check(o)) {
    if (PyBool_Check(o)) return false;
    out = int_value(o);
    return true;
  }
  if (number_tensor(o)) {
    if (!is_integral(unwrap(o)->dtype)) return false;
    out = item_at(*unwrap(o)).to_int();
    return true;
  }
  if (is_numpy_scalar(o) && !numpy_bool(o) && Py_TYPE(o)->tp_as_number->nb_index) {
    Ref i = Ref::steal(must(PyNumber_Index(o)));
    out = int_value(i.get());
    return true;
  }
  return false;
}

bool tensor_list(const Param& p, PyObject* o, Value& v, Scratch& s) {
  if (!PyTuple_Check(o) && !PyList_Check(o)) return false;
  std::vector<Tensor>& list = s.tensors();
  Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  list.reserve(size_t(n));
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(o, i);
    if (item == Py_None && p.null_elements) {
      list.emplace_back();
      continue;
    }
    if (!tensor_like(item, s)) return false;
    list.push_back(is_tensor(item) ? unwrap(item) : Tensor());
  }
  v.kind = Value::TensorList;
  v.tensors = &list;
  return true;
}

bool scalar_argument(PyObject* o, Value& v) {
  if (to_scalar(o, v.scalar)) {
    v.kind = Value::Number;
    return true;
  }
  if (!number_tensor(o)) return false;
  v.scalar = item_at(*unwrap(o));
  v.kind = Value::Number;
  return true;
}

bool float_argument(PyObject* o, Value& v) {
  v.kind = Value::Float;
  if (__builtin_expect(PyFloat_Check(o), 1)) {
    v.d = PyFloat_AS_DOUBLE(o);
    return true;
  }
  if (PyBool_Check(o)) {  // a bool is an int to Python, and to PyTorch here
    v.d = o == Py_True;
    return true;
  }
  Value number;
  if (!scalar_argument(o, number) || number.scalar.is_complex() || number.scalar.is_bool()) return false;
  v.d = number.scalar.to_double();
  return true;
}

bool bool_argument(PyObject* o, Value& v) {
  v.kind = Value::Bool;
  v.b = o == Py_True;
  if (__builtin_expect(PyBool_Check(o), 1)) return true;
  if (!numpy_bool(o)) return false;
  v.b = PyObject_IsTrue(o) == 1;
  return true;
}

bool other_kinds(const Param& p, PyObject* o, Value& v) {
  switch (p.kind) {
    case Kind::Str: {
      if (!PyUnicode_Check(o)) return false;
      Py_ssize_t n;
      const char* text = PyUnicode_AsUTF8AndSize(o, &n);
      if (!text) raise_set();
      v.kind = Value::Str;
      v.str = {text, size_t(n)};
      return true;
    }
    case Kind::Dtype: v.kind = Value::DtypeK; return to_dtype(o, v.dtype);
    case Kind::Device:
      if (!looks_like_device(o)) return false;
      v.kind = Value::DeviceK;
      v.device = to_device(o);
      return true;
    case Kind::Format: v.kind = Value::Format; return to_memory_format(o, v.format);
    case Kind::Layout: return Py_TYPE(o) == layout_type;
    case Kind::Generator: v.kind = Value::GeneratorK; return to_generator(o, v.generator);
    default: return false;
  }
}

}  // namespace adjoint::python
