// The classical orthogonal polynomials. PyTorch gives them no derivative: polynomials.cpp binds them.
#include "kernels/math_bessel.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
// `at` is where the function is taken, by x. Through double for both types, as in bessel.isa.cpp.
#define POLYNOMIAL(Op, name, function, at)                                    \
  struct Op : Pointwise {                                                     \
    static constexpr auto schema = name "(Number input, Number n) -> Tensor"; \
    static constexpr auto doc = "";                                           \
    static constexpr uint32_t flags = 0;                                      \
    static constexpr unsigned types = kFloats;                                \
    template <math::Floating T> static constexpr auto value(T x, T n) {       \
      return T(math::function(at, double(n)));                                \
    }                                                                         \
  };                                                                          \
  POINTWISE(Op)

POLYNOMIAL(ChebyshevT, "chebyshev_polynomial_t", chebyshev_polynomial_t, double(x))
POLYNOMIAL(ChebyshevU, "chebyshev_polynomial_u", chebyshev_polynomial_u, double(x))
POLYNOMIAL(ChebyshevV, "chebyshev_polynomial_v", chebyshev_polynomial_v, double(x))
POLYNOMIAL(ChebyshevW, "chebyshev_polynomial_w", chebyshev_polynomial_w, double(x))
POLYNOMIAL(ShiftedChebyshevT, "shifted_chebyshev_polynomial_t", chebyshev_polynomial_t, 2 * double(x) - 1)
POLYNOMIAL(ShiftedChebyshevU, "shifted_chebyshev_polynomial_u", chebyshev_polynomial_u, 2 * double(x) - 1)
POLYNOMIAL(ShiftedChebyshevV, "shifted_chebyshev_polynomial_v", chebyshev_polynomial_v, 2 * double(x) - 1)
POLYNOMIAL(ShiftedChebyshevW, "shifted_chebyshev_polynomial_w", chebyshev_polynomial_w, 2 * double(x) - 1)
POLYNOMIAL(HermiteH, "hermite_polynomial_h", hermite_polynomial_h, double(x))
POLYNOMIAL(HermiteHe, "hermite_polynomial_he", hermite_polynomial_he, double(x))
POLYNOMIAL(LaguerreL, "laguerre_polynomial_l", laguerre_polynomial_l, double(x))
POLYNOMIAL(LegendreP, "legendre_polynomial_p", legendre_polynomial_p, double(x))
#undef POLYNOMIAL
ADJOINT_POINTWISE_END
