// What a loss makes of one element and its target. Weights and other settings are operands, mostly numbers: 1 stands
// for a weight that is not there. ops/nn/pointwise_losses.cpp has the public names, and sums over all elements.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct ElementLoss : Pointwise {
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr int data = 2;
};

struct MseLoss : ElementLoss {
  static constexpr auto schema = "mse_loss(Tensor self, Tensor target) -> Tensor";
  static constexpr auto doc = "(self - target)²";
  static constexpr auto kernel = "mse_cpu";
  template <class T> static constexpr auto value(T x, T t) {
    auto d = x - t;
    return d * d;
  }
  template <class T> static constexpr auto pull0(T g, T x, T t, T) { return g * (T(2) * (x - t)); }
  template <class T> static constexpr auto pull1(T g, T x, T t, T) { return g * (T(2) * (t - x)); }
};
POINTWISE(MseLoss)

// g held within ±bound, as d / width is beyond ±width.
template <class T> static constexpr auto bent(T g, T d, T width, T inside, T outside) {
  return math::where(d >= width, g * outside, math::where(d <= -width, -(g * outside), g * (d * inside)));
}

struct SmoothL1Loss : ElementLoss {
  static constexpr auto schema = "smooth_l1_loss(Tensor self, Tensor target, Number beta) -> Tensor";
  static constexpr auto doc = "d²/(2 beta) where d = |self - target| is below beta, else d - beta/2";
  static constexpr auto node = "SmoothL1LossBackward0", kernel = "smooth_l1_cpu";
  static constexpr int promoting = 2;
  template <class T> static constexpr auto value(T x, T t, T beta) {
    auto d = math::abs(x - t);
    return math::where(d < beta, T(0.5) * d * d / beta, d - T(0.5) * beta);
  }
  template <class T> static constexpr auto pull0(T g, T x, T t, T beta, T) {
    return bent(g, x - t, beta, T(1) / beta, T(1));
  }
  template <class T> static constexpr auto pull1(T g, T x, T t, T beta, T) {
    return bent(g, t - x, beta, T(1) / beta, T(1));
  }
};
POINTWISE(SmoothL1Loss)

struct HuberLoss : ElementLoss {
  static constexpr auto schema = "huber_loss(Tensor self, Tensor target, Number delta) -> Tensor";
  static constexpr auto doc = "d²/2 where d = |self - target| is at most delta, else delta (d - delta/2)";
  static constexpr auto kernel = "huber_cpu";
  static constexpr int promoting = 2;
  template <class T> static constexpr auto value(T x, T t, T delta) {
    auto d = math::abs(x - t);
    return math::where(d <= delta, T(0.5) * d * d, delta * (d - T(0.5) * delta));
  }
  template <class T> static constexpr auto pull0(T g, T x, T t, T delta, T) {
    return bent(g, x - t, delta, T(1), delta);
  }
  template <class T> static constexpr auto pull1(T g, T x, T t, T delta, T) {
    return bent(g, t - x, delta, T(1), delta);
  }
};
POINTWISE(HuberLoss)

// log(1 + exp(x)), without overflow.
template <class T> static constexpr auto soft_plus(T x) {
  return math::where(x > T(0), x, T(0)) + math::log1p(math::exp(-math::abs(x)));
}

struct SoftMarginLoss : ElementLoss {
  static constexpr auto schema = "soft_margin_loss(Tensor self, Tensor target) -> Tensor";
  static constexpr auto doc = "log(1 + exp(-target · self))";
  template <class T> static constexpr auto value(T x, T t) { return soft_plus(-(t * x)); }
  template <class T> static constexpr auto pull0(T g, T x, T t, T) {
    return -(g * t) * math::sigmoid(-(t * x));
  }
  template <class T> static constexpr auto pull1(T g, T x, T t, T) {
    return -(g * x) * math::sigmoid(-(t * x));
  }
};
POINTWISE(SoftMarginLoss)

// Logarithms are held above -100, so that the loss stays finite where a probability is 0 or 1; slopes below 10¹².
template <class T> static constexpr auto held_log(T x) { return math::where(x < T(-100), T(-100), x); }
template <class T> static constexpr auto over(T a, T p) { return a / math::where(p < T(1e-12), T(1e-12), p); }

struct BinaryCrossEntropy : ElementLoss {
  static constexpr auto schema = "binary_cross_entropy(Tensor self, Tensor target, Number weight) -> Tensor";
  static constexpr auto doc = "-weight (target log(self) + (1 - target) log(1 - self))";
  static constexpr auto kernel = "binary_cross_entropy";
  template <class T> static constexpr auto unweighted(T x, T t) {
    return (t - T(1)) * held_log(math::log1p(-x)) - t * held_log(math::log(x));
  }
  template <class T> static constexpr auto value(T x, T t, T w) { return w * unweighted(x, t); }
  template <class T> static constexpr auto pull0(T g, T x, T t, T w, T) {
    return g * w * (over(T(1) - t, T(1) - x) - over(t, x));
  }
  template <class T> static constexpr auto pull1(T g, T x, T, T w, T) {
    return g * w * (held_log(math::log1p(-x)) - held_log(math::log(x)));
  }
  template <class T> static constexpr auto pull2(T g, T x, T t, T, T) { return g * unweighted(x, t); }
};
POINTWISE(BinaryCrossEntropy)

// In terms of log(1 + exp(±x)), neither of which is a difference: small losses and slopes keep their digits.
struct BinaryCrossEntropyWithLogits : ElementLoss {
  static constexpr auto schema =
      "binary_cross_entropy_with_logits(Tensor self, Tensor target, Number weight, Number pos_weight) -> Tensor";
  static constexpr auto doc =
      "-weight (pos_weight · target log(σ) + (1 - target) log(1 - σ)) with σ = sigmoid(self)";
  static constexpr auto kernel = "log_sigmoid_cpu";
  template <class T> static constexpr auto unweighted(T x, T t, T p) {
    auto rest = math::log1p(math::exp(-math::abs(x)));
    return (T(1) - t) * (math::where(x > T(0), x, T(0)) + rest) +
           p * t * (math::where(x < T(0), -x, T(0)) + rest);
  }
  template <class T> static constexpr auto value(T x, T t, T w, T p) { return w * unweighted(x, t, p); }
  template <class T> static constexpr auto pull0(T g, T x, T t, T w, T p, T) {
    return g * w * ((T(1) - t) * math::sigmoid(x) - p * t * math::sigmoid(-x));
  }
  template <class T> static constexpr auto pull1(T g, T x, T, T w, T p, T) {
    return g * w * ((p - T(1)) * soft_plus(-x) - x);
  }
  template <class T> static constexpr auto pull2(T g, T x, T t, T, T p, T) { return g * unweighted(x, t, p); }
  template <class T> static constexpr auto pull3(T g, T x, T t, T w, T, T) {
    return g * w * t * soft_plus(-x);
  }
};
POINTWISE(BinaryCrossEntropyWithLogits)
ADJOINT_POINTWISE_END
