// Dropout: elements, or whole channels, are set to 0 (or to selu's limit) with probability p, and the others scaled.
// Noise is drawn as PyTorch's CPU draws it, one number an element or channel in the order of memory, and is the other
// factor of a product, which is what the graph shows.
#include <cmath>
#include "autograd/door.h"
#include "ops/nn/dropout.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"

namespace adjoint {
namespace {

struct Kind {
  bool channels, alpha;
};

void check_probability(double p, ErrorKind kind = ErrorKind::Runtime) {
  check_as(p >= 0 && p <= 1, kind, "dropout probability has to be between 0 and 1, but got ", p);
}

// x · factor, over x where `name` is given.
Tensor times(const Tensor& x, const Tensor& factor, const char* name) {
  return pointwise(formula<"mul">, {x, factor}, name ? Dest{&x, true, name} : Dest{});
}
Tensor plus(const Tensor& x, const Tensor& b, const char* name) {
  return pointwise(formula<"add">, {x, b}, name ? Dest{&x, true, name} : Dest{});
}

// One number for each channel: sizes [N, C, 1, 1, ...].
Dims channel_sizes(const TensorImpl& x) {
  check(x.ndim >= 2, "Feature dropout requires at least 2 dimensions in the input");
  Dims sizes(int64_t(x.ndim), 1);
  sizes[0] = x.size(0);
  sizes[1] = x.size(1);
  return sizes;
}

// x with noise of its own shape, or of `sizes`.
Tensor dropped(const Tensor& x, double p, bool alpha, const std::optional<Dims>& sizes, const char* name) {
  if (p == 1) return times(x, scalar_tensor(0, x->dtype, x->device), name);
  Tensor noise, shift;
  {
    NoGrad off;
    noise = sizes ? empty(*sizes, x->dtype, x->device) : empty_like_strides(x, x->dtype);
    ops::bernoulli_(noise, 1 - p);
    if (alpha) {
      // Dropped elements become selu's limit, -1.758; what keeps mean 0 and variance 1 is Klambauer et al. 2017, 3.
      constexpr double limit = 1.7580993408473766;
      const double a = 1 / std::sqrt((limit * limit * p + 1) * (1 - p));
      shift = ops::add(ops::mul(ops::add(noise, -1), limit * a), limit * a * p);
      noise = ops::mul(noise, a);
    } else {
      pointwise(formula<"div">, {noise, 1 - p}, Dest{&noise, true, "div_"});
    }
  }
  const Tensor y = times(x, noise, name);
  return alpha ? plus(y, shift, name ? name : "add_") : y;
}

Tensor drop(const Tensor& x, double p, bool train, Kind kind, const char* name) {
  check_probability(p);
  if (p == 0 || !train || x->numel == 0) return x;
  return dropped(x, p, kind.alpha, kind.channels && p != 1 ? std::optional(channel_sizes(*x)) : std::nullopt,
                 name);
}

constexpr Kind kPlain{false, false}, kAlpha{false, true}, kChannels{true, false}, kAlphaChannels{true, true};
template <Kind kKind> Tensor function(const Tensor& x, double p, bool train) {
  return drop(x, p, train, kKind, nullptr);
}
template <Kind kKind> Tensor over(const Tensor& x, double p, bool train) {
  return drop(x, p, train, kKind, kKind.alpha ? "alpha_dropout_" : "dropout_");
}
// nn.functional's
template <Kind kKind> Tensor nn_dropout(const Tensor& x, double p, bool training, bool inplace) {
  check_probability(p, ErrorKind::Value);
  return inplace ? over<kKind>(x, p, training) : function<kKind>(x, p, training);
}

void warn(const std::string& text) {
  if (host.warn) host.warn(text);
}
void warn_dims(const char* name, int spatial, int64_t got) {
  warn(str(
      name, ": Received a ", got, "-D input to ", name,
      ", which is deprecated and will result in an error in a future release. To retain the behavior and silence "
      "this warning, please use dropout instead. Note that ",
      name, " exists to provide channel-wise dropout on inputs with ", spatial,
      " spatial dimensions, a channel dimension, and an optional batch dimension (i.e. ", spatial + 1,
      "D or ", spatial + 2, "D inputs)."));
}
// Channels of an input without a batch dimension.
Tensor drop_unbatched(const Tensor& x, double p, bool training, bool inplace) {
  check_probability(p);
  if (p == 0 || !training || x->numel == 0) return x;
  Dims sizes(int64_t(x->ndim), 1);
  if (x->ndim) sizes[0] = x->size(0);
  return dropped(x, p, false, sizes, inplace ? "dropout_" : nullptr);
}
Tensor dropout1d(const Tensor& x, double p, bool training, bool inplace) {
  check_probability(p, ErrorKind::Value);
  check(
      x->ndim == 2 || x->ndim == 3, "dropout1d: Expected 2D or 3D input, but received a ", int(x->ndim),
      "D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a "
      "channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).");
  return x->ndim == 2 ? drop_unbatched(x, p, training, inplace)
                      : nn_dropout<kChannels>(x, p, training, inplace);
}
Tensor dropout2d(const Tensor& x, double p, bool training, bool inplace) {
  check_probability(p, ErrorKind::Value);
  if (x->ndim != 3 && x->ndim != 4) warn_dims("dropout2d", 2, x->ndim);
  if (x->ndim == 3)
    warn(
        "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - "
        "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future "
        "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
        "channel-wise dropout behavior, please switch to using dropout1d instead.");
  return nn_dropout<kChannels>(x, p, training, inplace);
}
Tensor dropout3d(const Tensor& x, double p, bool training, bool inplace) {
  check_probability(p, ErrorKind::Value);
  if (x->ndim != 4 && x->ndim != 5) warn_dims("dropout3d", 3, x->ndim);
  return x->ndim == 5 ? nn_dropout<kChannels>(x, p, training, inplace)
                      : drop_unbatched(x, p, training, inplace);
}

// The result, and which elements were kept.
struct NativeDropout {
  static constexpr const char *name = "native_dropout", *node = "NativeDropoutBackward0";
  double p, scale;
  SavedTensor mask_ = {};
  static constexpr const char* rule = "gx = g·mask·scale";
  void vjp(Backward& b) {
    if (b.g[0]) b.gx[0] = ops::mul(ops::mul(b.g[0], mask_.get(b.node)), scale);
  }
  void fields(auto& f) {
    f("p", p);
    f("result1", mask_, output(1));
  }
};
std::tuple<Tensor, Tensor> native_dropout(const Tensor& x, double p, std::optional<bool> train) {
  check_probability(p);
  const bool drops = train.value_or(true);
  const double scale = !drops ? 1 : p == 1 ? 0 : 1 / (1 - p);
  Tensor y, mask;
  {
    NoGrad off;
    mask = empty_like_strides(x, Dtype::Bool);
    if (drops) {
      ops::bernoulli_(mask, 1 - p);
      y = ops::mul(x, mask);
      pointwise(formula<"mul">, {y, scale}, Dest{&y, true, "mul_"});
    } else {
      ops::fill_(mask, 1);
      y = ops::clone(x);
    }
  }
  auto [result, kept] = apply_multi(NativeDropout{p, scale}, std::span(&x, 1), std::array{y, mask}, 1);
  return {result, kept};
}

#define DROPOUT(name, kind, training, what)                                                \
  def<nn_dropout<kind>>(name "(Tensor self, float p=0.5, bool training=" training          \
                             ", bool inplace=False) -> Tensor",                            \
                        kNN, what),                                                        \
      def<function<kind>>(name "(Tensor self, float p, bool train) -> Tensor", kFunction), \
      def<over<kind>>(name "_(Tensor self, float p, bool train) -> Tensor", kFunction,     \
                      name " over its input.")
#define CHANNELS(name, f, what) \
  def<f>(name "(Tensor self, float p=0.5, bool training=True, bool inplace=False) -> Tensor", kNN, what)

[[maybe_unused]] const auto definitions = {
    DROPOUT("dropout", kPlain, "True",
            "Elements become 0 with probability p; the others are divided by 1 - p."),
    DROPOUT("alpha_dropout", kAlpha, "False", "Dropout that keeps mean and variance of what selu gives."),
    DROPOUT("feature_alpha_dropout", kAlphaChannels, "False", "alpha_dropout of whole channels."),
    def<function<kChannels>>("feature_dropout(Tensor self, float p, bool train) -> Tensor", kFunction,
                             "Dropout of whole channels."),
    def<over<kChannels>>("feature_dropout_(Tensor self, float p, bool train) -> Tensor", kFunction,
                         "feature_dropout over its input."),
    CHANNELS("dropout1d", dropout1d, "Dropout of whole channels of a sequence (N, C, L) or (C, L)."),
    CHANNELS("dropout2d", dropout2d, "Dropout of whole channels of images (N, C, H, W)."),
    CHANNELS("dropout3d", dropout3d, "Dropout of whole channels of volumes (N, C, D, H, W) or (C, D, H, W)."),
    def<native_dropout>("native_dropout(Tensor self, float p, bool? train) -> (Tensor, Tensor)", kFunction,
                        "Dropout, and which elements were kept."),
};

}  // namespace

Tensor dropout(const Tensor& x, double p, bool train) { return drop(x, p, train, kPlain, nullptr); }

}  // namespace adjoint
