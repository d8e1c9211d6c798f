// Why a call does not fit an overload, in PyTorch's words.
#pragma once
#include "python/args.h"

namespace adjoint::python {

struct Complaint {
  const Overload& o;
  const Call& call;
  const char* name;

  std::string extra_positional() const;
  std::string missing(Py_ssize_t used_positions) const;
  std::string wrong_type(const Param& p, PyObject* given,
                         Py_ssize_t position) const;  // position < 0: by keyword
  std::string keywords() const;
};

// --- keywords (args.cpp) ---
inline bool same_name(PyObject* a, PyObject* b) { return a == b || (b && PyUnicode_Compare(a, b) == 0); }
PyObject* find_keyword(const Param& p, const Call& c, bool self_as_input);
const Param* param_named(const Overload& o, PyObject* key);

}  // namespace adjoint::python
