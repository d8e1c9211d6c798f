// torch.tensor and its family: type inference over nested sequences, then one pass that stores the numbers.
#include "python/creation.h"
#include <cmath>
#include <cstring>
#include <limits>
#include "autograd/cuts.h"
#include "autograd/leaf.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "python/args.h"
#include "python/overrides.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

constexpr int kMostDims = 64;

bool is_text(PyObject* o) { return PyUnicode_Check(o) || PyBytes_Check(o); }

Dtype default_complex() { return complex_of(default_dtype() == Dtype::F64 ? Dtype::F64 : Dtype::F32); }

// The entries of a sequence: a list or tuple itself, of any other as many as it says it has. (Python would ask it for
// more until it refuses, and some never do.)
Ref entries(PyObject* o) {
  if (PyList_CheckExact(o) || PyTuple_CheckExact(o)) return Ref::share(o);
  Py_ssize_t n = PySequence_Size(o);
  if (n < 0) raise_set();
  Ref list = Ref::steal(must(PyList_New(0)));
  for (Py_ssize_t i = 0; i < n; ++i) {
    Ref item = Ref::steal(PySequence_GetItem(o, i));
    if (!item && PyErr_ExceptionMatches(PyExc_IndexError)) {
      PyErr_Clear();
      break;
    }
    if (PyList_Append(list.get(), must(item.get())) < 0) raise_set();
  }
  return list;
}

// --- what type does the data have? ---
std::optional<Dtype> infer(PyObject* o, int depth) {
  if (depth > 128) raise(PyExc_TypeError, "new(): self-referential lists are incompatible");
  if (PyFloat_CheckExact(o)) return default_dtype();
  if (PyBool_Check(o)) return Dtype::Bool;
  if (PyLong_Check(o)) return Dtype::I64;
  if (is_tensor(o)) return unwrap(o)->dtype;
  if (is_ndarray(o)) return dtype_of_ndarray(o);
  if (is_numpy_scalar(o)) {
    Ref array = Ref::steal(must(PyObject_CallMethod(o, "__array__", nullptr)));
    return dtype_of_ndarray(array.get());
  }
  if (PyFloat_Check(o)) return default_dtype();
  if (PyComplex_Check(o)) return default_complex();
  if (is_text(o)) raise(PyExc_TypeError, "new(): invalid data type '%s'", Py_TYPE(o)->tp_name);
  if (!PySequence_Check(o)) fail("Could not infer dtype of ", Py_TYPE(o)->tp_name);
  Ref items = entries(o);
  std::optional<Dtype> type;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {  // an entry's code may shorten it
    Ref item = Ref::share(PySequence_Fast_GET_ITEM(items.get(), i));
    if (item.get() == o) raise(PyExc_TypeError, "new(): self-referential lists are incompatible");
    if (type == Dtype::C128) break;
    std::optional<Dtype> t = infer(item.get(), depth + 1);
    if (t) type = type ? promote(*type, *t) : *t;
  }
  return type ? type : std::optional<Dtype>(default_dtype());
}

Dims shape_of(PyObject* data) {
  Dims sizes;
  Ref o = Ref::share(data);
  while (!is_tensor(o.get()) && PySequence_Check(o.get()) && !is_numpy_scalar(o.get())) {
    if (is_text(o.get())) raise(PyExc_ValueError, "too many dimensions '%s'", Py_TYPE(o.get())->tp_name);
    Py_ssize_t n = PySequence_Size(o.get());
    if (n < 0) raise_set();
    sizes.push_back(n);
    if (sizes.size() > kMostDims)
      raise(PyExc_ValueError, "too many dimensions '%s'", Py_TYPE(o.get())->tp_name);
    if (n == 0) break;
    o = Ref::steal(must(PySequence_GetItem(o.get(), 0)));
  }
  return sizes;
}

// --- numbers into memory ---
[[noreturn]] void does_not_fit(Dtype d) {
  fail("value cannot be converted to type ", name_of(d), " without overflow");
}

template <class T> void store_int(PyObject* o, T* p, Dtype d) {
  int64_t v;
  if (PyLong_Check(o)) {
    int overflow = 0;
    long long i = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow) raise(PyExc_ValueError, "Overflow when unpacking long long");
    v = i;
  } else if (PyFloat_Check(o)) {
    double f = PyFloat_AS_DOUBLE(o);
    // Before it is cut: neither -0.5 nor 255.5 is a uint8.
    constexpr double above = sizeof(T) == 8 ? 0x1p63 : double(std::numeric_limits<T>::max());
    bool fits = sizeof(T) == 8 ? f < above : f <= above;
    if (!fits || !(f >= double(std::numeric_limits<T>::min()))) does_not_fit(d);
    v = int64_t(f);
  } else {
    Ref i = Ref::steal(PyNumber_Index(o));
    if (!i) {
      if (!Py_TYPE(o)->tp_as_number || !Py_TYPE(o)->tp_as_number->nb_int || PyComplex_Check(o)) raise_set();
      PyErr_Clear();
      i = Ref::steal(must(PyNumber_Long(o)));
    }
    v = PyLong_AsLongLong(i.get());
    if (v == -1 && PyErr_Occurred()) raise_set();
  }
  constexpr int64_t most = int64_t(std::numeric_limits<T>::max());
  // A negative number wraps in uint8, as in PyTorch.
  int64_t least = std::is_unsigned_v<T> ? -most - 1 : int64_t(std::numeric_limits<T>::min());
  if (v > most || v < least) does_not_fit(d);
  *p = T(v);
}

void store_number(PyObject* o, char* p, Dtype d) {
  if (is_tensor(o)) {
    const Tensor& t = unwrap(o);
    if (t->numel != 1) raise(PyExc_ValueError, "only one element tensors can be converted to Python scalars");
    if (t->requires_grad()) note_cut(Cut::Copy, "tensor", *t);
    if (is_floating(t->dtype) || is_complex(t->dtype) == is_complex(d)) return item(t).store(p, d);
  }
  switch (d) {
    case Dtype::Bool: {
      int truth = PyObject_IsTrue(o);
      if (truth < 0) raise_set();
      *reinterpret_cast<bool*>(p) = truth;
      return;
    }
    case Dtype::U8: return store_int(o, reinterpret_cast<uint8_t*>(p), d);
    case Dtype::I8: return store_int(o, reinterpret_cast<int8_t*>(p), d);
    case Dtype::I16: return store_int(o, reinterpret_cast<int16_t*>(p), d);
    case Dtype::I32: return store_int(o, reinterpret_cast<int32_t*>(p), d);
    case Dtype::I64: return store_int(o, reinterpret_cast<int64_t*>(p), d);
    case Dtype::C64:
    case Dtype::C128: {
      Py_complex c = PyComplex_AsCComplex(o);
      if (c.real == -1 && PyErr_Occurred()) raise_set();
      Scalar(std::complex<double>(c.real, c.imag)).store(p, d);
      return;
    }
    default: {
      double f = PyFloat_CheckExact(o) ? PyFloat_AS_DOUBLE(o) : PyFloat_AsDouble(o);
      if (f == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
          PyErr_Clear();
          raise(PyExc_ValueError, "Overflow when unpacking double");
        }
        raise_set();
      }
      if (d == Dtype::F32)
        *reinterpret_cast<float*>(p) = float(f);
      else if (d == Dtype::F64)
        *reinterpret_cast<double*>(p) = f;
      else
        Scalar(f).store(p, d);
    }
  }
}

char* store(PyObject* data, char* p, Ints sizes, size_t dim, Dtype d) {
  if (dim == sizes.size()) {
    store_number(data, p, d);
    return p + item_size(d);
  }
  Ref items = entries(data);
  Py_ssize_t n = PySequence_Fast_GET_SIZE(items.get());
  if (n != sizes[dim])
    raise(PyExc_ValueError, "expected sequence of length %lld at dim %zu (got %zd)", (long long)sizes[dim],
          dim, n);
  for (Py_ssize_t i = 0; i < n; ++i) {
    if (i >= PySequence_Fast_GET_SIZE(items.get()))
      raise(PyExc_RuntimeError, "the list changed while it was read");
    Ref item = Ref::share(PySequence_Fast_GET_ITEM(items.get(), i));
    p = store(item.get(), p, sizes, dim + 1, d);
  }
  return p;
}

void warn_slow_list(PyObject* data) {
  if (!PyList_Check(data) || PyList_GET_SIZE(data) == 0 || !is_ndarray(PyList_GET_ITEM(data, 0))) return;
  if (PyErr_WarnEx(PyExc_UserWarning,
                   "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider "
                   "converting the list to a single "
                   "numpy.ndarray with numpy.array() before converting to a tensor.",
                   1) < 0)
    raise_set();
}

Tensor copied(const Tensor& x, std::optional<Dtype> dtype, Device device) {
  Dtype d = dtype.value_or(x->dtype);
  if (device == Device::Meta) return empty(x->sizes(), d, device);
  check(!x->meta_device(), "Cannot copy out of meta tensor; no data!");
  Tensor y = empty_like_strides(x, d);
  raw::copy(y, x);
  y->cut = x->requires_grad() ? note_cut(Cut::Copy, "tensor", *x) : x->cut;
  return y;
}
Tensor finish(Tensor t, bool requires_grad) {
  if (!requires_grad) return t;
  check(is_differentiable(t->dtype),
        "Only Tensors of floating point and complex dtype can require gradients");
  set_requires_grad(t, true);
  return t;
}
}  // namespace

Tensor tensor_from_data(PyObject* data, std::optional<Dtype> dtype, Device device, bool warn) {
  if (is_text(data)) raise(PyExc_TypeError, "new(): invalid data type '%s'", Py_TYPE(data)->tp_name);
  if (is_tensor(data)) return copied(unwrap(data), dtype, device);
  if (is_ndarray(data)) return copied(from_ndarray(data, false), dtype, device);
  if (PyFloat_CheckExact(data) && !dtype && device == Device::Cpu)
    return scalar_tensor(Scalar(PyFloat_AS_DOUBLE(data)), default_dtype());
  Dims sizes = shape_of(data);
  if (warn) warn_slow_list(data);
  if (numel_of(sizes) >> 40) empty(sizes, Dtype::U8);  // refused before anybody looks at so many numbers
  Dtype d = dtype ? *dtype : *infer(data, 0);
  Tensor t = empty(sizes, d);
  if (t->numel) store(data, t->host(), t->sizes(), 0, d);
  return device == Device::Meta ? empty(sizes, d, device) : t;
}

Tensor tensor_like(PyObject* data, std::optional<Dtype> dtype, std::optional<Device> device) {
  Tensor t;
  if (is_tensor(data))
    t = unwrap(data);
  else if (is_ndarray(data))
    t = from_ndarray(data, true);
  else
    return tensor_from_data(data, dtype, device.value_or(default_device));
  if (device && *device != t->device) return copied(t, dtype, *device);
  return dtype ? ops::to(t, *dtype) : t;
}

namespace {
void warn_copy_construct(const char* call) {
  std::string text =
      str("To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
          "sourceTensor.detach().clone().requires_grad_(True), rather than ",
          call, "(sourceTensor).");
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) raise_set();
}

PyObject* py_tensor(PyObject* module, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"data", "dtype", "device", "requires_grad", "pin_memory", "names"};
    PyObject* a[6];
    if (n == 1 && !keywords && PyFloat_CheckExact(args[0]) && default_device == Device::Cpu)
      return wrap_result(scalar_tensor(Scalar(PyFloat_AS_DOUBLE(args[0])), default_dtype()));
    bind("tensor", names, 6, 1, 1, args, n, keywords, a);
    if (overridden(a[0])) {
      Ref self = Ref::steal(must(PyObject_GetAttrString(module, "tensor")));
      return call_override(self.get(), args, n, keywords);
    }
    Options o = read_options("tensor", a[1], a[2], a[3]);
    if (is_tensor(a[0])) warn_copy_construct("torch.tensor");
    Tensor t = tensor_from_data(a[0], o.dtype, o.device.value_or(default_device));
    if (is_tensor(a[0])) {  // a copy has no history: it remembers where (Note [Cuts])
      const Tensor& x = unwrap(a[0]);
      t->cut = x->requires_grad() ? note_cut(Cut::Copy, "tensor", *x) : x->cut;
    }
    return wrap_result(finish(std::move(t), o.requires_grad));
  });
}

PyObject* py_as_tensor(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"data", "dtype", "device"};
    PyObject* a[3];
    bind("as_tensor", names, 3, 3, 1, args, n, keywords, a);
    Options o = read_options("as_tensor", a[1], a[2], nullptr);
    return wrap_result(tensor_like(a[0], o.dtype, o.device));
  });
}

// asarray(obj, *, dtype, device, copy, requires_grad): shares unless copy=True or it must convert.
PyObject* py_asarray(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"obj", "dtype", "device", "copy", "requires_grad"};
    PyObject* a[5];
    bind("asarray", names, 5, 1, 1, args, n, keywords, a);
    Options o = read_options("asarray", a[1], a[2], a[4]);
    bool given = a[3] && a[3] != Py_None, always = given && a[3] == Py_True,
         never = given && a[3] == Py_False;
    Tensor t;
    bool shares = true;
    if (is_tensor(a[0]))
      t = unwrap(a[0]);
    else if (is_ndarray(a[0]))
      t = from_ndarray(a[0], true);
    else if (PyObject_HasAttrString(a[0], "__dlpack__"))
      t = from_dlpack(a[0]);
    else if (PyObject_CheckBuffer(a[0]) && !PyBytes_Check(a[0]))
      t = from_ndarray(a[0], true);
    else {
      if (never) raise(PyExc_ValueError, "can't alias arbitrary sequence as tensor.");
      t = tensor_from_data(a[0], o.dtype, o.device.value_or(default_device));
      shares = false;
    }
    bool convert = (o.dtype && *o.dtype != t->dtype) || (o.device && *o.device != t->device);
    if (never && convert) raise(PyExc_ValueError, "can't alias tensor with different dtype or device.");
    if (shares && (always || convert)) {
      Tensor source = t;
      t = convert && !(o.device && *o.device != t->device) ? ops::to(t, *o.dtype)
                                                           : copied(t, o.dtype, o.device.value_or(t->device));
      if (!convert && requires_grad(source)) t = ops::clone(source);
    }
    if (is_tensor(a[0]) && t.same(unwrap(a[0])) && !a[4]) return Py_NewRef(a[0]);
    if (t->requires_grad() && !o.requires_grad) {
      uint32_t cut = note_cut(Cut::Copy, "asarray", *t);
      t = detach(t);
      t->cut = cut;
    }
    if (o.requires_grad && !t->requires_grad()) set_requires_grad(t, true);
    return wrap_result(std::move(t));
  });
}

PyObject* new_tensor(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"data", "dtype", "device", "requires_grad", "pin_memory", "layout"};
    PyObject* a[6];
    bind("new_tensor", names, 6, 1, 1, args, n, keywords, a);
    Options o = read_options("new_tensor", a[1], a[2], a[3]);
    if (is_tensor(a[0])) warn_copy_construct("tensor.new_tensor");
    const Tensor& x = unwrap(self);
    return wrap_result(finish(
        tensor_from_data(a[0], o.dtype.value_or(x->dtype), o.device.value_or(x->device)), o.requires_grad));
  });
}

// The constructor of old, for a given type: sizes, data, another tensor.
Tensor legacy(Dtype d, PyObject* const* args, Py_ssize_t n) {
  if (n == 0) return empty(Dims{0}, d);
  PyObject* o = args[0];
  int64_t i;
  if (n == 1 && is_tensor(o)) {
    const Tensor& t = unwrap(o);
    if (t->ndim == 0 && is_integral(t->dtype) && to_int(o, i)) return empty(Dims{i}, d);
    if (t->dtype != d) raise(PyExc_TypeError, "expected %s (got %s)", label_of(d), label_of(t->dtype));
    return ops::alias_view(t);
  }
  Scratch s;
  Ints sizes;
  if (n == 1 && Py_TYPE(o) == size_type && to_ints(o, false, s, sizes)) return empty(sizes, d);
  if (to_int(o, i)) {
    int64_t* p = s.ints(size_t(n));
    for (Py_ssize_t k = 0; k < n; ++k)
      if (!to_int(args[k], p[k]))
        raise(PyExc_TypeError,
              "new(): argument 'size' failed to unpack the object at pos %zd with error \"type must be tuple "
              "of ints,but got %s\"",
              k + 1, Py_TYPE(args[k])->tp_name);
    return empty(Ints{p, size_t(n)}, d);
  }
  if (n != 1)
    raise(PyExc_TypeError, "new() received an invalid combination of arguments - got %s",
          call_text({nullptr, args, n, nullptr}).c_str());
  if (!PySequence_Check(o) && !is_ndarray(o))
    raise(PyExc_TypeError, "new(): data must be a sequence (got %s)", Py_TYPE(o)->tp_name);
  return tensor_from_data(o, d, Device::Cpu);
}

// _legacy_new(dtype, *args)
PyObject* legacy_new(PyObject*, PyObject* const* args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    Dtype d;
    if (n < 1 || !to_dtype(args[0], d)) raise(PyExc_TypeError, "_legacy_new(dtype, *args)");
    return wrap_result(legacy(d, args + 1, n - 1));
  });
}

PyMethodDef functions[] = {
    {"tensor", (PyCFunction)(void*)py_tensor, METH_FASTCALL | METH_KEYWORDS,
     "tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False) -> Tensor\n\nA tensor "
     "with a copy of the data: numbers, "
     "nested sequences, arrays.\n\n>>> torch.tensor([[1.0, 2.0]])\ntensor([[1., 2.]])"},
    {"as_tensor", (PyCFunction)(void*)py_as_tensor, METH_FASTCALL | METH_KEYWORDS,
     "as_tensor(data, dtype=None, device=None) -> Tensor\n\nLike tensor(), but shares memory and history "
     "where it can."},
    {"asarray", (PyCFunction)(void*)py_asarray, METH_FASTCALL | METH_KEYWORDS,
     "asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False) -> Tensor\n\nA tensor over "
     "obj's memory, or a copy."},
    {"_legacy_new", (PyCFunction)(void*)legacy_new, METH_FASTCALL, nullptr},
    {}};
PyMethodDef methods[] = {{"new_tensor", (PyCFunction)(void*)new_tensor, METH_FASTCALL | METH_KEYWORDS,
                          "new_tensor(data, *, dtype=None, device=None, requires_grad=False) -> "
                          "Tensor\n\nLike torch.tensor, of this tensor's type by default."},
                         {}};
}  // namespace

PyObject* tensor_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    Device device = Device::Cpu;
    if (kwargs && PyDict_Size(kwargs)) {
      PyObject* d = PyDict_GetItemString(kwargs, "device");
      if (type == tensor_type && (!d || PyDict_Size(kwargs) != 1))
        raise(PyExc_TypeError, "new() received an invalid combination of arguments");
      if (d && d != Py_None) device = to_device(d);
      check(device == Device::Cpu,
            "legacy constructor expects device type: cpu but device type: meta was passed");
    }
    auto** items = reinterpret_cast<PyTupleObject*>(args)->ob_item;
    return wrap_as(type, legacy(default_dtype(), items, PyTuple_GET_SIZE(args)));
  });
}

PyMethodDef* creation_methods() { return methods; }
void add_creation(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
