// vander: the matrix of powers of a vector.
#include <optional>
#include "autograd/record.h"
#include "ops/ops.h"

namespace adjoint::ops {

static Tensor vander(const Tensor& x, std::optional<int64_t> columns, bool increasing) {
  check(x->ndim == 1, "x must be a one-dimensional tensor.");
  int64_t n = columns.value_or(x->numel);
  check(n >= 0, "N must be non-negative.");
  Dtype dtype = is_floating(x->dtype) || is_complex(x->dtype) ? x->dtype : Dtype::I64;
  Tensor v = to(x, dtype), y = adjoint::empty(Dims{x->numel, n}, dtype, x->device);
  if (n > 0) fill_(select(y, 1, 0), 1);
  for (int64_t k = 1; k < n; ++k) copy_(select(y, 1, k), k == 1 ? v : mul(select(y, 1, k - 1), v));
  return increasing ? y : flip(y, Dims{1});
}

[[maybe_unused]] static const auto defs = {
    def<vander>("vander(Tensor x, int? N=None, bool increasing=False) -> Tensor", kFunction,
                "The matrix whose columns are powers of x."),
};

}  // namespace adjoint::ops
