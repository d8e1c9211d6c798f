// Comparisons and questions about numbers: the results are bool.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Eq : Pointwise {
  static constexpr auto schema = "eq(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self == other";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Same;
  template <class T> static constexpr auto value(T a, T b) { return a == b; }
};
POINTWISE(Eq)

struct Ne : Pointwise {
  static constexpr auto schema = "ne(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self != other";
  static constexpr auto aliases = "not_equal";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Same;
  template <class T> static constexpr auto value(T a, T b) { return a != b; }
};
POINTWISE(Ne)

struct Lt : Pointwise {
  static constexpr auto schema = "lt(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self < other";
  static constexpr auto aliases = "less";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Above;
  template <class T> static constexpr auto value(T a, T b) { return a < b; }
};
POINTWISE(Lt)

struct Le : Pointwise {
  static constexpr auto schema = "le(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self <= other";
  static constexpr auto aliases = "less_equal";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Below;
  template <class T> static constexpr auto value(T a, T b) { return a <= b; }
};
POINTWISE(Le)

struct Gt : Pointwise {
  static constexpr auto schema = "gt(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self > other";
  static constexpr auto aliases = "greater";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Below;
  template <class T> static constexpr auto value(T a, T b) { return a > b; }
};
POINTWISE(Gt)

struct Ge : Pointwise {
  static constexpr auto schema = "ge(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self >= other";
  static constexpr auto aliases = "greater_equal";
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr bool narrow = true;
  static constexpr auto whole = Whole::Above;
  template <class T> static constexpr auto value(T a, T b) { return a >= b; }
};
POINTWISE(Ge)

struct Isnan : Pointwise {
  static constexpr auto schema = "isnan(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is not a number.";
  static constexpr uint32_t flags = kBoth;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  template <class T> static constexpr auto value(T x) { return math::isnan(x); }
};
POINTWISE(Isnan)

struct Isinf : Pointwise {
  static constexpr auto schema = "isinf(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is infinite.";
  static constexpr uint32_t flags = kBoth;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  template <class T> static constexpr auto value(T x) { return math::isinf(x); }
};
POINTWISE(Isinf)

struct Isfinite : Pointwise {
  static constexpr auto schema = "isfinite(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is neither infinite nor NaN.";
  static constexpr uint32_t flags = kBoth;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  template <class T> static constexpr auto value(T x) { return math::isfinite(x); }
};
POINTWISE(Isfinite)

struct Isposinf : Pointwise {
  static constexpr auto schema = "isposinf(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is +∞.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"isposinf does not support complex inputs."};
  template <class T> static constexpr auto value(T x) { return math::isinf(x) & (x > T(0)); }
};
POINTWISE(Isposinf)

struct Isneginf : Pointwise {
  static constexpr auto schema = "isneginf(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is -∞.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"isneginf does not support complex inputs."};
  template <class T> static constexpr auto value(T x) { return math::isinf(x) & (x < T(0)); }
};
POINTWISE(Isneginf)

struct Isreal : Pointwise {
  static constexpr auto schema = "isreal(Tensor self) -> Tensor";
  static constexpr auto doc = "Where the imaginary part is 0.";
  static constexpr uint32_t flags = kBoth;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  template <class T>
    requires is_complex_number<T> || math::Real<T>
  static constexpr bool value(T x) {
    if constexpr (is_complex_number<T>)
      return x.imag() == 0;
    else
      return true;
  }
};
POINTWISE(Isreal)

struct Signbit : Pointwise {
  static constexpr auto schema = "signbit(Tensor self) -> Tensor";
  static constexpr auto doc = "Where the sign bit is set: negative numbers and -0.0.";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"signbit is not implemented for complex tensors.", false};
  template <class T> static constexpr auto value(T x) { return math::signbit(x); }
};
POINTWISE(Signbit)

struct Isclose : Pointwise {
  static constexpr auto schema =
      "isclose_number(Tensor self, Tensor other, Number rtol, Number atol) -> Tensor";
  static constexpr auto doc = "self == other, or |self - other| <= atol + rtol · |other|";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T a, T b, T rtol, T atol) {
    auto far = math::abs(a - b);
    return (a == b) | (math::isfinite(far) & (far <= real_part(atol) + math::abs(rtol * b)));
  }
};
POINTWISE(Isclose)
ADJOINT_POINTWISE_END
