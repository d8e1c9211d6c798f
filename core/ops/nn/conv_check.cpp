// What convolutions refuse, in PyTorch's words, and the size of their results.
#include "ops/nn/conv_check.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

bool any_below(const Dims& v, int64_t least) {
  return std::ranges::any_of(v, [=](int64_t i) { return i < least; });
}

std::string by(const Dims& v) {  // "5 x 5"
  std::string s;
  for (int64_t i = 0; i < v.size(); ++i) s += (i ? " x " : "") + std::to_string(v[i]);
  return s;
}

std::string type_name(Dtype d) {
  return is_complex(d) ? str("CPU", label_of(d), "Type") : str("torch.", label_of(d), "Tensor");
}
const char* cpp_name(Dtype d) {
  static constexpr const char* names[kDtypes] = {
      "bool",  "unsigned char", "signed char",         "short",
      "int",   "long int",      "c10::Half",           "c10::BFloat16",
      "float", "double",        "c10::complex<float>", "c10::complex<double>"};
  return names[int(d)];
}

void check_types(const Tensor& x, const Tensor& w, const Tensor& bias, bool transposed) {
  if (x->dtype != w->dtype)
    fail("Input type (", type_name(x->dtype), ") and weight type (", type_name(w->dtype),
         ") should be the same");
  if (bias && x->dtype != bias->dtype)
    fail("Input type (", cpp_name(x->dtype), ") and bias type (", cpp_name(bias->dtype),
         ") should be the same");
  if (x->dtype != Dtype::Bool) return;
  const bool deep = x->ndim == 5;
  fail_dtype(transposed ? (deep ? "slow_conv_transpose3d_out_cpu" : "slow_conv_transpose2d_out_cpu")
                        : (deep ? "compute_columns3d" : "slow_conv2d_cpu"),
             x->dtype);
}

void check_numbers(const ConvOptions& o) {
  check(!any_below(o.padding, 0), "negative padding is not supported");
  check(!any_below(o.output_padding, 0), "negative output_padding is not supported");
  check(!any_below(o.stride, 1), "non-positive stride is not supported");
  check(!any_below(o.dilation, 0), "dilation should be greater than zero");
  check(!any_below(o.dilation, 1), "non-positive dilation is not supported");
  check(o.groups > 0, "non-positive groups is not supported");
}

void check_weight(const Tensor& x, const Tensor& w, const ConvOptions& o) {
  check(w->ndim > 2, "weight should have at least three dimensions");
  check(x->ndim == w->ndim, "Expected ", int(w->ndim), "-dimensional input for ", int(w->ndim),
        "-dimensional weight ", w->sizes(), ", but got ", int(x->ndim), "-dimensional input of size ",
        x->sizes(), " instead");
  check(w->size(0) >= o.groups, "Given groups=", o.groups, ", expected weight to be at least ", o.groups,
        " at dimension 0, but got weight of size ", w->sizes(), " instead");
  check(w->size(0) % o.groups == 0, "Given groups=", o.groups, ", expected weight to be divisible by ",
        o.groups, " at dimension 0, but got weight of size [", w->sizes(), "] instead");
  for (int d = 2; d < w->ndim; ++d)
    check(w->size(d) > 0, "kernel size should be greater than zero, but got a weight of size ", w->sizes());
}

void check_channels(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  const int64_t in = o.transposed ? w->size(0) : checked_mul(w->size(1), o.groups),
                out = o.transposed ? checked_mul(w->size(1), o.groups) : w->size(0);
  const std::string given = o.transposed ? str("Given transposed=1, ") : str("Given groups=", o.groups, ", ");
  check(x->size(1) == in, given, "weight of size ", w->sizes(), ", expected input", x->sizes(), " to have ",
        in, " channels, but got ", x->size(1), " channels instead");
  check(!bias || (bias->ndim == 1 && bias->size(0) == out), o.transposed ? "Given transposed=1, " : "Given ",
        "weight of size ", w->sizes(), ", expected bias to be 1-dimensional with ", out,
        " elements, but got bias of size ", bias ? bias->sizes() : Ints(), " instead");
}

// dilation · (kernel - 1) + 1
Dims extents(const Tensor& w, const ConvOptions& o) {
  Dims e(w->sizes().subspan(2));
  for (int64_t d = 0; d < e.size(); ++d) e[d] = checked_add(checked_mul(o.dilation[d], e[d] - 1), 1);
  return e;
}

Dims forward_space(const Tensor& x, const Tensor& w, const ConvOptions& o) {
  const Dims kernel = extents(w, o);
  Dims padded(x->sizes().subspan(2)), out;
  bool fits = true;
  for (int64_t d = 0; d < padded.size(); ++d) {
    padded[d] = checked_add(padded[d], checked_mul(2, o.padding[d]));
    fits &= kernel[d] <= padded[d];
    out.push_back((padded[d] - kernel[d]) / o.stride[d] + 1);
  }
  check(fits, "Calculated padded input size per channel: (", by(padded), "). Kernel size: (", by(kernel),
        "). Kernel size can't be greater than actual input size");
  return out;
}

void check_output_padding(const ConvOptions& o) {
  const int64_t n = o.stride.size();
  bool fits = true;
  for (int64_t d = 0; d < n; ++d) fits &= o.output_padding[d] < std::max(o.stride[d], o.dilation[d]);
  if (fits) return;
  static constexpr const char* names[] = {"depth", "height", "width"};
  std::string text;
  auto list = [&](const char* what, const Dims& v, int64_t missing) {
    for (int64_t d = n == 3 ? 0 : 1; d < 3; ++d)
      text += str(" ", what, "_", names[d], ": ", d < 3 - n ? missing : v[d - 3 + n]);
  };
  list("output_padding", o.output_padding, 0), list("stride", o.stride, 1), list("dilation", o.dilation, 1);
  fail("output padding must be smaller than either stride or dilation, but got", text);
}

Dims transposed_space(const Tensor& x, const Tensor& w, const ConvOptions& o) {
  check_output_padding(o);
  const Dims kernel = extents(w, o), in(x->sizes().subspan(2));
  Dims out;
  bool fits = true;
  for (int64_t d = 0; d < in.size(); ++d) {
    const int64_t all = checked_add(checked_mul(in[d] - 1, o.stride[d]), kernel[d]);
    out.push_back(checked_add(checked_add(all, o.output_padding[d]), -checked_mul(2, o.padding[d])));
    fits &= out[d] > 0;
  }
  check(fits, "Given input size per channel: (", by(in), "). Calculated output size per channel: (", by(out),
        "). Output size is too small");
  return out;
}

}  // namespace

Dims conv_numbers(Ints given, int64_t n, const char* name) {
  if (given.size() == 1) return Dims(n, given[0]);
  check(int64_t(given.size()) == n, "expected ", name, " to be a single integer value or a list of ", n,
        " values to match the convolution dimensions, but got ", name, "=", given);
  return Dims(given);
}

Dims conv_sizes(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  check_numbers(o);
  check_weight(x, w, o);
  check_channels(x, w, bias, o);
  check_types(x, w, bias, o.transposed);
  check(x->numel || x->size(0) == 0 || x->size(1) == 0,
        "Only zero batch or zero channel inputs are supported, but got input shape: ", x->sizes());
  Dims sizes{x->size(0), o.transposed ? w->size(1) * o.groups : w->size(0)};
  for (int64_t n : o.transposed ? transposed_space(x, w, o) : forward_space(x, w, o)) sizes.push_back(n);
  return sizes;
}

ConvGeometry conv_geometry(const ConvOptions& o, Ints in, Ints out, Ints weight) {
  ConvGeometry g{in[0],     o.groups,  weight[1], weight[0] / o.groups, {1, 1, 1}, {1, 1, 1}, {1, 1, 1},
                 {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
  const int64_t n = o.stride.size();
  for (int64_t i = 0; i < n; ++i) {
    const int64_t d = 3 - n + i;
    g.in[d] = in[size_t(i) + 2], g.out[d] = out[size_t(i) + 2], g.kernel[d] = weight[size_t(i) + 2];
    g.stride[d] = o.stride[i], g.padding[d] = o.padding[i], g.dilation[d] = o.dilation[i];
  }
  return g;
}

}  // namespace adjoint
