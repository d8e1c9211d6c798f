#include "ops/promotion.h"

namespace adjoint {
namespace {
struct Maybe {
  bool any;
  Dtype dtype;
};

Maybe combine(Maybe higher, Maybe lower) {
  if (!higher.any) return lower;
  if (!lower.any || is_complex(higher.dtype)) return higher;
  if (is_floating(higher.dtype)) {
    if (!is_complex(lower.dtype)) return higher;
    return {true, higher.dtype == Dtype::F64 ? Dtype::C128 : Dtype::C64};
  }
  if (higher.dtype == Dtype::Bool || is_differentiable(lower.dtype))
    return {true, promote(higher.dtype, lower.dtype)};
  return higher;
}
}  // namespace

Dtype ResultType::get() const {
  Maybe r =
      combine(combine({dims_.any, dims_.dtype}, {zero_.any, zero_.dtype}), {numbers_.any, numbers_.dtype});
  return r.dtype;
}

Dtype result_type(std::span<const Operand> xs) {
  ResultType r;
  for (const Operand& x : xs) r.add(x);
  return r.get();
}

bool can_cast(Dtype from, Dtype to) {
  if (is_complex(from) && !is_complex(to)) return false;
  if (is_differentiable(from) && !is_differentiable(to)) return false;
  return !(from != Dtype::Bool && to == Dtype::Bool);
}

}  // namespace adjoint
