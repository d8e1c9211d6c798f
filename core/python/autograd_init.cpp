// Puts the autograd side together.
#include "python/autograd.h"
#include "python/profiler.h"

namespace adjoint::python {
namespace {

// The package's folder: it is being imported right now.
std::string package_prefix() {
  Ref package = Ref::steal(PyImport_ImportModule("adjoint"));
  Ref file = package ? Ref::steal(PyObject_GetAttrString(package.get(), "__file__")) : Ref();
  const char* s = file && PyUnicode_Check(file.get()) ? PyUnicode_AsUTF8(file.get()) : nullptr;
  if (!s) PyErr_Clear();
  std::string path = s ? s : "";
  return path.substr(0, path.rfind('/') + 1);
}

}  // namespace

void init_autograd(PyObject* module) {
  init_host(module);
  init_provenance(package_prefix());
  init_nodes(module);
  init_saved(module);
  init_engine(module);
  init_modes(module);
  init_functions(module);
  init_explain(module);
  init_formulas(module);
  init_profiler(module);
  init_gc(module);
}

}  // namespace adjoint::python
