// Functions of torch.special whose results have no history in PyTorch: Bessel functions, orthogonal
// polynomials.
#include "autograd/grad_mode.h"
#include "ops/pointwise_record.h"

namespace adjoint {

namespace {

struct Name {
  char text[40];
  consteval Name(const char* s) : text() {
    for (int i = 0; s[i]; ++i) text[i] = s[i];
  }
};

template <Name name> Tensor at_point(const Tensor& x, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise(name.text);
  NoGrad no_grad;
  return pointwise(op, {x}, dest);
}
template <Name name> Tensor polynomial(Operand x, Operand n, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise(name.text);
  NoGrad no_grad;
  return pointwise(op, {x, n}, dest);
}

}  // namespace

#define BESSEL(name, doc) def<at_point<name>>(name "(Tensor self) -> Tensor", kSpecial | kOut, doc)
#define POLYNOMIAL(name, doc) \
  def<polynomial<name>>(name "(Number input, Number n) -> Tensor", kSpecial | kOut, doc)

[[maybe_unused]] static const auto defs = {
    BESSEL("bessel_j0", "The Bessel function of the first kind, order 0."),
    BESSEL("bessel_j1", "The Bessel function of the first kind, order 1."),
    BESSEL("bessel_y0", "The Bessel function of the second kind, order 0."),
    BESSEL("bessel_y1", "The Bessel function of the second kind, order 1."),
    BESSEL("modified_bessel_i0", "The modified Bessel function of the first kind, order 0."),
    BESSEL("modified_bessel_i1", "The modified Bessel function of the first kind, order 1."),
    BESSEL("modified_bessel_k0", "The modified Bessel function of the second kind, order 0."),
    BESSEL("modified_bessel_k1", "The modified Bessel function of the second kind, order 1."),
    BESSEL("scaled_modified_bessel_k0", "exp(self) * modified_bessel_k0(self)"),
    BESSEL("scaled_modified_bessel_k1", "exp(self) * modified_bessel_k1(self)"),
    BESSEL("spherical_bessel_j0", "sin(self) / self, and 1 at 0"),
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

}  // namespace adjoint
