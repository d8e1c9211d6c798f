// Raw copies: strides in elements become strides in bytes, sizes are broadcast, and kernels/copy.h does the
// work.
#include "ops/raw.h"
#include <cstring>
#include "autograd/node.h"
#include "kernels/copy.h"

namespace adjoint::raw {

namespace {

constexpr int64_t kUnlockAt = 1 << 16;  // elements from which letting other threads run is worth its price

struct Strides {
  Dims bytes;
  explicit Strides(const TensorImpl& x) : bytes(x.strides()) {
    for (int64_t& s : bytes) s *= int64_t(x.itemsize());
  }
};

// src's strides in bytes as seen by an index of dst's shape: 0 along broadcast dimensions.
Dims broadcast_strides(const TensorImpl& dst, const TensorImpl& src) {
  check(src.ndim <= dst.ndim, "output with shape ", dst.sizes(), " doesn't match the broadcast shape ",
        src.sizes());
  Dims bytes(int64_t(dst.ndim), 0);
  int lead = dst.ndim - src.ndim;
  for (int d = 0; d < src.ndim; ++d) {
    if (src.size(d) == dst.size(lead + d))
      bytes[lead + d] = src.stride(d) * int64_t(src.itemsize());
    else if (src.size(d) != 1)
      fail("The size of tensor a (", dst.size(lead + d), ") must match the size of tensor b (", src.size(d),
           ") at non-singleton dimension ", lead + d);
  }
  return bytes;
}

}  // namespace

void copy(const Tensor& dst, const Tensor& src) {
  bool same = same_sizes(*dst, *src);
  if (same && dst->contiguous() && src->contiguous() && dst->device == Device::Cpu &&
      src->device == Device::Cpu) {
    if (dst->dtype == src->dtype && dst->numel <= 4096) {
      if (dst->numel) std::memmove(dst->host(), src->host(), size_t(dst->numel) * dst->itemsize());
      return;
    }
    if (dst->numel == 0 || (dst->host() == src->host() && dst->dtype == src->dtype)) return;
    if (dst->storage->data != src->storage->data) {
      Unlocked large(dst->numel >= kUnlockAt);
      convert(dst->host(), dst->dtype, src->host(), src->dtype, dst->numel);
      return;
    }
  }
  Dims from = broadcast_strides(*dst, *src);
  if (dst->numel == 0) return;
  if (dst->meta_device()) return;
  check_as(!src->meta_device(), ErrorKind::NotImplemented, "Cannot copy out of meta tensor; no data!");
  if (dst->storage->data == src->storage->data && overlap(*dst, *src) != Overlap::None) {
    if (same && dst->host() == src->host() && dst->dtype == src->dtype &&
        equal(dst->strides(), src->strides()))
      return;
    copy(dst, clone(src));
    return;
  }
  Strides to(*dst);
  Unlocked large(dst->numel >= kUnlockAt);
  copy_strided(dst->ndim, dst->dims, dst->host(), to.bytes.data(), dst->dtype, src->host(), from.data(),
               src->dtype);
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

void fill(const Tensor& x, const Scalar& value) {
  if (x->numel == 0 || x->meta_device()) return;
  alignas(16) char element[16];
  value.store(element, x->dtype);
  Unlocked large(x->numel >= kUnlockAt);
  if (x->contiguous())
    adjoint::fill(x->host(), x->dtype, x->numel, element);
  else
    adjoint::fill_strided(x->ndim, x->dims, x->host(), Strides(*x).bytes.data(), x->dtype, element);
}

void zero(const Tensor& x) {
  if (x->numel == 0 || x->meta_device()) return;
  if (x->contiguous() && x->numel <= 4096)
    std::memset(x->host(), 0, size_t(x->numel) * x->itemsize());
  else
    fill(x, Scalar(0));
}

}  // namespace adjoint::raw
