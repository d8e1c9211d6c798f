// Formulas as functions of C++, for other operations and their rules.
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint::ops {

// clang-format off
#define ADJOINT_UNARY(f) \
  Tensor f(const Tensor& x) { return pointwise(formula<#f>, {x}); }
ADJOINT_UNARY(neg) ADJOINT_UNARY(abs) ADJOINT_UNARY(exp) ADJOINT_UNARY(log) ADJOINT_UNARY(sqrt) ADJOINT_UNARY(sign)
ADJOINT_UNARY(sgn) ADJOINT_UNARY(reciprocal) ADJOINT_UNARY(isnan) ADJOINT_UNARY(logical_not)
#undef ADJOINT_UNARY
#define ADJOINT_BINARY(f) \
  Tensor f(const Tensor& a, const Operand& b) { return pointwise(formula<#f>, {a, b}); }
ADJOINT_BINARY(eq) ADJOINT_BINARY(ne) ADJOINT_BINARY(lt) ADJOINT_BINARY(le) ADJOINT_BINARY(gt) ADJOINT_BINARY(ge)
ADJOINT_BINARY(logical_and) ADJOINT_BINARY(logical_or) ADJOINT_BINARY(maximum) ADJOINT_BINARY(minimum)
#undef ADJOINT_BINARY
// clang-format on

}  // namespace adjoint::ops
