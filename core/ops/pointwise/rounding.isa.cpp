// Rounding and the parts of a number. Their slopes are 0 (frac's is 1).
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Ceil : Pointwise {
  static constexpr auto schema = "ceil(Tensor self) -> Tensor";
  static constexpr auto doc = "The smallest integer that is not below self.";
  static constexpr auto kernel = "ceil_vml_cpu";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_complex{"ceil is not supported for complex inputs", false};
  template <class T> static constexpr auto value(T x) { return math::ceil(x); }
  template <class T> static constexpr auto pull(T, T, T) { return T(0); }
};
POINTWISE(Ceil)

struct Floor : Pointwise {
  static constexpr auto schema = "floor(Tensor self) -> Tensor";
  static constexpr auto doc = "The largest integer that is not above self.";
  static constexpr auto kernel = "floor_vml_cpu";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_complex{"floor is not supported for complex inputs", false};
  template <class T> static constexpr auto value(T x) { return math::floor(x); }
  template <class T> static constexpr auto pull(T, T, T) { return T(0); }
};
POINTWISE(Floor)

struct Trunc : Pointwise {
  static constexpr auto schema = "trunc(Tensor self) -> Tensor";
  static constexpr auto doc = "self without its fraction.";
  static constexpr auto kernel = "trunc_vml_cpu", aliases = "fix";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  static constexpr Refusal no_complex{"trunc is not supported for complex inputs", false};
  template <class T> static constexpr auto value(T x) { return math::trunc(x); }
  template <class T> static constexpr auto pull(T, T, T) { return T(0); }
};
POINTWISE(Trunc)

struct Frac : Pointwise {
  static constexpr auto schema = "frac(Tensor self) -> Tensor";
  static constexpr auto doc = "self - trunc(self)";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::frac(x); }
  template <class T> static constexpr auto pull(T g, T, T) { return g; }
};
POINTWISE(Frac)

struct Round : Pointwise {
  static constexpr auto schema = "round(Tensor self) -> Tensor";
  static constexpr auto doc = "The nearest integer; halves go to the even one.";
  static constexpr auto kernel = "round_vml_cpu";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts;
  template <class T> static constexpr auto value(T x) { return math::round(x); }
  template <class T> static constexpr auto pull(T, T, T) { return T(0); }
};
POINTWISE(Round)

// scale is 10 to the power of |decimals|.
struct RoundDecimals : Pointwise {
  static constexpr auto schema = "round_decimals(Tensor self, Number scale) -> Tensor";
  static constexpr auto doc = "self rounded to decimals";
  static constexpr auto node = "RoundBackward1", kernel = "round_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T scale) { return math::round(x * scale) / scale; }
  template <class T> static constexpr auto pull0(T, T, T, T) { return T(0); }
};
POINTWISE(RoundDecimals)

struct RoundTens : Pointwise {
  static constexpr auto schema = "round_tens(Tensor self, Number scale) -> Tensor";
  static constexpr auto doc = "self rounded to tens, hundreds ...";
  static constexpr auto node = "RoundBackward1", kernel = "round_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T scale) { return math::round(x / scale) * scale; }
  template <class T> static constexpr auto pull0(T, T, T, T) { return T(0); }
};
POINTWISE(RoundTens)

struct Sign : Pointwise {
  static constexpr auto schema = "sign(Tensor self) -> Tensor";
  static constexpr auto doc = "-1, 0 or 1";
  static constexpr uint32_t flags = kAll;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{
      "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead.",
      false};
  template <class T> static constexpr auto value(T x) { return math::sign(x); }
  template <class T> static constexpr auto pull(T, T, T) { return T(0); }
};
POINTWISE(Sign)
ADJOINT_POINTWISE_END
