// Logic on truth values, bitwise operations, and number theory on integers.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct LogicalNot : Pointwise {
  static constexpr auto schema = "logical_not(Tensor self) -> Tensor";
  static constexpr auto doc = "Where self is 0.";
  static constexpr uint32_t flags = kAll | kChangesLeaves;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T x) { return x == T(0); }
};
POINTWISE(LogicalNot)

struct LogicalAnd : Pointwise {
  static constexpr auto schema = "logical_and(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "Where both are not 0.";
  static constexpr uint32_t flags = kAll | kChangesLeaves;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return (a != T(0)) & (b != T(0)); }
};
POINTWISE(LogicalAnd)

struct LogicalOr : Pointwise {
  static constexpr auto schema = "logical_or(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "Where one or both are not 0.";
  static constexpr uint32_t flags = kAll | kChangesLeaves;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return (a != T(0)) | (b != T(0)); }
};
POINTWISE(LogicalOr)

struct LogicalXor : Pointwise {
  static constexpr auto schema = "logical_xor(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "Where exactly one is not 0.";
  static constexpr uint32_t flags = kAll | kChangesLeaves;
  static constexpr auto promotion = Promotion::Bool;
  static constexpr unsigned types = kAnyType;
  static constexpr bool narrow = true;
  template <class T> static constexpr auto value(T a, T b) { return (a != T(0)) != (b != T(0)); }
};
POINTWISE(LogicalXor)

struct BitwiseNot : Pointwise {
  static constexpr auto schema = "bitwise_not(Tensor self) -> Tensor";
  static constexpr auto doc = "~self: every bit turned; for bool the logical not.";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts | kBools;
  static constexpr bool narrow = true;
  template <math::Integer T> static constexpr T value(T x) {
    if constexpr (std::is_same_v<T, bool>)
      return !x;
    else
      return ~x;
  }
};
POINTWISE(BitwiseNot)

struct BitwiseAnd : Pointwise {
  static constexpr auto schema = "bitwise_and(Number self, Number other) -> Tensor";
  static constexpr auto doc = "self & other";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts | kBoolAsInt;
  static constexpr bool narrow = true;
  template <math::Integer T> static constexpr auto value(T a, T b) { return a & b; }
};
POINTWISE(BitwiseAnd)

struct BitwiseOr : Pointwise {
  static constexpr auto schema = "bitwise_or(Number self, Number other) -> Tensor";
  static constexpr auto doc = "self | other";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts | kBoolAsInt;
  static constexpr bool narrow = true;
  template <math::Integer T> static constexpr auto value(T a, T b) { return a | b; }
};
POINTWISE(BitwiseOr)

struct BitwiseXor : Pointwise {
  static constexpr auto schema = "bitwise_xor(Number self, Number other) -> Tensor";
  static constexpr auto doc = "self ^ other";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts | kBoolAsInt;
  static constexpr bool narrow = true;
  template <math::Integer T> static constexpr auto value(T a, T b) { return a ^ b; }
};
POINTWISE(BitwiseXor)

// Shifting out every bit leaves 0 (or the sign); so does a negative count, as in PyTorch. `bits` is the width
// of the result's type, for the loop computes in 64 bits.
struct LeftShift : Pointwise {
  static constexpr auto schema = "left_shift(Number self, Number other, Number bits) -> Tensor";
  static constexpr auto doc = "self << other";
  static constexpr auto kernel = "lshift_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts;
  template <math::Integer T> static constexpr auto value(T a, T b, T bits) {
    return b < 0 || b >= bits ? T(0) : T(uint64_t(a) << uint64_t(b & 63));
  }
};
POINTWISE(LeftShift)

struct RightShift : Pointwise {
  static constexpr auto schema = "right_shift(Number self, Number other, Number bits) -> Tensor";
  static constexpr auto doc = "self >> other";
  static constexpr auto kernel = "rshift_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts;
  template <math::Integer T> static constexpr auto value(T a, T b, T bits) {
    return a >> (b < 0 || b >= bits ? T(63) : b);
  }
};
POINTWISE(RightShift)

struct Gcd : Pointwise {
  static constexpr auto schema = "gcd(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The greatest common divisor.";
  static constexpr uint32_t flags = kAll | kInplaceFunction;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts;
  template <math::Integer T> static constexpr T value(T x, T y) {
    // Without signs, so that the smallest number has a magnitude.
    using U = std::make_unsigned_t<T>;
    U a = U(math::abs(x)), b = U(math::abs(y));
    while (a != 0) {
      U c = a;
      a = b % a, b = c;
    }
    return T(b);
  }
};
POINTWISE(Gcd)

struct Lcm : Pointwise {
  static constexpr auto schema = "lcm(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The least common multiple.";
  static constexpr uint32_t flags = kAll | kInplaceFunction;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kInts;
  template <math::Integer T> static constexpr T value(T a, T b) {
    using U = std::make_unsigned_t<T>;
    U g = U(Gcd::value(a, b));
    return g == 0 ? T(0) : math::abs(T(U(math::abs(a)) / g * U(math::abs(b))));
  }
};
POINTWISE(Lcm)
ADJOINT_POINTWISE_END
