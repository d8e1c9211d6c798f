// The classical orthogonal polynomials. PyTorch gives them no derivative: polynomials.cpp binds them.
#include "kernels/math_polynomials.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
// Through double for both types, as in bessel.isa.cpp.
#define POLYNOMIAL(Op, name, function)                                        \
  struct Op : Pointwise {                                                     \
    static constexpr auto schema = name "(Number input, Number n) -> Tensor"; \
    static constexpr auto doc = "";                                           \
    static constexpr uint32_t flags = 0;                                      \
    static constexpr unsigned types = kFloats;                                \
    template <math::Floating T> static constexpr auto value(T x, T n) {       \
      return T(math::function(double(x), double(n)));                         \
    }                                                                         \
  };                                                                          \
  POINTWISE(Op)

POLYNOMIAL(ChebyshevT, "chebyshev_polynomial_t", chebyshev_polynomial_t)
POLYNOMIAL(ChebyshevU, "chebyshev_polynomial_u", chebyshev_polynomial_u)
POLYNOMIAL(ChebyshevV, "chebyshev_polynomial_v", chebyshev_polynomial_v)
POLYNOMIAL(ChebyshevW, "chebyshev_polynomial_w", chebyshev_polynomial_w)
POLYNOMIAL(ShiftedChebyshevT, "shifted_chebyshev_polynomial_t", shifted_chebyshev_polynomial_t)
POLYNOMIAL(ShiftedChebyshevU, "shifted_chebyshev_polynomial_u", shifted_chebyshev_polynomial_u)
POLYNOMIAL(ShiftedChebyshevV, "shifted_chebyshev_polynomial_v", shifted_chebyshev_polynomial_v)
POLYNOMIAL(ShiftedChebyshevW, "shifted_chebyshev_polynomial_w", shifted_chebyshev_polynomial_w)
POLYNOMIAL(HermiteH, "hermite_polynomial_h", hermite_polynomial_h)
POLYNOMIAL(HermiteHe, "hermite_polynomial_he", hermite_polynomial_he)
POLYNOMIAL(LaguerreL, "laguerre_polynomial_l", laguerre_polynomial_l)
POLYNOMIAL(LegendreP, "legendre_polynomial_p", legendre_polynomial_p)
#undef POLYNOMIAL
ADJOINT_POINTWISE_END
