// The update rules by name, for whoever steps: python/optim.cpp.
#pragma once
#include "device/nn/optim.h"
#include "ops/optim/rule.h"

namespace adjoint {

// A form of a rule: which tensors of a parameter's state it updates.
struct RuleForm {
  std::span<const char* const> slots;
  const UpdateLoops& loops;
  // Counts the step in `numbers`; `first`: a slot was just made.
  void (*constants)(const double* options, const optim::Number* numbers, bool first, double* out);
};

struct RuleOption {
  const char* name;
  bool pair = false;  // two numbers
};
struct Rule {
  const char* name;
  std::span<const RuleOption> options;   // of the parameter group, as they stand in the rule's Options
  std::span<const char* const> numbers;  // 0-d tensors of a parameter's state
  const RuleForm& (*form)(const double* options);
};
const Rule* find_rule(std::string_view name);  // null: no such

// Updates all parameters (there is one, at least) in one pass, without recording.
void step(const RuleForm& form, std::span<const Update> updates);

}  // namespace adjoint
