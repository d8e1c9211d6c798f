// The Python tensor: a thin wrapper around a TensorImpl, and the bridge between Python's errors and ours.
//
// Note [Wrappers]
// TensorImpl::pyobj points weakly to the wrapper, so a tensor is one Python object for as long as anyone can
// tell.
//   awake    Python holds it: the wrapper owns a reference to the tensor.
//   dormant  only C++ holds the tensor, but the wrapper carries a __dict__ or is of a subclass: it is kept,
//   with
//            reference count 0 and TensorImpl::PyOwned set; wrap() wakes it, the tensor's death frees it.
// A wrapper without anything to remember is freed when Python lets go, and made anew when asked for again.
// Wrappers come from a free list and are unknown to the cycle collector until they own something Python can
// reach: call track() when that happens.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <exception>
#include <string>
#include "autograd/grad_mode.h"
#include "tensor/tensor.h"

namespace adjoint::python {

struct PyTensor {
  PyObject_HEAD Tensor t;  // awake: owning; dormant: empty
  PyObject* dict;
  PyObject* weak;
};

extern PyTypeObject* tensor_type;     // adjoint.Tensor
extern PyTypeObject* parameter_type;  // adjoint.nn.Parameter once that is imported, else null

inline bool is_exact_tensor(PyObject* o) { return Py_TYPE(o) == tensor_type; }
inline bool is_tensor(PyObject* o) {
  return __builtin_expect(Py_TYPE(o) == tensor_type, 1) || PyType_IsSubtype(Py_TYPE(o), tensor_type);
}
// No check: `o` is a tensor. The reference lives as long as the wrapper is awake.
inline const Tensor& unwrap(PyObject* o) { return reinterpret_cast<PyTensor*>(o)->t; }
// TypeError through PythonError unless `o` is a tensor.
const Tensor& unwrap_checked(PyObject* o, const char* what);

PyObject* wrap_slow(Tensor&& t);
PyObject* wrap_fresh(Tensor&& t);
// A new reference to the tensor's Python object; None for a null tensor.
inline PyObject* wrap(Tensor t) {
  if (__builtin_expect(t && !t->pyobj, 1)) return wrap_fresh(std::move(t));
  return wrap_slow(std::move(t));
}
// wrap() of an operation's result: one made in inference mode is an inference tensor, views of others are
// not.
inline PyObject* wrap_result(Tensor t) {
  if (__builtin_expect(modes.inference, 0) && t && !t->pyobj && !t->base &&
      !(t->flags & TensorImpl::ViewInference))
    t->flags |= TensorImpl::Inference;
  return wrap(std::move(t));
}
// A wrapper of class `cls` for a tensor that has none yet.
PyObject* wrap_as(PyTypeObject* cls, Tensor t);
// Makes the wrapper visible to the cycle collector; idempotent.
void track(PyObject* o);
inline void track(const TensorImpl& t) {
  if (t.pyobj && !(t.flags & TensorImpl::PyOwned)) track(static_cast<PyObject*>(t.pyobj));
}

// An owned reference.
class Ref {
 public:
  Ref() = default;
  static Ref steal(PyObject* o) {
    Ref r;
    r.p_ = o;
    return r;
  }
  static Ref share(PyObject* o) {
    Py_XINCREF(o);
    return steal(o);
  }
  Ref(const Ref& o) : p_(o.p_) { Py_XINCREF(p_); }
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() { Py_XDECREF(p_); }
  PyObject* get() const { return p_; }
  PyObject* take() { return std::exchange(p_, nullptr); }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  PyObject* p_ = nullptr;
};

// A Python exception on its way through C++.
class PythonError : public std::exception {
 public:
  PythonError();         // takes the exception that is set
  void restore() const;  // sets it again
  const char* what() const noexcept override { return text_.c_str(); }
  PyObject* value() const { return value_.get(); }

 private:
  Ref type_, value_, traceback_;
  std::string text_;
};
[[noreturn]] void raise_set();  // throws the Python exception that is set
[[noreturn]] void raise(PyObject* type, const char* format, ...);
// `o`, or the exception that made it null.
inline PyObject* must(PyObject* o) {
  if (__builtin_expect(!o, 0)) raise_set();
  return o;
}

// dict[key] = value, list.append(value): the value is new, or null with the exception that made it so.
void put(PyObject* dict, const char* key, PyObject* value);
void append(PyObject* list, PyObject* value);

// Inside a catch block: sets the Python exception for the C++ exception in flight. Returns null.
PyObject* translate() noexcept;
PyObject* class_of(ErrorKind kind);
extern PyObject* out_of_memory_error;  // a RuntimeError; torch.OutOfMemoryError
extern PyObject* linalg_error;         // a RuntimeError; torch.linalg.LinAlgError

// The body of a slot: runs f, turns C++ exceptions into Python's; `bad` is what the slot returns then.
template <class F> [[gnu::always_inline]] inline auto guarded(F&& f) noexcept -> decltype(f()) {
  using R = decltype(f());
  try {
    return f();
  } catch (...) {
    translate();
    if constexpr (std::is_pointer_v<R>)
      return nullptr;
    else
      return R(-1);
  }
}

// --- the autograd side (autograd_*.cpp) ---
PyGetSetDef* autograd_getset();  // grad, grad_fn, requires_grad, ...: ends with an empty entry
PyMethodDef* autograd_methods();
int traverse_autograd(PyTensor* self, visitproc visit,
                      void* arg);  // what the tensor reaches in Python: .grad, hooks
void clear_autograd(PyTensor* self);
void init_autograd(PyObject* module);  // its types and functions; also the Host entries that concern nodes

// --- the tensor type (tensor_type.cpp) ---
PyTypeObject* make_tensor_type(PyObject* module);
void dealloc_wrapper(PyObject* o);
void install_wrapper_hooks();

}  // namespace adjoint::python
