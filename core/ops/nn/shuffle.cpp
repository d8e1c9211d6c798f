// Channels against pixels: pixel_shuffle and its inverse; and channels among themselves.
#include "autograd/door.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "ops/registry.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

// x, seen with `parts`, its dimensions in the order `order`, in the shape `to`: a copy.
Tensor rearranged(const Tensor& x, Ints parts, Ints order, Ints to) {
  const Tensor whole = raw::contiguous(x);
  const Dims strides = contiguous_strides(parts);
  Dims sizes(order.size()), steps(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    sizes[int64_t(i)] = parts[size_t(order[i])];
    steps[int64_t(i)] = strides[order[i]];
  }
  Tensor y = empty(sizes, x->dtype, x->device);
  raw::copy(y, alias(whole, sizes, steps, whole->byte_offset));
  return alias(y, to, contiguous_strides(to), y->byte_offset);
}

Tensor unshuffled(const Tensor& x, int64_t r);
Tensor shuffled(const Tensor& x, int64_t r);

// The sizes before channels, height and width, then `rest`; dimensions of `rest` in the order `order`.
Tensor of_images(const Tensor& x, Ints rest, Ints order, Ints image) {
  const int lead = x->ndim - 3;
  Dims parts(x->sizes().first(size_t(lead))), to(parts), whole;
  for (int64_t i = 0; i < lead; ++i) whole.push_back(i);
  for (int64_t n : rest) parts.push_back(n);
  for (int64_t i : order) whole.push_back(lead + i);
  for (int64_t n : image) to.push_back(n);
  return rearranged(x, parts, whole, to);
}

struct PixelShuffle {
  static constexpr const char *name = "pixel_shuffle", *node = "PixelShuffleBackward0";
  int64_t upscale_factor;
  Tensor forward(const Tensor& x) {
    const int64_t r = upscale_factor, c = x->size(x->ndim - 3) / r / r, h = x->size(x->ndim - 2),
                  w = x->size(x->ndim - 1);
    return of_images(x, Dims{c, r, r, h, w}, Dims{0, 3, 1, 4, 2},
                     Dims{c, checked_mul(h, r), checked_mul(w, r)});
  }
  static constexpr const char* rule = "gx = pixel_unshuffle(g)";
  void vjp(Backward& b) { b.gx[0] = unshuffled(b.grad(), upscale_factor); }
  void fields(auto& f) { f("upscale_factor", upscale_factor); }
};
struct PixelUnshuffle {
  static constexpr const char *name = "pixel_unshuffle", *node = "PixelUnshuffleBackward0";
  int64_t downscale_factor;
  Tensor forward(const Tensor& x) {
    const int64_t r = downscale_factor, c = x->size(x->ndim - 3), h = x->size(x->ndim - 2) / r,
                  w = x->size(x->ndim - 1) / r;
    return of_images(x, Dims{c, h, r, w, r}, Dims{0, 2, 4, 1, 3}, Dims{c * r * r, h, w});
  }
  static constexpr const char* rule = "gx = pixel_shuffle(g)";
  void vjp(Backward& b) { b.gx[0] = shuffled(b.grad(), downscale_factor); }
  void fields(auto& f) { f("downscale_factor", downscale_factor); }
};
Tensor shuffled(const Tensor& x, int64_t r) { return apply(PixelShuffle{r}, x); }
Tensor unshuffled(const Tensor& x, int64_t r) { return apply(PixelUnshuffle{r}, x); }

Tensor pixel_shuffle(const Tensor& x, int64_t r) {
  check(x->ndim >= 3, "pixel_shuffle expects input to have at least 3 dimensions, but got input with ",
        int(x->ndim), " dimension(s)");
  check(r > 0, "pixel_shuffle expects a positive upscale_factor, but got ", r);
  const int64_t channels = x->size(x->ndim - 3);
  check(
      channels % checked_mul(r, r) == 0,
      "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
      "input.size(-3)=",
      channels, " is not divisible by ", r * r);
  return shuffled(x, r);
}
Tensor pixel_unshuffle(const Tensor& x, int64_t r) {
  check(x->ndim >= 3, "pixel_unshuffle expects input to have at least 3 dimensions, but got input with ",
        int(x->ndim), " dimension(s)");
  check(r > 0, "pixel_unshuffle expects a positive downscale_factor, but got ", r);
  const int64_t h = x->size(x->ndim - 2), w = x->size(x->ndim - 1);
  check(h % r == 0,
        "pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=", h,
        " is not divisible by ", r);
  check(w % r == 0,
        "pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=", w,
        " is not divisible by ", r);
  checked_mul(checked_mul(x->size(x->ndim - 3), r), r);
  return unshuffled(x, r);
}

// Channel k of each group becomes the k-th of the channels' groups. Back: with as many groups as a group had channels.
struct ChannelShuffle {
  static constexpr const char *name = "channel_shuffle", *node = "ChannelShuffleBackward0";
  int64_t groups;
  Tensor forward(const Tensor& x) {
    const int64_t channels = x->size(1), each = groups ? channels / groups : 0;
    int64_t inner = 1;
    for (int d = 2; d < x->ndim; ++d) inner *= x->size(d);
    const MemoryFormat format = suggested_format(*x);
    Tensor y = rearranged(x, Dims{x->size(0), groups, each, inner}, Dims{0, 2, 1, 3}, x->sizes());
    if (format == MemoryFormat::Contiguous) return y;
    Tensor last = empty_strided(x->sizes(), format_strides(x->sizes(), format), x->dtype, x->device);
    raw::copy(last, y);
    return last;
  }
  static constexpr const char* rule = "gx = channel_shuffle(g, channels/groups)";
  void vjp(Backward& b) {
    const int64_t channels = b.grad()->size(1);
    b.gx[0] = apply(ChannelShuffle{channels ? channels / groups : groups}, b.grad());
  }
  void fields(auto& f) { f("groups", groups); }
};
Tensor channel_shuffle(const Tensor& x, int64_t groups) {
  check(x->ndim > 2, "channel_shuffle expects input with > 2 dims, but got input with sizes ", x->sizes());
  check(groups > 0, "Number of groups to divide channels in must be positive. Value of groups:", groups);
  check(x->size(1) % groups == 0, "Number of channels must be divisible by groups. Got ", x->size(1),
        " channels and ", groups, " groups.");
  return apply(ChannelShuffle{groups}, x);
}

const auto defs = {
    def<pixel_shuffle>(
        "pixel_shuffle(Tensor self, int upscale_factor) -> Tensor", kFunction | kNN,
        "(*, C·r², H, W) to (*, C, H·r, W·r): r² channels become the pixels of an r × r square."),
    def<pixel_unshuffle>("pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor", kFunction | kNN,
                         "(*, C, H·r, W·r) to (*, C·r², H, W): the inverse of pixel_shuffle."),
    def<channel_shuffle>("channel_shuffle(Tensor self, int groups) -> Tensor", kFunction | kNN,
                         "The channels, read as [groups, channels/groups], in transposed order."),
    def<channel_shuffle>("native_channel_shuffle(Tensor self, int groups) -> Tensor", kFunction | kNN,
                         "channel_shuffle."),
};

}  // namespace
}  // namespace adjoint
