// What the binding adds to a record's schema: interned names, NumPy's words for them, parameters of its own.
#pragma once
#include <string>
#include <vector>
#include "ops/schema.h"
#include "python/object.h"

namespace adjoint::python {

// What the binding itself consumes, not the operation.
enum class Role : uint8_t { Argument, Out, RequiresGrad, PinMemory, Ignored };

struct Param : Parameter {
  PyObject* name = nullptr;  // interned; in function form `self` is called `input`
  PyObject* alias[3] = {};   // NumPy's names, interned: axis, keepdims, x, a, x1, x2
  Role role = Role::Argument;
};

struct Overload {
  const OpRecord* record = nullptr;
  const Schema* schema = nullptr;
  std::vector<Param> params;  // the record's arguments first, in order
  int arguments = 0;          // how many are the record's
  int positional = 0;         // how many may be given by position
  int self = -1;              // which is `self`
  bool any_tensor = false;
  bool wants_tensor = false;           // not numbers alone: see lacks_tensor()
  PyTypeObject* tuple_type = nullptr;  // made at the first result
};

Overload make_overload(const OpRecord& record);
const char* kind_text(const Param& p);  // PyTorch's words for the type: "tuple of ints"
// "(Tensor input, *, bool keepdim = False)"; with_self: as a function.
std::string signature_text(const Overload& o, bool with_self);
// A record as Python sees it: a dict of its schema, parsed, its forms and its documentation.
PyObject* describe(const OpRecord& record);

}  // namespace adjoint::python
