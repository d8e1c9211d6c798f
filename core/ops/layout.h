// Memory formats: the strides they stand for, and which one a tensor already has.
#pragma once
#include <optional>
#include "ops/registry.h"

namespace adjoint {

bool is_channels_last(const TensorImpl& x);     // 4-d, NHWC order in memory
bool is_channels_last_3d(const TensorImpl& x);  // 5-d
bool has_format(const TensorImpl& x, MemoryFormat f);
MemoryFormat suggested_format(
    const TensorImpl& x);  // ChannelsLast(3d) where the strides say so, else Contiguous
Dims format_strides(Ints sizes, MemoryFormat f);  // not for Preserve
// Uninitialised memory shaped like x; Preserve keeps a dense layout.
Tensor empty_format(const Tensor& x, Dtype dtype, Device device, MemoryFormat f);

}  // namespace adjoint
