// conv1d to conv_transpose3d: batches or single examples, padding by number or by name; and conv_tbc.
#include "autograd/door.h"
#include "ops/nn/conv.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

constexpr const char* kConv[] = {"conv1d", "conv2d", "conv3d"};
constexpr const char* kTransposed[] = {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"};

// f of a batch: of x, or of x as a batch of one.
template <int N, class F> Tensor with_batch(const Tensor& x, const char* name, F f) {
  check(x->ndim == N + 1 || x->ndim == N + 2, "Expected ", N + 1, "D (unbatched) or ", N + 2,
        "D (batched) input to ", name, ", but got input of size: ", x->sizes());
  return x->ndim == N + 2 ? f(x) : ops::squeeze(f(ops::unsqueeze(x, 0)), 0);
}

ConvOptions options(int64_t n, Ints stride, Ints padding, Ints dilation, int64_t groups) {
  return {conv_numbers(stride, n, "stride"),
          conv_numbers(padding, n, "padding"),
          conv_numbers(dilation, n, "dilation"),
          Dims(n, 0),
          false,
          groups};
}

template <int N> Tensor conv(const Tensor& x, const Tensor& w, const Tensor& bias, Ints stride, Ints padding,
                             Ints dilation, int64_t groups) {
  return with_batch<N>(x, kConv[N - 1], [&](const Tensor& batch) {
    return ops::convolution(batch, w, bias, options(N, stride, padding, dilation, groups));
  });
}

// Padding that leaves the size as it is. Where it is odd, the end gets one more, by a padded copy.
Tensor same(const Tensor& x, const Tensor& w, const Tensor& bias, ConvOptions o) {
  check(std::ranges::all_of(o.stride, [](int64_t s) { return s == 1; }),
        "padding='same' is not supported for strided convolutions");
  const int64_t n = o.stride.size();
  Dims extra(2 * n, 0);
  bool even = true;
  for (int64_t d = 0; d < n; ++d) {
    const int64_t total = o.dilation[d] * (w->size(int(d) + 2) - 1);
    o.padding[d] = total / 2;
    if (total % 2) extra[2 * (n - 1 - d) + 1] = 1, even = false;
  }
  return ops::convolution(even ? x : ops::constant_pad(x, extra), w, bias, o);
}

template <int N> Tensor conv_named(const Tensor& x, const Tensor& w, const Tensor& bias, Ints stride,
                                   std::string_view padding, Ints dilation, int64_t groups) {
  return with_batch<N>(x, kConv[N - 1], [&](const Tensor& batch) {
    check(padding == "same" || padding == "valid", "Invalid padding string: '", padding, "'");
    const int64_t none[] = {0};
    const ConvOptions o = options(N, stride, none, dilation, groups);
    if (padding == "valid" || w->ndim != N + 2) return ops::convolution(batch, w, bias, o);
    return same(batch, w, bias, o);
  });
}

template <int N> Tensor conv_transpose(const Tensor& x, const Tensor& w, const Tensor& bias, Ints stride,
                                       Ints padding, Ints output_padding, int64_t groups, Ints dilation) {
  return with_batch<N>(x, kTransposed[N - 1], [&](const Tensor& batch) {
    ConvOptions o = options(N, stride, padding, dilation, groups);
    o.output_padding = conv_numbers(output_padding, N, "output_padding");
    o.transposed = true;
    return ops::convolution(batch, w, bias, o);
  });
}

// --- time, batch, channels -----------------------------------------------------------------------------------------

// A convolution along time whose weight is [time, in, out].
struct ConvTbc {
  static constexpr const char *name = "conv_tbc", *node = "ConvTbcBackward0";
  int64_t pad;
  SavedTensor x_ = {}, w_ = {}, bias_ = {};
  ConvOptions options() const { return {Dims{1}, Dims{pad}, Dims{1}, Dims{0}}; }
  static Tensor batch_first(const Tensor& x) { return ops::permute(x, Dims{1, 2, 0}); }
  static Tensor time_first(const Tensor& x) { return ops::permute(x, Dims{2, 0, 1}); }
  static Tensor turned(const Tensor& w) { return ops::permute(w, Dims{2, 1, 0}); }
  Tensor forward(const Tensor& x, const Tensor& w, const Tensor& bias) {
    NoGrad off;
    return raw::contiguous(time_first(ops::convolution(batch_first(x), turned(w), bias, options())));
  }
  static constexpr const char* rule = "gself = convᵀ(g, weight); gweight = self ⋆ g; gbias = sum(g)";
  void vjp(Backward& b) {
    auto found =
        ops::convolution_backward(batch_first(b.grad()), batch_first(x_.get(b.node)), turned(w_.get(b.node)),
                                  options(), {b.needs(0), b.needs(1), b.needs(2)});
    if (found[0]) b.gx[0] = time_first(found[0]);
    if (found[1]) b.gx[1] = turned(found[1]);
    b.gx[2] = found[2];
  }
  void fields(auto& f) {
    f("self", x_, input(0)), f("weight", w_, input(1)), f("bias", bias_, input(2)), f("pad", pad);
  }
};

Tensor conv_tbc(const Tensor& x, const Tensor& w, const Tensor& bias, int64_t pad) {
  check(x->ndim == 3, "Input must have 3 dims: time, batch, in_channel");
  check(w->ndim == 3, "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.");
  check(bias->ndim == 1, "Bias must be 1-D");
  check(x->size(2) == w->size(1), "Input dim 2 (input channels) is not == dim 1 in the weight tensor");
  check(bias->size(0) == w->size(2), "Bias size must equal dim 2 in the weight tensor (output channels).");
  return apply(ConvTbc{pad}, x, w, bias);
}

}  // namespace

#define ADJOINT_CONV(N, Space)                                                                                  \
  def<conv<N>>(                                                                                                 \
      "conv" #N                                                                                                 \
      "d(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=1, int[1] padding=0, "                   \
      "int[1] dilation=1, int groups=1) -> Tensor",                                                             \
      kFunction | kNN,                                                                                          \
      "out[n, o, p] = bias[o] + Σ weight[o, c, t] · input[n, c, p · stride - padding + t · dilation] over the " \
      "channels c of o's group and the places t of the kernel; input [N, C, " Space "] or [C, " Space           \
      "], 0 "                                                                                                   \
      "outside. `padding` may be 'same' or 'valid'."),                                                          \
      def<conv_named<N>>("conv" #N                                                                              \
                         "d(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=1, str "              \
                         "padding='valid', int[1] dilation=1, int groups=1) -> Tensor",                         \
                         kFunction | kNN),                                                                      \
      def<conv_transpose<N>>(                                                                                   \
          "conv_transpose" #N                                                                                   \
          "d(Tensor input, Tensor weight, Tensor? bias=None, int[1] stride=1, "                                 \
          "int[1] padding=0, int[1] output_padding=0, int groups=1, int[1] dilation=1) -> Tensor",              \
          kFunction | kNN,                                                                                      \
          "The transpose of conv" #N                                                                            \
          "d in its input, as a function of its own: every element of the "                                     \
          "input adds its multiple of the kernel, weight [C, out / groups, " Space "], to the result.")

static const auto defs = {
    ADJOINT_CONV(1, "L"),
    ADJOINT_CONV(2, "H, W"),
    ADJOINT_CONV(3, "D, H, W"),
    def<conv_tbc>("conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor", kFunction | kNN,
                  "A convolution along time: self [T, N, C], weight [kernel, C, out], result [T', N, out]."),
};

#undef ADJOINT_CONV

}  // namespace adjoint
