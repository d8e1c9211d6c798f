// Probe: the reading of a formula that finds, at compile time, which of its inputs it touches.
// The list of function names here is the vocabulary of formulas (kernels/math.h computes them).
#pragma once
#include "ops/isa.h"

// One-argument and two-argument functions that formulas may use. The readings for tensors and symbols list
// them, too.
// clang-format off
#define ADJOINT_MATH_UNARY(X)                                                                             \
  X(exp)                                                                                                  \
  X(expm1)                                                                                                \
  X(exp2)                                                                                                 \
  X(log)                                                                                                  \
  X(log2)                                                                                                 \
  X(log10) X(log1p) X(sqrt) X(rsqrt) X(reciprocal) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh)   \
      X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) X(sigmoid) X(erf) X(erfc) X(erfinv) X(lgamma) X(digamma) \
          X(ceil) X(floor) X(trunc) X(round) X(frac) X(abs) X(sign) X(sgn) X(square) X(conj) X(isnan)     \
              X(isinf) X(isfinite) X(signbit) X(angle) X(sinc) X(i0) X(i1) X(i0e) \
                  X(i1e) X(erfcx)
// clang-format on
// clang-format off
#define ADJOINT_MATH_BINARY(X)                                                                               \
  X(atan2)                                                                                                   \
  X(pow)                                                                                                     \
  X(hypot)                                                                                                   \
  X(copysign)                                                                                                \
  X(fmod)                                                                                                    \
  X(remainder) X(floor_divide) X(maximum) X(minimum) X(fmax) X(fmin) X(logaddexp) X(logaddexp2) X(nextafter) \
      X(xlogy) X(xlog1py) X(heaviside) X(polygamma) X(zeta)
// clang-format on

namespace adjoint {

struct Probe {
  unsigned reads = 0;
  bool is_g = false;  // the cotangent itself, untouched
  constexpr Probe() = default;
  constexpr explicit Probe(unsigned r) : reads(r) {}
  static constexpr Probe cotangent() {
    Probe g;
    g.is_g = true;
    return g;
  }
  constexpr explicit Probe(double) {}
  constexpr explicit Probe(int) {}
};
constexpr Probe probe_of(Probe a, Probe b) { return Probe(a.reads | b.reads); }
#define ADJOINT_PROBE_OP(op) \
  constexpr Probe operator op(Probe a, Probe b) { return probe_of(a, b); }
// clang-format off
ADJOINT_PROBE_OP(+) ADJOINT_PROBE_OP(-) ADJOINT_PROBE_OP(*) ADJOINT_PROBE_OP(/) ADJOINT_PROBE_OP(<)
ADJOINT_PROBE_OP(<=) ADJOINT_PROBE_OP(>) ADJOINT_PROBE_OP(>=) ADJOINT_PROBE_OP(==) ADJOINT_PROBE_OP(!=)
ADJOINT_PROBE_OP(&) ADJOINT_PROBE_OP(|)
// clang-format on
#undef ADJOINT_PROBE_OP
            constexpr Probe operator-(Probe a) {
  return Probe(a.reads);
}
constexpr Probe operator!(Probe a) { return Probe(a.reads); }
constexpr Probe conj_of(Probe a) { return Probe(a.reads); }
constexpr Probe times_i(Probe a) { return Probe(a.reads); }
constexpr Probe real_part(Probe a) { return Probe(a.reads); }

namespace math {
#define ADJOINT_PROBE_1(f) \
  constexpr Probe f(Probe a) { return Probe(a.reads); }
#define ADJOINT_PROBE_2(f) \
  constexpr Probe f(Probe a, Probe b) { return probe_of(a, b); }
// clang-format off
ADJOINT_MATH_UNARY(ADJOINT_PROBE_1) ADJOINT_MATH_BINARY(ADJOINT_PROBE_2)
// clang-format on
#undef ADJOINT_PROBE_1
#undef ADJOINT_PROBE_2
    constexpr Probe where(Probe c, Probe a, Probe b) {
  return Probe(c.reads | a.reads | b.reads);
}
constexpr Probe normal_cdf(Probe a) { return Probe(a.reads); }
constexpr Probe normal_density(Probe a) { return Probe(a.reads); }
}  // namespace math

}  // namespace adjoint
