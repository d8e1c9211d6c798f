// Conjugates: always in memory.
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

Tensor conj(const Tensor& x) { return ops::conj(x); }

Tensor conj_physical(const Tensor& x, const Dest& dest) {
  if (!is_complex(x->dtype) && !dest.tensor) return x;
  return pointwise(formula_as<"conj", "ConjPhysicalBackward0">, {x}, dest);
}

Tensor resolved(const Tensor& x) { return x; }

[[maybe_unused]] const auto definitions = {
    def<conj>("conj(Tensor self) -> Tensor", kBoth,
              "The complex conjugate; a real tensor is returned as it is."),
    def<conj_physical>("conj_physical(Tensor self) -> Tensor", kAll,
                       "The complex conjugate in memory of its own."),
    def<resolved>("resolve_conj(Tensor self) -> Tensor", kBoth,
                  "self: conjugates are always in memory here."),
    def<resolved>("resolve_neg(Tensor self) -> Tensor", kBoth, "self: negatives are always in memory here."),
};

}  // namespace

namespace ops {
Tensor conj(const Tensor& x) { return is_complex(x->dtype) ? pointwise(formula<"conj">, {x}) : x; }
}  // namespace ops
}  // namespace adjoint
