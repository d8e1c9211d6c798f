// The forms in which an operation is exposed, and what else a driver must know of it.
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
  kNN = 256,
  kFft = 32768,   // adjoint.linalg.*, adjoint.special.*, adjoint.nn.functional.*, adjoint.fft.*
  kHidden = 512,  // adjoint._core._ops only
  // What kInplace makes of functions of one parameter by itself: adjoint.name_ beside Tensor.name_.
  kInplaceFunction = 1024,
  kNumbersAlone = 2048,  // computes numbers without a tensor among them, too
  kWrapsNumbers =
      4096,  // PyTorch wraps a number among the operands into a tensor: its node lists an edge for it
  kChangesLeaves = 8192,   // in place, it may write into a leaf that requires grad
  kAcrossDevices = 16384,  // its tensors may be on several: see Note [Devices of a call]
};

}  // namespace adjoint
