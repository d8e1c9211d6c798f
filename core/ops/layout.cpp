#include "ops/layout.h"

namespace adjoint {

namespace {

// PyTorch's rule (is_channels_last_strides): walk the dimensions in the format's order, inner first; strides
// must not shrink, a dimension of size one may lie anywhere, and ambiguous N1H1 / NC11 layouts do not count.
bool follows(const TensorImpl& x, const int* order, int n) {
  if (x.ndim != n) return false;
  int64_t least = 0;
  if (x.stride(1) == 0) return false;
  for (int k = 0; k < n; ++k) {
    int d = order[k];
    if (x.size(d) == 0) return false;
    if (x.stride(d) < least) return false;
    if (d == 0 && least == x.stride(1)) return false;
    least = x.stride(d);
    if (x.size(d) > 1) least *= x.size(d);
  }
  return true;
}
constexpr int kNhwc[] = {1, 3, 2, 0}, kNdhwc[] = {1, 4, 3, 2, 0};

bool packed(const TensorImpl& x, const int* order, int n) {
  if (x.ndim != n) return false;
  int64_t expect = 1;
  for (int k = 0; k < n; ++k) {
    int d = order[k];
    if (x.size(d) == 1) continue;
    if (x.stride(d) != expect) return false;
    expect *= x.size(d);
  }
  return true;
}

}  // namespace

bool is_channels_last(const TensorImpl& x) { return packed(x, kNhwc, 4); }
bool is_channels_last_3d(const TensorImpl& x) { return packed(x, kNdhwc, 5); }

bool has_format(const TensorImpl& x, MemoryFormat f) {
  if (f == MemoryFormat::ChannelsLast) return is_channels_last(x);
  if (f == MemoryFormat::ChannelsLast3d) return is_channels_last_3d(x);
  return x.contiguous();
}

MemoryFormat suggested_format(const TensorImpl& x) {
  if (x.ndim == 4 && follows(x, kNhwc, 4)) return MemoryFormat::ChannelsLast;
  if (x.ndim == 5 && follows(x, kNdhwc, 5)) return MemoryFormat::ChannelsLast3d;
  return MemoryFormat::Contiguous;
}

Dims format_strides(Ints sizes, MemoryFormat f) {
  bool flat = f == MemoryFormat::ChannelsLast;
  if (f == MemoryFormat::Contiguous || f == MemoryFormat::Preserve) return contiguous_strides(sizes);
  check(sizes.size() == (flat ? 4 : 5), "required rank ", flat ? 4 : 5, " tensor to use ",
        flat ? "channels_last" : "channels_last_3d", " format");
  Dims strides(int64_t(sizes.size()));
  const int* order = flat ? kNhwc : kNdhwc;
  int64_t step = 1;
  for (size_t k = 0; k < sizes.size(); ++k) {
    strides[order[k]] = step;
    step *= std::max<int64_t>(sizes[size_t(order[k])], 1);
  }
  return strides;
}

Tensor empty_format(const Tensor& x, Dtype dtype, Device device, MemoryFormat f) {
  if (f == MemoryFormat::Contiguous || (f == MemoryFormat::Preserve && x->contiguous()))
    return empty(x->sizes(), dtype, device);
  if (f != MemoryFormat::Preserve)
    return empty_strided(x->sizes(), format_strides(x->sizes(), f), dtype, device);
  Tensor y = empty_like_strides(x, dtype);
  return y->device == device ? y : empty_strided(y->sizes(), y->strides(), dtype, device);
}

}  // namespace adjoint
