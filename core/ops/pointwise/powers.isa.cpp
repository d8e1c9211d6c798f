// Powers and roots. `pow` with a number as exponent picks among the formulas here in powers.cpp; all
// of those keep the exponent as an operand, for it is what PowBackward0 shows.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Pow : Pointwise {
  static constexpr auto schema = "pow(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "self to the power of exponent, element by element";
  static constexpr auto node = "PowBackward1", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  template <class T> static constexpr auto value(T a, T b) { return math::pow(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    return math::where(b == T(0), T(0), g * conj_of(b * math::pow(a, b - T(1))));
  }
  // 0 ** b has no slope in b where b is positive: log(0) would make it NaN.
  template <class T> static constexpr auto pull1(T g, T a, T b, T y) {
    return math::where((a == T(0)) & (real_part(b) >= real_part(T(0))), T(0), g * conj_of(y * math::log(a)));
  }
};
POINTWISE(Pow)

struct PowNumber : Pointwise {
  static constexpr auto schema = "pow_number(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "self to the power of one number";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  template <class T> static constexpr auto value(T x, T n) {
    return math::where(n == T(0), T(1), math::pow(x, n));
  }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) {
    return math::where(n == T(0), T(0), g * conj_of(n * math::pow(x, n - T(1))));
  }
};
POINTWISE(PowNumber)

struct PowTwo : Pointwise {
  static constexpr auto schema = "pow_two(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "self * self";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x, T) { return x * x; }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) { return g * conj_of(n * x); }
};
POINTWISE(PowTwo)

struct PowThree : Pointwise {
  static constexpr auto schema = "pow_three(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "self * self * self";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  template <class T> static constexpr auto value(T x, T) { return x * x * x; }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) { return g * conj_of(n * (x * x)); }
};
POINTWISE(PowThree)

struct PowHalf : Pointwise {
  static constexpr auto schema = "pow_half(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "the square root of self";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x, T) { return math::sqrt(x); }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) { return g * conj_of(n * math::rsqrt(x)); }
};
POINTWISE(PowHalf)

struct PowMinusOne : Pointwise {
  static constexpr auto schema = "pow_minus_one(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "1 / self";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x, T) { return math::reciprocal(x); }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) {
    return g * conj_of(n * math::reciprocal(x * x));
  }
};
POINTWISE(PowMinusOne)

struct PowMinusTwo : Pointwise {
  static constexpr auto schema = "pow_minus_two(Tensor self, Number exponent) -> Tensor";
  static constexpr auto doc = "1 / (self * self)";
  static constexpr auto node = "PowBackward0", kernel = "pow";
  static constexpr uint32_t flags = 0;
  static constexpr int data = 1;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x, T) { return math::reciprocal(x * x); }
  template <class T> static constexpr auto pull0(T g, T x, T n, T) {
    return g * conj_of(n * math::reciprocal(x * x * x));
  }
};
POINTWISE(PowMinusTwo)

struct Square : Pointwise {
  static constexpr auto schema = "square(Tensor self) -> Tensor";
  static constexpr auto doc = "self * self";
  static constexpr auto node = "PowBackward0";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x) { return math::square(x); }
  template <class T> static constexpr auto slope(T x, T) { return T(2) * x; }
};
POINTWISE(Square)

struct Sqrt : Pointwise {
  static constexpr auto schema = "sqrt(Tensor self) -> Tensor";
  static constexpr auto doc = "The square root.";
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x) { return math::sqrt(x); }
  template <class T> static constexpr auto pull(T g, T, T y) { return g / (T(2) * conj_of(y)); }
};
POINTWISE(Sqrt)

struct Rsqrt : Pointwise {
  static constexpr auto schema = "rsqrt(Tensor self) -> Tensor";
  static constexpr auto doc = "1 / sqrt(self)";
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x) { return math::rsqrt(x); }
  template <class T> static constexpr auto slope(T, T y) { return T(-0.5) * (y * y * y); }
};
POINTWISE(Rsqrt)

struct Hypot : Pointwise {
  static constexpr auto schema = "hypot(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "sqrt(self² + other²), without overflow on the way";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::hypot(a, b); }
  // The direction of (self, other): an infinite side outweighs a finite one, and the origin has none.
  template <class T> static constexpr auto along(T a, T y) {
    if constexpr (is_symbol<T>)
      return a / y;
    else {
      auto fixed = math::isinf(a) | (y == T(0));
      return math::where(fixed, math::where(y == T(0), T(0), math::sign(a)),
                         math::where(fixed, T(0), a) / math::where(fixed, T(1), y));
    }
  }
  template <class T> static constexpr auto slope0(T a, T, T y) { return along(a, y); }
  template <class T> static constexpr auto slope1(T, T b, T y) { return along(b, y); }
};
POINTWISE(Hypot)
ADJOINT_POINTWISE_END
