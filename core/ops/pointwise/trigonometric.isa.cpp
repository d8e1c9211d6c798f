// Trigonometric functions and their inverses.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Sin : Pointwise {
  static constexpr auto schema = "sin(Tensor self) -> Tensor";
  static constexpr auto doc = "The sine of self in radians.";
  template <class T> static constexpr bool hard(T x) { return math::is_hard_angle(x); }
  template <class T> static constexpr auto value(T x) { return math::sin(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::cos(x); }
};
POINTWISE(Sin)

struct Cos : Pointwise {
  static constexpr auto schema = "cos(Tensor self) -> Tensor";
  static constexpr auto doc = "The cosine of self in radians.";
  template <class T> static constexpr bool hard(T x) { return math::is_hard_angle(x); }
  template <class T> static constexpr auto value(T x) { return math::cos(x); }
  template <class T> static constexpr auto slope(T x, T) { return -math::sin(x); }
};
POINTWISE(Cos)

struct Tan : Pointwise {
  static constexpr auto schema = "tan(Tensor self) -> Tensor";
  static constexpr auto doc = "The tangent of self in radians.";
  template <class T> static constexpr bool hard(T x) { return math::is_hard_angle(x); }
  template <class T> static constexpr auto value(T x) { return math::tan(x); }
  template <class T> static constexpr auto slope(T, T y) { return T(1) + y * y; }
};
POINTWISE(Tan)

struct Asin : Pointwise {
  static constexpr auto schema = "asin(Tensor self) -> Tensor";
  static constexpr auto doc = "The angle in radians whose sine is self.";
  static constexpr auto aliases = "arcsin";
  template <class T> static constexpr auto value(T x) { return math::asin(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::rsqrt(T(1) - x * x); }
};
POINTWISE(Asin)

struct Acos : Pointwise {
  static constexpr auto schema = "acos(Tensor self) -> Tensor";
  static constexpr auto doc = "The angle in radians whose cosine is self.";
  static constexpr auto aliases = "arccos";
  template <class T> static constexpr auto value(T x) { return math::acos(x); }
  template <class T> static constexpr auto slope(T x, T) { return -math::rsqrt(T(1) - x * x); }
};
POINTWISE(Acos)

struct Atan : Pointwise {
  static constexpr auto schema = "atan(Tensor self) -> Tensor";
  static constexpr auto doc = "The angle in radians whose tangent is self.";
  static constexpr auto aliases = "arctan";
  template <class T> static constexpr auto value(T x) { return math::atan(x); }
  template <class T> static constexpr auto pull(T g, T x, T) { return g / conj_of(x * x + T(1)); }
};
POINTWISE(Atan)

struct Atan2 : Pointwise {
  static constexpr auto schema = "atan2(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The angle of the point (other, self), in (-π, π].";
  static constexpr auto aliases = "arctan2";
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::atan2(a, b); }
  // At the origin the angle has no slope; PyTorch takes 0 there.
  template <class T> static constexpr auto inverse_square(T a, T b) {
    auto r = a * a + b * b;
    return math::where(r == T(0), T(0), math::reciprocal(r));
  }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) { return g * (b * inverse_square(a, b)); }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return g * (-a * inverse_square(a, b)); }
};
POINTWISE(Atan2)

struct Sinc : Pointwise {
  static constexpr auto schema = "sinc(Tensor self) -> Tensor";
  static constexpr auto doc = "sin(π self) / (π self), and 1 at 0";
  static constexpr uint32_t flags = kAll | kSpecial;
  template <class T> static constexpr bool hard(T x) { return math::is_hard_angle(x * T(4)); }
  template <class T> static constexpr auto value(T x) { return math::sinc(x); }
  template <class T> static constexpr auto pull(T g, T x, T) {
    auto p = x * T(3.14159265358979324), square = x * p;
    return math::where(square == T(0), T(0), g * conj_of((p * math::cos(p) - math::sin(p)) / square));
  }
};
POINTWISE(Sinc)

struct Deg2rad : Pointwise {
  static constexpr auto schema = "deg2rad(Tensor self) -> Tensor";
  static constexpr auto doc = "Degrees to radians.";
  static constexpr auto node = "Deg2RadBackward0";
  static constexpr unsigned types = kFloats;
  static constexpr Refusal no_complex{"deg2rad is not supported for complex tensors."};
  template <class T> static constexpr auto value(T x) { return x * T(0.0174532925199432958); }
  template <class T> static constexpr auto pull(T g, T, T) { return g * T(0.0174532925199432958); }
};
POINTWISE(Deg2rad)

struct Rad2deg : Pointwise {
  static constexpr auto schema = "rad2deg(Tensor self) -> Tensor";
  static constexpr auto doc = "Radians to degrees.";
  static constexpr auto node = "Rad2DegBackward0";
  static constexpr unsigned types = kFloats;
  static constexpr Refusal no_complex{"rad2deg is not supported for complex tensors."};
  template <class T> static constexpr auto value(T x) { return x * T(57.2957795130823209); }
  template <class T> static constexpr auto pull(T g, T, T) { return g * T(57.2957795130823209); }
};
POINTWISE(Rad2deg)
ADJOINT_POINTWISE_END
