// Wrappers: made from a free list, kept dormant while only C++ holds their tensor, freed with it.
#include "python/object.h"
#include <cstdarg>
#include <new>
#include "autograd/node.h"

namespace adjoint::python {

PyTypeObject* tensor_type = nullptr;
PyTypeObject* parameter_type = nullptr;

namespace {
// The two words that CPython keeps in front of a collectable object; all zero: not tracked.
struct GcHead {
  uintptr_t next, prev;
};
constexpr int kMostFree = 4096;
GcHead* free_list = nullptr;
int free_count = 0;

bool tracked(PyObject* o) { return (reinterpret_cast<GcHead*>(o) - 1)->next != 0; }

// Memory of the same kind as PyObject_GC_New gives, so that `x.__class__ = Subclass` may change who frees it.
PyTensor* allocate_exact() {
  GcHead* g = free_list;
  if (__builtin_expect(g != nullptr, 1)) {
    free_list = reinterpret_cast<GcHead*>(g->next);
    --free_count;
  } else {
    g = static_cast<GcHead*>(PyObject_Malloc(sizeof(GcHead) + sizeof(PyTensor)));
    if (!g) throw std::bad_alloc();
  }
  g->next = g->prev = 0;
  auto* p = reinterpret_cast<PyTensor*>(g + 1);
  p->ob_base = PyObject{};
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(p), 1);
  Py_SET_TYPE(reinterpret_cast<PyObject*>(p), tensor_type);
  Py_INCREF(reinterpret_cast<PyObject*>(tensor_type));
  return p;
}

void free_wrapper(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (__builtin_expect(type == tensor_type && free_count < kMostFree, 1)) {
    auto* g = reinterpret_cast<GcHead*>(o) - 1;
    g->next = reinterpret_cast<uintptr_t>(free_list);
    free_list = g;
    ++free_count;
  } else if (type == tensor_type) {
    PyObject_Free(reinterpret_cast<GcHead*>(o) - 1);
  } else {
    type->tp_free(o);
  }
  Py_DECREF(reinterpret_cast<PyObject*>(type));
}

PyObject* adopt(PyTensor* p, Tensor&& t) {
  t->pyobj = p;
  new (&p->t) Tensor(std::move(t));
  p->dict = p->weak = nullptr;
  return reinterpret_cast<PyObject*>(p);
}

// The tensor dies and owns a dormant wrapper (Host::wrapper_destroy).
void destroy_dormant(TensorImpl* t) {
  auto* p = static_cast<PyTensor*>(std::exchange(t->pyobj, nullptr));
  t->flags &= ~TensorImpl::PyOwned;
  auto* o = reinterpret_cast<PyObject*>(p);
  if (p->weak) PyObject_ClearWeakRefs(o);
  Py_CLEAR(p->dict);
  free_wrapper(o);
}
}  // namespace

PyObject* wrap_fresh(Tensor&& t) { return adopt(allocate_exact(), std::move(t)); }

PyObject* wrap_slow(Tensor&& t) {
  if (!t) Py_RETURN_NONE;
  if (!t->pyobj) return wrap_fresh(std::move(t));
  auto* p = static_cast<PyTensor*>(t->pyobj);
  auto* o = reinterpret_cast<PyObject*>(p);
  if (!(t->flags & TensorImpl::PyOwned)) {
    Py_INCREF(o);
    return o;
  }
  t->flags &= ~TensorImpl::PyOwned;  // wake it: Python owns the tensor again
  Py_SET_REFCNT(o, 1);
  new (&p->t) Tensor(std::move(t));
  track(o);
  return o;
}

PyObject* wrap_as(PyTypeObject* cls, Tensor t) {
  if (cls == tensor_type) return wrap(std::move(t));
  check(!t->pyobj, "a tensor can have one Python object only: it has one already");
  auto* p = reinterpret_cast<PyTensor*>(must(cls->tp_alloc(cls, 0)));
  return adopt(p, std::move(t));
}

void track(PyObject* o) {
  if (!tracked(o)) PyObject_GC_Track(o);
}

void dealloc_wrapper(PyObject* o) {
  auto* p = reinterpret_cast<PyTensor*>(o);
  TensorImpl* t = p->t.take();
  if (__builtin_expect(tracked(o), 0)) PyObject_GC_UnTrack(o);
  if (t) {
    if (__builtin_expect((p->dict || Py_TYPE(o) != tensor_type) && t->refs > 1, 0)) {
      t->flags |= TensorImpl::PyOwned;  // dormant: see Note [Wrappers]
      t->release();
      return;
    }
    t->pyobj = nullptr;
  }
  if (__builtin_expect(p->weak != nullptr, 0)) PyObject_ClearWeakRefs(o);
  Py_CLEAR(p->dict);
  free_wrapper(o);
  if (t) t->release();  // last: it may run any code
}

void install_wrapper_hooks() { host.wrapper_destroy = destroy_dormant; }

const Tensor& unwrap_checked(PyObject* o, const char* what) {
  if (!is_tensor(o)) raise(PyExc_TypeError, "%s must be Tensor, not %s", what, Py_TYPE(o)->tp_name);
  return unwrap(o);
}

}  // namespace adjoint::python
