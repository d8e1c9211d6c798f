// Bessel and Airy functions: their results have no history in PyTorch.
#include "autograd/grad_mode.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

template <Text name> Tensor at_point(const Tensor& x, const Dest& dest) {
  NoGrad no_grad;
  return pointwise(formula<name>, {x}, dest);
}

#define BESSEL(name, doc) def<at_point<name>>(name "(Tensor self) -> Tensor", kSpecial | kOut, doc)

[[maybe_unused]] const auto definitions = {
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
    BESSEL("airy_ai", "The Airy function Ai."),
};

}  // namespace
}  // namespace adjoint
