// Memory shared with others through Python's buffer protocol: NumPy arrays, bytearrays, memoryviews. NumPy
// itself is imported only when an array is asked for.
#include <cstring>
#include "autograd/cuts.h"
#include "autograd/leaf.h"
#include "ops/ops.h"
#include "python/args.h"
#include "python/creation.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

constexpr const char* kNumpyTypes =
    "The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, "
    "int8, uint64, uint32, uint16, "
    "uint8, and bool.";

[[noreturn]] void unsupported(PyObject* o) {
  Ref dtype = Ref::steal(PyObject_GetAttrString(o, "dtype"));
  Ref type = dtype ? Ref::steal(PyObject_GetAttrString(dtype.get(), "type")) : Ref();
  PyErr_Clear();
  const char* name = type ? reinterpret_cast<PyTypeObject*>(type.get())->tp_name : Py_TYPE(o)->tp_name;
  raise(PyExc_TypeError, "can't convert np.ndarray of type %s. %s", name, kNumpyTypes);
}

// The dtype that a buffer's format names; false where there is none.
bool dtype_named(const char* f, Py_ssize_t size, Dtype& out) {
  if (!f) f = "B";
  if (*f == '@' || *f == '=' || *f == '<') ++f;
  bool complex = *f == 'Z';
  if (complex) ++f;
  if (f[0] && f[1]) return false;
  switch (*f) {
    case '?': out = Dtype::Bool; return true;
    case 'B': out = Dtype::U8; return true;
    case 'b':
    case 'c': out = Dtype::I8; return true;
    case 'e': out = Dtype::F16; return !complex;
    case 'f': out = complex ? Dtype::C64 : Dtype::F32; return true;
    case 'd': out = complex ? Dtype::C128 : Dtype::F64; return true;
    case 'h':
    case 'i':
    case 'l':
    case 'q': out = size == 2 ? Dtype::I16 : size == 4 ? Dtype::I32 : Dtype::I64; return true;
    default: return false;
  }
}
// An exporter may name a format and mean items of another size: no dtype either.
bool dtype_of_format(const char* f, Py_ssize_t size, Dtype& out) {
  return dtype_named(f, size, out) && Py_ssize_t(item_size(out)) == size;
}
constexpr const char* kFormats[kDtypes] = {"?", "B", "b", "h", "i", "q", "e", nullptr, "f", "d", "Zf", "Zd"};

Py_buffer* hold(PyObject* o) {
  auto* view = new Py_buffer;
  if (PyObject_GetBuffer(o, view, PyBUF_RECORDS_RO) < 0) {
    delete view;
    if (is_ndarray(o)) {
      PyErr_Clear();
      unsupported(o);
    }
    raise_set();
  }
  return view;
}
void let_go(void* context) {
  auto* view = static_cast<Py_buffer*>(context);
  PyBuffer_Release(view);
  delete view;
}
struct Held {  // until a storage takes it over
  Py_buffer* view;
  ~Held() {
    if (view) let_go(view);
  }
};

// Bytes from one element to the next, a number a dimension. An exporter may leave them out (ctypes does): the
// elements then lie one behind the other.
Dims steps_of(const Py_buffer& b) {
  Dims steps(b.ndim);
  int64_t step = b.itemsize;
  for (int i = b.ndim - 1; i >= 0; --i) {
    steps[i] = b.strides ? b.strides[i] : step;
    step *= b.shape[i];
  }
  return steps;
}

void warn_read_only(const char* what) {
  std::string text = str(
      "The given ", what, " is not writable, and PyTorch does not support non-writable tensors. This means ",
      "writing to this tensor will result in undefined behavior. You may want to copy the ", what,
      " to protect its data or make it writable before converting it to a tensor. This type of warning will "
      "be "
      "suppressed for the rest of this program.");
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) raise_set();
}

Tensor share(Py_buffer* view, char* first, size_t nbytes, Ints sizes, Ints strides, Dtype d) {
  Storage* s = Storage::make_foreign(first, nbytes, let_go, view);
  if (view->readonly) s->flags |= Storage::ReadOnly;
  Tensor t = from_storage(s, 0, sizes, strides, d);
  s->release();
  return t;
}
}  // namespace

Dtype dtype_of_ndarray(PyObject* array) {
  Held h{hold(array)};
  Dtype d;
  if (h.view->format && *h.view->format == '>')
    raise(PyExc_ValueError,
          "given numpy array has byte order different from the native byte order. Conversion between byte "
          "orders is currently not supported.");
  if (!dtype_of_format(h.view->format, h.view->itemsize, d)) unsupported(array);
  return d;
}

Tensor from_ndarray(PyObject* array, bool warn) {
  Held h{hold(array)};
  const Py_buffer& b = *h.view;
  if (b.format && (*b.format == '>' || *b.format == '!') && b.itemsize > 1)
    raise(PyExc_ValueError,
          "given numpy array has byte order different from the native byte order. Conversion between byte "
          "orders is currently not supported.");
  Dtype d;
  if (!dtype_of_format(b.format, b.itemsize, d)) unsupported(array);
  Dims sizes, strides, steps = steps_of(b);
  int64_t extent = b.itemsize;
  bool none = false;
  for (int i = 0; i < b.ndim; ++i) {
    none |= b.shape[i] == 0;
    if (steps[i] < 0 && b.shape[i] > 1)
      raise(PyExc_ValueError,
            "At least one stride in the given numpy array is negative, and tensors with negative strides are "
            "not currently supported. (You can probably work around this by making a copy of your array  "
            "with array.copy().) ");
    if (steps[i] % b.itemsize && b.shape[i] > 1)
      raise(PyExc_ValueError,
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to "
            "reallocate the memory.");
    sizes.push_back(b.shape[i]);
    strides.push_back(std::max<int64_t>(steps[i] / b.itemsize, 0));
    extent += (b.shape[i] - 1) * std::max<int64_t>(steps[i], 0);
  }
  if (none) return empty(sizes, d);
  if (warn && b.readonly) warn_read_only("NumPy array");
  h.view = nullptr;
  return share(const_cast<Py_buffer*>(&b), static_cast<char*>(b.buf), size_t(extent), sizes, strides, d);
}

// --- export ---
namespace {
struct Exported {
  Storage* storage;  // held: the tensor may be given other memory meanwhile
  Py_ssize_t shape[64], strides[64];
};
}  // namespace

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  return guarded([&]() -> int {
    view->obj = nullptr;
    const Tensor& t = unwrap(self);
    const char* format = kFormats[int(t->dtype)];
    auto refuse = [](const char* why) { raise(PyExc_BufferError, "%s", why); };
    if (t->meta_device()) refuse("a meta tensor has no memory");
    if (!format) refuse("bfloat16 has no buffer format");
    if (t->requires_grad())
      refuse("Can't export memory of a Tensor that requires grad. Use tensor.detach() first.");
    if (t->ndim > 64) refuse("too many dimensions");
    bool wants_strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
    if (!wants_strides && !t->contiguous()) refuse("the tensor is not contiguous");
    if (((flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS ||
         (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS) &&
        !t->contiguous())
      refuse("the tensor is not contiguous");
    bool read_only = t->storage->flags & Storage::ReadOnly;
    if ((flags & PyBUF_WRITABLE) && read_only) refuse("the tensor's memory is read-only");
    auto* g = new Exported;
    for (int i = 0; i < t->ndim; ++i) {
      g->shape[i] = t->size(i);
      g->strides[i] = t->stride(i) * Py_ssize_t(t->itemsize());
    }
    g->storage = t->storage;
    g->storage->retain();
    t->storage->flags |= Storage::Exported;
    view->buf = t->host();
    view->obj = Py_NewRef(self);
    view->len = t->numel * Py_ssize_t(t->itemsize());
    view->itemsize = Py_ssize_t(t->itemsize());
    view->readonly = read_only;
    view->ndim = t->ndim;
    view->format = flags & PyBUF_FORMAT ? const_cast<char*>(format) : nullptr;
    view->shape = flags & PyBUF_ND ? g->shape : nullptr;
    view->strides = wants_strides ? g->strides : nullptr;
    view->suboffsets = nullptr;
    view->internal = g;
    return 0;
  });
}
void release_buffer(PyObject*, Py_buffer* view) {
  auto* g = static_cast<Exported*>(view->internal);
  g->storage->release();
  delete g;
}

PyObject* to_ndarray(const Tensor& t) {
  static PyObject* asarray = nullptr;
  if (!kFormats[int(t->dtype)]) raise(PyExc_TypeError, "Got unsupported ScalarType %s", label_of(t->dtype));
  if (t->meta_device())
    raise(PyExc_TypeError,
          "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
          "memory first.");
  if (!asarray) {
    Ref numpy = Ref::steal(must(PyImport_ImportModule("numpy")));
    asarray = must(PyObject_GetAttrString(numpy.get(), "asarray"));
  }
  Ref source = Ref::steal(wrap_result(t->requires_grad() || t->grad_fn ? detach(t) : t));
  Ref memory = Ref::steal(must(PyMemoryView_FromObject(source.get())));
  return must(PyObject_CallOneArg(asarray, memory.get()));
}

namespace {
PyObject* py_numpy(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"force"};
    PyObject* force;
    bind("numpy", names, 1, 0, 0, args, n, keywords, &force);
    const Tensor& t = unwrap(self);
    check(!t->requires_grad() || (force && PyObject_IsTrue(force)),
          "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
    if (t->requires_grad() || t->cut) note_cut(Cut::Numpy, nullptr, *t);
    return to_ndarray(t);
  });
}

// __array__(dtype=None, copy=None)
PyObject* py_array(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"dtype", "copy"};
    PyObject* a[2];
    bind("__array__", names, 2, 2, 0, args, n, keywords, a);
    const Tensor& t = unwrap(self);
    check(!t->requires_grad(),
          "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
    Ref array = Ref::steal(to_ndarray(t));
    bool copy = a[1] == Py_True;
    if (a[0] && a[0] != Py_None) {
      Ref own = Ref::steal(must(PyObject_GetAttrString(array.get(), "dtype")));
      int same = PyObject_RichCompareBool(own.get(), a[0], Py_EQ);
      if (same < 0) raise_set();
      if (!same) {
        if (a[1] == Py_False)
          raise(PyExc_ValueError, "Unable to avoid copy while creating an array as requested.");
        return PyObject_CallMethod(array.get(), "astype", "O", a[0]);
      }
    }
    return copy ? PyObject_CallMethod(array.get(), "copy", nullptr) : array.take();
  });
}

PyObject* from_numpy(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    if (!is_ndarray(o)) raise(PyExc_TypeError, "expected np.ndarray (got %s)", Py_TYPE(o)->tp_name);
    return wrap_result(from_ndarray(o, true));
  });
}

// frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False)
PyObject* frombuffer(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"buffer", "dtype", "count", "offset", "requires_grad"};
    PyObject* a[5];
    bind("frombuffer", names, 5, 1, 1, args, n, keywords, a);
    Options o = read_options("frombuffer", a[1], nullptr, a[4]);
    if (!o.dtype) raise(PyExc_TypeError, "frombuffer() missing 1 required argument: 'dtype'");
    int64_t count = -1, offset = 0, item = int64_t(item_size(*o.dtype));
    if ((a[2] && !to_int(a[2], count)) || (a[3] && !to_int(a[3], offset)))
      raise(PyExc_TypeError, "frombuffer(): 'count' and 'offset' must be int");
    if (!PyObject_CheckBuffer(a[0]))
      raise(PyExc_ValueError, "object does not implement Python buffer protocol.");
    auto* view = new Py_buffer;
    if (PyObject_GetBuffer(a[0], view, PyBUF_SIMPLE) < 0) {
      delete view;
      raise_set();
    }
    Held h{view};
    int64_t length = view->len;
    auto wrong = [](const std::string& s) { raise(PyExc_ValueError, "%s", s.c_str()); };
    if (length <= 0 || count == 0)
      wrong(str("both buffer length (", length, ") and count (", count, ") must not be 0"));
    if (offset < 0 || offset >= length)
      wrong(str("offset (", offset, " bytes) must be non-negative and no greater than buffer length (",
                length, " bytes) minus 1"));
    if (count > 0 && count > (length - offset) / item)
      wrong(str("requested buffer length (", count, " * ", item, " bytes) after offset (", offset,
                " bytes) must not be greater than actual buffer length (", length, " bytes)"));
    if (count < 0 && (length - offset) % item)
      wrong(str("buffer length (", length - offset, " bytes) after offset (", offset,
                " bytes) must be a multiple of element size (", item, ")"));
    if (count < 0) count = (length - offset) / item;
    if (view->readonly) warn_read_only("buffer");
    h.view = nullptr;
    const int64_t size = count, one = 1;
    Tensor t = share(view, static_cast<char*>(view->buf) + offset, size_t(count * item), {&size, 1},
                     {&one, 1}, *o.dtype);
    if (o.requires_grad) set_requires_grad(t, true);
    return wrap_result(std::move(t));
  });
}

PyMethodDef methods[] = {{"numpy", (PyCFunction)(void*)py_numpy, METH_FASTCALL | METH_KEYWORDS,
                          "numpy(*, force=False) -> numpy.ndarray\n\nAn array over the same memory."},
                         {"__array__", (PyCFunction)(void*)py_array, METH_FASTCALL | METH_KEYWORDS, nullptr},
                         {}};
PyMethodDef functions[] = {
    {"from_numpy", from_numpy, METH_O, "from_numpy(ndarray) -> Tensor\n\nA tensor over the array's memory."},
    {"frombuffer", (PyCFunction)(void*)frombuffer, METH_FASTCALL | METH_KEYWORDS,
     "frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False) -> Tensor"},
    {}};
}  // namespace

PyMethodDef* numpy_methods() { return methods; }
void add_numpy(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
