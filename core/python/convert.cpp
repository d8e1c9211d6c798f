// Out of tensors: item(), tolist(), sizes and strides as Python sees them.
#include "autograd/cuts.h"
#include "ops/ops.h"
#include "python/args.h"
#include "python/creation.h"
#include "python/overrides.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

// If the object's class takes the call over, its answer; the method is found by name on the tensor type.
bool taken_over(PyObject* self, const char* name, PyObject* const* args, Py_ssize_t n, PyObject* keywords,
                PyObject*& result) {
  if (__builtin_expect(is_plain(self) || !overridden(self), 1)) return false;
  Ref f = Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), name)));
  std::vector<PyObject*> all{self};
  Py_ssize_t nk = keywords ? PyTuple_GET_SIZE(keywords) : 0;
  all.insert(all.end(), args, args + n + nk);
  result = call_override(f.get(), all.data(), n + 1, keywords);
  return true;
}

PyObject* py_item(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    PyObject* r;
    if (taken_over(self, "item", nullptr, 0, nullptr, r)) return r;
    const Tensor& t = unwrap(self);
    if (__builtin_expect(t->requires_grad(), 0)) note_cut(Cut::Item, nullptr, *t);
    if (__builtin_expect(t->numel == 1 && !t->meta_device(), 1)) return number_of(item_at(*t));
    check(!t->meta_device(), "Tensor.item() cannot be called on meta tensors");
    fail("a Tensor with ", t->numel, " elements cannot be converted to Scalar");
  });
}

template <class T, class Make> PyObject* nested(const TensorImpl& t, int dim, const char* p, Make make) {
  if (dim == t.ndim) return must(make(*reinterpret_cast<const T*>(p)));
  Ref list = Ref::steal(must(PyList_New(t.size(dim))));
  int64_t step = t.stride(dim) * int64_t(sizeof(T));
  bool last = dim + 1 == t.ndim;
  for (int64_t i = 0; i < t.size(dim); ++i)
    PyList_SET_ITEM(list.get(), i,
                    last ? must(make(*reinterpret_cast<const T*>(p + i * step)))
                         : nested<T>(t, dim + 1, p + i * step, make));
  return list.take();
}

PyObject* py_tolist(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    PyObject* r;
    if (taken_over(self, "tolist", nullptr, 0, nullptr, r)) return r;
    const Tensor& t = unwrap(self);
    if (t->requires_grad()) note_cut(Cut::ToList, nullptr, *t);
    check_as(!t->meta_device(), ErrorKind::NotImplemented, "Cannot copy out of meta tensor; no data!");
    return visit(t->dtype, [&]<class T>(T*) -> PyObject* {
      return nested<T>(*t, 0, t->host(), [](const T& v) -> PyObject* {
        if constexpr (std::is_same_v<T, bool>)
          return PyBool_FromLong(v);
        else if constexpr (std::is_integral_v<T>)
          return PyLong_FromLongLong(v);
        else if constexpr (requires { v.imag(); })
          return PyComplex_FromDoubles(v.real(), v.imag());
        else
          return PyFloat_FromDouble(double(float(v)) == double(v) ? double(float(v)) : double(v));
      });
    });
  });
}

// size(), size(dim); stride(), stride(dim)
template <bool kStride>
PyObject* geometry(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    constexpr const char* name = kStride ? "stride" : "size";
    PyObject* r;
    if (taken_over(self, name, args, n, keywords, r)) return r;
    const Tensor& t = unwrap(self);
    PyObject* dim = nullptr;
    static const char* const names[] = {"dim"};
    if (n || keywords) bind(name, names, 1, 1, 0, args, n, keywords, &dim);
    if (!dim || dim == Py_None) return kStride ? make_tuple(t->strides()) : make_size(t->sizes());
    int64_t d;
    if (!to_int(dim, d))
      raise(PyExc_TypeError, "%s(): argument 'dim' (position 1) must be int, not %s", name,
            Py_TYPE(dim)->tp_name);
    d = wrap_dim(d, t->ndim);
    if (t->ndim == 0)
      raise(PyExc_IndexError, "Dimension specified as %lld but tensor has no dimensions", (long long)d);
    return PyLong_FromLongLong(kStride ? t->stride(int(d)) : t->size(int(d)));
  });
}

PyObject* complex_number(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    if (unwrap(self)->numel != 1)
      raise(PyExc_ValueError, "only one element tensors can be converted to Python scalars");
    std::complex<double> c = item(unwrap(self)).to_complex();
    return PyComplex_FromDoubles(c.real(), c.imag());
  });
}
// f"{x:.2f}" works for one element, else only without a format.
PyObject* format(PyObject* self, PyObject* spec) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(self);
    if (!PyUnicode_Check(spec))
      raise(PyExc_TypeError, "__format__() argument must be str, not %.200s", Py_TYPE(spec)->tp_name);
    if (t->ndim == 0 && !t->meta_device() && is_exact_tensor(self)) {
      Ref number = Ref::steal(must(number_of(item(t))));
      return PyObject_Format(number.get(), spec);
    }
    return PyObject_CallMethod(reinterpret_cast<PyObject*>(&PyBaseObject_Type), "__format__", "OO", self,
                               spec);
  });
}
PyObject* reversed(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(self);
    if (t->ndim == 0) return Py_NewRef(self);
    const int64_t zero = 0;
    return wrap(ops::flip(t, Ints{&zero, 1}));
  });
}

PyMethodDef methods[] = {
    {"item", py_item, METH_NOARGS, "item() -> number\n\nThe value of a tensor of one element."},
    {"tolist", py_tolist, METH_NOARGS, "tolist() -> list or number\n\nThe values as nested lists."},
    {"size", (PyCFunction)(void*)geometry<false>, METH_FASTCALL | METH_KEYWORDS,
     "size(dim=None) -> torch.Size or int"},
    {"stride", (PyCFunction)(void*)geometry<true>, METH_FASTCALL | METH_KEYWORDS,
     "stride(dim=None) -> tuple or int"},
    {"__complex__", complex_number, METH_NOARGS, nullptr},
    {"__format__", format, METH_O, nullptr},
    {"__reversed__", reversed, METH_NOARGS, nullptr},
    {}};
}  // namespace

PyMethodDef* convert_methods() { return methods; }

}  // namespace adjoint::python
