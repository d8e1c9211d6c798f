// What creation functions share: types from keywords, and out=.
#pragma once
#include <optional>
#include "ops/layout.h"
#include "ops/registry.h"
#include "ops/scalar_fits.h"

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

}  // namespace adjoint
