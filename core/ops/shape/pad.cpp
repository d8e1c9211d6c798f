// pad: a border of a constant, or of the tensor's own reflected, replicated or wrapped-around elements.
#include <optional>
#include <string>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/scalar_fits.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/raw.h"
#include "tensor/checked.h"

namespace adjoint::ops {

namespace {

int64_t padded(int64_t size, int64_t before, int64_t after) {
  return checked_add(checked_add(size, before), after);
}

struct ConstantPad {
  static constexpr const char *name = "constant_pad_nd", *node = "ConstantPadNdBackward0";
  Dims pad;  // pairs, the last dimension first
  Scalar value;
  // The part of x that stays, and its place in the result. Negative padding cuts.
  Tensor part(const Tensor& x, bool grown) const {
    Dims sizes(x->sizes());
    int64_t offset = x->byte_offset;
    for (int64_t i = 0; i < pad.size() / 2; ++i) {
      int d = x->ndim - 1 - int(i);
      int64_t before = grown ? pad[2 * i] : -pad[2 * i], after = grown ? pad[2 * i + 1] : -pad[2 * i + 1];
      int64_t skip = std::max<int64_t>(before, 0), drop = std::max<int64_t>(after, 0);
      sizes[d] = x->size(d) - skip - drop;
      offset += skip * x->stride(d) * int64_t(x->itemsize());
    }
    return adjoint::alias(x, sizes, x->strides(), offset);
  }
  Tensor forward(const Tensor& x) {
    Dims sizes(x->sizes());
    for (int64_t i = 0; i < pad.size() / 2; ++i) {
      int64_t d = x->ndim - 1 - i, grown = padded(sizes[d], pad[2 * i], pad[2 * i + 1]);
      check(padded(sizes[d], std::min<int64_t>(pad[2 * i], 0), std::min<int64_t>(pad[2 * i + 1], 0)) >= 0,
            "narrow(): length must be non-negative.");
      check(grown >= 0, "The input size ", sizes[d], ", plus negative padding ", pad[2 * i], " and ",
            pad[2 * i + 1], " resulted in a negative output size, which is invalid. Check dimension ", d,
            " of your input.");
      sizes[d] = grown;
    }
    MemoryFormat f = suggested_format(*x);
    Tensor y = f == MemoryFormat::Contiguous
                   ? adjoint::empty(sizes, x->dtype, x->device)
                   : adjoint::empty_strided(sizes, format_strides(sizes, f), x->dtype, x->device);
    raw::fill(y, value);
    if (y->numel && x->numel) {
      Tensor to = part(y, true), from = part(x, false);
      bool some = true;
      for (int64_t s : to->sizes()) some &= s > 0;
      if (some) raw::copy(to, from);
    }
    return y;
  }
  static constexpr const char* rule = "gx = the part of g where x lies";
  void vjp(Backward& b) {
    Dims back = pad;
    for (int64_t& p : back) p = -p;
    b.gx[0] = constant_pad(b.grad(), back, 0);
  }
  void fields(auto& f) { f("pad", pad); }
};

enum class Mode { Reflect, Replicate };

// The element of [0, n) that stands at position i of a padded dimension.
int64_t source_of(int64_t i, int64_t before, int64_t n, Mode mode) {
  int64_t k = i - before;
  if (mode == Mode::Replicate) return std::clamp<int64_t>(k, 0, n - 1);
  if (k < 0) k = -k;
  return k >= n ? 2 * (n - 1) - k : k;
}

Tensor sources(int64_t m, int64_t before, int64_t n, Mode mode, Device device) {
  HostTensor<int64_t> index(Dims{m});
  for (int64_t i = 0; i < m; ++i) index[i] = source_of(i, before, n, mode);
  return index.on(device);
}

// Padding one dimension picks elements by index; several dimensions follow each other.
Tensor pick(const Tensor& x, int64_t dim, int64_t before, int64_t after, Mode mode) {
  int64_t n = x->size(int(dim)), m = n + before + after;
  return index_select(x, dim, sources(m, before, n, mode, x->device));
}

struct BorderPad {  // named after the mode and the number of dimensions
  static constexpr const char* name = "pad";
  Mode mode;
  Dims pad, shape;
  const char* node;
  Tensor forward(const Tensor& x) {
    Tensor y = detach(x);
    for (int64_t i = 0; i < pad.size() / 2; ++i)
      y = pick(y, x->ndim - 1 - i, pad[2 * i], pad[2 * i + 1], mode);
    return y.get() == x.get() || pad.empty() ? raw::clone(y) : y;
  }
  static constexpr const char* rule = "gx = each element of g added to the element of x it shows";
  void vjp(Backward& b) {
    Tensor g = b.grad();
    for (int64_t i = pad.size() / 2 - 1; i >= 0; --i) {
      int64_t dim = shape.size() - 1 - i, n = shape[dim], m = n + pad[2 * i] + pad[2 * i + 1];
      Tensor index = sources(m, pad[2 * i], n, mode, g->device);
      Dims sizes(g->sizes());
      sizes[dim] = n;
      g = index_add(adjoint::zeros(sizes, g->dtype, g->device), dim, index, g);
    }
    b.gx[0] = g;
  }
  void fields(auto& f) {
    f("padding", pad);
    f(nullptr, shape, input(0));
  }
};

constexpr const char* kNodes[2][3] = {
    {"ReflectionPad1DBackward0", "ReflectionPad2DBackward0", "ReflectionPad3DBackward0"},
    {"ReplicationPad1DBackward0", "ReplicationPad2DBackward0", "ReplicationPad3DBackward0"}};

Tensor border_pad(const Tensor& x, Ints pad, Mode mode) {
  int64_t n = int64_t(pad.size()) / 2;
  check_as(x->dtype != Dtype::Bool, ErrorKind::NotImplemented, '"',
           mode == Mode::Reflect ? "reflection" : "replication", "_pad", n, "d\" not implemented for 'Bool'");
  for (int64_t i = 0; i < n; ++i) {
    int d = x->ndim - 1 - int(i);
    int64_t before = pad[size_t(2 * i)], after = pad[size_t(2 * i + 1)], size = x->size(d);
    check(mode != Mode::Reflect || (before < size && after < size), "Argument #", 4 + 2 * i,
          ": Padding size should be less than the corresponding input dimension, but got: padding (", before,
          ", ", after, ") at dimension ", d, " of input ", x->sizes());
    const int64_t grown = padded(size, before, after);
    check(grown >= 1 && size > 0, "input (", n == 1 ? "W: " : "", size,
          ") is too small. Calculated output: ", grown);
  }
  return apply(BorderPad{mode, pad, {}, kNodes[mode == Mode::Replicate][n - 1]}, x);
}

// Wraps around: pieces of the input copied to both ends, as PyTorch composes it.
Tensor circular_pad(const Tensor& x, Ints pad) {
  Dims sizes(x->sizes());
  int64_t n = int64_t(pad.size()) / 2;
  for (int64_t i = 0; i < n; ++i) {
    int64_t d = x->ndim - 1 - i, before = pad[size_t(2 * i)], after = pad[size_t(2 * i + 1)];
    check(before <= sizes[d] && after <= sizes[d], "Padding value causes wrapping around more than once.");
    sizes[d] += before + after;
    check(sizes[d] >= 0, "Negative padding value is resulting in an empty dimension");
  }
  Tensor y = adjoint::empty(sizes, x->dtype, x->device), to = y, from = x;
  for (int64_t i = 0; i < n; ++i) {
    int64_t d = x->ndim - 1 - i, before = pad[size_t(2 * i)], after = pad[size_t(2 * i + 1)];
    to = slice(to, d, std::max<int64_t>(before, 0), sizes[d] - std::max<int64_t>(after, 0));
    from = slice(from, d, std::max<int64_t>(-before, 0), x->size(int(d)) - std::max<int64_t>(-after, 0));
  }
  copy_(to, from);
  for (int64_t i = 0; i < n; ++i) {
    int64_t d = x->ndim - 1 - i, before = pad[size_t(2 * i)], after = pad[size_t(2 * i + 1)], size = sizes[d];
    if (before > 0)
      copy_(slice(y, d, 0, before),
            slice(y, d, size - before - std::max<int64_t>(after, 0), size - std::max<int64_t>(after, 0)));
    if (after > 0)
      copy_(slice(y, d, size - after, size),
            slice(y, d, std::max<int64_t>(before, 0), std::max<int64_t>(before, 0) + after));
  }
  return y;
}

Tensor pad_op(const Tensor& x, Ints pad, std::string_view mode, std::optional<double> value) {
  check(pad.size() % 2 == 0, "Padding length must be divisible by 2");
  check(
      int64_t(pad.size()) <= 2 * x->ndim,
      "Padding length should be less than or equal to two times the input dimension but got padding length ",
      int64_t(pad.size()), " and input of dimension ", int(x->ndim));
  if (mode == "constant") return constant_pad(x, pad, value.value_or(0.0));
  check(!value || *value == 0, "Padding mode \"", mode, "\" doesn't take in value argument");
  int64_t n = int64_t(pad.size()) / 2;
  bool fits = n >= 1 && n <= 3 && (x->ndim == n + 1 || x->ndim == n + 2);
  bool known = mode == "reflect" || mode == "replicate" || mode == "circular";
  if (fits && mode == "reflect") return border_pad(x, pad, Mode::Reflect);
  if (fits && mode == "replicate") return border_pad(x, pad, Mode::Replicate);
  if (fits && mode == "circular") return circular_pad(x, pad);
  check_as(known || !fits, ErrorKind::NotImplemented, "Unrecognised padding mode ", mode);
  fail(ErrorKind::NotImplemented, "Padding size ", int64_t(pad.size()), " is not supported for ",
       int(x->ndim),
       "D input tensor.\nSupported combinations for non-constant padding:\n  - 2D or 3D input: padding size "
       "= 2 (pads "
       "last dimension)\n  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n  - 4D or 5D input: "
       "padding "
       "size = 6 (pads last 3 dimensions)");
}

}  // namespace

Tensor constant_pad(const Tensor& x, Ints pad, const Scalar& value) {
  check_scalar_fits(value, x->dtype);
  check(pad.size() % 2 == 0, "Length of pad must be even but instead it equals ", int64_t(pad.size()));
  check(int64_t(pad.size()) <= 2 * x->ndim,
        "Length of pad should be no more than twice the number of dimensions of the input. Pad length is ",
        int64_t(pad.size()), "while the input has ", int(x->ndim), "dimensions.");
  return apply(ConstantPad{pad, value}, x);
}

[[maybe_unused]] static const auto defs = {
    def<constant_pad>("constant_pad_nd(Tensor self, int[] pad, Scalar value=0) -> Tensor", kFunction,
                      "A border of one value; negative padding cuts."),
    def<pad_op>("pad(Tensor self, int[] pad, str mode='constant', float? value=None) -> Tensor", kNN,
                "A border around the last dimensions: constant, reflect, replicate or circular."),
};

}  // namespace adjoint::ops
