// Functions made of the gamma function and its derivatives.
#include "autograd/node.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

Tensor polygamma(int64_t n, const Tensor& x, const Dest& dest) {
  check(n >= 0, "polygamma(n, x) does not support negative n.");
  return pointwise(formula<"polygamma">, {Scalar(n), x}, dest);
}

// log Γ_p(x) = p(p-1)/4 log π + Σ log Γ(x + (1-j)/2)
Tensor mvlgamma(const Tensor& x, int64_t p) {
  check(x->dtype != Dtype::Bool, "The input tensor may not be a boolean tensor.");
  check(p >= 1, "p has to be greater than or equal to 1");
  check(p <= 1 << 24, "mvlgamma: p = ", p, " would need as many terms; at most 2^24 are taken");
  Tensor sum;
  for (int64_t j = 1; j <= p; ++j) {
    if (j % 1024 == 0 && host.check_interrupt) host.check_interrupt();
    Tensor term = pointwise(formula<"lgamma">, {ops::add(x, 0.5 * double(1 - j))});
    sum = sum ? ops::add(sum, term) : term;
  }
  return ops::add(sum, double(p * (p - 1)) * 0.25 * 1.144729885849400174);
}

[[maybe_unused]] const auto definitions = {
    def<polygamma>("polygamma(int n, Tensor self) -> Tensor", kAll | kSpecial,
                   "The n-th derivative of digamma."),
    def<mvlgamma>("mvlgamma(Tensor self, int p) -> Tensor", kAll,
                  "The logarithm of the multivariate gamma function."),
    def<mvlgamma>("multigammaln(Tensor self, int p) -> Tensor", kSpecial | kOut,
                  "The logarithm of the multivariate gamma function."),
};

}  // namespace
}  // namespace adjoint
