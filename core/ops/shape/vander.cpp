// vander: the matrix of powers of a vector.
#include <array>
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

static Tensor vander(const Tensor& x, std::optional<int64_t> columns, bool increasing) {
  check(x->ndim == 1, "x must be a one-dimensional tensor.");
  int64_t n = columns.value_or(x->numel);
  check(n >= 0, "N must be non-negative.");
  Dtype dtype = is_floating(x->dtype) || is_complex(x->dtype) ? x->dtype : Dtype::I64;
  Tensor y = adjoint::full(Dims{x->numel, std::min<int64_t>(n, 1)}, 1, dtype, x->device);
  if (n > 1) {
    Tensor powers = cumprod(expand(unsqueeze(to(x, dtype), 1), Dims{x->numel, n - 1}), 1);
    y = cat(std::array{y, powers}, 1);
  }
  return increasing ? y : flip(y, Dims{1});
}

[[maybe_unused]] static const auto defs = {
    def<vander>("vander(Tensor x, int? N=None, bool increasing=False) -> Tensor", kFunction,
                "The matrix whose columns are powers of x."),
};

}  // namespace adjoint::ops
