// x[...] and x[...] = v. Integers, slices, None and Ellipsis make views one after another; tensors, lists and
// masks are gathered on the way and handed to the advanced operations at the end.
#include <optional>
#include "ops/scalar_fits.h"
#include "ops/ops.h"
#include "python/creation.h"
#include "python/notes.h"
#include "python/overrides.h"
#include "python/profiler.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

[[noreturn]] void bad_index(PyObject* o) {
  raise(PyExc_IndexError,
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        "(got %s)",
        Py_TYPE(o)->tp_name);
}

int64_t as_int(PyObject* o) {
  int64_t i = PyLong_AsLongLong(o);
  if (i == -1 && PyErr_Occurred()) raise_set();
  return i;
}

bool is_sequence_index(PyObject* o) {
  return PyList_Check(o) || PyTuple_Check(o) || is_ndarray(o) || PySequence_Check(o);
}

// Bounds of a slice as PyTorch reads them: missing ends are the dimension's, the step must be positive.
struct Bounds {
  int64_t start, stop, step;
};
// An end that is a plain int of ordinary size, or missing.
inline bool quick_bound(PyObject* o, int64_t missing, int64_t& out) {
  out = missing;
  if (o == Py_None) return true;
  if (!PyLong_CheckExact(o)) return false;
  int overflow = 0;
  out = PyLong_AsLongLongAndOverflow(o, &overflow);
  return !overflow;
}
Bounds bounds_of(PyObject* o) {
  auto* s = reinterpret_cast<PySliceObject*>(o);
  Bounds b;
  if (!quick_bound(s->step, 1, b.step) || !quick_bound(s->start, 0, b.start) ||
      !quick_bound(s->stop, PY_SSIZE_T_MAX, b.stop)) {
    // 0-d integer tensors go through __index__, which may run any code
    Ref keep[3] = {Ref::share(s->start), Ref::share(s->stop), Ref::share(s->step)};
    Py_ssize_t start, stop, step;
    if (PySlice_Unpack(o, &start, &stop, &step) < 0) raise_set();
    b = {start, stop, step};
  }
  if (b.step <= 0) raise(PyExc_ValueError, "step must be greater than zero");
  return b;
}

Tensor select_checked(const Tensor& x, int64_t dim, int64_t i, int64_t real_dim) {
  if (x->ndim == 0)
    raise(PyExc_IndexError,
          "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
          "convert a 0-dim tensor to a number");
  int64_t size = x->size(int(dim));
  if (i < -size || i >= size)
    raise(PyExc_IndexError, "index %lld is out of bounds for dimension %lld with size %lld", (long long)i,
          (long long)real_dim, (long long)size);
  return ops::select(x, dim, i);
}

Tensor slice_of(const Tensor& x, int64_t dim, PyObject* o) {
  Bounds b = bounds_of(o);
  if (x->ndim == 0) raise(PyExc_IndexError, "slice() cannot be applied to a 0-dim tensor.");
  int64_t size = x->size(int(dim));
  if (b.start == 0 && b.stop >= size && b.step == 1) return x;  // `:` keeps the tensor; the caller aliases
  return ops::slice(x, dim, b.start, b.stop, b.step);
}

// The index tensor of a list, an array, a tuple inside a tuple.
Tensor index_tensor(PyObject* o) {
  Tensor t = tensor_from_data(o, {}, Device::Cpu, false);
  if (t->numel == 0 && is_floating(t->dtype)) t = ops::to(t, Dtype::I64);  // x[[]]
  return t;
}

struct Indexer {
  Tensor x;                     // the view so far
  std::vector<Tensor> indices;  // by dimension of the view; null: all of it
  bool advanced = false;
  int64_t dim = 0, real_dim = 0, specified = 0;

  void put(Tensor t) {
    if (size_t(dim) >= indices.size()) indices.resize(size_t(dim) + 1);
    indices[size_t(dim)] = std::move(t);
    advanced = true;
  }
  void flag(bool on) {  // a bool: a new dimension of size 1 or 0
    x = ops::unsqueeze(x, dim);
    put(zeros(Dims{on ? 1 : 0}, Dtype::I64));
    ++dim;
  }
  void tensor(const Tensor& t) {
    bool mask = t->dtype == Dtype::Bool || t->dtype == Dtype::U8;
    if (t->ndim == 0 && !mask && is_integral(t->dtype) && !t->meta_device()) {
      x = select_checked(x, dim, item_at(*t).to_int(), real_dim++);
      return;
    }
    if (t->ndim == 0 && mask) {
      flag(item_at(*t).to_bool());
      return;
    }
    if (!mask && t->dtype != Dtype::I64 && t->dtype != Dtype::I32)
      raise(PyExc_IndexError, "tensors used as indices must be long, int, byte or bool tensors");
    put(t);
    int64_t n = mask ? t->ndim : 1;
    for (int64_t i = 1; i < n; ++i)
      indices.emplace_back();  // a mask stands for all of its dimensions: see flatten_masks
    dim += n;
    real_dim += n;
  }
  void one(PyObject* o, int64_t total) {
    if (PyLong_CheckExact(o))
      x = select_checked(x, dim, as_int(o), real_dim++);
    else if (PySlice_Check(o))
      x = slice_of(x, dim++, o), ++real_dim;
    else if (o == Py_None)
      x = ops::unsqueeze(x, dim++);
    else if (o == Py_Ellipsis)
      dim += total - specified, real_dim += total - specified;
    else if (PyBool_Check(o))
      flag(o == Py_True);
    else if (is_tensor(o))
      tensor(unwrap(o));
    else if (is_numpy_scalar(o) || PyLong_Check(o))
      number(o);
    else if (is_sequence_index(o))
      tensor(index_tensor(o));
    else if (PyIndex_Check(o))
      number(o);
    else
      bad_index(o);
  }
  void number(PyObject* o) {
    Scalar s;
    if (to_scalar(o, s) && s.is_bool()) return flag(s.to_bool());
    Ref i = Ref::steal(PyNumber_Index(o));
    if (!i) {
      PyErr_Clear();
      bad_index(o);
    }
    x = select_checked(x, dim, as_int(i.get()), real_dim++);
  }
};

// How many dimensions of x an index object uses up.
int64_t dims_used(PyObject* o) {
  if (PyLong_CheckExact(o) || PySlice_Check(o)) return 1;
  if (o == Py_None || o == Py_Ellipsis || PyBool_Check(o)) return 0;
  if (is_tensor(o)) {
    const Tensor& t = unwrap(o);
    return t->dtype == Dtype::Bool || t->dtype == Dtype::U8 ? t->ndim : 1;
  }
  if (!PyLong_Check(o) && is_sequence_index(o) && !is_numpy_scalar(o)) {
    Tensor t = index_tensor(o);
    return t->dtype == Dtype::Bool ? t->ndim : 1;
  }
  if (is_numpy_scalar(o)) {
    Scalar s;
    return to_scalar(o, s) && s.is_bool() ? 0 : 1;
  }
  return 1;
}

// A list of slices, lists or tensors used to mean a tuple; PyTorch still reads it so, with a warning.
Ref as_tuple(PyObject* index) {
  if (PyTuple_Check(index)) return Ref::share(index);
  Ref one = Ref::steal(must(PyTuple_Pack(1, index)));
  if (!PyList_Check(index) || PyList_GET_SIZE(index) >= 32) return one;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(index); ++i) {
    PyObject* o = PyList_GET_ITEM(index, i);
    if (is_tensor(o) || PySlice_Check(o) || o == Py_None || o == Py_Ellipsis || PyList_Check(o) ||
        PyTuple_Check(o)) {
      if (PyErr_WarnEx(
              PyExc_UserWarning,
              "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
              "pytorch 2.9; use "
              "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
              "x[torch.tensor(seq)], which will result either in an error or a different result",
              1) < 0)
        raise_set();
      return Ref::steal(must(PyList_AsTuple(index)));
    }
  }
  return one;
}

Indexer walk(const Tensor& self, PyObject* index) {
  Ref tuple = as_tuple(index);
  Indexer w;
  w.x = self;
  Py_ssize_t n = PyTuple_GET_SIZE(tuple.get());
  for (Py_ssize_t i = 0; i < n; ++i) w.specified += dims_used(PyTuple_GET_ITEM(tuple.get(), i));
  if (w.specified > self->ndim) {
    if (self->ndim == 0 && n == 1 && !is_tensor(PyTuple_GET_ITEM(tuple.get(), 0)) &&
        PyLong_Check(PyTuple_GET_ITEM(tuple.get(), 0)))
      select_checked(self, 0, 0, 0);
    raise(PyExc_IndexError, "too many indices for tensor of dimension %d", int(self->ndim));
  }
  for (Py_ssize_t i = 0; i < n; ++i) w.one(PyTuple_GET_ITEM(tuple.get(), i), self->ndim);
  return w;
}

// indices[d] of a mask covers mask->ndim dimensions: the operation takes one entry for it, without the blanks
// after.
std::vector<Tensor> compact(const std::vector<Tensor>& indices) {
  std::vector<Tensor> out;
  for (size_t i = 0; i < indices.size(); ++i) {
    out.push_back(indices[i]);
    if (indices[i] && (indices[i]->dtype == Dtype::Bool || indices[i]->dtype == Dtype::U8) &&
        indices[i]->ndim > 1)
      i += size_t(indices[i]->ndim) - 1;
  }
  return out;
}

PyObject* subscript_general(const Tensor& x, PyObject* index) {
  Indexer w = walk(x, index);
  if (w.advanced) return wrap(ops::index(w.x, compact(w.indices)));
  return wrap(w.x.same(x) ? ops::alias_view(x) : std::move(w.x));
}

// --- assignment ---
// "torch.FloatTensor": what PyTorch's messages call a tensor's type.
std::string legacy_name(const Tensor& x) {
  return str(
      "torch.",
      is_complex(x->dtype) ? (x->dtype == Dtype::C64 ? "ComplexFloat" : "ComplexDouble") : label_of(x->dtype),
      "Tensor");
}

struct NewValue {
  Tensor tensor;
  Scalar scalar;
};
NewValue value_of(const Tensor& x, PyObject* o) {
  if (is_tensor(o)) return {unwrap(o), {}};
  Scalar s;
  if (!PyFloat_Check(o) && !PyLong_Check(o) && !PyComplex_Check(o))
    raise(PyExc_TypeError, "can't assign a %s to a %s", Py_TYPE(o)->tp_name, legacy_name(x).c_str());
  to_scalar(o, s);
  check_scalar_fits(s, x->dtype);
  return {{}, s};
}

// Leading dimensions of size 1 of the value do not matter.
Tensor strip_ones(const Tensor& v, int64_t ndim) {
  if (v->ndim <= ndim) return v;
  int drop = 0;
  while (drop < v->ndim - ndim && v->size(drop) == 1) ++drop;
  if (!drop) return v;
  return ops::view(v, v->sizes().subspan(size_t(drop)));
}

void assign(const Tensor& x, PyObject* index, PyObject* value) {
  NewValue v = value_of(x, value);
  if (index == Py_False) return;
  Indexer w;
  if (index == Py_True)  // alone it is a view, not a mask
    w.x = ops::unsqueeze(x, 0);
  else
    w = walk(x, index);
  if (!w.advanced) {
    if (!v.tensor)
      ops::fill_(w.x, v.scalar);
    else if (same_sizes(*v.tensor, *w.x))
      ops::copy_(w.x, v.tensor);
    else if (v.tensor->ndim == 0)
      ops::fill_(w.x, v.tensor);
    else
      ops::copy_(w.x, ops::expand(strip_ones(v.tensor, w.x->ndim), w.x->sizes()));
    return;
  }
  Tensor t = v.tensor ? v.tensor : scalar_tensor(v.scalar, x->dtype, x->device);
  std::vector<Tensor> indices = compact(w.indices);
  if (t->ndim > 0) {  // PyTorch: the value's leading ones go as far as the indexed part's dimensions
    int64_t most = w.x->ndim;
    for (const Tensor& i : indices)
      if (i) most += i->ndim;
    t = strip_ones(t, most);
  }
  ops::index_put_(w.x, indices, t);
}
}  // namespace

PyObject* subscript(PyObject* self, PyObject* index) {
  return guarded_call("__getitem__", Call{self, &index, 1, nullptr}, [&]() -> PyObject* {
    std::optional<Profiled> row;
    if (__builtin_expect(profiling, 0)) row.emplace("__getitem__");
    const Tensor& x = unwrap(self);
    if (__builtin_expect(!is_plain(self), 0) && overridden(self)) {
      Ref f =
          Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__getitem__")));
      return call_override(f.get(), {self, index});
    }
    if (PyLong_CheckExact(index)) {
      int64_t i = as_int(index);
      if (__builtin_expect(x->ndim > 0 && i >= -x->size(0) && i < x->size(0), 1))
        return wrap(ops::select(x, 0, i));
      return wrap(select_checked(x, 0, i, 0));
    }
    if (PySlice_Check(index)) {
      Tensor y = slice_of(x, 0, index);
      return wrap(y.same(x) ? ops::alias_view(x) : std::move(y));
    }
    if (is_tensor(index) && !is_plain(index) && overridden(index)) {
      Ref f =
          Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__getitem__")));
      return call_override(f.get(), {self, index});
    }
    return subscript_general(x, index);
  });
}

int assign_subscript(PyObject* self, PyObject* index, PyObject* value) {
  PyObject* const given[] = {index, value};
  const char* name = value ? "__setitem__" : "__delitem__";
  return guarded_call(name, Call{self, given, value ? 2 : 1, nullptr}, [&]() -> int {
    if (!value) raise(PyExc_TypeError, "Tensor does not support deleting items");
    if ((!is_plain(self) && overridden(self)) || (!is_plain(value) && overridden(value))) {
      Ref f =
          Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__setitem__")));
      Ref r = Ref::steal(must(call_override(f.get(), {self, index, value})));
      return 0;
    }
    assign(unwrap(self), index, value);
    return 0;
  });
}

}  // namespace adjoint::python
