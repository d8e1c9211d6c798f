// Schemas, parsed: what the argument parser, the error messages, the documentation and the stubs read.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "ops/registry.h"
#include "python/object.h"

namespace adjoint::python {

enum class Kind : uint8_t {
  Tensor,
  TensorList,
  Number,
  Scalar,
  Int,
  Float,
  Bool,
  Str,
  Dtype,
  Device,
  IntList,
  Format,
  Layout,
  Generator
};
// What the binding itself consumes, not the operation.
enum class Role : uint8_t { Argument, Out, RequiresGrad, PinMemory, Ignored };

struct Param {
  PyObject* name = nullptr;  // interned; in function form `self` is called `input`
  PyObject* alias[3] = {};   // NumPy's names, interned: axis, keepdims, x, a, x1, x2
  Kind kind = Kind::Tensor;
  Role role = Role::Argument;
  bool optional = false;  // takes None
  bool lone_int = false;  // int[1]: an int will do
  bool keyword_only = false;
  bool has_default = false;
  bool null_elements = false;       // Tensor?[]
  Value value;                      // the default
  std::unique_ptr<int64_t[]> ints;  // the default's memory
  std::string text, default_text;   // default as written; the default's memory for strings
};

struct Overload {
  const OpRecord* record = nullptr;
  std::vector<Param> params;  // the record's arguments first, in order
  int arguments = 0;          // how many are the record's
  int positional = 0;         // how many may be given by position
  int self = -1;              // which is `self`
  bool any_tensor = false;
  std::vector<std::string> results;  // names of a tuple's fields, as written
  std::vector<std::string> result_types;
  PyTypeObject* tuple_type = nullptr;  // made at the first result
};

std::string_view schema_name(const char* schema);  // up to "(" or "."
// Parses a record's schema; SystemError (a mistake in the record) when it does not follow the grammar.
Overload parse_schema(const OpRecord& record);
const char* kind_text(const Param& p);  // PyTorch's words for the type: "tuple of ints"
// "(Tensor input, *, bool keepdim = False)"; with_self: as a function.
std::string signature_text(const Overload& o, bool with_self);

}  // namespace adjoint::python
