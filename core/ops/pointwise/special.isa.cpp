// Special functions: error function, gamma and its derivatives, entropy.
#include "kernels/math_special.h"
#include "ops/pointwise/held.h"

ADJOINT_POINTWISE_BEGIN
struct Erf : Pointwise {
  static constexpr auto schema = "erf(Tensor self) -> Tensor";
  static constexpr auto doc = "The error function, 2/√π ∫₀ˣ exp(-t²) dt.";
  static constexpr auto kernel = "erf_vml_cpu";
  static constexpr uint32_t flags = kAll | kSpecial;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::erf(x); }
  template <class T> static constexpr auto slope(T x, T) {
    auto h = held_within(x, -40, 40);
    return T(1.128379167095512574) * math::exp(-(h * h));
  }
};
POINTWISE(Erf)

struct Erfc : Pointwise {
  static constexpr auto schema = "erfc(Tensor self) -> Tensor";
  static constexpr auto doc = "1 - erf(self), exact for large self";
  static constexpr auto kernel = "erfc_vml_cpu";
  static constexpr uint32_t flags = kAll | kSpecial;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::erfc(x); }
  template <class T> static constexpr auto slope(T x, T) {
    auto h = held_within(x, -40, 40);
    return T(-1.128379167095512574) * math::exp(-(h * h));
  }
};
POINTWISE(Erfc)

struct Erfinv : Pointwise {
  static constexpr auto schema = "erfinv(Tensor self) -> Tensor";
  static constexpr auto doc = "The inverse of erf on [-1, 1].";
  static constexpr auto kernel = "erfinv_vml_cpu";
  static constexpr uint32_t flags = kAll | kSpecial;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::erfinv(x); }
  template <class T> static constexpr auto slope(T x, T) {
    auto y = math::erfinv(x);
    return T(0.886226925452758014) * math::exp(y * y);
  }
};
POINTWISE(Erfinv)

// The kernel's digamma is one of numbers: NaN passes here.
template <class T> static constexpr auto psi(T x) {
  if constexpr (math::Floating<T>)
    return x == x ? math::digamma(x) : x;
  else
    return math::digamma(x);
}

struct Lgamma : Pointwise {
  static constexpr auto schema = "lgamma(Tensor self) -> Tensor";
  static constexpr auto doc = "log |Γ(self)|";
  static constexpr auto kernel = "lgamma_vml_cpu", special_aliases = "gammaln";
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::lgamma(x); }
  template <class T> static constexpr auto slope(T x, T) { return psi(x); }
};
POINTWISE(Lgamma)

struct Digamma : Pointwise {
  static constexpr auto schema = "digamma(Tensor self) -> Tensor";
  static constexpr auto doc = "The logarithmic derivative of Γ.";
  static constexpr auto kernel = "digamma", special_aliases = "psi";
  static constexpr uint32_t flags = kAll | kSpecial;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return psi(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::polygamma(T(1), x); }
};
POINTWISE(Digamma)

struct Polygamma : Pointwise {
  static constexpr auto schema = "polygamma(Number n, Tensor self) -> Tensor";
  static constexpr auto doc = "The n-th derivative of digamma.";
  static constexpr auto kernel = "polygamma";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T n, T x) { return math::polygamma(n, x); }
  template <class T> static constexpr auto slope1(T n, T x, T) { return math::polygamma(n + T(1), x); }
};
POINTWISE(Polygamma)

struct Entr : Pointwise {
  static constexpr auto schema = "entr(Tensor self) -> Tensor";
  static constexpr auto doc = "-self * log(self), and 0 where self is 0, -inf below.";
  static constexpr auto node = "SpecialEntrBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) {
    auto y = math::where(x == T(0), T(0), T(-__builtin_inf()));
    return math::where((x > T(0)) | math::isnan(x), -x * math::log(x), y);
  }
  template <class T> static constexpr auto slope(T x, T) { return -(math::log(x) + T(1)); }
};
POINTWISE(Entr)
ADJOINT_POINTWISE_END
