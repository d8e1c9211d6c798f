// The CPU's embeddings.
#include "device/nn/embedding.h"

namespace adjoint {

const EmbeddingKernels cpu_embedding = {};

}  // namespace adjoint
