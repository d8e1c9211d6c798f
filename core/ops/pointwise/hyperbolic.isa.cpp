// Hyperbolic functions and their inverses.
#include "ops/pointwise/one_minus_square.h"

ADJOINT_POINTWISE_BEGIN
struct Sinh : Pointwise {
  static constexpr auto schema = "sinh(Tensor self) -> Tensor";
  static constexpr auto doc = "(exp(self) - exp(-self)) / 2";
  template <class T> static constexpr auto value(T x) { return math::sinh(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::cosh(x); }
};
POINTWISE(Sinh)

struct Cosh : Pointwise {
  static constexpr auto schema = "cosh(Tensor self) -> Tensor";
  static constexpr auto doc = "(exp(self) + exp(-self)) / 2";
  template <class T> static constexpr auto value(T x) { return math::cosh(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::sinh(x); }
};
POINTWISE(Cosh)

struct Tanh : Pointwise {
  static constexpr auto schema = "tanh(Tensor self) -> Tensor";
  static constexpr auto doc = "sinh(self) / cosh(self)";
  static constexpr uint32_t flags = kAll | kNN;
  template <class T> static constexpr auto value(T x) { return math::tanh(x); }
  template <class T> static constexpr auto slope(T, T y) { return T(1) - y * y; }
  static constexpr TailRange tail{-3.8125, 3.8125};  // 1 - |y| < 2⁻¹⁰
  template <class T> static constexpr auto tail_slope(T x) {
    return T(4) * (math::sigmoid(x + x) * math::sigmoid(-(x + x)));
  }
};
POINTWISE(Tanh)

struct Asinh : Pointwise {
  static constexpr auto schema = "asinh(Tensor self) -> Tensor";
  static constexpr auto doc = "The inverse of sinh.";
  static constexpr auto aliases = "arcsinh";
  template <class T> static constexpr auto value(T x) { return math::asinh(x); }
  // Far out x² overflows, and the slope is 1/|x| (for complex numbers ±1/x).
  template <class T> static constexpr auto slope(T x, T) {
    if constexpr (is_symbol<T>)
      return math::rsqrt(x * x + T(1));
    else {
      auto far = math::abs(x) > real_part(T(1e9));
      auto positive = math::where(real_part(x) < real_part(T(0)), -x, x);
      return math::where(far, math::reciprocal(math::where(far, positive, T(1))),
                         math::rsqrt(math::where(far, T(0), x * x) + T(1)));
    }
  }
};
POINTWISE(Asinh)

struct Acosh : Pointwise {
  static constexpr auto schema = "acosh(Tensor self) -> Tensor";
  static constexpr auto doc = "The inverse of cosh on [1, ∞).";
  static constexpr auto aliases = "arccosh";
  template <class T> static constexpr auto value(T x) { return math::acosh(x); }
  // Two roots: for complex numbers the root of the product is another branch.
  template <class T> static constexpr auto slope(T x, T) {
    return math::rsqrt(x - T(1)) * math::rsqrt(x + T(1));
  }
};
POINTWISE(Acosh)

struct Atanh : Pointwise {
  static constexpr auto schema = "atanh(Tensor self) -> Tensor";
  static constexpr auto doc = "The inverse of tanh.";
  static constexpr auto aliases = "arctanh";
  template <class T> static constexpr auto value(T x) { return math::atanh(x); }
  template <class T> static constexpr auto pull(T g, T x, T) { return g / conj_of(one_minus_square(x)); }
};
POINTWISE(Atanh)
ADJOINT_POINTWISE_END
