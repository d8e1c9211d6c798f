// Sums, products, quotients and their like. Those with alpha or a rounding mode are chosen in
// arithmetic.cpp, where their public signatures are.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Add : Pointwise {
  static constexpr auto schema = "add(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self + other";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return a + b; }
  template <class T> static constexpr auto pull0(T g, T, T, T) { return g; }
  template <class T> static constexpr auto pull1(T g, T, T, T) { return g; }
};
POINTWISE(Add)

struct AddScaled : Pointwise {
  static constexpr auto schema = "add_scaled(Tensor self, Number other, Number alpha) -> Tensor";
  static constexpr auto doc = "self + alpha * other";
  static constexpr auto node = "AddBackward0";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b, T alpha) { return a + alpha * b; }
  template <class T> static constexpr auto pull0(T g, T, T, T, T) { return g; }
  template <class T> static constexpr auto slope1(T, T, T alpha, T) { return alpha; }
};
POINTWISE(AddScaled)

struct Sub : Pointwise {
  static constexpr auto schema = "sub(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self - other";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return a - b; }
  template <class T> static constexpr auto pull0(T g, T, T, T) { return g; }
  template <class T> static constexpr auto pull1(T g, T, T, T) { return -g; }
};
POINTWISE(Sub)

struct SubScaled : Pointwise {
  static constexpr auto schema = "sub_scaled(Tensor self, Number other, Number alpha) -> Tensor";
  static constexpr auto doc = "self - alpha * other";
  static constexpr auto node = "SubBackward0";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b, T alpha) { return a - alpha * b; }
  template <class T> static constexpr auto pull0(T g, T, T, T, T) { return g; }
  template <class T> static constexpr auto slope1(T, T, T alpha, T) { return -alpha; }
};
POINTWISE(SubScaled)

struct Rsub : Pointwise {
  static constexpr auto schema = "rsub(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "other - self";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return b - a; }
  template <class T> static constexpr auto pull0(T g, T, T, T) { return -g; }
  template <class T> static constexpr auto pull1(T g, T, T, T) { return g; }
};
POINTWISE(Rsub)

struct Mul : Pointwise {
  static constexpr auto schema = "mul(Number self, Number other) -> Tensor";
  static constexpr auto doc = "self * other";
  static constexpr uint32_t flags = kAll | kWrapsNumbers | kNumbersAlone;
  static constexpr auto aliases = "multiply";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return a * b; }
  template <class T> static constexpr auto slope0(T, T b, T) { return b; }
  template <class T> static constexpr auto slope1(T a, T, T) { return a; }
};
POINTWISE(Mul)

struct Div : Pointwise {
  static constexpr bool plain = true;
  static constexpr auto schema = "div(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self / other";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T a, T b) { return a / b; }
  template <class T> static constexpr auto pull0(T g, T, T b, T) { return g / conj_of(b); }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return -g * conj_of(a / b / b); }
};
POINTWISE(Div)

struct DivTrunc : Pointwise {
  static constexpr auto schema = "div_trunc(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self / other, rounded towards zero";
  static constexpr auto node = "DivBackward2";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr auto value(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return math::trunc_divide(a, b);
    else
      return math::trunc(a / b);
  }
  template <class T> static constexpr auto pull0(T, T, T, T) { return T(0); }
  template <class T> static constexpr auto pull1(T, T, T, T) { return T(0); }
};
POINTWISE(DivTrunc)

struct DivFloor : Pointwise {
  static constexpr auto schema = "floor_divide(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self / other, rounded down";
  static constexpr auto node = "DivBackward2", kernel = "div_floor_cpu";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr bool hard(T a, T b) { return math::is_hard_quotient(a, b); }
  template <class T> static constexpr auto value(T a, T b) { return math::floor_divide(a, b); }
  template <class T> static constexpr auto pull0(T, T, T, T) { return T(0); }
  template <class T> static constexpr auto pull1(T, T, T, T) { return T(0); }
};
POINTWISE(DivFloor)

struct Remainder : Pointwise {
  static constexpr auto schema = "remainder(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self - other * floor(self / other): has the sign of other";
  static constexpr auto node = "RemainderBackward1";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr bool hard(T a, T b) { return math::is_hard_quotient(a, b); }
  template <class T> static constexpr auto value(T a, T b) { return math::remainder(a, b); }
  template <class T> static constexpr auto pull0(T g, T, T, T) { return g; }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return -g * math::floor_divide(a, b); }
};
POINTWISE(Remainder)

struct Fmod : Pointwise {
  static constexpr auto schema = "fmod(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self - other * trunc(self / other): has the sign of self";
  static constexpr auto node = "FmodBackward1";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr bool hard(T a, T b) { return math::is_hard_quotient(a, b); }
  template <class T> static constexpr auto value(T a, T b) { return math::fmod(a, b); }
  template <class T> static constexpr auto pull0(T g, T, T, T) { return g; }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return -g * math::trunc(a / b); }
};
POINTWISE(Fmod)

struct Neg : Pointwise {
  static constexpr auto schema = "neg(Tensor self) -> Tensor";
  static constexpr auto doc = "-self";
  static constexpr auto aliases = "negative";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  static constexpr Refusal no_bool{
      "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, "
      "use the "
      "`~` or `logical_not()` operator instead."};
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x) { return -x; }
  template <class T> static constexpr auto pull(T g, T, T) { return -g; }
};
POINTWISE(Neg)

struct Reciprocal : Pointwise {
  static constexpr auto schema = "reciprocal(Tensor self) -> Tensor";
  static constexpr auto doc = "1 / self";
  static constexpr bool half_vectors = true;
  template <class T> static constexpr auto value(T x) { return math::reciprocal(x); }
  template <class T> static constexpr auto slope(T, T y) { return -(y * y); }
};
POINTWISE(Reciprocal)
ADJOINT_POINTWISE_END
