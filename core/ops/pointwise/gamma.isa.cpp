// The incomplete gamma functions and the zeta function. PyTorch has no derivative for their first arguments.
#include "kernels/math_gamma.h"
#include "kernels/math_special.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Igamma : Pointwise {
  static constexpr auto schema = "igamma(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc =
      "The lower regularised incomplete gamma function, ∫₀^other t^(self-1) e^-t dt / Γ(self).";
  static constexpr auto special_aliases = "gammainc";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <math::Floating T> static constexpr auto value(T a, T x) { return math::igamma(a, x); }
  // x^(a-1) e^-x / Γ(a), with its limits: 0⁰ is 1, and nothing changes at infinity.
  template <class T> static constexpr auto density(T a, T x) {
    if constexpr (is_symbol<T>)
      return math::exp((a - T(1)) * math::log(x) - x - math::lgamma(a));
    else {
      auto far = math::isinf(x) | math::isinf(a);
      auto p = math::where(far, T(1), a), q = math::where(far, T(1), x);
      return math::where(far, T(0), math::exp(math::xlogy(p - T(1), q) - q - math::lgamma(p)));
    }
  }
  template <class T> static constexpr auto slope1(T a, T x, T) { return density(a, x); }
};
POINTWISE(Igamma)

struct Igammac : Pointwise {
  static constexpr auto schema = "igammac(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The upper regularised incomplete gamma function, 1 - igamma(self, other).";
  static constexpr auto special_aliases = "gammaincc";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <math::Floating T> static constexpr auto value(T a, T x) { return math::igammac(a, x); }
  template <class T> static constexpr auto slope1(T a, T x, T) { return -Igamma::density(a, x); }
};
POINTWISE(Igammac)

struct Zeta : Pointwise {
  static constexpr auto schema = "zeta(Number self, Number other) -> Tensor";
  static constexpr auto doc = "The Hurwitz zeta function, Σ (k + other)^-self over k = 0, 1, 2 ...";
  static constexpr auto node = "SpecialZetaBackward0";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T s, T q) { return math::zeta(s, q); }
  template <class T> static constexpr auto slope1(T s, T q, T) { return -s * math::zeta(s + T(1), q); }
};
POINTWISE(Zeta)
ADJOINT_POINTWISE_END
