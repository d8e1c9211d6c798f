// Magnitude, angle, direction and conjugate. abs and angle of complex numbers are real, so their gradients
// are not of the form g · conj(slope); the rules are PyTorch's: the conjugate Wirtinger derivative.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Abs : Pointwise {
  static constexpr auto schema = "abs(Tensor self) -> Tensor";
  static constexpr auto doc = "The magnitude.";
  static constexpr auto aliases = "absolute";
  static constexpr auto promotion = Promotion::Real;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  static constexpr bool narrow = true, own_width = true;
  template <class T> static constexpr auto value(T x) { return math::abs(x); }
  template <class T> static constexpr auto pull(T g, T x, T) { return g * math::sgn(x); }
};
POINTWISE(Abs)

struct Angle : Pointwise {
  static constexpr auto schema = "angle(Tensor self) -> Tensor";
  static constexpr auto doc = "The argument of self in radians: 0 or π for real numbers.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::RealFloat;
  template <class T> static constexpr auto value(T x) { return math::angle(x); }
  // g · i · x / |x|²; for real numbers that has no real part.
  template <class T> static constexpr auto pull(T g, T x, T) {
    return math::where(x == T(0), T(0), times_i(g) / conj_of(x));
  }
};
POINTWISE(Angle)

struct Sgn : Pointwise {
  static constexpr auto schema = "sgn(Tensor self) -> Tensor";
  static constexpr auto doc = "self / |self|, and 0 at 0";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  template <class T> static constexpr auto value(T x) { return math::sgn(x); }
  // The part of g along the direction y changes only the magnitude.
  template <class T> static constexpr auto pull(T g, T x, T y) {
    return math::where(x == T(0), T(0), (g - y * T(real_part(conj_of(y) * g))) / T(math::abs(x)));
  }
};
POINTWISE(Sgn)

struct Conj : Pointwise {
  static constexpr auto schema = "conj(Tensor self) -> Tensor";
  static constexpr auto doc = "The complex conjugate.";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  template <class T> static constexpr auto value(T x) { return math::conj(x); }
  template <class T> static constexpr auto pull(T g, T, T) { return math::conj(g); }
};
POINTWISE(Conj)
ADJOINT_POINTWISE_END
