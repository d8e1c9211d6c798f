// Groups and distances on the device without memory: no kernel does anything.
#include "device/distance.h"
#include "device/groups.h"
#include "device/nothing.h"

namespace adjoint {

const GroupKernels meta_groups = {.merge = nothing,
                                  .segments = nothing,
                                  .segment_slopes = nothing,
                                  .first_nonzero = nothing,
                                  .histogram = nothing};
const DistanceEntries meta_distances = {.pairs = nothing, .slopes = nothing};

}  // namespace adjoint
