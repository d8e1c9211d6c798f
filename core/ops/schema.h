// Schemas, read: "name(Tensor self, int dim, *, bool keepdim=False) -> (Tensor values, Tensor indices)". Argument
// parser, messages, explanations, documentation and stubs all have them from here.
#pragma once
#include <string_view>
#include <vector>
#include "ops/registry.h"

namespace adjoint {

enum class Kind : uint8_t {
  Tensor,
  Number,
  Scalar,
  Int,
  Float,
  Bool,
  Str,
  Dtype,
  Device,
  Format,
  Generator,
  TensorList,
  IntList,
  Layout  // the binding's own: no schema has it
};
std::string_view kind_name(Kind k);  // as schemas have it: "Number"; of lists, their elements'

// A parameter, or a result. All memory that it points to stays: records live as long as the process.
struct Parameter {
  std::string_view text;  // its name
  std::string_view type;  // as written: "int[1]?"
  Kind kind = Kind::Tensor;
  bool optional = false;       // takes None
  bool lone_int = false;       // int[1]: an int will do
  bool null_elements = false;  // Tensor?[]
  bool keyword_only = false;
  bool has_default = false;
  std::string_view default_text;  // without a string's quotes
  Value value;                    // the default
};

struct Schema {
  std::string_view name;
  std::vector<Parameter> parameters;
  std::vector<Parameter> results;
  bool named_results = false;  // a named tuple
};

// Read once, when it is first asked for. An internal error where it does not follow the grammar.
const Schema& schema_of(const OpRecord& record);

}  // namespace adjoint
