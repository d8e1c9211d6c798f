// A number that becomes an element must be one that the element's type can hold.
#pragma once
#include "tensor/dtype.h"
#include "tensor/scalar.h"

namespace adjoint {

// RuntimeError "value cannot be converted to type ... without overflow": NaN or 300 as a uint8, 1e39 as a
// float, 1j as a real number. Fractions are cut, and negative numbers may wrap into unsigned types.
void check_scalar_fits(const Scalar& v, Dtype d);

}  // namespace adjoint
