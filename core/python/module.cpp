// The extension module adjoint._core.
#include "kernels/blas.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "autograd/node.h"
#include "ops/promotion.h"
#include "python/args.h"
#include "python/creation.h"
#include "python/op_function.h"
#include "python/overrides.h"
#include "python/slots.h"
#include "python/types.h"

namespace adjoint::python {
namespace {

Dtype dtype_argument(PyObject* o, const char* function, const char* name, int position) {
  Dtype d;
  if (!to_dtype(o, d))
    raise(PyExc_TypeError, "%s(): argument '%s' (position %d) must be torch.dtype, not %s", function, name,
          position, Py_TYPE(o)->tp_name);
  return d;
}
int64_t int_argument(PyObject* o, const char* function) {
  int64_t i;
  if (!to_int(o, i)) raise(PyExc_TypeError, "%s expects an int, but got %s", function, Py_TYPE(o)->tp_name);
  return i;
}
template <class F> PyObject* run(F&& f) {
  return guarded([&]() -> PyObject* { return f(); });
}

PyObject* get_default_dtype(PyObject*, PyObject*) { return wrap(default_dtype()); }
PyObject* set_default(PyObject*, PyObject* o) {
  return run([&] {
    Dtype d;
    if (!to_dtype(o, d))
      raise(PyExc_TypeError,
            "invalid dtype object: only floating-point types are supported as the default type");
    set_default_dtype(d);
    return Py_NewRef(Py_None);
  });
}
PyObject* get_device(PyObject*, PyObject*) { return wrap(default_device); }
PyObject* set_device(PyObject*, PyObject* o) {
  return run([&] {
    default_device = o == Py_None ? Device::Cpu : to_device(o);
    return Py_NewRef(Py_None);
  });
}

PyObject* cpu_capability(PyObject*, PyObject*) {  // in PyTorch's words
  Isa isa = active_isa();
  return PyUnicode_FromString(isa == Isa::V4 ? "AVX512" : isa == Isa::V3 ? "AVX2" : "DEFAULT");
}
// What `adjoint info` says of the build. Loads BLAS.
PyObject* build(PyObject*, PyObject*) {
  return run([] {
#if defined(__clang__)
    const char* compiler = "clang " __clang_version__;
#else
    const char* compiler = "gcc " __VERSION__;
#endif
#if defined(__x86_64__)
    const char* sets = "x86-64-v2, x86-64-v3, x86-64-v4";
#else
    const char* sets = "one, for every processor of this kind";
#endif
#if defined(__SANITIZE_ADDRESS__)
    const char* checks = "AddressSanitizer";
#else
    const char* checks = "";
#endif
    return Py_BuildValue("{s:s,s:s,s:s,s:s,s:s}", "compiler", compiler, "built for", sets, "runs",
                         name_of(active_isa()), "sanitizer", checks, "BLAS core", blas_core_name());
  });
}
PyObject* get_threads(PyObject*, PyObject*) { return PyLong_FromLong(num_threads()); }
PyObject* set_threads(PyObject*, PyObject* o) {
  return run([&] {
    int64_t n = int_argument(o, "set_num_threads");
    check(n > 0, "expected a positive number of threads");
    set_num_threads(int(n));
    return Py_NewRef(Py_None);
  });
}

PyObject* memory(PyObject*, PyObject*) {
  MemoryStats m = memory_stats();
  return Py_BuildValue("{s:n,s:n,s:n,s:n}", "in_use", Py_ssize_t(m.in_use), "peak", Py_ssize_t(m.peak),
                       "cached", Py_ssize_t(m.cached), "limit", Py_ssize_t(m.limit));
}
PyObject* reset_peak(PyObject*, PyObject*) {
  reset_peak_memory();
  Py_RETURN_NONE;
}
PyObject* cache_limit(PyObject*, PyObject* o) {
  return run([&] {
    int64_t n = int_argument(o, "set_cache_limit");
    check(n >= 0, "the cache limit must not be negative");
    set_cache_limit(size_t(n));
    return Py_NewRef(Py_None);
  });
}
PyObject* clear_cache(PyObject*, PyObject*) {
  empty_cache();
  Py_RETURN_NONE;
}
PyObject* live(PyObject*, PyObject*) {
  return Py_BuildValue("(LL)", (long long)live_tensors(), (long long)live_nodes());
}

PyObject* storage_nbytes(PyObject*, PyObject* o) {
  return run(
      [&] { return PyLong_FromSize_t(unwrap_checked(o, "_storage_nbytes(): argument")->storage->nbytes); });
}

PyObject* is_tensor_function(PyObject*, PyObject* o) { return PyBool_FromLong(is_tensor(o)); }

PyObject* promote_types(PyObject*, PyObject* args) {
  return run([&] {
    PyObject *a, *b;
    if (!PyArg_ParseTuple(args, "OO:promote_types", &a, &b)) raise_set();
    return wrap(promote(dtype_argument(a, "promote_types", "type1", 1),
                        dtype_argument(b, "promote_types", "type2", 2)));
  });
}
PyObject* py_can_cast(PyObject*, PyObject* args, PyObject* kwargs) {
  return run([&] {
    static const char* names[] = {"from_", "to", nullptr};
    PyObject *a, *b;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:can_cast", const_cast<char**>(names), &a, &b))
      raise_set();
    return PyBool_FromLong(
        can_cast(dtype_argument(a, "can_cast", "from_", 1), dtype_argument(b, "can_cast", "to", 2)));
  });
}
PyObject* py_result_type(PyObject*, PyObject* args) {
  return run([&] {
    PyObject* items[2];
    if (!PyArg_ParseTuple(args, "OO:result_type", &items[0], &items[1])) raise_set();
    ResultType r;
    for (PyObject* o : items) {
      Scalar s;
      if (is_tensor(o))
        r.add(unwrap(o));
      else if (to_scalar(o, s))
        r.add(s);
      else
        raise(PyExc_TypeError, "result_type(): argument must be Tensor or Number, not %s",
              Py_TYPE(o)->tp_name);
    }
    return wrap(r.get());
  });
}
PyObject* set_parameter_type(PyObject*, PyObject* o) {
  if (!PyType_Check(o)) return PyErr_Format(PyExc_TypeError, "a type is wanted");
  Py_XDECREF(reinterpret_cast<PyObject*>(parameter_type));
  parameter_type = reinterpret_cast<PyTypeObject*>(Py_NewRef(o));
  Py_RETURN_NONE;
}

// Questions that are methods, as functions of a tensor.
template <const char* const& Name> PyObject* as_function(PyObject*, PyObject* args, PyObject* kwargs) {
  return run([&] {
    static const char* names[] = {"input", nullptr};
    PyObject* x;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O", const_cast<char**>(names), &x)) raise_set();
    if (!is_tensor(x) && !overridden(x))
      raise(PyExc_TypeError, "%s(): argument 'input' (position 1) must be Tensor, not %s", Name,
            Py_TYPE(x)->tp_name);
    return PyObject_CallMethod(x, Name, nullptr);
  });
}
constexpr const char *kNumel = "numel", *kFloating = "is_floating_point", *kComplex = "is_complex",
                     *kNonzero = "is_nonzero", *kSigned = "is_signed", *kInference = "is_inference",
                     *kConj = "is_conj", *kNeg = "is_neg", *kResolveConj = "resolve_conj",
                     *kResolveNeg = "resolve_neg";
#define QUESTION(name, variable) \
  {name, (PyCFunction)(void*)as_function<variable>, METH_VARARGS | METH_KEYWORDS, name "(input)"}
PyMethodDef questions[] = {QUESTION("numel", kNumel),
                           QUESTION("is_floating_point", kFloating),
                           QUESTION("is_complex", kComplex),
                           QUESTION("is_nonzero", kNonzero),
                           QUESTION("is_signed", kSigned),
                           QUESTION("is_inference", kInference),
                           QUESTION("is_conj", kConj),
                           QUESTION("is_neg", kNeg),
                           QUESTION("resolve_conj", kResolveConj),
                           QUESTION("resolve_neg", kResolveNeg),
                           {}};

PyMethodDef functions[] = {
    {"get_default_dtype", get_default_dtype, METH_NOARGS, "get_default_dtype() -> torch.dtype"},
    {"set_default_dtype", set_default, METH_O,
     "set_default_dtype(d)\n\nThe floating type that Python numbers become."},
    {"get_default_device", get_device, METH_NOARGS, "get_default_device() -> torch.device"},
    {"set_default_device", set_device, METH_O,
     "set_default_device(device)\n\nWhere creation functions put tensors."},
    {"_cpu_capability", cpu_capability, METH_NOARGS, "The instruction set of the kernels in use."},
    {"_build", build, METH_NOARGS,
     "Compiler, instruction sets, and the processor that BLAS runs for: a dict."},
    {"get_num_threads", get_threads, METH_NOARGS, "get_num_threads() -> int"},
    {"set_num_threads", set_threads, METH_O, "set_num_threads(n)\n\nResults do not depend on it."},
    {"memory_stats", memory, METH_NOARGS,
     "memory_stats() -> dict\n\nBytes in use, their peak, bytes cached for re-use, the cache's limit."},
    {"reset_peak_memory", reset_peak, METH_NOARGS, nullptr},
    {"set_cache_limit", cache_limit, METH_O,
     "set_cache_limit(nbytes)\n\nHow many bytes of freed large blocks are kept."},
    {"empty_cache", clear_cache, METH_NOARGS, "empty_cache()\n\nGives cached memory back to the system."},
    {"_live", live, METH_NOARGS, "Numbers of tensors and nodes that exist."},
    {"_storage_nbytes", storage_nbytes, METH_O, nullptr},
    {"is_tensor", is_tensor_function, METH_O, "is_tensor(obj) -> bool"},
    {"promote_types", promote_types, METH_VARARGS, "promote_types(type1, type2) -> torch.dtype"},
    {"can_cast", (PyCFunction)(void*)py_can_cast, METH_VARARGS | METH_KEYWORDS,
     "can_cast(from_, to) -> bool"},
    {"result_type", py_result_type, METH_VARARGS, "result_type(tensor1, tensor2) -> torch.dtype"},
    {"_set_parameter_type", set_parameter_type, METH_O, nullptr},
    {}};

PyObject* new_error(PyObject* module, const char* full, const char* name, PyObject* base) {
  PyObject* e = must(PyErr_NewException(full, base, nullptr));
  if (PyModule_AddObjectRef(module, name, e) < 0) raise_set();
  return e;
}

// Types, pools and the table of Host are the process's: a second interpreter, or a second import of the
// module after it was taken out of sys.modules, would pull them from under the first.
void first_import() {
  static bool done = false;
  if (PyInterpreterState_Get() != PyInterpreterState_Main())
    raise(PyExc_ImportError, "adjoint: cannot be imported in a sub-interpreter; use threads or processes");
  if (done)
    raise(PyExc_ImportError, "adjoint: cannot be imported twice in a process; restart Python instead");
  done = true;
}

void fill_module(PyObject* m) {
  out_of_memory_error = new_error(m, "adjoint.OutOfMemoryError", "OutOfMemoryError", PyExc_RuntimeError);
  linalg_error = new_error(m, "adjoint.linalg.LinAlgError", "_LinAlgError", PyExc_RuntimeError);
  add_dtypes(m);
  add_device(m);
  add_size(m);
  add_overrides(m);
  add_generator(m);
  make_tensor_type(m);
  add_operations(m);
  bind_slots();
  add_creation(m);
  add_numpy(m);
  add_dlpack(m);
  add_optim(m);
  if (PyModule_AddFunctions(m, functions) < 0 || PyModule_AddFunctions(m, questions) < 0) raise_set();
  init_autograd(m);
}

int execute(PyObject* m) {
  try {
    first_import();
    if (PyModule_AddStringConstant(m, "__version__", ADJOINT_VERSION) < 0) raise_set();
    fill_module(m);
    return 0;
  } catch (...) {
    translate();
    return -1;
  }
}
PyModuleDef_Slot module_slots[] = {{Py_mod_exec, reinterpret_cast<void*>(execute)}, {0, nullptr}};
PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", nullptr, 0,      nullptr,
                      module_slots,          nullptr, nullptr, nullptr};
}  // namespace
}  // namespace adjoint::python

PyMODINIT_FUNC PyInit__core() { return PyModuleDef_Init(&adjoint::python::module); }
