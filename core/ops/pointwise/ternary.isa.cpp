// Choice, interpolation, fused multiply and divide, and two functions with exceptions at special values.
#include "ops/pointwise.h"

namespace adjoint {
void step_halves(std::span<const Operand> xs, Dtype common, const Tensor& out);  // nextafter.cpp
}

ADJOINT_POINTWISE_BEGIN
struct Where : Pointwise {
  static constexpr auto schema = "where(Tensor condition, Number self, Number other) -> Tensor";
  static constexpr auto doc = "self where condition holds, else other";
  static constexpr uint32_t flags = kWrapsNumbers;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kBools | kComplex;
  static constexpr bool cond_first = true;
  static constexpr bool narrow = true;
  template <class C, class T> static constexpr auto value(C c, T a, T b) { return math::where(c, a, b); }
  template <class C, class T> static constexpr auto pull1(T g, C c, T, T, T) {
    return math::where(c, g, T(0));
  }
  template <class C, class T> static constexpr auto pull2(T g, C c, T, T, T) {
    return math::where(c, T(0), g);
  }
};
POINTWISE(Where)

struct Lerp : Pointwise {
  static constexpr auto schema = "lerp(Tensor self, Tensor end, Number weight) -> Tensor";
  static constexpr auto doc = "self + weight * (end - self), exact at both ends";
  static constexpr auto node = "LerpBackward1", kernel = "lerp_kernel_tensor";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 2;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T a, T b, T w) {
    auto gap = b - a;
    return math::where(math::abs(w) < math::abs(T(0.5)), a + w * gap, b - gap * (T(1) - w));
  }
  template <class T> static constexpr auto slope0(T, T, T w, T) { return T(1) - w; }
  template <class T> static constexpr auto slope1(T, T, T w, T) { return w; }
  template <class T> static constexpr auto slope2(T a, T b, T, T) { return b - a; }
};
POINTWISE(Lerp)

struct Addcmul : Pointwise {
  static constexpr auto schema =
      "addcmul(Tensor self, Tensor tensor1, Tensor tensor2, Number value) -> Tensor";
  static constexpr auto doc = "self + value * tensor1 * tensor2";
  static constexpr auto kernel = "addcmul_cpu_out";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 3;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kInts | kComplex;
  template <class T> static constexpr auto value(T x, T a, T b, T v) { return x + v * a * b; }
  template <class T> static constexpr auto pull0(T g, T, T, T, T, T) { return g; }
  template <class T> static constexpr auto slope1(T, T, T b, T v, T) { return b * v; }
  template <class T> static constexpr auto slope2(T, T a, T, T v, T) { return a * v; }
};
POINTWISE(Addcmul)

struct Addcdiv : Pointwise {
  static constexpr auto schema =
      "addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, Number value) -> Tensor";
  static constexpr auto doc = "self + value * tensor1 / tensor2";
  static constexpr auto kernel = "addcdiv_cpu_out";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 3;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T x, T a, T b, T v) { return x + v * a / b; }
  template <class T> static constexpr auto pull0(T g, T, T, T, T, T) { return g; }
  template <class T> static constexpr auto slope1(T, T, T b, T v, T) { return v / b; }
  template <class T> static constexpr auto slope2(T, T a, T b, T v, T) { return -(v * a / b / b); }
};
POINTWISE(Addcdiv)

struct NanToNum : Pointwise {
  static constexpr auto schema =
      "nan_to_num(Tensor self, Number nan, Number posinf, Number neginf) -> Tensor";
  static constexpr auto doc = "NaN and infinities replaced by numbers.";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T x, T nan, T high, T low) {
    if constexpr (is_complex_number<T>)
      return T(replace(x.real(), nan.real(), high.real(), low.real()),
               replace(x.imag(), nan.real(), high.real(), low.real()));
    else
      return replace(x, nan, high, low);
  }
  template <class T> static constexpr auto replace(T x, T nan, T high, T low) {
    return math::where(math::isnan(x), nan, math::where(math::isinf(x), math::where(x > T(0), high, low), x));
  }
  template <class T> static constexpr auto pull0(T g, T x, T, T, T, T) {
    return math::where(math::isfinite(x), g, T(0));
  }
};
POINTWISE(NanToNum)

struct Heaviside : Pointwise {
  static constexpr auto schema = "heaviside(Tensor self, Tensor values) -> Tensor";
  static constexpr auto doc = "0 below zero, 1 above, values at zero";
  static constexpr uint32_t flags = 0;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kRealTypes;
  static constexpr Refusal no_complex{"heaviside is not yet implemented for complex tensors."};
  template <class T> static constexpr auto value(T a, T b) { return math::heaviside(a, b); }
};
POINTWISE(Heaviside)

struct Copysign : Pointwise {
  static constexpr auto schema = "copysign(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "The magnitude of self with the sign of other.";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::copysign(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T, T y) {
    return math::where(a == T(0), T(0), g * (y / a));
  }
  template <class T> static constexpr auto pull1(T, T, T, T) { return T(0); }
};
POINTWISE(Copysign)

struct Nextafter : Pointwise {
  static constexpr auto schema = "nextafter(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "The float that follows self in the direction of other.";
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  static constexpr ReducedLoop reduced = step_halves;
  template <class T> static constexpr auto value(T a, T b) { return math::nextafter(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) { return math::where(a == b, T(0), g); }
  template <class T> static constexpr auto pull1(T, T, T, T) { return T(0); }
};
POINTWISE(Nextafter)

struct Ldexp : Pointwise {
  static constexpr auto schema = "ldexp(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "self * 2**other";
  static constexpr uint32_t flags = kAll | kInplaceFunction;
  // In three steps: 2**other alone may overflow, or vanish, and self be too small for two. 0 stays 0.
  template <class T> static constexpr auto value(T a, T b) {
    if constexpr (is_symbol<T>)
      return a * math::exp2(b);
    else {
      auto third = math::floor(real_part(b) * real_part(T(1.0 / 3)));
      auto y = a * math::exp2(third) * math::exp2(third) * math::exp2(b - third - third);
      auto finite = math::isfinite(b);
      return math::where(finite, math::where(a == T(0), a, y), a * math::exp2(b));
    }
  }
  template <class T> static constexpr auto slope0(T, T b, T) { return math::exp2(b); }
  template <class T> static constexpr auto slope1(T, T, T y) { return y * T(0.693147180559945309); }
};
POINTWISE(Ldexp)
ADJOINT_POINTWISE_END
