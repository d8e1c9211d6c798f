// The greater, the smaller, and what lies between: NaN wins in maximum, minimum and clamp; fmax and fmin
// avoid it. At a tie maximum and minimum give each side half of the gradient.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Maximum : Pointwise {
  static constexpr auto schema = "maximum(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The greater of self and other; NaN where either is.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"maximum not implemented for complex tensors."};
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return math::maximum(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    return math::where(a < b, T(0), math::where(a == b, g * T(0.5), g));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    return math::where(a > b, T(0), math::where(a == b, g * T(0.5), g));
  }
};
POINTWISE(Maximum)

struct Minimum : Pointwise {
  static constexpr auto schema = "minimum(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The smaller of self and other; NaN where either is.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"minimum not implemented for complex tensors."};
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return math::minimum(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    return math::where(a > b, T(0), math::where(a == b, g * T(0.5), g));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    return math::where(a < b, T(0), math::where(a == b, g * T(0.5), g));
  }
};
POINTWISE(Minimum)

struct Fmax : Pointwise {
  static constexpr auto schema = "fmax(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The greater of self and other; a number rather than NaN.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"fmax not implemented for complex tensors."};
  template <class T> static constexpr auto value(T a, T b) { return math::fmax(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    return math::where((a >= b) | (b != b), g, T(0));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    return math::where((a >= b) | (b != b), T(0), g);
  }
};
POINTWISE(Fmax)

struct Fmin : Pointwise {
  static constexpr auto schema = "fmin(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The smaller of self and other; a number rather than NaN.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"fmin not implemented for complex tensors."};
  template <class T> static constexpr auto value(T a, T b) { return math::fmin(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    return math::where((a <= b) | (b != b), g, T(0));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    return math::where((a <= b) | (b != b), T(0), g);
  }
};
POINTWISE(Fmin)

struct Clamp : Pointwise {
  static constexpr auto schema = "clamp(Tensor self, Number min, Number max) -> Tensor";
  static constexpr auto doc = "self held within [min, max]";
  static constexpr auto node = "ClampBackward1";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_complex{"clamp is not supported for complex types", false};
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x, T low, T high) {
    return math::minimum(math::maximum(x, low), high);
  }
  template <class T> static constexpr auto pull0(T g, T x, T low, T high, T) {
    return math::where((x >= low) & (x <= high), g, T(0));
  }
  template <class T> static constexpr auto pull1(T g, T x, T low, T high, T) {
    return math::where((low < high) & (x < low), g, T(0));
  }
  template <class T> static constexpr auto pull2(T g, T x, T low, T high, T) {
    return math::where((x > high) | (high < low), g, T(0));
  }
};
POINTWISE(Clamp)

struct ClampMin : Pointwise {
  static constexpr auto schema = "clamp_min(Tensor self, Number min) -> Tensor";
  static constexpr auto doc = "self, or min where self is less";
  static constexpr auto kernel = "maximum_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x, T low) { return math::maximum(x, low); }
  template <class T> static constexpr auto pull0(T g, T x, T low, T) {
    return math::where(x >= low, g, T(0));
  }
  template <class T> static constexpr auto pull1(T g, T x, T low, T) { return math::where(x < low, g, T(0)); }
};
POINTWISE(ClampMin)

struct ClampMax : Pointwise {
  static constexpr auto schema = "clamp_max(Tensor self, Number max) -> Tensor";
  static constexpr auto doc = "self, or max where self is greater";
  static constexpr auto kernel = "minimum_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x, T high) { return math::minimum(x, high); }
  template <class T> static constexpr auto pull0(T g, T x, T high, T) {
    return math::where(x <= high, g, T(0));
  }
  template <class T> static constexpr auto pull1(T g, T x, T high, T) {
    return math::where(x > high, g, T(0));
  }
};
POINTWISE(ClampMax)
ADJOINT_POINTWISE_END
