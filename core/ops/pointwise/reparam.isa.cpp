// Implicit derivatives of gamma and beta distributed numbers by their parameters. Like PyTorch's they have none themselves.
#include "kernels/math_reparam.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct StandardGammaGrad : Pointwise {
  static constexpr auto schema = "_standard_gamma_grad(Tensor self, Tensor output) -> Tensor";
  static constexpr auto doc =
      "∂output/∂self of a number drawn from the standard gamma distribution of shape self, its quantile held.";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr uint32_t flags = kFunction;
  template <math::Floating T> static constexpr auto value(T a, T x) { return math::gamma_shift(a, x); }
};
POINTWISE(StandardGammaGrad)

struct DirichletGrad : Pointwise {
  static constexpr auto schema = "_dirichlet_grad(Tensor x, Tensor alpha, Tensor total) -> Tensor";
  static constexpr auto doc =
      "∂x/∂alpha / (1 - x) of a number drawn from the beta distribution of alpha and total - alpha, its quantile held.";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr uint32_t flags = kFunction;
  template <math::Floating T> static constexpr auto value(T x, T a, T total) {
    return math::beta_shift(x, a, total);
  }
};
POINTWISE(DirichletGrad)
ADJOINT_POINTWISE_END
