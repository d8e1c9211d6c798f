// hash_tensor: the exclusive or of all elements' bits.
#include "ops/pointwise_record.h"
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

// The elements as 64 bits: integers as int64, floats as double.
Tensor bits_of(const Tensor& x) {
  if (is_complex(x->dtype)) fail_dtype("xor_sum_cpu", x->dtype);
  if (!is_floating(x->dtype)) return raw::cast(x, Dtype::I64);
  return ops::view_dtype(raw::contiguous(raw::cast(x, Dtype::F64)), Dtype::I64);
}

// Rows of n elements, joined by halves.
Tensor joined(Tensor x) {
  for (int64_t n = x->size(1); n > 1; n /= 2) {
    const int64_t half = n / 2;
    const Tensor left = ops::slice(x, 1, 0, half), right = ops::slice(x, 1, half, 2 * half);
    Tensor y = pointwise(formula<"bitwise_xor">, {left, right});
    if (n % 2) {
      const Tensor first = ops::slice(y, 1, 0, 1), last = ops::slice(x, 1, n - 1, n);
      pointwise(formula<"bitwise_xor">, {first, last}, Dest{&first, true, "bitwise_xor_"});
    }
    x = y;
  }
  return x;
}

Tensor hash_tensor(const Tensor& x, Ints dims, bool keepdim, int64_t mode) {
  NoGrad off;
  check(mode == 0, "Unknown hash_tensor mode: ", mode);
  const Mask m = mask_of(dims, x->ndim);
  check(x->numel || !dims.empty(),
        "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. "
        "Specify the reduction dim with the 'dim' argument.");
  check_not_empty(*x, m, "hash_tensor");
  const Dims sizes = reduced_sizes(*x, m, keepdim);
  Dims order;
  for (int pass = 0; pass < 2; ++pass)
    for (int64_t d = 0; d < x->ndim; ++d)
      if (m.has(d) == (pass == 1)) order.push_back(d);
  if (x->numel == 0) return empty(sizes, Dtype::I64, x->device);
  const int64_t n = reduced_count(*x, m);
  return ops::reshape(joined(ops::reshape(ops::permute(bits_of(x), order), Dims{x->numel / n, n})), sizes);
}

}  // namespace

static const auto defs = {
    def<hash_tensor>("hash_tensor(Tensor self, int[1] dim=[], *, bool keepdim=False, int mode=0) -> Tensor",
                     kBoth | kOut,
                     "The exclusive or of the elements' bits, integers as int64 and floats as double."),
};

}  // namespace adjoint
