// Convolutions and their gradients, which are convolutions again.
#include "ops/nn/conv.h"
#include "autograd/door.h"
#include "device/nn/conv.h"
#include "ops/layout.h"
#include "ops/nn/conv_check.h"
#include "ops/raw.h"

namespace adjoint {
namespace {

Tensor conj_of(const Tensor& x) { return is_complex(x->dtype) ? ops::conj(x) : x; }

// channels_last where one of the tensors is.
MemoryFormat format_of(const Tensor& x, const Tensor& w) {
  const MemoryFormat f = suggested_format(*x);
  return f == MemoryFormat::Contiguous ? suggested_format(*w) : f;
}
Tensor in_format(const Tensor& y, MemoryFormat f) {
  if (f == MemoryFormat::Contiguous) return y;
  Tensor z = empty_strided(y->sizes(), format_strides(y->sizes(), f), y->dtype, y->device);
  raw::copy(z, y);
  return z;
}

// y = weight ⋆ x + bias, where x is `o.transposed`'s side of the two.
Tensor convolve(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o, bool transposed,
                Ints sizes) {
  Tensor y = empty(sizes, x->dtype, x->device);
  const ConvGeometry g = transposed ? conv_geometry(o, sizes, x->sizes(), w->sizes())
                                    : conv_geometry(o, x->sizes(), sizes, w->sizes());
  const Tensor xc = raw::contiguous(x), wc = raw::contiguous(w), bc = bias ? raw::contiguous(bias) : bias;
  auto run = transposed ? backend(x).conv->transposed : backend(x).conv->forward;
  run(g, *xc, *wc, bc.get(), *y);
  return y;
}

// --- the gradients -------------------------------------------------------------------------------------------------

Tensor gradient_of_input(const Tensor& g, const Tensor& x, const Tensor& w, const ConvOptions& o) {
  return in_format(convolve(g, conj_of(w), {}, o, !o.transposed, x->sizes()), format_of(x, w));
}

Tensor gradient_of_weight(const Tensor& g, const Tensor& x, const Tensor& w, const ConvOptions& o) {
  const Tensor xc = raw::contiguous(conj_of(x)), gc = raw::contiguous(g);
  const Tensor &in = o.transposed ? gc : xc, &out = o.transposed ? xc : gc;
  Tensor gw = empty(w->sizes(), w->dtype, w->device);
  backend(x).conv->weight(conv_geometry(o, in->sizes(), out->sizes(), w->sizes()), *in, *out, *gw);
  return in_format(gw, suggested_format(*w));
}

Tensor sum_of_channels(const Tensor& g) {
  Dims dims{0};
  for (int d = 2; d < g->ndim; ++d) dims.push_back(d);
  return ops::sum(g, dims);
}
Tensor spread_over(const Tensor& bias, const Tensor& y) {  // [channels] as y's shape
  Dims sizes(int64_t(y->ndim), 1);
  sizes[1] = bias->size(0);
  return ops::expand(ops::view(bias, sizes), y->sizes());
}

struct ConvolutionBackward {
  static constexpr const char *name = "convolution_backward", *node = "ConvolutionBackwardBackward0";
  ConvOptions o;
  std::array<int, 3> at;  // which output is the gradient of the input, of the weight, of the bias; or -1
  SavedTensor g_ = {}, x_ = {}, w_ = {};
  static constexpr const char* rule =
      "g = conv(h_input, weight) + conv(input, h_weight) + h_bias; ginput = convᵀ(grad_output, h_weight); "
      "gweight = h_input ⋆ grad_output";
  void vjp(Backward& b) {
    auto flowed = [&](int i) { return at[size_t(i)] < 0 ? Tensor() : b.grad(at[size_t(i)]); };
    const Tensor hx = flowed(0), hw = flowed(1), hb = flowed(2), g = g_.get(b.node), x = x_.get(b.node),
                 w = w_.get(b.node);
    auto add = [](Tensor& sum, const Tensor& part) { sum = sum ? ops::add(sum, part) : part; };
    if (b.needs(0)) {
      if (hx) add(b.gx[0], ops::convolution(hx, w, {}, o));
      if (hw) add(b.gx[0], ops::convolution(x, hw, {}, o));
      if (hb) add(b.gx[0], spread_over(hb, g));
    }
    if (b.needs(1) && hw) b.gx[1] = ops::convolution_backward(g, x, hw, o, {true, false, false})[0];
    if (b.needs(2) && hx) b.gx[2] = ops::convolution_backward(g, hx, w, o, {false, true, false})[1];
  }
  void fields(auto& f) {
    f("grad_output", g_, input(0)), f("input", x_, input(1)), f("weight", w_, input(2));
    f("stride", o.stride), f("padding", o.padding), f("dilation", o.dilation);
    f("output_padding", o.output_padding), f("transposed", o.transposed), f("groups", o.groups);
  }
};

// --- the operation -------------------------------------------------------------------------------------------------

struct Convolution {
  static constexpr const char *name = "convolution", *node = "ConvolutionBackward0";
  ConvOptions o;
  SavedTensor x_ = {}, w_ = {};
  Dims bias_sizes = {};
  Tensor forward(const Tensor& x, const Tensor& w, const Tensor& bias) {
    bias_sizes = bias ? Dims(bias->sizes()) : Dims{0};
    const Dims sizes = conv_sizes(x, w, bias, o);
    return in_format(convolve(x, w, bias, o, o.transposed, sizes), format_of(x, w));
  }
  const char* rule() const {
    return o.transposed ? "ginput = conv(g, weight); gweight = g ⋆ input; gbias = sum(g)"
                        : "ginput = convᵀ(g, weight); gweight = input ⋆ g; gbias = sum(g)";
  }
  void vjp(Backward& b) {
    auto found = ops::convolution_backward(b.grad(), x_.get(b.node), w_.get(b.node), o,
                                           {b.needs(0), b.needs(1), b.needs(2)});
    for (int i = 0; i < 3; ++i) b.gx[i] = std::move(found[size_t(i)]);
  }
  void fields(auto& f) {
    f("input", x_, input(0)), f("weight", w_, input(1)), f("bias_sym_sizes_opt", bias_sizes);
    f("stride", o.stride), f("padding", o.padding), f("dilation", o.dilation);
    f("output_padding", o.output_padding), f("transposed", o.transposed), f("groups", o.groups);
  }
};

Tensor convolution(const Tensor& x, const Tensor& w, const Tensor& bias, Ints stride, Ints padding,
                   Ints dilation, bool transposed, Ints output_padding, int64_t groups) {
  const int64_t n = w->ndim - 2;
  check(n > 0, "weight should have at least three dimensions");
  check(n <= 3, "convolution: inputs of one to three dimensions of space are supported, got ", n);
  return ops::convolution(x, w, bias,
                          {conv_numbers(stride, n, "stride"), conv_numbers(padding, n, "padding"),
                           conv_numbers(dilation, n, "dilation"),
                           conv_numbers(output_padding, n, "output_padding"), transposed, groups});
}

// nn.grad: of the tensors whose gradient is not asked for, input or weight, only the sizes count.
Tensor gradient(const Tensor& g, const Tensor& x, const Tensor& w, Ints stride, Ints padding, Ints dilation,
                int64_t groups, bool of_input) {
  const int64_t n = w->ndim - 2;
  const ConvOptions o{conv_numbers(stride, n, "stride"),
                      conv_numbers(padding, n, "padding"),
                      conv_numbers(dilation, n, "dilation"),
                      Dims(std::max<int64_t>(n, 0), 0),
                      false,
                      groups};
  const Dims sizes = conv_sizes(x, w, {}, o);
  check(equal(g->sizes(), sizes) && g->dtype == x->dtype, "Expected grad_output of size ", Ints(sizes),
        " and the other tensors' type, but got ", *g);
  return ops::convolution_backward(g, x, w, o, {of_input, !of_input, false})[of_input ? 0 : 1];
}

}  // namespace

namespace ops {

Tensor convolution(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  return apply(Convolution{o}, x, w, bias);
}

std::array<Tensor, 3> convolution_backward(const Tensor& g, const Tensor& x, const Tensor& w,
                                           const ConvOptions& o, std::array<bool, 3> wanted) {
  std::array<Tensor, 3> found;
  std::vector<Tensor> made;
  std::array<int, 3> at{-1, -1, -1};
  {
    NoGrad off;
    if (wanted[0]) found[0] = gradient_of_input(g, x, w, o);
    if (wanted[1]) found[1] = gradient_of_weight(g, x, w, o);
    if (wanted[2]) found[2] = sum_of_channels(g);
  }
  for (size_t i = 0; i < 3; ++i)
    if (wanted[i]) at[i] = int(made.size()), made.push_back(found[i]);
  const Tensor inputs[3] = {g, x, w};
  const size_t n = made.size();
  apply_multi(ConvolutionBackward{o, at}, std::span<const Tensor>(inputs), std::move(made), n);
  return found;
}

}  // namespace ops

static const auto defs = {
    def<gradient>(
        "_convolution_gradient(Tensor grad_output, Tensor input, Tensor weight, int[] stride, int[] padding, int[] "
        "dilation, int groups, bool of_input) -> Tensor",
        kHidden, "What grad_output of a convolution gives its input or its weight."),
    def<convolution>(
        "convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] "
        "dilation, bool transposed, int[] output_padding, int groups) -> Tensor",
        kFunction,
        "The convolution that conv1d ... conv_transpose3d come to: out[n, o, p] = bias[o] + Σ weight[o, c, t] "
        "· input[n, c, p · stride - padding + t · dilation], or, transposed, its transpose in the input."),
};

}  // namespace adjoint
