// What creation functions share: types from keywords, and out=.
#pragma once
#include <optional>
#include "ops/layout.h"
#include "ops/registry.h"

namespace adjoint {

// The result's type: as asked, else out's, else `fallback`. An out of another type than asked is an error.
inline Dtype wanted_dtype(std::optional<Dtype> asked, const Dest& dest, Dtype fallback) {
  if (!dest.tensor) return asked.value_or(fallback);
  Dtype has = (*dest.tensor)->dtype;
  check(!asked || *asked == has, "dtype ", label_of(asked.value_or(has)),
        " does not match dtype of out parameter (", label_of(has), ")");
  return has;
}
inline Tensor finish_creation(Tensor y, const Dest& dest, const char* name) {
  return dest.tensor ? write_out(*dest.tensor, y, name) : y;
}
// RuntimeError when a number does not fit the type: 1j as a float.
inline void check_scalar_fits(const Scalar& v, Dtype d) {
  if (!v.is_complex() || is_complex(d) || v.to_complex().imag() == 0) return;
  const char* text = d == Dtype::F32    ? "float"
                     : d == Dtype::F64  ? "double"
                     : d == Dtype::F16  ? "at::Half"
                     : d == Dtype::BF16 ? "at::BFloat16"
                     : d == Dtype::I64  ? "int64_t"
                     : d == Dtype::I32  ? "int"
                     : d == Dtype::I16  ? "int16_t"
                     : d == Dtype::I8   ? "int8_t"
                     : d == Dtype::U8   ? "uint8_t"
                                        : "bool";
  fail("value cannot be converted to type ", text, " without overflow");
}

}  // namespace adjoint
