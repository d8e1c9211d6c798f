// What a device provides for embeddings: see device/backend.h.
#pragma once
#include "device/backend.h"

namespace adjoint {

struct EmbeddingKernels {};

}  // namespace adjoint
