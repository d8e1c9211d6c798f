// Copies without autograd: what may overlap is parted, the rest is the device's.
#include "ops/raw.h"
#include "device/backend.h"
#include "device/host_values.h"

namespace adjoint::raw {

namespace {

void check_broadcasts(const TensorImpl& dst, const TensorImpl& src) {
  check(src.ndim <= dst.ndim, "output with shape ", dst.sizes(), " doesn't match the broadcast shape ",
        src.sizes());
  const int lead = dst.ndim - src.ndim;
  for (int d = 0; d < src.ndim; ++d)
    check(src.size(d) == dst.size(lead + d) || src.size(d) == 1, "The size of tensor a (", dst.size(lead + d),
          ") must match the size of tensor b (", src.size(d), ") at non-singleton dimension ", lead + d);
}

}  // namespace

void copy(const Tensor& dst, const Tensor& src) {
  const bool same = same_sizes(*dst, *src);
  if (!same) check_broadcasts(*dst, *src);
  if (dst->numel == 0) return;
  if (!has_values(src) && has_values(dst))
    fail(ErrorKind::NotImplemented, "Cannot copy out of meta tensor; no data!");
  switch (overlap(*dst, *src)) {
    case Overlap::None: break;
    case Overlap::Full: return;
    case Overlap::Partial: return copy(dst, clone(src));
  }
  backend(dst).copy(*dst, *src, 0);
}

Tensor clone(const Tensor& x) {
  Tensor y = empty(x->sizes(), x->dtype, x->device);
  copy(y, x);
  return y;
}

Tensor contiguous(const Tensor& x) { return x->contiguous() ? x : clone(x); }

Tensor cast(const Tensor& x, Dtype dtype) {
  if (x->dtype == dtype) return x;
  Tensor y = x->contiguous() ? empty(x->sizes(), dtype, x->device) : empty_like_strides(x, dtype);
  copy(y, x);
  return y;
}

void fill(const Tensor& x, const Scalar& value) { backend(x).fill(*x, value); }
void zero(const Tensor& x) { fill(x, Scalar(0)); }

}  // namespace adjoint::raw
