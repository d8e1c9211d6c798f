// Activation functions. Their numbers (slopes, bounds) are operands without a derivative. Public signatures
// with `inplace` and defaults are in activations.cpp.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Sigmoid : Pointwise {
  static constexpr auto schema = "sigmoid(Tensor self) -> Tensor";
  static constexpr auto doc = "1 / (1 + exp(-self))";
  static constexpr auto special_aliases = "expit";
  static constexpr uint32_t flags = kAll | kNN;
  template <class T> static constexpr auto value(T x) { return math::sigmoid(x); }
  template <class T> static constexpr auto slope(T, T y) { return y * (T(1) - y); }
  static constexpr TailRange tail{.high = 6.9375};  // 1 - y < 2⁻¹⁰
  template <class T> static constexpr auto tail_slope(T x) { return math::sigmoid(x) * math::sigmoid(-x); }
};
POINTWISE(Sigmoid)

struct Relu : Pointwise {
  static constexpr auto schema = "relu(Tensor self) -> Tensor";
  static constexpr auto doc = "self where positive, else 0";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_bool{"Boolean inputs not supported for relu"};
  static constexpr Refusal no_complex{"clamp is not supported for complex types", false};
  template <class T> static constexpr auto value(T x) { return math::where(x < T(0), T(0), x); }
  template <class T> static constexpr auto pull(T g, T, T y) { return math::where(y <= T(0), T(0), g); }
};
POINTWISE(Relu)

struct Gelu : Pointwise {
  static constexpr auto schema = "gelu(Tensor self) -> Tensor";
  static constexpr auto doc = "self * Φ(self), Φ the normal distribution";
  static constexpr auto kernel = "GeluKernelImpl";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  // Far out the factor is held, as 0 times infinity is no number: gelu(-∞) is -0.
  template <class T> static constexpr auto held(T x) { return math::where(x < T(-40), T(-40), x); }
  template <class T> static constexpr auto value(T x) {
    if constexpr (is_symbol<T>)
      return x * math::normal_cdf(x);
    else if constexpr (math::Floating<T>)
      return x > T(40) ? x : math::normal_cdf_times(x, held(x));
    else
      return held(x) * math::normal_cdf(x);
  }
  template <class T> static constexpr auto slope(T x, T) {
    if constexpr (is_symbol<T>)
      return math::normal_cdf(x) + x * math::normal_density(x);
    else {
      auto h = math::where(math::abs(x) > T(40), T(40), x);
      return math::normal_cdf(x) + h * math::normal_density(h);
    }
  }
};
POINTWISE(Gelu)

struct GeluTanh : Pointwise {
  static constexpr auto schema = "gelu_tanh(Tensor self) -> Tensor";
  static constexpr auto doc = "gelu with Φ approximated by tanh";
  static constexpr auto node = "GeluBackward0", kernel = "GeluKernelImpl";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  // (1 + tanh(u/2)) / 2 is sigmoid(u), which loses nothing far below 0, where the sum does.
  template <class T> static constexpr auto inner(T x) {
    return T(1.59576912160573071) * (x + T(0.044715) * (x * x * x));
  }
  template <class T> static constexpr auto held(T x) {
    return math::where(x < T(-40), T(-40), math::where(x > T(40), T(40), x));
  }
  template <class T> static constexpr auto value(T x) {
    if constexpr (is_symbol<T>)
      return T(0.5) * x * (T(1) + math::tanh(T(0.5) * inner(x)));
    else
      return math::where(x < T(-40), T(-40), x) * math::sigmoid(inner(held(x)));
  }
  template <class T> static constexpr auto slope(T x, T) {
    auto h = x;
    if constexpr (!is_symbol<T>) h = held(x);
    auto y = math::sigmoid(inner(h)), rest = math::sigmoid(-inner(h));
    return y + h * (y * rest) * (T(1.59576912160573071) * (T(1) + T(0.134145) * (h * h)));
  }
};
POINTWISE(GeluTanh)

struct Silu : Pointwise {
  static constexpr auto schema = "silu(Tensor self) -> Tensor";
  static constexpr auto doc = "self * sigmoid(self)";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T x) {
    if constexpr (math::Floating<T>) {
      T a = -math::abs(x), h = x < T(-1e4) ? T(-1e4) : x;  // -∞ times 0 would be no number
      auto e = math::exp_and_times(a, h);
      return (x < 0 ? e.times : x) / (T(1) + e.exp);
    } else
      return x * math::sigmoid(x);
  }
  template <class T> static constexpr auto slope(T x, T) {
    if constexpr (is_symbol<T>)
      return math::sigmoid(x) * (T(1) + x * math::sigmoid(-x));
    else {
      auto far = math::isinf(x);
      auto h = math::where(far, math::where(real_part(x) > real_part(T(0)), T(1000), T(-1000)), x);
      return math::sigmoid(h) * (T(1) + h * math::sigmoid(-h));
    }
  }
};
POINTWISE(Silu)

struct Mish : Pointwise {
  static constexpr auto schema = "mish(Tensor self) -> Tensor";
  static constexpr auto doc = "self * tanh(softplus(self))";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  // tanh(log(1 + e)) = n / (n + 2) with e = exp(x), n = e (e + 2). Beyond 20 that is 1; exp is held lest it
  // overflows.
  template <class T> static constexpr auto held_exp(T x) {
    return math::exp(math::where(x > T(20), T(20), x));
  }
  template <class T> static constexpr auto value(T x) {
    if constexpr (math::Floating<T>) {
      T h = x < T(-1e4) ? T(-1e4) : x > T(20) ? T(20) : x;
      auto e = math::exp_and_times(h, h);
      T y = e.times * ((e.exp + T(2)) / (e.exp * (e.exp + T(2)) + T(2)));
      return x > T(20) ? x : y;
    } else {
      auto e = held_exp(x), n = e * (e + T(2));
      return x * (n / (n + T(2)));
    }
  }
  template <class T> static constexpr auto slope(T x, T) {
    auto e = held_exp(x), n = e * (e + T(2));
    auto h = x;
    if constexpr (!is_symbol<T>) h = math::where(x < T(-1000), T(-1000), math::where(x > T(20), T(0), x));
    // 1 - tanh² = 4 (n + 1) / (n + 2)², and n + 1 = (e + 1)²
    return n / (n + T(2)) + h * (T(4) * e * (e + T(1)) / ((n + T(2)) * (n + T(2))));
  }
};
POINTWISE(Mish)

struct Softplus : Pointwise {
  static constexpr auto schema = "softplus(Tensor self, Number beta, Number threshold) -> Tensor";
  static constexpr auto doc = "log(1 + exp(beta * self)) / beta; self itself beyond the threshold";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T beta, T threshold) {
    return math::where(x * beta > threshold, x, math::log1p(math::exp(x * beta)) / beta);
  }
  template <class T> static constexpr auto pull0(T g, T x, T beta, T threshold, T) {
    return math::where(x * beta > threshold, g, g * math::sigmoid(x * beta));
  }
};
POINTWISE(Softplus)

struct LeakyRelu : Pointwise {
  static constexpr auto schema = "leaky_relu(Tensor self, Number negative_slope) -> Tensor";
  static constexpr auto doc = "self where positive, else negative_slope * self";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T s) { return math::where(x > T(0), x, x * s); }
  template <class T> static constexpr auto pull0(T g, T x, T s, T) { return math::where(x > T(0), g, g * s); }
};
POINTWISE(LeakyRelu)

struct Elu : Pointwise {
  static constexpr auto schema = "elu(Tensor self, Number alpha, Number scale, Number input_scale) -> Tensor";
  static constexpr auto doc =
      "scale * self where positive, else scale * alpha * (exp(input_scale * self) - 1)";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T alpha, T scale, T input_scale) {
    return math::where(x > T(0), x * scale, math::expm1(x * input_scale) * (alpha * scale));
  }
  // exp of positive x is never used; held at 0 lest it overflows and spoils higher derivatives.
  template <class T> static constexpr auto pull0(T g, T x, T alpha, T scale, T input_scale, T) {
    auto below = math::where(x <= T(0), x, T(0));
    return math::where(x <= T(0), g * (math::exp(below * input_scale) * (alpha * scale * input_scale)),
                       g * scale);
  }
};
POINTWISE(Elu)

struct Hardtanh : Pointwise {
  static constexpr auto schema = "hardtanh(Tensor self, Number min_val, Number max_val) -> Tensor";
  static constexpr auto doc = "self held within [min_val, max_val]";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_bool{"Bool inputs not supported for hardtanh"};
  static constexpr Refusal no_complex{"clamp is not supported for complex types", false};
  template <class T> static constexpr auto value(T x, T low, T high) {
    return math::minimum(math::maximum(x, low), high);
  }
  template <class T> static constexpr auto pull0(T g, T x, T low, T high, T) {
    return math::where((x <= low) | (x >= high), T(0), g);
  }
};
POINTWISE(Hardtanh)

// Comparisons that are false for NaN let it pass.
template <class T> static constexpr auto held_to_six(T x) {
  return math::where(x < T(0), T(0), math::where(x > T(6), T(6), x));
}

struct Hardsigmoid : Pointwise {
  static constexpr auto schema = "hardsigmoid(Tensor self) -> Tensor";
  static constexpr auto doc = "self / 6 + 1/2 held within [0, 1]";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x) { return held_to_six(x + T(3)) / T(6); }
  template <class T> static constexpr auto pull(T g, T x, T) {
    return math::where((x > T(-3)) & (x < T(3)), g / T(6), T(0));
  }
};
POINTWISE(Hardsigmoid)

struct Hardswish : Pointwise {
  static constexpr auto schema = "hardswish(Tensor self) -> Tensor";
  static constexpr auto doc = "self * hardsigmoid(self)";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x) {
    return x * (held_to_six(x + T(3)) / T(6));  // x · 6 may overflow
  }
  template <class T> static constexpr auto pull(T g, T x, T) {
    return math::where(x <= T(-3), T(0), math::where(x < T(3), g * (x / T(3) + T(0.5)), g));
  }
};
POINTWISE(Hardswish)

struct Threshold : Pointwise {
  static constexpr auto schema = "threshold(Tensor self, Number threshold, Number value) -> Tensor";
  static constexpr auto doc = "self where above threshold, else value";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr auto value(T x, T threshold, T v) {
    return math::where(x <= threshold, v, x);
  }
  template <class T> static constexpr auto pull0(T g, T x, T threshold, T, T) {
    return math::where(x <= threshold, T(0), g);
  }
};
POINTWISE(Threshold)

struct LogSigmoid : Pointwise {
  static constexpr auto schema = "log_sigmoid(Tensor self) -> Tensor";
  static constexpr auto doc = "log(sigmoid(self)), without overflow";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) {
    return math::where(x < T(0), x, T(0)) - math::log1p(math::exp(-math::abs(x)));
  }
  template <class T> static constexpr auto slope(T x, T) { return math::sigmoid(-x); }
};
POINTWISE(LogSigmoid)

struct Glu : Pointwise {  // of the two halves: ops/nn/gates.cpp
  static constexpr auto schema = "glu(Tensor self, Tensor gate) -> Tensor";
  static constexpr auto doc = "self * sigmoid(gate)";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return a * math::sigmoid(b); }
  template <class T> static constexpr auto slope0(T, T b, T) { return math::sigmoid(b); }
  template <class T> static constexpr auto slope1(T a, T b, T) {
    auto e = math::exp(-math::abs(b));  // sigmoid(b) · sigmoid(-b), as exact far out
    return a * e / ((T(1) + e) * (T(1) + e));
  }
};
POINTWISE(Glu)

struct Prelu : Pointwise {
  static constexpr auto schema = "prelu(Tensor self, Tensor weight) -> Tensor";
  static constexpr auto doc = "self where positive, else weight * self";
  static constexpr auto node = "PreluKernelBackward0";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T w) { return math::where(x > T(0), x, w * x); }
  template <class T> static constexpr auto pull0(T g, T x, T w, T) { return math::where(x > T(0), g, w * g); }
  template <class T> static constexpr auto pull1(T g, T x, T, T) {
    return math::where(x > T(0), T(0), x * g);
  }
};
POINTWISE(Prelu)

struct Hardshrink : Pointwise {
  static constexpr auto schema = "hardshrink(Tensor self, Number lambd) -> Tensor";
  static constexpr auto doc = "0 within [-lambd, lambd], else self";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T l) {
    return math::where((x >= -l) & (x <= l), T(0), x);
  }
  template <class T> static constexpr auto pull0(T g, T x, T l, T) {
    return math::where((x >= -l) & (x <= l), T(0), g);
  }
};
POINTWISE(Hardshrink)

struct Softshrink : Pointwise {
  static constexpr auto schema = "softshrink(Tensor self, Number lambd) -> Tensor";
  static constexpr auto doc = "self moved by lambd towards 0";
  static constexpr auto kernel = "softshrink_check";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T l) {
    return math::where(x > l, x - l, math::where(x < -l, x + l, x * T(0)));
  }
  template <class T> static constexpr auto pull0(T g, T x, T l, T) {
    return math::where((x >= -l) & (x <= l), T(0), g);
  }
};
POINTWISE(Softshrink)
ADJOINT_POINTWISE_END
