// Bessel functions. Those without a slope here have no derivative in PyTorch: bessel.cpp binds them.
#include "kernels/math_airy.h"
#include "kernels/math_modified_bessel.h"
#include "ops/pointwise.h"

ADJOINT_POINTWISE_BEGIN
struct I0 : Pointwise {
  static constexpr auto schema = "i0(Tensor self) -> Tensor";
  static constexpr auto doc = "The modified Bessel function of the first kind, order 0.";
  static constexpr auto kernel = "i0_vml_cpu";
  static constexpr uint32_t flags = kAll | kSpecial;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::i0(x); }
  template <class T> static constexpr auto slope(T x, T) { return math::i1(x); }
};
POINTWISE(I0)

struct I1 : Pointwise {
  static constexpr auto schema = "i1(Tensor self) -> Tensor";
  static constexpr auto doc = "The modified Bessel function of the first kind, order 1.";
  static constexpr auto node = "SpecialI1Backward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::i1(x); }
  template <class T> static constexpr auto pull(T g, T x, T y) {
    auto safe = math::where(x == T(0), T(1), x);
    auto finite = math::where(math::isinf(x), T(0), y);  // infinity over infinity is no number
    return math::where(x == T(0), g * T(0.5), g * (math::i0(x) - finite / safe));
  }
};
POINTWISE(I1)

struct I0e : Pointwise {
  static constexpr auto schema = "i0e(Tensor self) -> Tensor";
  static constexpr auto doc = "exp(-|self|) * i0(self)";
  static constexpr auto node = "SpecialI0EBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::i0e(x); }
  template <class T> static constexpr auto slope(T x, T y) { return math::i1e(x) - math::sgn(x) * y; }
};
POINTWISE(I0e)

struct I1e : Pointwise {
  static constexpr auto schema = "i1e(Tensor self) -> Tensor";
  static constexpr auto doc = "exp(-|self|) * i1(self)";
  static constexpr auto node = "SpecialI1EBackward0";
  static constexpr uint32_t flags = kSpecial | kOut;
  static constexpr unsigned types = kFloats;
  template <class T> static constexpr auto value(T x) { return math::i1e(x); }
  template <class T> static constexpr auto pull(T g, T x, T y) {
    auto safe = math::where(x == T(0), T(1), x);
    return math::where(x == T(0), g * T(0.5), g * (math::i0e(x) - y * (math::sgn(x) + T(1) / safe)));
  }
};
POINTWISE(I1e)

// Through double for both types: not written as a formula, for nobody reads it with tensors or symbols. `is_hard` names
// the arguments whose angles are reduced the long way.
#define BESSEL(Op, function, is_hard)                                                 \
  struct Op : Pointwise {                                                             \
    static constexpr auto schema = #function "(Tensor self) -> Tensor";               \
    static constexpr auto doc = "";                                                   \
    static constexpr uint32_t flags = 0;                                              \
    static constexpr unsigned types = kFloats;                                        \
    template <class T> static constexpr bool hard(T x) { return is_hard(double(x)); } \
    template <math::Floating T> static constexpr auto value(T x) {                    \
      if constexpr (sizeof(T) > sizeof(double))                                       \
        return T(math::function(x));                                                  \
      else                                                                            \
        return T(math::function(double(x)));                                          \
    }                                                                                 \
  };                                                                                  \
  POINTWISE(Op)

BESSEL(J0, bessel_j0, math::is_hard_angle)
BESSEL(J1, bessel_j1, math::is_hard_angle)
BESSEL(Y0, bessel_y0, math::is_hard_angle)
BESSEL(Y1, bessel_y1, math::is_hard_angle)
BESSEL(SphericalJ0, spherical_bessel_j0, math::is_hard_angle)
BESSEL(AiryAi, airy_ai, math::is_hard_airy)
#undef BESSEL

#define BESSEL(Op, function)                                                                              \
  struct Op : Pointwise {                                                                                 \
    static constexpr auto schema = #function "(Tensor self) -> Tensor";                                   \
    static constexpr auto doc = "";                                                                       \
    static constexpr uint32_t flags = 0;                                                                  \
    static constexpr unsigned types = kFloats;                                                            \
    template <math::Floating T> static constexpr auto value(T x) { return T(math::function(double(x))); } \
  };                                                                                                      \
  POINTWISE(Op)

BESSEL(ModifiedI0, modified_bessel_i0)
BESSEL(ModifiedI1, modified_bessel_i1)
BESSEL(ModifiedK0, modified_bessel_k0)
BESSEL(ModifiedK1, modified_bessel_k1)
BESSEL(ScaledK0, scaled_modified_bessel_k0)
BESSEL(ScaledK1, scaled_modified_bessel_k1)
#undef BESSEL
ADJOINT_POINTWISE_END
