// DLPack: tensors to and from other libraries without copying. Both the old and the versioned capsules.
#include <climits>
#include <cstring>
#include <utility>
#include "autograd/leaf.h"
#include "python/args.h"
#include "python/creation.h"
#include "python/types.h"
#include "tensor/checked.h"

namespace adjoint::python {
namespace {

// The protocol's structures (dlpack.h, version 1.0).
struct DLDevice {
  int32_t device_type, device_id;
};
struct DLDataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManagedTensor*);
};
struct DLVersioned {
  uint32_t major, minor;
  void* context;
  void (*deleter)(DLVersioned*);
  uint64_t flags;
  DLTensor tensor;
};
enum : uint64_t { kReadOnly = 1, kCopied = 2 };
enum : uint8_t { kInt = 0, kUInt = 1, kFloat = 2, kBfloat = 4, kComplex = 5, kBool = 6 };
constexpr int kCpuDevice = 1;

constexpr DLDataType codes[kDtypes] = {{kBool, 8, 1},   {kUInt, 8, 1},     {kInt, 8, 1},
                                       {kInt, 16, 1},   {kInt, 32, 1},     {kInt, 64, 1},
                                       {kFloat, 16, 1}, {kBfloat, 16, 1},  {kFloat, 32, 1},
                                       {kFloat, 64, 1}, {kComplex, 64, 1}, {kComplex, 128, 1}};

template <class M> struct Export {
  M managed;
  Tensor tensor;
  Dims sizes, strides;
};

template <class M> void destroy_export(M* m) {
  PyGILState_STATE gil = PyGILState_Ensure();
  delete static_cast<Export<M>*>(m->context);
  PyGILState_Release(gil);
}

template <class M> M* make_export(const Tensor& t, uint64_t flags) {
  auto* e = new Export<M>{{}, t, Dims(t->sizes()), Dims(t->strides())};
  M& m = e->managed;
  m.context = e;
  m.deleter = destroy_export<M>;
  m.tensor = {t->host(),       {kCpuDevice, 0},   t->ndim, codes[int(t->dtype)],
              e->sizes.data(), e->strides.data(), 0};
  if constexpr (requires { m.major; }) {
    m.major = 1;
    m.minor = 0;
    m.flags = flags;
  }
  return &m;
}

template <class M> void capsule_destroy(PyObject* capsule) {
  const char* name = PyCapsule_GetName(capsule);
  if (!name || !std::strncmp(name, "used_", 5)) return;  // the consumer owns it
  auto* m = static_cast<M*>(PyCapsule_GetPointer(capsule, name));
  if (m && m->deleter) m->deleter(m);
}

void check_exportable(const Tensor& t) {
  if (t->requires_grad())
    raise(PyExc_BufferError, "Can't export tensors that require gradient, use tensor.detach()");
  if (t->meta_device()) raise(PyExc_BufferError, "Cannot pack tensors on meta");
}

PyObject* capsule_of(const Tensor& t, bool versioned, uint64_t flags) {
  check_exportable(t);
  t->storage->flags |= Storage::Exported;
  if (versioned)
    return PyCapsule_New(make_export<DLVersioned>(t, flags), "dltensor_versioned",
                         capsule_destroy<DLVersioned>);
  return PyCapsule_New(make_export<DLManagedTensor>(t, flags), "dltensor", capsule_destroy<DLManagedTensor>);
}

// --- import ---
Dtype dtype_of(const DLDataType& d) {
  if (d.lanes == 1)
    for (int i = 0; i < kDtypes; ++i)
      if (codes[i].code == d.code && codes[i].bits == d.bits) return Dtype(i);
  fail("Unsupported DLPack type: code ", int(d.code), ", ", int(d.bits), " bits, ", int(d.lanes), " lanes");
}

template <class M> Tensor import(M* m) {
  const DLTensor& d = m->tensor;
  check(d.device.device_type == kCpuDevice, "DLPack: the memory is on device type ", d.device.device_type,
        "; only the processor's (1) can be read");
  Dtype dtype = dtype_of(d.dtype);
  check(d.ndim >= 0 && d.ndim <= 64 && (d.ndim == 0 || d.shape), "DLPack: ", d.ndim,
        " dimensions and no shape of them");
  Dims sizes(d.shape, d.shape + d.ndim);
  const int64_t numel = numel_of(sizes);
  Dims strides = d.strides ? Dims(d.strides, d.strides + d.ndim) : contiguous_strides(sizes);
  int64_t extent = 1;
  for (int i = 0; i < d.ndim; ++i) {
    check(strides[i] >= 0 || sizes[i] <= 1, "DLPack: negative strides are not supported");
    if (sizes[i] > 1) extent = checked_add(extent, checked_mul(sizes[i] - 1, strides[i]));
  }
  checked_mul(extent, int64_t(item_size(dtype)));
  check(d.data || numel == 0, "DLPack: ", numel, " elements at address 0");
  auto release = [](void* p) {
    auto* m = static_cast<M*>(p);
    if (m->deleter) m->deleter(m);
  };
  Storage* s = Storage::make_foreign(static_cast<char*>(d.data) + d.byte_offset,
                                     size_t(extent) * item_size(dtype), release, m);
  if constexpr (requires { m->flags; })
    if (m->flags & kReadOnly) s->flags |= Storage::ReadOnly;
  Tensor t = from_storage(s, 0, sizes, strides, dtype);
  s->release();
  return t;
}

Tensor from_capsule(PyObject* capsule) {
  const char* name = PyCapsule_GetName(capsule);
  if (name && !std::strcmp(name, "dltensor_versioned")) {
    auto* m = static_cast<DLVersioned*>(must(static_cast<PyObject*>(PyCapsule_GetPointer(capsule, name)))
                                            ? PyCapsule_GetPointer(capsule, name)
                                            : nullptr);
    check_as(m->major == 1, ErrorKind::Runtime, "DLPack: version ", int(m->major), " is unknown");
    Tensor t = import(m);
    PyCapsule_SetName(capsule, "used_dltensor_versioned");
    return t;
  }
  check(name && !std::strcmp(name, "dltensor"),
        "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so "
        "you might have already "
        "constructed a tensor from it once.");
  Tensor t = import(static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, name)));
  PyCapsule_SetName(capsule, "used_dltensor");
  return t;
}

// --- Python ---
bool given(PyObject* o) { return o && o != Py_None; }

std::pair<long, long> two_ints(PyObject* o, const char* name) {
  bool ok = PyTuple_Check(o) && PyTuple_GET_SIZE(o) == 2;
  long v[2] = {};
  for (int i = 0; ok && i < 2; ++i) {
    PyObject* item = PyTuple_GET_ITEM(o, i);
    int overflow = 0;
    ok = PyLong_Check(item);  // enumerations of devices are ints
    if (ok) v[i] = PyLong_AsLongAndOverflow(item, &overflow);
    if (overflow) v[i] = overflow < 0 ? LONG_MIN : LONG_MAX;
  }
  if (!ok) raise(PyExc_TypeError, "__dlpack__(): argument '%s' must be a tuple of 2 ints, got %R", name, o);
  return {v[0], v[1]};
}
// Streams belong to other devices; -1 asks for nothing.
void check_stream(PyObject* o) {
  if (!given(o)) return;
  if (!PyLong_CheckExact(o)) raise(PyExc_TypeError, "stream must be ``int`` or ``none``");
  int overflow = 0;
  if (PyLong_AsLongAndOverflow(o, &overflow) != -1 || overflow)
    raise(PyExc_AssertionError, "stream should be None on cpu.");
}
// __dlpack__(*, stream=None, max_version=None, dl_device=None, copy=None)
PyObject* py_dlpack(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"stream", "max_version", "dl_device", "copy"};
    PyObject* a[4];
    bind("__dlpack__", names, 4, 0, 0, args, n, keywords, a);
    Tensor t = unwrap(self);
    check_stream(a[0]);
    bool versioned = false;
    if (given(a[1])) versioned = two_ints(a[1], "max_version").first >= 1;
    if (given(a[2]) && two_ints(a[2], "dl_device") != std::pair<long, long>(kCpuDevice, 0))
      raise(PyExc_BufferError,
            "__dlpack__(): the tensor is on the processor, (1, 0), and cannot go to another device");
    if (given(a[3]) && !PyBool_Check(a[3]))
      raise(PyExc_TypeError, "__dlpack__(): argument 'copy' must be bool, not %s", Py_TYPE(a[3])->tp_name);
    uint64_t flags = t->storage->flags & Storage::ReadOnly ? uint64_t(kReadOnly) : 0;
    if (a[3] == Py_True) {
      Tensor source = t;
      check_exportable(t);
      Ref clone = Ref::steal(must(PyObject_CallMethod(self, "clone", nullptr)));
      t = unwrap(clone.get());
      flags = kCopied;
    }
    return capsule_of(t, versioned, flags);
  });
}
PyObject* py_dlpack_device(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    if (unwrap(self)->meta_device()) raise(PyExc_ValueError, "Unknown device type meta for Dlpack");
    return Py_BuildValue("(ii)", kCpuDevice, 0);
  });
}
PyObject* py_from_dlpack(PyObject*, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    static const char* const names[] = {"ext_tensor", "device", "copy"};
    PyObject* a[3];
    bind("from_dlpack", names, 3, 1, 1, args, n, keywords, a);
    if (PyCapsule_CheckExact(a[0]) && (given(a[1]) || given(a[2])))
      raise(PyExc_AssertionError,
            "device and copy kwargs not supported when ext_tensor is already a DLPack capsule.");
    if (given(a[2]) && !PyBool_Check(a[2]))
      raise(PyExc_TypeError, "from_dlpack(): argument 'copy' must be bool, not %s", Py_TYPE(a[2])->tp_name);
    if (given(a[1])) {
      if (!looks_like_device(a[1]))
        raise(PyExc_AssertionError, "from_dlpack: unsupported device type: %R", Py_TYPE(a[1]));
      if (to_device(a[1]) != Device::Cpu) raise(PyExc_ValueError, "Unknown device type meta for Dlpack");
    }
    Tensor t = from_dlpack(a[0]);
    if (a[2] != Py_True) return wrap_result(std::move(t));
    Ref shared = Ref::steal(wrap_result(std::move(t)));
    return PyObject_CallMethod(shared.get(), "clone", nullptr);
  });
}
PyObject* py_to_dlpack(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    return capsule_of(unwrap_checked(o, "to_dlpack(): argument 'tensor' (position 1)"), false, 0);
  });
}

PyMethodDef methods[] = {
    {"__dlpack__", (PyCFunction)(void*)py_dlpack, METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"__dlpack_device__", py_dlpack_device, METH_NOARGS, nullptr},
    {}};
PyMethodDef functions[] = {{"from_dlpack", (PyCFunction)(void*)py_from_dlpack, METH_FASTCALL | METH_KEYWORDS,
                            "from_dlpack(ext_tensor) -> Tensor\n\nA tensor over another library's memory."},
                           {"to_dlpack", py_to_dlpack, METH_O, "to_dlpack(tensor) -> PyCapsule"},
                           {}};
}  // namespace

Tensor from_dlpack(PyObject* o) {
  if (PyCapsule_CheckExact(o)) return from_capsule(o);
  if (!PyObject_HasAttrString(o, "__dlpack__"))
    raise(PyExc_AttributeError, "'%s' object has no attribute '__dlpack__'", Py_TYPE(o)->tp_name);
  Ref method = Ref::steal(must(PyObject_GetAttrString(o, "__dlpack__")));
  Ref version = Ref::steal(must(Py_BuildValue("(ii)", 1, 0))), keywords = Ref::steal(must(PyDict_New())),
      none = Ref::steal(must(PyTuple_New(0)));
  PyDict_SetItemString(keywords.get(), "max_version", version.get());
  Ref capsule = Ref::steal(PyObject_Call(method.get(), none.get(), keywords.get()));
  if (!capsule && PyErr_ExceptionMatches(PyExc_TypeError)) {  // from before versions
    PyErr_Clear();
    capsule = Ref::steal(PyObject_CallNoArgs(method.get()));
  }
  return from_capsule(must(capsule.get()));
}

PyMethodDef* dlpack_methods() { return methods; }
void add_dlpack(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) raise_set();
}

}  // namespace adjoint::python
