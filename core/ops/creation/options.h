// What creation functions share: types from keywords, and out=.
#pragma once
#include <optional>
#include "ops/layout.h"
#include "ops/registry.h"
#include "ops/scalar_fits.h"

namespace adjoint {

namespace ops {
void resize_to(const Tensor& x, Ints sizes, MemoryFormat format);  // resize_
}

// The result's type: as asked, else out's, else `fallback`. An out of another type than asked is an error.
inline Dtype wanted_dtype(std::optional<Dtype> asked, const Dest& dest, Dtype fallback) {
  if (!dest.tensor) return asked.value_or(fallback);
  Dtype has = (*dest.tensor)->dtype;
  check(!asked || *asked == has, "dtype ", label_of(asked.value_or(has)),
        " does not match dtype of out parameter (", label_of(has), ")");
  return has;
}
inline void check_out_device(Device made_on, const Dest& dest) {
  const Device has = (*dest.tensor)->device;
  check(has == made_on, "device type ", name_of(made_on), " does not match device type of out parameter (",
        name_of(has), ")");
}
// An out of another size takes the result's without a word: it had nothing to say on what is made.
inline Tensor finish_creation(Tensor y, const Dest& dest, const char* name) {
  if (!dest.tensor) return y;
  const Tensor& out = *dest.tensor;
  check_out_device(y->device, dest);
  if (!equal(out->sizes(), y->sizes())) ops::resize_to(out, y->sizes(), MemoryFormat::Contiguous);
  return write_out(out, y, name);
}

}  // namespace adjoint
