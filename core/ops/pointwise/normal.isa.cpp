// The normal distribution function and its kin.
#include "kernels/math_special.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Erfcx : Pointwise {
  static constexpr auto schema = "erfcx(Tensor self) -> Tensor";
  static constexpr auto doc = "exp(self²) * erfc(self), finite for large self";
  static constexpr auto node = "SpecialErfcxBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::erfcx(x); }
  template <class T> static constexpr auto slope(T x, T y) { return T(2) * x * y - T(1.128379167095512574); }
};
POINTWISE(Erfcx)

struct Ndtr : Pointwise {
  static constexpr auto schema = "ndtr(Tensor self) -> Tensor";
  static constexpr auto doc = "The distribution function of the standard normal distribution.";
  static constexpr auto node = "SpecialNdtrBackward0";
  static constexpr auto kernel = "erf_vml_cpu";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) {
    return T(0.5) * math::erfc(x * T(-0.707106781186547524));
  }
  template <class T> static constexpr auto slope(T x, T) {
    return T(0.398942280401432678) * math::exp(x * x * T(-0.5));
  }
};
POINTWISE(Ndtr)

struct LogNdtr : Pointwise {
  static constexpr auto schema = "log_ndtr(Tensor self) -> Tensor";
  static constexpr auto doc = "The logarithm of ndtr, exact far below 0.";
  static constexpr auto node = "SpecialLogNdtrBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <math::Floating T> static constexpr auto value(T x) { return math::log_ndtr(x); }
  template <class T> static constexpr auto slope(T x, T) {
    return T(0.797884560802865356) / math::erfcx(x * T(-0.707106781186547524));
  }
};
POINTWISE(LogNdtr)

struct Ndtri : Pointwise {
  static constexpr auto schema = "ndtri(Tensor self) -> Tensor";
  static constexpr auto doc = "The inverse of ndtr on [0, 1].";
  static constexpr auto node = "SpecialNdtriBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <math::Floating T> static constexpr auto value(T x) { return math::ndtri(x); }
  template <class T> static constexpr auto slope(T, T y) {
    return T(2.50662827463100050) * math::exp(y * y * T(0.5));
  }
};
POINTWISE(Ndtri)
ADJOINT_POINTWISE_END
