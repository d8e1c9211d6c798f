// Trigonometric functions and their inverses.
#include "ops/pointwise/recorded_slopes.h"
#include "ops/pointwise/one_minus_square.h"

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

struct OneMinusSquare : Pointwise {
  static constexpr auto schema = "one_minus_square(Tensor self) -> Tensor";
  static constexpr auto doc = "1 - self², as exact near 1";
  static constexpr uint32_t flags = 0;
  template <class T> static constexpr auto value(T x) { return one_minus_square(x); }
  template <class T> static constexpr auto slope(T x, T) { return T(-2) * x; }
};
POINTWISE(OneMinusSquare)

struct Asin : Pointwise {
  static constexpr auto schema = "asin(Tensor self) -> Tensor";
  static constexpr auto doc = "The angle in radians whose sine is self.";
  static constexpr auto aliases = "arcsin";
  template <class T> static constexpr auto value(T x) { return math::asin(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::rsqrt(one_minus_square(x)); }
};
POINTWISE(Asin)

struct Acos : Pointwise {
  static constexpr auto schema = "acos(Tensor self) -> Tensor";
  static constexpr auto doc = "The angle in radians whose cosine is self.";
  static constexpr auto aliases = "arccos";
  template <class T> static constexpr auto value(T x) { return math::acos(x); }
  template <class T> static constexpr auto slope(T x, T) { return -math::rsqrt(one_minus_square(x)); }
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

// The slope of atan2: b / r² by way of r, whose square may overflow or vanish. At the origin the angle has no slope; PyTorch
// takes 0 there. Recorded it is an operation of its own, with slopes whose parts do not cancel.
template <class T> static constexpr auto angle_slope(T a, T b) {
  if constexpr (is_symbol<T>)
    return b / (a * a + b * b);
  else if constexpr (std::is_same_v<T, V>)
    return recorded_angle_slope(a, b);
  else {
    auto r = math::hypot(a, b);
    auto none = (r == T(0)) | (r == T(__builtin_inf()));
    auto safe = math::where(none, T(1), r);
    return math::where(none, T(0), b / safe / safe);
  }
}
struct AngleSlope : Pointwise {
  static constexpr auto schema = "angle_slope(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "other / (self² + other²), the slope of atan2";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return angle_slope(a, b); }
  // The direction (p, q) and what is left over r², or nothing where there is none.
  template <class T> static constexpr auto over_square(T x, T r) {
    auto none = (r == T(0)) | (r == T(__builtin_inf()));
    auto safe = math::where(none, T(1), r);
    return math::where(none, T(0), x / safe / safe);
  }
  template <class T> static constexpr auto slope0(T a, T b, T) {
    if constexpr (is_symbol<T>)
      return T(-2) * a * b / ((a * a + b * b) * (a * a + b * b));
    else {
      auto r = math::hypot(a, b), safe = math::where(r == T(0), T(1), r);
      return over_square(T(-2) * (a / safe) * (b / safe), r);
    }
  }
  template <class T> static constexpr auto slope1(T a, T b, T) {
    if constexpr (is_symbol<T>)
      return (a * a - b * b) / ((a * a + b * b) * (a * a + b * b));
    else {
      auto r = math::hypot(a, b), safe = math::where(r == T(0), T(1), r);
      auto p = a / safe, q = b / safe;
      return over_square((p - q) * (p + q), r);
    }
  }
};
POINTWISE(AngleSlope)

struct Atan2 : Pointwise {
  static constexpr auto schema = "atan2(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The angle of the point (other, self), in (-π, π].";
  static constexpr auto aliases = "arctan2";
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::atan2(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) { return g * angle_slope(a, b); }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return g * -angle_slope(b, a); }
};
POINTWISE(Atan2)

struct Sinc : Pointwise {
  static constexpr auto schema = "sinc(Tensor self) -> Tensor";
  static constexpr auto doc = "sin(π self) / (π self), and 1 at 0";
  static constexpr uint32_t flags = kAll | kSpecial;
  template <class T> static constexpr auto value(T x) { return math::sinc(x); }
  template <class T> static constexpr auto slope(T x, T) {
    if constexpr (is_symbol<T>)
      return (math::cos(T(3.14159265358979324) * x) - math::sinc(x)) / x;
    else {
      // Near 0 its Taylor series, as the difference would cancel; elsewhere cos(πx) by the distance to the nearest whole
      // number, whose parity is the sign.
      auto near = math::abs(x) < real_part(T(0.3));
      auto z = math::where(near, x * x, T(0));
      auto series = x * taylor(z);
      auto n = math::round(real_part(x)), half = n * real_part(T(0.5));
      auto sign = real_part(T(1)) - real_part(T(4)) * math::abs(half - math::round(half));
      auto cosine = math::cos((x - n) * T(3.14159265358979324)) * sign;
      return math::where(near, series, (cosine - math::sinc(x)) / math::where(near, T(1), x));
    }
  }
  // sinc'(x) / x = Σ (-1)^k 2k π^2k x^(2k-2) / (2k + 1)!, of z = x²
  template <class T> static constexpr auto taylor(T z) {
    auto s = T(-1.3148481279991995e-7) * z + T(4.0499478466192442e-6);
    s = s * z + T(-9.7662231263189327e-5);
    s = s * z + T(0.001781145516372852);
    s = s * z + T(-0.023460810354558236);
    s = s * z + T(0.2091827825412384);
    s = s * z + T(-1.1445109447325053);
    s = s * z + T(3.2469697011334146);
    return s * z + T(-3.2898681336964529);
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
