// nextafter of halves: it steps in its own type, not in the kernel's, which is float32.
#include "autograd/needs.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint {

void step_halves(std::span<const Operand> xs, Dtype common, const Tensor& out);

// Halves of either type are in the order of their bits, the sign apart.
void step_halves(std::span<const Operand> xs, Dtype common, const Tensor& out) {
  Tensor dense[2];
  for (int i = 0; i < 2; ++i) {
    Tensor x = xs[i].is_tensor() ? *xs[i].tensor : scalar_tensor(xs[i].scalar, common, Device::Cpu);
    Tensor y = empty(out->sizes(), common);
    raw::copy(y, x);
    dense[i] = y;
  }
  const uint16_t infinity = common == Dtype::F16 ? 0x7c00 : 0x7f80;
  auto* a = reinterpret_cast<uint16_t*>(dense[0]->host());
  auto* b = reinterpret_cast<const uint16_t*>(dense[1]->host());
  auto size = [](uint16_t h) { return h & 0x7fff; };
  auto order = [&](uint16_t h) { return h >> 15 ? -size(h) : size(h); };
  for (int64_t i = 0; i < out->numel; ++i) {
    if (size(a[i]) > infinity) continue;
    if (size(b[i]) > infinity || order(a[i]) == order(b[i]))
      a[i] = b[i];
    else if (size(a[i]) == 0)
      a[i] = uint16_t((b[i] & 0x8000) | 1);
    else
      a[i] = uint16_t(a[i] + ((order(b[i]) > order(a[i])) == (order(a[i]) > 0) ? 1 : -1));
  }
  raw::copy(out, dense[0]);
}

}  // namespace adjoint
