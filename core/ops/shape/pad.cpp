// pad: a border of a constant, or of the tensor's own reflected, replicated or wrapped-around elements.
#include <algorithm>
#include <optional>
#include <string>
#include "autograd/door.h"
#include "device/backend.h"
#include "device/host_values.h"
#include "ops/shape/pad.h"
#include "ops/scalar_fits.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/pointwise.h"
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

// `size` elements of x along d from `start` on; or one of them that many times.
Tensor stretch(const Tensor& x, int64_t d, int64_t start, int64_t size, bool repeated = false) {
  Dims sizes(x->sizes()), strides(x->strides());
  const int64_t offset = x->byte_offset + start * strides[d] * int64_t(x->itemsize());
  sizes[d] = size;
  if (repeated) strides[d] = 0;
  return adjoint::alias(x, sizes, strides, offset);
}
void add_to(const Tensor& y, const Tensor& x) { pointwise(formula<"add">, {y, x}, Dest{&y, true, "add_"}); }

// Which elements borders show, there and back.
struct Borders {
  Mode mode;
  Dims pad, shape;
  int64_t count() const { return pad.size() / 2; }
  int64_t dim(int64_t i) const { return shape.size() - 1 - i; }
  bool grows() const {
    return std::all_of(pad.begin(), pad.end(), [](int64_t p) { return p >= 0; });
  }
  // Of a padded tensor: what lies within the image along its padded dimensions from the i-th on.
  Tensor inside(Tensor t, int64_t i) const {
    for (; i < count(); ++i) t = stretch(t, dim(i), pad[2 * i], shape[dim(i)]);
    return t;
  }
  // f(border, what it shows) for both ends of the i-th padded dimension.
  template <class F> void ends(const Tensor& t, int64_t i, F f) const {
    const int64_t d = dim(i), before = pad[2 * i], after = pad[2 * i + 1], end = before + shape[d];
    const bool mirror = mode == Mode::Reflect;
    if (before) f(stretch(t, d, 0, before), stretch(t, d, before + mirror, before, !mirror));
    if (after)
      f(stretch(t, d, end, after), stretch(t, d, mirror ? end - 1 - after : end - 1, after, !mirror));
  }

  Tensor padded(const Tensor& x) const {
    if (!grows()) return picked(x);
    Dims sizes(shape);
    for (int64_t i = 0; i < count(); ++i) sizes[dim(i)] += pad[2 * i] + pad[2 * i + 1];
    Tensor y = adjoint::empty(sizes, x->dtype, x->device);
    if (y->numel == 0) return y;
    raw::copy(inside(y, 0), x);
    for (int64_t i = 0; i < count(); ++i)
      ends(inside(y, i + 1), i, [&](const Tensor& border, const Tensor& shown) {
        backend(y).copy(*border, *shown, mode == Mode::Reflect ? uint64_t(1) << dim(i) : 0);
      });
    return y;
  }
  // The transpose: each border added to what it shows.
  Tensor folded(const Tensor& g) const {
    if (!grows()) return gathered(g);
    Tensor sum = raw::clone(g);
    for (int64_t i = count() - 1; i >= 0 && sum->numel; --i)
      ends(inside(sum, i + 1), i, [&](const Tensor& border, const Tensor& shown) {
        const int64_t d = dim(i);
        if (mode == Mode::Reflect) return add_to(shown, flip(border, Ints(&d, 1)));
        const Tensor edge = stretch(shown, d, 0, 1);
        for (int64_t k = 0; k < border->size(int(d)); ++k) add_to(edge, stretch(border, d, k, 1));
      });
    return raw::clone(inside(sum, 0));
  }

 private:
  // Where dimensions are cut, too: by index, one dimension after the other.
  Tensor picked(Tensor y) const {
    for (int64_t i = 0; i < count(); ++i) y = pick(y, dim(i), pad[2 * i], pad[2 * i + 1], mode);
    return y;
  }
  Tensor gathered(Tensor g) const {
    for (int64_t i = count() - 1; i >= 0; --i) {
      const int64_t d = dim(i), n = shape[d], m = n + pad[2 * i] + pad[2 * i + 1];
      Dims sizes(g->sizes());
      sizes[d] = n;
      g = index_add(adjoint::zeros(sizes, g->dtype, g->device), d, sources(m, pad[2 * i], n, mode, g->device),
                    g);
    }
    return g;
  }
};

Tensor border_padded(const Tensor& x, const Borders& borders, const char* node);

struct BorderPadBackward {
  static constexpr const char *name = "pad_backward", *node = "PadBackwardBackward0";
  Borders borders;
  const char* padding_node;
  Tensor forward(const Tensor& g) {
    NoGrad off;
    return borders.folded(g);
  }
  static constexpr const char* rule = "gx = g padded";
  void vjp(Backward& b) { b.gx[0] = border_padded(b.grad(), borders, padding_node); }
};
struct BorderPad {
  static constexpr const char* name = "pad";
  Borders borders;
  const char* node;  // named after the mode and the number of dimensions
  Tensor forward(const Tensor& x) {
    NoGrad off;
    return borders.padded(x);
  }
  static constexpr const char* rule = "gx = each element of g added to the element of x it shows";
  void vjp(Backward& b) { b.gx[0] = apply(BorderPadBackward{borders, node}, b.grad()); }
  void fields(auto& f) { f("padding", borders.pad); }
};
Tensor border_padded(const Tensor& x, const Borders& borders, const char* node) {
  return apply(BorderPad{borders, node}, x);
}

constexpr const char* kNodes[2][3] = {
    {"ReflectionPad1DBackward0", "ReflectionPad2DBackward0", "ReflectionPad3DBackward0"},
    {"ReplicationPad1DBackward0", "ReplicationPad2DBackward0", "ReplicationPad3DBackward0"}};

Tensor border_pad(const Tensor& x, Ints pad, Mode mode) {
  int64_t n = int64_t(pad.size()) / 2;
  check_as(x->dtype != Dtype::Bool, ErrorKind::NotImplemented, '"',
           mode == Mode::Reflect ? "reflection" : "replication", "_pad", n, "d\" not implemented for 'Bool'");
  for (int d = x->ndim == n + 2; d < x->ndim; ++d)
    check(
        x->size(d) > 0, "Expected ", n + 1, "D or ", n + 2,
        "D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ",
        x->sizes());
  for (int64_t i = 0; i < n; ++i) {
    int d = x->ndim - 1 - int(i);
    int64_t before = pad[size_t(2 * i)], after = pad[size_t(2 * i + 1)], size = x->size(d);
    check(mode != Mode::Reflect || (before < size && after < size), "Argument #", 4 + 2 * i,
          ": Padding size should be less than the corresponding input dimension, but got: padding (", before,
          ", ", after, ") at dimension ", d, " of input ", x->sizes());
    const int64_t grown = padded(size, before, after);
    const char* side = i == 0 ? "W: " : i == 1 ? "H: " : "D: ";
    check(grown >= 1, "input (", side, size, ") is too small. Calculated output ", side, grown);
  }
  return border_padded(x, {mode, pad, x->sizes()}, kNodes[mode == Mode::Replicate][n - 1]);
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

Tensor pad(const Tensor& x, Ints pad, std::string_view mode) { return pad_op(x, pad, mode, {}); }

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
