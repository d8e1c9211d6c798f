#include "ops/promotion.h"
#include "ops/scalar_fits.h"

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

Dtype result_type(const Operand& a, const Operand& b) {
  ResultType r;
  r.add(a);
  r.add(b);
  return r.get();
}

bool is_bool(const Operand& x) {
  return x.is_tensor() ? (*x.tensor)->dtype == Dtype::Bool : x.scalar.is_bool();
}

static Dtype type_beside(const Scalar& s, Dtype d) {
  return s.category() <= category_of(d) ? d : is_complex(d) || !s.is_complex() ? dtype_for(s) : complex_of(d);
}
void check_beside(const Operand& v, Dtype d) {
  if (!v.is_tensor()) check_scalar_fits(v.scalar, type_beside(v.scalar, d));
}

}  // namespace adjoint
