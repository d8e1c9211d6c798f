// normalize and local_response_norm: compositions.
#include "ops/ops.h"

namespace adjoint {
namespace {

Tensor normalize(const Tensor& x, double p, std::optional<Ints> dim, double eps) {
  Tensor norm = ops::vector_norm(x, p, dim.value_or(Ints()), true);
  return ops::div(x, ops::clamp(norm, Operand(eps), std::nullopt));
}

// The mean of squares over `size` channels around each, those beyond the ends being zeros.
Tensor mean_around(const Tensor& squares, int64_t size) {
  const int64_t channels = squares->size(1), before = size / 2, after = (size - 1) / 2;
  Tensor sum;
  for (int64_t k = std::max(-before, 1 - channels); k <= std::min(after, channels - 1); ++k) {
    const int64_t first = std::max<int64_t>(0, k), n = channels - std::abs(k);
    Tensor part = ops::narrow(squares, 1, first, n);
    if (k) {  // where it lies seen from its neighbour
      Dims pad(int64_t(2 * (squares->ndim - 1)), 0);
      pad[2 * (squares->ndim - 2)] = std::max<int64_t>(0, -k);
      pad[2 * (squares->ndim - 2) + 1] = std::max<int64_t>(0, k);
      part = ops::constant_pad(part, pad);
    }
    sum = sum ? ops::add(sum, part) : part;
  }
  if (is_integral(sum->dtype))  // PyTorch's average of integers is an integer
    return ops::to(ops::div(ops::to(sum, Dtype::F64), double(size)), sum->dtype);
  return ops::div(sum, double(size));
}

Tensor local_response_norm(const Tensor& x, int64_t size, double alpha, double beta, double k) {
  check_as(x->ndim >= 3, ErrorKind::Value, "Expected 3D or higher dimensionality input (got ", int(x->ndim),
           " dimensions)");
  if (is_complex(x->dtype) || x->dtype == Dtype::Bool) fail_dtype("local_response_norm", x->dtype);
  if (x->numel == 0) return is_integral(x->dtype) ? ops::to(x, default_dtype()) : x;
  check(size > 0, "kernel size should be greater than zero, but got ", size);
  Tensor wide = is_integral(x->dtype) ? ops::to(x, Dtype::I64) : x;
  Tensor around = mean_around(ops::mul(wide, wide), size);
  return ops::div(x, ops::pow(ops::add(ops::mul(around, alpha), k), beta));
}

}  // namespace

static const auto defs = {
    def<normalize>("normalize(Tensor input, float p=2.0, int[1]? dim=1, float eps=1e-12) -> Tensor",
                   kNN | kOut, "input / max(‖input‖ₚ, eps), with the norm of order `p` over `dim`."),
    def<local_response_norm>(
        "local_response_norm(Tensor input, int size, float alpha=0.0001, float beta=0.75, float "
        "k=1.0) -> Tensor",
        kNN, "input / (k + alpha · the mean of the squares of `size` channels around) ** beta."),
};

}  // namespace adjoint
