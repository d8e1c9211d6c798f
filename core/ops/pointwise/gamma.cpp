// The zeta function, with numbers on either side.
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

Tensor zeta(Operand a, Operand b, const Dest& dest) {
  return pointwise(by_numbers(a, b, formula<"zeta">, formula_as<"zeta", "SpecialZetaBackward1">,
                              formula_as<"zeta", "SpecialZetaBackward2">),
                   {a, b}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<zeta>("zeta(Number self, Number other) -> Tensor", kSpecial | kOut,
              "The Hurwitz zeta function, Σ (k + other)^-self over k = 0, 1, 2 ..."),
};

}  // namespace
}  // namespace adjoint
