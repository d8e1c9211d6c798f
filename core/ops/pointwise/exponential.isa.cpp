// Exponentials and logarithms.
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct Exp : Pointwise {
  static constexpr auto schema = "exp(Tensor self) -> Tensor";
  static constexpr auto doc = "e to the power of self";
  template <class T> static constexpr auto value(T x) { return math::exp(x); }
  template <class T> static constexpr auto slope(T, T y) { return y; }
};
POINTWISE(Exp)

struct Exp2 : Pointwise {
  static constexpr auto schema = "exp2(Tensor self) -> Tensor";
  static constexpr auto doc = "2 to the power of self";
  static constexpr uint32_t flags = kAll | kSpecial;
  template <class T> static constexpr auto value(T x) { return math::exp2(x); }
  template <class T> static constexpr auto slope(T, T y) { return y * T(0.693147180559945309); }
};
POINTWISE(Exp2)

struct Expm1 : Pointwise {
  static constexpr auto schema = "expm1(Tensor self) -> Tensor";
  static constexpr auto doc = "exp(self) - 1, exact for small values";
  static constexpr uint32_t flags = kAll | kSpecial;
  template <class T> static constexpr auto value(T x) { return math::expm1(x); }
  template <class T> static constexpr auto slope(T, T y) { return y + T(1); }
  static constexpr TailRange tail{.low = -6.9375};  // y + 1 < 2⁻¹⁰
  template <class T> static constexpr auto tail_slope(T x) { return math::exp(x); }
};
POINTWISE(Expm1)

struct Log : Pointwise {
  static constexpr auto schema = "log(Tensor self) -> Tensor";
  static constexpr auto doc = "The natural logarithm.";
  template <class T> static constexpr auto value(T x) { return math::log(x); }
  template <class T> static constexpr auto pull(T g, T x, T) { return g / conj_of(x); }
};
POINTWISE(Log)

struct Log2 : Pointwise {
  static constexpr auto schema = "log2(Tensor self) -> Tensor";
  static constexpr auto doc = "The logarithm to the base 2.";
  template <class T> static constexpr auto value(T x) { return math::log2(x); }
  template <class T> static constexpr auto pull(T g, T x, T) {
    return g / (conj_of(x) * T(0.693147180559945309));
  }
};
POINTWISE(Log2)

struct Log10 : Pointwise {
  static constexpr auto schema = "log10(Tensor self) -> Tensor";
  static constexpr auto doc = "The logarithm to the base 10.";
  template <class T> static constexpr auto value(T x) { return math::log10(x); }
  template <class T> static constexpr auto pull(T g, T x, T) {
    return g / (conj_of(x) * T(2.302585092994045684));
  }
};
POINTWISE(Log10)

struct Log1p : Pointwise {
  static constexpr auto schema = "log1p(Tensor self) -> Tensor";
  static constexpr auto doc = "log(1 + self), exact for small values";
  static constexpr auto node = "Log1PBackward0";
  static constexpr uint32_t flags = kAll | kSpecial;
  template <class T> static constexpr auto value(T x) { return math::log1p(x); }
  template <class T> static constexpr auto pull(T g, T x, T) { return g / conj_of(x + T(1)); }
};
POINTWISE(Log1p)

struct Logaddexp : Pointwise {
  static constexpr auto schema = "logaddexp(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "log(exp(self) + exp(other)), without overflow";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats | kComplex;
  template <class T> static constexpr auto value(T a, T b) { return math::logaddexp(a, b); }
  // Two infinities of one sign share the gradient; at -inf, where nothing changes the result, there is none.
  template <class T> [[gnu::always_inline]] static constexpr auto share(T g, T a, T b) {
    if constexpr (is_symbol<T>)
      return g / (T(1) + math::exp(b - a));
    else {
      auto tie = (a == b) & math::isinf(a);
      auto gx = g * conj_of(math::sigmoid(math::where(tie, T(0), a - b)));
      return math::where(tie & (a == T(-__builtin_inf())), T(0), gx);
    }
  }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) { return share(g, a, b); }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return share(g, b, a); }
};
POINTWISE(Logaddexp)

struct Logaddexp2 : Pointwise {
  static constexpr auto schema = "logaddexp2(Tensor self, Tensor other) -> Tensor";
  static constexpr auto doc = "log2(2**self + 2**other), without overflow";
  static constexpr uint32_t flags = kBoth | kOut;
  static constexpr auto promotion = Promotion::Same;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::logaddexp2(a, b); }
  // As in logaddexp, with a sigmoid to the base 2.
  template <class T> [[gnu::always_inline]] static constexpr auto share(T g, T a, T b) {
    if constexpr (is_symbol<T>)
      return g / (T(1) + math::exp2(b - a));
    else {
      auto tie = (a == b) & math::isinf(a);
      auto gap = math::where(tie, T(0), a - b);
      auto below = gap < T(0);
      auto e = math::exp2(math::where(below, gap, -gap));
      auto gx = g * (math::where(below, e, T(1)) / (T(1) + e));
      return math::where(tie & (a == T(-__builtin_inf())), T(0), gx);
    }
  }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) { return share(g, a, b); }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) { return share(g, b, a); }
};
POINTWISE(Logaddexp2)

struct Xlogy : Pointwise {
  static constexpr auto schema = "xlogy(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self * log(other), and 0 where self is 0";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::xlogy(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    auto none = (a == T(0)) & (b <= T(0));
    return math::where(none, T(0), math::xlogy(g, math::where(none, T(1), b)));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    auto none = (a == T(0)) & (b == T(0));  // and so has the slope
    return math::where(none, T(0), g * a / math::where(none, T(1), b));
  }
};
POINTWISE(Xlogy)

struct Xlog1py : Pointwise {
  static constexpr auto schema = "xlog1py(Tensor self, Number other) -> Tensor";
  static constexpr auto doc = "self * log1p(other), and 0 where self is 0";
  static constexpr auto node = "SpecialXlog1PyBackward0";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T a, T b) { return math::xlog1py(a, b); }
  template <class T> static constexpr auto pull0(T g, T a, T b, T) {
    auto none = (a == T(0)) & (b <= T(-1));
    return math::where(none, T(0), math::xlog1py(g, math::where(none, T(0), b)));
  }
  template <class T> static constexpr auto pull1(T g, T a, T b, T) {
    auto none = (a == T(0)) & (b == T(-1));
    return math::where(none, T(0), g * a / math::where(none, T(1), b + T(1)));
  }
};
POINTWISE(Xlog1py)

struct Logit : Pointwise {
  static constexpr auto schema = "logit(Tensor self) -> Tensor";
  static constexpr auto doc = "log(self / (1 - self))";
  static constexpr uint32_t flags = 0;
  static constexpr unsigned types = kFloats;
  // Near 1/2, where the logarithm vanishes, by log1p, whose argument has no rounding but its own.
  template <class T> static constexpr auto log_odds(T x) {
    if constexpr (is_symbol<T>)
      return math::log(x / (T(1) - x));
    else
      return math::where((x > T(0.25)) & (x < T(0.75)), math::log1p((x + x - T(1)) / (T(1) - x)),
                         math::log(x / (T(1) - x)));
  }
  template <class T> static constexpr auto value(T x) { return log_odds(x); }
  template <class T> static constexpr auto pull(T g, T x, T) {
    return math::where((x < T(0)) | (x > T(1)), T(__builtin_nan("")), g / (x * (T(1) - x)));
  }
};
POINTWISE(Logit)

struct LogitEps : Pointwise {
  static constexpr auto schema = "logit_eps(Tensor self, Number eps) -> Tensor";
  static constexpr auto doc = "logit of self held within eps and 1 - eps";
  static constexpr auto node = "LogitBackward0", kernel = "logit_cpu";
  static constexpr uint32_t flags = 0;
  static constexpr int promoting = 1;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x, T eps) {
    auto z = math::where(x < eps, eps, math::where(x > T(1) - eps, T(1) - eps, x));
    return Logit::log_odds(z);
  }
  template <class T> static constexpr auto pull0(T g, T x, T eps, T) {
    return math::where((x < eps) | (x > T(1) - eps), T(0), g / (x * (T(1) - x)));
  }
};
POINTWISE(LogitEps)
ADJOINT_POINTWISE_END
