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

// The last dimension's powers, ascending: one column at least by N.
static Tensor linalg_vander(const Tensor& x0, std::optional<int64_t> columns) {
  const Tensor x = atleast_1d(x0);
  check(is_complex(x->dtype) || (x->dtype != Dtype::Bool && !is_reduced(x->dtype)),
        "linalg.vander supports floating point, complex, and integer tensors, but got ", label_of(x->dtype));
  const Dtype dtype = is_differentiable(x->dtype) ? x->dtype : Dtype::I64;
  const int64_t n = columns.value_or(x->size(x->ndim - 1));
  check(n > 1, "N must be greater than 1.");
  Dims sizes(x->sizes());
  sizes.push_back(n - 1);
  const Tensor powers = cumprod(expand(unsqueeze(to(x, dtype), -1), sizes), -1);
  sizes[int64_t(sizes.size()) - 1] = 1;
  return cat(std::array{adjoint::full(sizes, 1, dtype, x->device), powers}, -1);
}

[[maybe_unused]] static const auto defs = {
    def<linalg_vander>(
        "vander(Tensor x, *, int? N=None) -> Tensor", kLinalg,
        "The matrices whose columns are the powers 0 to N - 1 of x, a row for each element of its last "
        "dimension."),
    def<vander>("vander(Tensor x, int? N=None, bool increasing=False) -> Tensor", kFunction,
                "The matrix whose columns are powers of x."),
};

}  // namespace adjoint::ops
