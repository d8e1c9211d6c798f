// torch.Generator: a source of random numbers of one's own; and the default one's seed and state.
#include "device/generator.h"
#include "ops/registry.h"
#include "python/args.h"
#include "python/types.h"

namespace adjoint::python {

PyTypeObject* generator_type = nullptr;

namespace {
struct PyGenerator {
  PyObject_HEAD Generator* g;  // owned; the default one is never freed
};
Generator& of(PyObject* o) { return *reinterpret_cast<PyGenerator*>(o)->g; }
void release(Generator* g) {
  if (--g->refs == 0) delete g;
}

PyObject* make(PyTypeObject* type, Generator* g) {
  auto* p = reinterpret_cast<PyGenerator*>(must(type->tp_alloc(type, 0)));
  p->g = g;
  return reinterpret_cast<PyObject*>(p);
}
PyObject* generator_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    static const char* names[] = {"device", nullptr};
    PyObject* device = nullptr;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Generator", const_cast<char**>(names), &device))
      raise_set();
    if (device && device != Py_None)
      check(to_device(device) == Device::Cpu, "Device type meta is not supported for torch.Generator() api.");
    return make(type, new Generator);
  });
}
void dealloc(PyObject* o) {
  PyTypeObject* type = Py_TYPE(o);
  if (Generator* g = reinterpret_cast<PyGenerator*>(o)->g) release(g);
  type->tp_free(o);
  Py_DECREF(type);
}

// A seed is 64 bits: negative numbers wrap.
uint64_t seed_of(PyObject* o) {
  if (!PyLong_Check(o) || PyBool_Check(o)) {
    int64_t i;
    if (is_tensor(o) && to_int(o, i)) return uint64_t(i);
    if (PyFloat_Check(o)) return uint64_t(int64_t(PyFloat_AS_DOUBLE(o)));
    raise(PyExc_TypeError, "manual_seed expected a long, but got %s", Py_TYPE(o)->tp_name);
  }
  int overflow = 0;
  long long i = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (overflow < 0) fail(ErrorKind::Value, "Overflow when unpacking long long");
  if (!overflow) return uint64_t(i);
  unsigned long long u = PyLong_AsUnsignedLongLong(o);
  if (PyErr_Occurred()) {
    PyErr_Clear();
    fail(ErrorKind::Value, "Overflow when unpacking long long");
  }
  return u;
}

PyObject* manual_seed(PyObject* o, PyObject* seed) {
  return guarded([&]() -> PyObject* {
    of(o).manual_seed(seed_of(seed));
    return Py_NewRef(o);
  });
}
PyObject* fresh_seed(PyObject* o, PyObject*) { return PyLong_FromUnsignedLongLong(of(o).seed_from_system()); }
PyObject* initial_seed(PyObject* o, PyObject*) { return PyLong_FromUnsignedLongLong(of(o).seed); }
PyObject* get_state(PyObject* o, PyObject*) {
  return guarded([&] { return wrap(of(o).get_state()); });
}
PyObject* set_state(PyObject* o, PyObject* state) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(state))
      raise(PyExc_TypeError, "expected a torch.ByteTensor, but got %s", Py_TYPE(state)->tp_name);
    if (unwrap(state)->dtype != Dtype::U8) raise(PyExc_TypeError, "RNG state must be a torch.ByteTensor");
    of(o).set_state(unwrap(state));
    return Py_NewRef(o);
  });
}
PyObject* clone(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    auto* g = new Generator(of(o));
    g->refs = 1;
    return make(Py_TYPE(o), g);
  });
}
PyObject* reduce(PyObject* o, PyObject*) {
  return guarded([&]() -> PyObject* {
    Ref rebuild =
        Ref::steal(must(PyObject_GetAttrString(reinterpret_cast<PyObject*>(generator_type), "_rebuild")));
    return Py_BuildValue("(O(N))", rebuild.get(), wrap(of(o).get_state()));
  });
}
PyObject* rebuild(PyObject* cls, PyObject* state) {
  Ref o = Ref::steal(PyObject_CallNoArgs(cls));
  if (!o) return nullptr;
  Ref done = Ref::steal(set_state(o.get(), state));
  return done ? o.take() : nullptr;
}
PyObject* get_device(PyObject*, void*) { return wrap(Device::Cpu); }
PyObject* repr(PyObject* o) { return PyUnicode_FromFormat("<torch._C.Generator object at %p>", o); }

PyMethodDef methods[] = {
    {"manual_seed", manual_seed, METH_O, "manual_seed(seed) -> Generator"},
    {"seed", fresh_seed, METH_NOARGS, "seed() -> int\n\nSeeds from the system's randomness."},
    {"initial_seed", initial_seed, METH_NOARGS, "initial_seed() -> int"},
    {"get_state", get_state, METH_NOARGS, "get_state() -> Tensor"},
    {"set_state", set_state, METH_O, "set_state(new_state)"},
    {"clone_state", clone, METH_NOARGS, "clone_state() -> Generator"},
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {"_rebuild", rebuild, METH_O | METH_CLASS, nullptr},
    {}};
PyGetSetDef getset[] = {{"device", get_device, nullptr, nullptr, nullptr}, {}};
PyType_Slot slots[] = {
    {Py_tp_new, (void*)generator_new},
    {Py_tp_dealloc, (void*)dealloc},
    {Py_tp_repr, (void*)repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_tp_doc, (void*)"A stream of random numbers: the same seed gives PyTorch's numbers."},
    {0, nullptr}};
PyType_Spec spec = {"adjoint.Generator", sizeof(PyGenerator), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                    slots};
}  // namespace

bool to_generator(PyObject* o, Generator*& out) {
  if (!PyType_IsSubtype(Py_TYPE(o), generator_type)) return false;
  out = &of(o);
  return true;
}

void add_generator(PyObject* module) {
  generator_type = add_type(module, "Generator", spec, nullptr, "torch._C.Generator");
  Generator& g = default_generator();
  ++g.refs;
  Ref standard = Ref::steal(make(generator_type, &g));
  if (PyModule_AddObjectRef(module, "default_generator", standard.get()) < 0) raise_set();
}

}  // namespace adjoint::python
