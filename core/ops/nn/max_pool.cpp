// Max pooling in one to three dimensions: by windows, adaptive, fractional; and max unpooling, which puts values back to
// where the maxima were.
#include <array>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/nn/pool.h"
#include "ops/raw.h"
#include "ops/registry.h"

namespace adjoint::pool {
namespace {

constexpr const char* kMaxNodes[3] = {"MaxPool1DWithIndicesBackward0", "MaxPool2DWithIndicesBackward0",
                                      "MaxPool3DWithIndicesBackward0"};
constexpr const char* kAdaptiveNodes[3] = {"AdaptiveMaxPool1DBackward0", "AdaptiveMaxPool2DBackward0",
                                           "AdaptiveMaxPool3DBackward0"};
constexpr const char* kFractionalNodes[3] = {"", "FractionalMaxPool2DBackward0",
                                             "FractionalMaxPool3DBackward0"};
constexpr const char* kUnpoolNodes[3] = {"", "MaxUnpool2DBackward0", "MaxUnpool3DBackward0"};

struct MaxPool {
  static constexpr const char* name = "max_pool";
  const char* node;
  Indexed how;
  Dims shape;
  SavedTensor index_ = {};
  static constexpr const char* rule = "gx = zeros with g added where each window has its maximum";
  void vjp(Backward& b) { b.gx[0] = put(b.grad(), index_.get(b.node), shape, how); }
  void fields(auto& f) { f("result1", index_, output(1)); }
};

using Pair = std::array<Tensor, 2>;

void check_type(const Tensor& x, const char* kernel, bool integers) {
  if (!is_floating(x->dtype) && !(integers && is_integral(x->dtype))) fail_dtype(kernel, x->dtype);
}

// Values and places; no places where nobody asks for them.
Pair max_raw(const Tensor& x, const Pooled& p, bool indices, const Tensor& samples = {}) {
  Tensor from = laid(x, p.last), y = empty_laid(p.to, x->dtype, x->device, p.last), index;
  if (indices) index = empty_laid(p.to, Dtype::I64, x->device, p.last);
  backend(y).pool->max(*from, p.plan, samples.get(), *y, index.get());
  return {y, index};
}
Indexed indexed(const Pooled& p) { return {p.plan.spatial, p.last, true}; }

Pair with_places(const Tensor& x, const Pooled& p, const char* node, const Tensor& samples = {}) {
  return apply_multi(MaxPool{node, indexed(p), p.from}, std::span(&x, 1), max_raw(x, p, true, samples),
                     is_differentiable(x->dtype));
}
// Where there will be no gradient, places are not worked out.
Tensor values(const Tensor& x, const Pooled& p, const char* node) {
  if (needs_record(x)) return with_places(x, p, node)[0];
  return apply_from(MaxPool{node, indexed(p), p.from}, max_raw(x, p, false)[0], x);
}

// --- by windows ---
template <int N> Pooled max_plan(const Tensor& x, Ints kernel_size, const std::optional<Ints>& stride,
                                 Ints padding, Ints dilation, bool ceil_mode) {
  constexpr const char* names[3] = {"max_pool1d", "max_pool2d", "max_pool3d"};
  Pooled p = regular(x, {names[N - 1], N, kernel_size, stride, padding, dilation, ceil_mode});
  check_type(x, names[N < 3 ? 1 : 2], true);
  return p;
}
// PyTorch's max_pool1d without places has words of its own.
void check_line(const Tensor& x, Ints kernel, const std::optional<Ints>& stride, Ints padding,
                Ints dilation) {
  const int n = x->ndim;
  check(
      (n == 2 || n == 3) && x->size(n - 1) > 0 && x->size(n - 2) > 0,
      "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:",
      x->sizes());
  const auto one = [](const char* what, const char* or_none, Ints v) {
    check(v.size() == 1, "max_pool1d() ", what, " must be ", or_none,
          "an int, list of ints or tuple of ints of size 1 but got size ", v.size());
  };
  one("kernel_size", "", kernel);
  const Ints step = stride && !stride->empty() ? *stride : kernel;
  one("stride", "None, ", step);
  one("padding", "", padding);
  one("dilation", "", dilation);
  check(kernel[0] > 0, "max_pool1d() kernel_size must be greater than zero, but got ", kernel[0]);
  check(step[0] > 0, "max_pool1d() stride must be greater than zero, but got ", step[0]);
  check(padding[0] >= 0, "max_pool1d() padding must be non-negative, but got ", padding[0]);
  check(padding[0] <= kernel[0] / 2,
        "max_pool1d() padding should be at most half of kernel size, but got padding=", padding[0],
        " and kernel_size=", kernel[0]);
  check(dilation[0] > 0, "max_pool1d() dilation must be greater than zero, but got ", dilation[0]);
}
template <int N> Tensor max_pool(const Tensor& x, Ints kernel_size, std::optional<Ints> stride, Ints padding,
                                 Ints dilation, bool ceil_mode) {
  if constexpr (N == 1) check_line(x, kernel_size, stride, padding, dilation);
  return values(x, max_plan<N>(x, kernel_size, stride, padding, dilation, ceil_mode), node(kMaxNodes, N));
}
template <int N> Pair max_pool_with_indices(const Tensor& x, Ints kernel_size, std::optional<Ints> stride,
                                            Ints padding, Ints dilation, bool ceil_mode) {
  return with_places(x, max_plan<N>(x, kernel_size, stride, padding, dilation, ceil_mode),
                     node(kMaxNodes, N));
}

// --- adaptive ---
template <int N> Pair adaptive_max_pool(const Tensor& x, Ints output_size) {
  constexpr const char* names[3] = {"adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"};
  Pooled p = adaptive(x, N, output_size, names[N - 1]);
  for (int64_t n : Ints(p.to))
    check(n >= 0, "Trying to create tensor with negative dimension ", n, ": ", p.to);
  check_type(x, N < 3 ? "adaptive_max_pool2d" : "adaptive_max_pool3d_cpu", false);
  return with_places(x, p, node(kAdaptiveNodes, N));
}

// --- fractional ---
template <int N> Pooled fractional_plan(const Tensor& x, Ints kernel_size, Ints output_size) {
  constexpr const char* name = N == 2 ? "fractional_max_pool2d" : "fractional_max_pool3d";
  constexpr const char *sides[] = {"time", "height", "width"}, *ints = N == 2 ? "Ints" : "three Ints";
  check(kernel_size.size() == 1 || kernel_size.size() == N, name,
        ": kernel_size must either be a single Int or tuple of ", ints);
  check(output_size.size() == 1 || output_size.size() == N, name,
        ": output_size must either be a single Int or tuple of ", ints);
  check(x->ndim == N + 1 || x->ndim == N + 2, name, "(): Expected ", N + 1, "D or ", N + 2,
        "D tensor, but got: ", x->sizes());
  for (int d = x->ndim == N + 2; d < x->ndim; ++d)
    check(x->size(d) > 0, name, "(): Expected input to have non-zero size for non-batch dimensions, but got ",
          x->sizes(), " with dimension ", d, " being empty.");
  const Dims kernel = each_of(kernel_size, N), out = each_of(output_size, N);
  Pooled p = planned(raw::contiguous(x), N, Windows::Fractional, out);
  p.last = false;
  p.plan.planes *= std::exchange(p.plan.channels, 1);
  for (int i = 0; i < N; ++i) {
    PoolAxis& a = p.plan.axis[3 - N + i];
    a.kernel = kernel[i];
    check(out[i] >= 0, "Trying to create tensor with negative dimension ", out[i], ": ", p.to);
    check(kernel[i] >= 1, name, "(): pool sizes are greater than zero, but got ", kernel);
    check(a.out <= a.in && a.kernel <= a.in && a.out + a.kernel - 1 <= a.in, name, "(): pool ",
          sides[3 - N + i], " ", a.kernel, " too large relative to input ", sides[3 - N + i], " ", a.in);
  }
  return p;
}
template <int N>
Pair fractional_max_pool(const Tensor& x, Ints kernel_size, Ints output_size, const Tensor& samples) {
  Pooled p = fractional_plan<N>(x, kernel_size, output_size);
  check_type(x, N == 2 ? "fractional_max_pool2d_out_frame" : "fractional_max_pool3d_out_frame", false);
  check(samples->dtype == x->dtype, "Expect _random_samples to have the same dtype as input");
  check(samples->ndim == 3, "Expect _random_samples to have 3 dimensions, got ", int(samples->ndim));
  const int64_t channels = x->size(x->ndim - N - 1), batch = x->ndim == N + 2 ? x->size(0) : 1;
  check(samples->size(0) >= batch, "Expect _random_samples.size(0) no less then input batch size.");
  check(samples->size(1) == channels, "Expect _random_samples.size(1) equals to input channel size.");
  check(samples->size(2) == N, "Expect _random_samples.size(2) equals to ", N, "; got ", samples->size(2),
        ".");
  return with_places(x, p, node(kFractionalNodes, N), raw::contiguous(raw::cast(samples, Dtype::F64)));
}

// --- unpooling ---
struct MaxUnpool {
  static constexpr const char* name = "max_unpool";
  const char* node;
  Indexed how;
  SavedTensor index_;
  static constexpr const char* rule = "gx = g at the indices";
  void vjp(Backward& b) { b.gx[0] = pick(b.grad(), index_.get(b.node), how); }
  void fields(auto& f) { f("indices", index_); }
};

template <int N> Tensor unpooled(const Tensor& x, const Tensor& index, Ints output_size) {
  check(index->dtype == Dtype::I64,
        "elements in indices should be type int64 but got: ", label_of(index->dtype));
  check(output_size.size() == size_t(N), "There should be exactly ",
        N == 2 ? "two elements (height, width)" : "three elements (depth, height, width)",
        " in output_size, but got ", output_size.size(), " elements.");
  check(x->ndim == N + 1 || x->ndim == N + 2, "Input to max_unpooling", N, "d should be a ",
        N == 2 ? "3d or 4d" : "4d or 5d", " Tensor, but got a tensor with ", int(x->ndim), " dimensions.");
  check(same_sizes(*x, *index), "Expected shape of indices to be same as that of the input tensor (",
        x->sizes(), ") but got indices tensor with shape: ", index->sizes());
  for (int d = x->ndim == N + 2; d < x->ndim; ++d)
    check(x->size(d) > 0, "max_unpooling", N,
          "d(): Expected input to have non-zero size for non-batch dimensions, "
          "but got ",
          x->sizes(), " with dimension ", d, " being empty.");
  if (!is_floating(x->dtype)) fail_dtype(N == 2 ? "max_unpool2d" : "max_unpool3d", x->dtype);
  Dims whole(x->sizes());
  for (int i = 0; i < N; ++i) {
    check(output_size[size_t(i)] >= 0,
          "max_unpooling: output_size must contain non-negative spatial dimensions, "
          "but got output_size[",
          i, "]=", output_size[size_t(i)]);
    whole[x->ndim - N + i] = output_size[size_t(i)];
  }
  const bool last = planned(x, N, Windows::Adaptive, output_size).last;
  const Indexed how{N, last, false};
  return apply_from(MaxUnpool{node(kUnpoolNodes, N), how, SavedTensor(index)}, put_raw(x, index, whole, how),
                    x);
}
Tensor max_unpool2d(const Tensor& x, const Tensor& index, Ints output_size) {
  return unpooled<2>(x, index, output_size);
}
Tensor max_unpool3d(const Tensor& x, const Tensor& index, Ints output_size, Ints stride, Ints padding) {
  check(stride.size() == 3,
        "There should be exactly three elements (depth, height, width) in stride, but got: ", stride.size(),
        " elements.");
  check(padding.size() == 3,
        "There should be exactly three elements (depth, height, width) in padding, but got: ", padding.size(),
        " elements.");
  for (int64_t s : stride) check(s > 0, "strides should be greater than zero, but got stride: ", stride);
  return unpooled<3>(x, index, output_size);
}

constexpr const char* kMaxDoc =
    "The largest element of each window: `kernel_size` elements, `dilation` apart; windows are `stride` apart "
    "(kernel_size where it is left out) and begin `padding` before the image. ceil_mode adds one that leaves it.";
constexpr const char* kPlacesDoc = "max_pool and the place of each maximum in the image, counted flat.";
constexpr const char* kAdaptiveDoc =
    "The largest element of each of `output_size` windows that cover the image, [⌊i·n/m⌋, ⌈(i+1)·n/m⌉), and its place.";
constexpr const char* kFractionalDoc =
    "Maxima of windows that random samples spread over the image (arXiv:1412.6071), and their places.";
constexpr const char* kUnpoolDoc = "Zeros, with each element of self at its index in the image.";

const auto defs = {
    def<max_pool<1>>("max_pool1d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
                     "int[1] dilation=1, bool ceil_mode=False) -> Tensor",
                     kFunction, kMaxDoc),
    def<max_pool<2>>("max_pool2d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
                     "int[1] dilation=1, bool ceil_mode=False) -> Tensor",
                     kFunction, kMaxDoc),
    def<max_pool<3>>("max_pool3d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
                     "int[1] dilation=1, bool ceil_mode=False) -> Tensor",
                     kFunction, kMaxDoc),
    def<max_pool_with_indices<1>>(
        "max_pool1d_with_indices(Tensor self, int[1] kernel_size, int[1]? stride=None, "
        "int[1] padding=0, int[1] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)",
        kFunction, kPlacesDoc),
    def<max_pool_with_indices<2>>(
        "max_pool2d_with_indices(Tensor self, int[1] kernel_size, int[1]? stride=None, "
        "int[1] padding=0, int[1] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)",
        kHidden, kPlacesDoc),
    def<max_pool_with_indices<3>>(
        "max_pool3d_with_indices(Tensor self, int[1] kernel_size, int[1]? stride=None, "
        "int[1] padding=0, int[1] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)",
        kHidden, kPlacesDoc),
    def<adaptive_max_pool<1>>("adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)",
                              kFunction, kAdaptiveDoc),
    def<adaptive_max_pool<2>>("adaptive_max_pool2d(Tensor self, int[1] output_size) -> (Tensor, Tensor)",
                              kHidden, kAdaptiveDoc),
    def<adaptive_max_pool<3>>("adaptive_max_pool3d(Tensor self, int[1] output_size) -> (Tensor, Tensor)",
                              kHidden, kAdaptiveDoc),
    def<fractional_max_pool<2>>("fractional_max_pool2d(Tensor self, int[1] kernel_size, int[1] output_size, "
                                "Tensor _random_samples) -> (Tensor, Tensor)",
                                kHidden, kFractionalDoc),
    def<fractional_max_pool<3>>("fractional_max_pool3d(Tensor self, int[1] kernel_size, int[1] output_size, "
                                "Tensor _random_samples) -> (Tensor, Tensor)",
                                kHidden, kFractionalDoc),
    def<max_unpool2d>("max_unpool2d(Tensor self, Tensor indices, int[] output_size) -> Tensor", kHidden,
                      kUnpoolDoc),
    def<max_unpool3d>(
        "max_unpool3d(Tensor self, Tensor indices, int[] output_size, int[] stride, int[] padding) -> Tensor",
        kHidden, kUnpoolDoc),
};

}  // namespace
}  // namespace adjoint::pool
