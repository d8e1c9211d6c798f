// The recent in-place changes and the lines that made them, for the errors that need to name one.
#pragma once
#include <string>
#include "autograd/node.h"

namespace adjoint {

void note_change(const TensorImpl& x, const char* name);
// "add_ at train.py:13   x += 1" for the change that first took the storage past `version`; empty if
// forgotten.
std::string change_after(const Storage* s, uint32_t version);

// "MulBackward0" -> "Mul", "TBackward1" -> "T1", as PyTorch's messages about changes have it.
std::string operation_of(const Node& n);

}  // namespace adjoint
