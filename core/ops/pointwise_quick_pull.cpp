// The common backward pass of a pointwise operation: dense tensors of the CPU, and numbers, all of one type.
#include "device/cpu/flat.h"
#include "ops/pointwise_node.h"

namespace adjoint {

bool quick_pull(Loop loop, Dtype kernel, std::span<const Operand> xs, Tensor& out) {
  const Tensor& g = *xs[0].tensor;
  if (g->device != Device::Cpu) return false;
  char* p[kMaxLoopOperands];
  int64_t st[kMaxLoopOperands];
  alignas(16) char numbers[kMaxLoopOperands][16];
  const int64_t item = int64_t(item_size(kernel));
  for (size_t k = 0; k < xs.size(); ++k) {
    st[k + 1] = 0;
    if (!xs[k].is_tensor()) {
      xs[k].scalar.store(numbers[k], kernel);
      p[k + 1] = numbers[k];
      continue;
    }
    const TensorImpl& t = **xs[k].tensor;
    if (t.dtype != kernel || t.device != Device::Cpu || !same_sizes(t, *g)) return false;
    if (t.contiguous())
      st[k + 1] = item;
    else if (!is_spread(t))
      return false;
    p[k + 1] = t.address();
  }
  out = empty(g->sizes(), kernel);
  p[0] = out->address();
  st[0] = item;
  cpu::run_flat(loop, p, st, int(xs.size()) + 1, out->numel);
  return true;
}

}  // namespace adjoint
