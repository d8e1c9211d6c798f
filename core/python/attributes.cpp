// Attributes and small methods that ask a tensor about itself.
#include "ops/layout.h"
#include "ops/ops.h"
#include "python/args.h"
#include "python/creation.h"
#include "python/overrides.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

// A getter is a plain function of the tensor; the closure of its PyGetSetDef names it, for classes that
// override.
using Get = PyObject* (*)(const Tensor&);
struct Attribute {
  const char* name;
  Get get;
  void (*set)(const Tensor&, PyObject*) = nullptr;
};

PyObject* no() { Py_RETURN_FALSE; }
PyObject* truth(bool b) { return PyBool_FromLong(b); }
PyObject* number(int64_t i) { return PyLong_FromLongLong(i); }

void set_part(const Tensor& part, PyObject* value) {
  Scalar s;
  if (is_tensor(value))
    ops::copy_(part, unwrap(value));
  else if (to_scalar(value, s))
    ops::fill_(part, s);
  else
    raise(PyExc_TypeError, "can't assign a %s to a part of a tensor", Py_TYPE(value)->tp_name);
}

const Attribute attributes[] = {
    {"shape", [](const Tensor& x) { return make_size(x->sizes()); }},
    {"dtype", [](const Tensor& x) { return wrap(x->dtype); }},
    {"device", [](const Tensor& x) { return wrap(x->device); }},
    {"layout", [](const Tensor&) { return Py_NewRef(strided); }},
    {"ndim", [](const Tensor& x) { return number(x->ndim); }},
    {"itemsize", [](const Tensor& x) { return number(int64_t(x->itemsize())); }},
    {"nbytes", [](const Tensor& x) { return number(x->numel * int64_t(x->itemsize())); }},
    {"T", [](const Tensor& x) { return wrap(ops::numpy_T(x)); }},
    {"mT", [](const Tensor& x) { return wrap(ops::mT(x)); }},
    {"H", [](const Tensor& x) { return wrap(ops::matrix_H(x)); }},
    {"mH", [](const Tensor& x) { return wrap(ops::mH(x)); }},
    {"real", [](const Tensor& x) { return wrap(is_complex(x->dtype) ? ops::real(x) : x); },
     [](const Tensor& x, PyObject* v) { set_part(is_complex(x->dtype) ? ops::real(x) : x, v); }},
    {"imag", [](const Tensor& x) { return wrap(ops::imag(x)); },
     [](const Tensor& x, PyObject* v) { set_part(ops::imag(x), v); }},
    {"is_cpu", [](const Tensor& x) { return truth(x->device == Device::Cpu); }},
    {"is_meta", [](const Tensor& x) { return truth(x->meta_device()); }},
    {"is_cuda", [](const Tensor&) { return no(); }},
    {"is_sparse", [](const Tensor&) { return no(); }},
    {"is_sparse_csr", [](const Tensor&) { return no(); }},
    {"is_quantized", [](const Tensor&) { return no(); }},
    {"is_mkldnn", [](const Tensor&) { return no(); }},
    {"is_nested", [](const Tensor&) { return no(); }},
    {"is_mps", [](const Tensor&) { return no(); }},
    {"is_xpu", [](const Tensor&) { return no(); }},
    {"is_xla", [](const Tensor&) { return no(); }},
    {"is_mtia", [](const Tensor&) { return no(); }},
    {"is_maia", [](const Tensor&) { return no(); }},
    {"is_ipu", [](const Tensor&) { return no(); }},
    {"is_vulkan", [](const Tensor&) { return no(); }},
    {"__array_priority__", [](const Tensor&) { return number(1000); }},
};

PyObject* get_attribute(PyObject* self, void* closure) {
  return guarded([&]() -> PyObject* {
    auto* a = static_cast<const Attribute*>(closure);
    if (__builtin_expect(!is_plain(self), 0) && overridden(self)) {
      Ref descriptor =
          Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), a->name)));
      Ref get = Ref::steal(must(PyObject_GetAttrString(descriptor.get(), "__get__")));
      return call_override(get.get(), {self});
    }
    return a->get(unwrap(self));
  });
}
int set_attribute(PyObject* self, PyObject* value, void* closure) {
  return guarded([&]() -> int {
    auto* a = static_cast<const Attribute*>(closure);
    if (!value) raise(PyExc_AttributeError, "cannot delete attribute '%s'", a->name);
    a->set(unwrap(self), value);
    return 0;
  });
}

// --- methods without arguments ---
template <PyObject* (*F)(const Tensor&)> PyObject* ask(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* { return F(unwrap(self)); });
}
PyObject* data_pointer(const Tensor& x) {
  check(!x->meta_device(), "Cannot access data pointer of Tensor that doesn't have storage");
  return PyLong_FromUnsignedLongLong(x->numel ? reinterpret_cast<unsigned long long>(x->host()) : 0);
}
PyObject* element_size(const Tensor& x) { return number(int64_t(x->itemsize())); }
PyObject* storage_offset(const Tensor& x) { return number(x->storage_offset()); }
PyObject* numel(const Tensor& x) { return number(x->numel); }
PyObject* ndimension(const Tensor& x) { return number(x->ndim); }
PyObject* floating(const Tensor& x) { return truth(is_floating(x->dtype)); }
PyObject* complex(const Tensor& x) { return truth(is_complex(x->dtype)); }
PyObject* is_signed(const Tensor& x) { return truth(x->dtype != Dtype::Bool && x->dtype != Dtype::U8); }
PyObject* inference(const Tensor& x) { return truth(x->inference()); }
PyObject* never(const Tensor&) { return no(); }
PyObject* device_index(const Tensor&) { return number(-1); }
PyObject* non_overlapping(const Tensor& x) { return truth(is_dense(*x)); }
PyObject* nonzero(const Tensor& x) {
  check(x->numel != 0, "Boolean value of Tensor with no values is ambiguous");
  check(x->numel == 1, "Boolean value of Tensor with more than one value is ambiguous");
  return truth(item(x).to_bool());
}

PyObject* is_contiguous(PyObject* self, PyObject* const* args, Py_ssize_t n, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = unwrap(self);
    if (!n && !keywords) return truth(x->contiguous());
    static const char* const names[] = {"memory_format"};
    PyObject* o;
    bind("is_contiguous", names, 1, 1, 0, args, n, keywords, &o);
    MemoryFormat format = MemoryFormat::Contiguous;
    if (o && !to_memory_format(o, format))
      raise(PyExc_TypeError, "is_contiguous(): argument 'memory_format' must be torch.memory_format, not %s",
            Py_TYPE(o)->tp_name);
    check(format != MemoryFormat::Preserve,
          "preserve memory format is unsupported by the contiguous operator");
    if (format == MemoryFormat::Contiguous) return truth(x->contiguous());
    if (x->ndim != (format == MemoryFormat::ChannelsLast ? 4 : 5)) return no();
    return truth(equal(x->strides(), format_strides(x->sizes(), format)));
  });
}

// Does `other` show the same elements of the same memory?
PyObject* is_set_to(PyObject* self, PyObject* other) {
  return guarded([&]() -> PyObject* {
    const Tensor &a = unwrap(self), &b = unwrap_checked(other, "is_set_to(): argument 'tensor' (position 1)");
    return truth(a->storage == b->storage && a->byte_offset == b->byte_offset && same_sizes(*a, *b) &&
                 equal(a->strides(), b->strides()));
  });
}
PyObject* is_same_size(PyObject* self, PyObject* other) {
  return guarded([&]() -> PyObject* {
    return truth(
        same_sizes(*unwrap(self), *unwrap_checked(other, "is_same_size(): argument 'other' (position 1)")));
  });
}
PyObject* no_cuda(PyObject*, PyObject*) {
  PyErr_SetString(PyExc_AssertionError, "Torch not compiled with CUDA enabled");
  return nullptr;
}
PyObject* itself(PyObject* self, PyObject*) { return Py_NewRef(self); }

// pin_memory(): the processor's memory needs no pinning here.
PyMethodDef methods[] = {
    {"dim", ask<ndimension>, METH_NOARGS, "dim() -> int"},
    {"ndimension", ask<ndimension>, METH_NOARGS, "ndimension() -> int"},
    {"numel", ask<numel>, METH_NOARGS, "numel() -> int\n\nThe number of elements."},
    {"nelement", ask<numel>, METH_NOARGS, "nelement() -> int"},
    {"element_size", ask<element_size>, METH_NOARGS, "element_size() -> int\n\nBytes of one element."},
    {"storage_offset", ask<storage_offset>, METH_NOARGS, "storage_offset() -> int"},
    {"data_ptr", ask<data_pointer>, METH_NOARGS, "data_ptr() -> int\n\nThe address of the first element."},
    {"is_contiguous", (PyCFunction)(void*)is_contiguous, METH_FASTCALL | METH_KEYWORDS,
     "is_contiguous(memory_format=torch.contiguous_format) -> bool"},
    {"is_floating_point", ask<floating>, METH_NOARGS, "is_floating_point() -> bool"},
    {"is_complex", ask<complex>, METH_NOARGS, "is_complex() -> bool"},
    {"is_signed", ask<is_signed>, METH_NOARGS, "is_signed() -> bool"},
    {"is_inference", ask<inference>, METH_NOARGS, "is_inference() -> bool"},
    {"is_nonzero", ask<nonzero>, METH_NOARGS, "is_nonzero() -> bool"},
    {"is_non_overlapping_and_dense", ask<non_overlapping>, METH_NOARGS, nullptr},
    {"is_pinned", (PyCFunction)(void*)+[](PyObject*, PyObject*, PyObject*) { return no(); },
     METH_VARARGS | METH_KEYWORDS, "is_pinned() -> bool"},
    {"is_shared", ask<never>, METH_NOARGS, "is_shared() -> bool"},
    {"is_conj", ask<never>, METH_NOARGS, "is_conj() -> bool"},
    {"is_neg", ask<never>, METH_NOARGS, "is_neg() -> bool"},
    {"is_distributed", ask<never>, METH_NOARGS, nullptr},
    {"is_coalesced", ask<never>, METH_NOARGS, nullptr},
    {"_is_view", ask<+[](const Tensor& x) { return truth(x->base != nullptr); }>, METH_NOARGS, nullptr},
    {"get_device", ask<device_index>, METH_NOARGS, "get_device() -> int"},
    {"const_data_ptr", ask<data_pointer>, METH_NOARGS, nullptr},
    {"is_set_to", is_set_to, METH_O, "is_set_to(tensor) -> bool"},
    {"is_same_size", is_same_size, METH_O, "is_same_size(other) -> bool"},
    {"resolve_conj", itself, METH_NOARGS, nullptr},
    {"resolve_neg", itself, METH_NOARGS, nullptr},
    {"pin_memory", (PyCFunction)(void*)+[](PyObject* o, PyObject*, PyObject*) { return Py_NewRef(o); },
     METH_VARARGS | METH_KEYWORDS, nullptr},
    {"share_memory_", itself, METH_NOARGS, nullptr},
    {"cuda", (PyCFunction)(void*)+[](PyObject*, PyObject*, PyObject*) { return no_cuda(nullptr, nullptr); },
     METH_VARARGS | METH_KEYWORDS, nullptr},
    {}};
}  // namespace

PyGetSetDef* attribute_getset() {
  static PyGetSetDef table[std::size(attributes) + 1] = {};
  for (size_t i = 0; i < std::size(attributes); ++i)
    table[i] = {attributes[i].name, get_attribute, attributes[i].set ? set_attribute : nullptr, nullptr,
                const_cast<Attribute*>(&attributes[i])};
  return table;
}
PyMethodDef* attribute_methods() { return methods; }

}  // namespace adjoint::python
