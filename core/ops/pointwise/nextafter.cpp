// nextafter of 16-bit floats, which step in their own type, not in the kernel's. Halves of either type are in the order
// of their bits, the sign apart.
#include <bit>
#include "device/host_values.h"
#include "ops/raw.h"
#include "ops/registry.h"

namespace adjoint {

void step_halves(std::span<const Operand> xs, Dtype common, const Tensor& out);

namespace {

uint16_t step(uint16_t a, uint16_t b, uint16_t infinity) {
  auto size = [](uint16_t h) { return h & 0x7fff; };
  auto order = [&](uint16_t h) { return h >> 15 ? -size(h) : size(h); };
  if (size(a) > infinity) return a;
  if (size(b) > infinity || order(a) == order(b)) return b;
  if (size(a) == 0) return uint16_t((b & 0x8000) | 1);
  return uint16_t(a + ((order(b) > order(a)) == (order(a) > 0) ? 1 : -1));
}

template <class T> void step_all(std::span<const Operand> xs, const Tensor& out, uint16_t infinity) {
  auto operand = [&](const Operand& x) {
    Tensor y = empty(out->sizes(), dtype_of<T>, out->device);
    x.is_tensor() ? raw::copy(y, *x.tensor) : raw::fill(y, x.scalar);
    return HostElements<T>(y);
  };
  HostElements<T> a = operand(xs[0]), b = operand(xs[1]);
  HostTensor<T> y(out->sizes());
  for (int64_t i = 0; i < a.size(); ++i)
    y[i] = std::bit_cast<T>(step(std::bit_cast<uint16_t>(a[i]), std::bit_cast<uint16_t>(b[i]), infinity));
  raw::copy(out, y.on(out->device));
}

}  // namespace

void step_halves(std::span<const Operand> xs, Dtype common, const Tensor& out) {
  if (!has_values(out)) return;
  common == Dtype::F16 ? step_all<Half>(xs, out, 0x7c00) : step_all<BFloat16>(xs, out, 0x7f80);
}

}  // namespace adjoint
