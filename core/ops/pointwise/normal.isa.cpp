// The normal distribution function and its kin.
#include "kernels/math_special.h"
#include "ops/pointwise/held.h"

ADJOINT_POINTWISE_BEGIN
struct Erfcx : Pointwise {
  static constexpr auto schema = "erfcx(Tensor self) -> Tensor";
  static constexpr auto doc = "exp(self²) * erfc(self), finite for large self";
  static constexpr auto node = "SpecialErfcxBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::erfcx(x); }
  // Beyond 12, where 2xy is nearly 2/√π, the asymptotic series, -2/√π Σ (-1)^k (2k - 1)!! z^k of z = 1 / 2x².
  template <class T> static constexpr auto slope(T x, T y) {
    constexpr double c = 1.128379167095512574;
    if constexpr (is_symbol<T>)
      return T(2) * x * y - T(c);
    else {
      auto far = x > T(12);
      auto inverse = math::reciprocal(math::where(far, x, T(12)));
      auto z = T(0.5) * (inverse * inverse), s = T(1) - T(23) * z;
      for (double k = 21; k > 1; k -= 2) s = T(1) - T(k) * z * s;
      return math::where(far, T(-c) * z * s,
                         T(2) * math::where(far, T(0), x) * math::where(far, T(0), y) - T(c));
    }
  }
};
POINTWISE(Erfcx)

struct Ndtr : Pointwise {
  static constexpr auto schema = "ndtr(Tensor self) -> Tensor";
  static constexpr auto doc = "The distribution function of the standard normal distribution.";
  static constexpr auto node = "SpecialNdtrBackward0";
  static constexpr auto kernel = "erf_vml_cpu";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <math::Floating T> static constexpr auto value(T x) { return math::ndtr(x); }
  template <class T> static constexpr auto slope(T x, T) {
    auto h = held_within(x, -60, 60);
    return T(0.398942280401432678) * math::exp(h * h * T(-0.5));
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
    if constexpr (is_symbol<T>)
      return T(0.797884560802865356) / math::erfcx(x * T(-0.707106781186547524));
    else {
      auto far = x < T(-1e8);  // Mills's ratio is |x| there
      auto h = held_within(x, -1e300, 60);
      auto near = T(0.797884560802865356) / math::erfcx(math::where(far, T(0), h) * T(-0.707106781186547524));
      return math::where(far, -x, near);
    }
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
