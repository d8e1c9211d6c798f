// empty_permuted: dense memory whose dimensions lie in a given order.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {
namespace {

Tensor empty_permuted(Ints size, Ints layout, std::optional<Dtype> dtype, std::optional<Device> device) {
  const int64_t n = int64_t(size.size());
  check(layout.size() == size.size(),
        "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = ", n,
        " is not equal to len(physical_layout) = ", layout.size());
  check(n <= 64, "empty_permuted: at most 64 dimensions, got ", n);
  uint64_t seen = 0;
  Dims physical, inverse(n);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t d = layout[size_t(i)];
    check(d >= 0 && d < n, "Dimension out of range (expected to be between 0 and ", n - 1, ", but got ", d,
          " at index ", i, ").  NB: negative dims not currently supported; file an issue if you want it.");
    check(!(seen >> d & 1), "Duplicate dim not allowed");
    seen |= uint64_t(1) << d;
    check(size[size_t(d)] >= 0, "Trying to create tensor with negative dimension ", size[size_t(d)], ": ",
          size);
    physical.push_back(size[size_t(d)]);
    inverse[d] = i;
  }
  NoGrad off;
  return permute(adjoint::empty(physical, dtype.value_or(default_dtype()), device.value_or(Device::Cpu)),
                 inverse);
}

[[maybe_unused]] const auto defs = {
    def<empty_permuted>(
        "empty_permuted(int[] size, int[] physical_layout, *, dtype? dtype=None, device? device=None) "
        "-> Tensor",
        kFunction, "Uninitialised memory whose dimensions lie in the order of physical_layout."),
};

}  // namespace
}  // namespace adjoint::ops
