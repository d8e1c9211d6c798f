// nonzero_static: nonzero with a number of rows that does not depend on the values.
#include "autograd/door.h"
#include "device/groups.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

static Tensor nonzero_static(const Tensor& x, int64_t size, int64_t fill_value) {
  NoGrad off;
  check(size >= 0, "nonzero_static: 'size' must be an non-negative integer");
  Tensor y = adjoint::empty(Dims{size, x->ndim}, Dtype::I64, x->device);
  if (!has_values(x) || y->numel == 0) return y;
  const Tensor mask = raw::contiguous(x->dtype == Dtype::Bool ? x : ne(x, 0));
  const int64_t n = group_kernels(y).first_nonzero(*mask, *y);
  raw::fill(slice(y, 0, n, size), Scalar(fill_value));
  return y;
}

[[maybe_unused]] static const auto defs = {
    def<nonzero_static>(
        "nonzero_static(Tensor self, *, int size, int fill_value=-1) -> Tensor", kBoth | kOut,
        "The coordinates of the first `size` elements that are not 0; rows of fill_value beyond them."),
};

}  // namespace adjoint::ops
