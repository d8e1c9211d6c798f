// The CPU's convolutions.
#include "device/nn/conv.h"
#include "device/cpu/work.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;

// An element takes a multiply-add for every tap and channel.
Work work_of(const ConvGeometry& g, Ref y) {
  return Work(y.numel * std::max<int64_t>(1, g.in_channels * g.taps() / 8));
}

void forward(const ConvGeometry& g, Ref x, Ref w, const TensorImpl* bias, Ref y) {
  if (y.numel == 0) return;
  Work work = work_of(g, y);
  conv_forward(y.dtype, g, x.host(), w.host(), bias ? bias->host() : nullptr, y.host());
}
void transposed(const ConvGeometry& g, Ref y, Ref w, const TensorImpl* bias, Ref x) {
  if (x.numel == 0) return;
  Work work = work_of(g, y);
  conv_transposed(y.dtype, g, y.host(), w.host(), bias ? bias->host() : nullptr, x.host());
}
void weight(const ConvGeometry& g, Ref x, Ref y, Ref w) {
  if (w.numel == 0) return;
  Work work = work_of(g, y);
  conv_weight(y.dtype, g, x.host(), y.host(), w.host());
}

}  // namespace
}  // namespace cpu

const ConvKernels cpu_conv = {.forward = cpu::forward, .transposed = cpu::transposed, .weight = cpu::weight};

}  // namespace adjoint
