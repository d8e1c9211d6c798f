// Logarithms that take numbers on either side, or a bound.
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

Tensor xlogy(Operand a, Operand b, const Dest& dest) {
  return pointwise(by_numbers(a, b, formula<"xlogy">, formula_as<"xlogy", "XlogyBackward1">,
                              formula_as<"xlogy", "XlogyBackward2">),
                   {a, b}, dest);
}

Tensor xlog1py(Operand a, Operand b, const Dest& dest) {
  return pointwise(by_numbers(a, b, formula<"xlog1py">, formula_as<"xlog1py", "SpecialXlog1PyBackward1">,
                              formula_as<"xlog1py", "SpecialXlog1PyBackward2">),
                   {a, b}, dest);
}

Tensor logit(const Tensor& x, std::optional<double> eps, const Dest& dest) {
  return eps && *eps >= 0 ? pointwise(formula<"logit_eps">, {x, *eps}, dest)
                          : pointwise(formula<"logit">, {x}, dest);
}

[[maybe_unused]] const auto definitions = {
    def<xlogy>("xlogy(Number self, Number other) -> Tensor", kAll | kInplaceFunction | kSpecial,
               "self * log(other), and 0 where self is 0."),
    def<xlog1py>("xlog1py(Number self, Number other) -> Tensor", kSpecial | kOut,
                 "self * log1p(other), and 0 where self is 0."),
    def<logit>("logit(Tensor self, float? eps=None) -> Tensor", kAll | kInplaceFunction | kSpecial,
               "log(self / (1 - self)), self held within [eps, 1 - eps]."),
};

}  // namespace
}  // namespace adjoint
