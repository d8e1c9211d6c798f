// Orthogonal polynomials: their results have no history in PyTorch.
#include "autograd/grad_mode.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

template <Text name> Tensor polynomial(Operand x, Operand n, const Dest& dest) {
  NoGrad no_grad;
  return pointwise(formula<name>, {x, n}, dest);
}

#define POLYNOMIAL(name, doc) \
  def<polynomial<name>>(name "(Number input, Number n) -> Tensor", kSpecial | kOut, doc)

[[maybe_unused]] const auto definitions = {
    POLYNOMIAL("chebyshev_polynomial_t", "The n-th Chebyshev polynomial of the first kind."),
    POLYNOMIAL("chebyshev_polynomial_u", "The n-th Chebyshev polynomial of the second kind."),
    POLYNOMIAL("chebyshev_polynomial_v", "The n-th Chebyshev polynomial of the third kind."),
    POLYNOMIAL("chebyshev_polynomial_w", "The n-th Chebyshev polynomial of the fourth kind."),
    POLYNOMIAL("shifted_chebyshev_polynomial_t",
               "The n-th Chebyshev polynomial of the first kind at 2 * input - 1."),
    POLYNOMIAL("shifted_chebyshev_polynomial_u",
               "The n-th Chebyshev polynomial of the second kind at 2 * input - 1."),
    POLYNOMIAL("shifted_chebyshev_polynomial_v",
               "The n-th Chebyshev polynomial of the third kind at 2 * input - 1."),
    POLYNOMIAL("shifted_chebyshev_polynomial_w",
               "The n-th Chebyshev polynomial of the fourth kind at 2 * input - 1."),
    POLYNOMIAL("hermite_polynomial_h", "The n-th physicist's Hermite polynomial."),
    POLYNOMIAL("hermite_polynomial_he", "The n-th probabilist's Hermite polynomial."),
    POLYNOMIAL("laguerre_polynomial_l", "The n-th Laguerre polynomial."),
    POLYNOMIAL("legendre_polynomial_p", "The n-th Legendre polynomial."),
};

}  // namespace
}  // namespace adjoint
