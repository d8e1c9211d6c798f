// The forms in which an operation is exposed.
#pragma once
#include <cstdint>

namespace adjoint {

enum Flags : uint32_t {
  kFunction = 1,
  kMethod = 2,
  kInplace = 4,
  kOut = 8,
  kTakesDest = 16,
  kBoth = kFunction | kMethod,
  kAll = kBoth | kInplace | kOut,
  kLinalg = 64,
  kSpecial = 128,
  kNN = 256,      // adjoint.linalg.*, adjoint.special.*, adjoint.nn.functional.*
  kHidden = 512,  // adjoint._core._ops only
};

}  // namespace adjoint
