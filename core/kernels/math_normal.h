// The normal distribution: its function, the logarithm and the inverse of that, erfcx and erfinv. double; float goes
// through it. The polynomials are our own, fitted with 60 and more digits at Chebyshev's nodes.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// e^(a²) erfc(a) for a >= 0: about 0 the series, else a polynomial in t = (a - 3.75) / (a + 3.75), over 1 + 2a (Shepherd
// and Laframboise, 1981).
ADJOINT_FN double erfcx_positive(double a) {
  double t = (a - 3.75) / (a + 3.75), small = a < 0.5 ? a : 0.5;
  double p =
      horner(t, -3.7980647235900285e-11, 4.2433038251096756e-10, 5.485084520083625e-10,
             -5.169080644815932e-09, -4.396921916762906e-09, 3.866242066283792e-08, 2.4301839484503084e-08,
             -2.586489910718322e-07, -5.827501862768691e-08, 1.7516189406943677e-06, -9.728413451815077e-07,
             -1.1444134389658475e-05, 2.238390827660038e-05, 5.1649093885821704e-05, -0.0002901539781378384,
             0.0002937136669846131, 0.0017556258321915355, -0.009746579558275152, 0.02836227742154398,
             -0.05869339858961116, 0.09230432116019638, -0.10880393014175023, 0.08227673849015109,
             0.0035854154854644583, -0.14024059858554702, 1.2375126308378275);
  double near =
      horner(small, -9.943036690362306e-07, 3.1237624422269396e-06, -8.32207967826018e-06,
             2.4601847748166686e-05, -7.127148093154649e-05, 0.000198472062989292, -0.0005343976852754267,
             0.0013888782733350283, -0.0034736062574014528, 0.00833333450557273, -0.019104832434874944,
             0.04166666658796686, -0.08597174606534017, 0.16666666666969876, -0.30090111122545204,
             0.4999999999999407, -0.7522527780636752, 1.0000000000000004, -1.1283791670955126, 1.0);
  double far = a == __builtin_inf() ? 0 : 0.5 * p / (0.5 + a);
  return a < 0.5 ? near : far;
}

// erfc⁻¹(2q) for q in (0, 1/4]: in w = -log(4q (1 - q)) near the centre (M. Giles, "Approximating the erfinv function",
// 2010), in its root further out, in 1/√w in the tail.
ADJOINT_FN double normal_tail(double q) {
  double y = 1 - 2 * q, w = -log(4 * q * (1 - q)), root = __builtin_sqrt(w), m = root - 3.25;
  double u = (w < 6.25 ? w : 6.25) - 3.125, s = root > 4 ? 1 / root : 0.25;
  double t = (s - 0.14318181818181819) * 9.361702127659575;
  double centre =
      horner(u, -2.362369698566107e-22, -1.6787330615256773e-19, 1.1027771591500033e-18,
             1.1125794759379464e-17, -1.290702354613073e-16, 2.166994626283574e-17, 6.581955305929239e-15,
             -4.0554139746886e-14, -8.106594456438496e-14, 2.6335724924608484e-12, -1.2977505202014966e-11,
             -5.4154417754696635e-11, 1.0512202440121784e-09, -4.112633104297614e-09, -2.907038666019143e-08,
             4.2347877672780653e-07, -1.3654691796592068e-06, -1.3882523361276876e-05, 0.0001867342080212427,
             -0.0007407025341669402, -0.006033670871427011, 0.2401581824255897, 1.6536545626831027);
  double middle = horner(
      m, -1.5102695423335065e-08, 6.969241977629694e-10, 1.3104351499972014e-07, -2.713451105439456e-07,
      -2.7004219280868947e-08, 1.4987130784186127e-06, -3.986084395214756e-06, 2.9257291901789823e-06,
      1.2465167157087251e-05, -4.731898412011245e-05, 6.828708654753377e-05, 2.4031257015092525e-05,
      -0.00035503780975963814, 0.0009532893637435638, -0.0016882755357337071, 0.0024914420969817607,
      -0.003751208508215561, 0.00537091455357168, 1.0052589676941652, 3.0838856104922208);
  double far =
      horner(t, -2.028459971864495e-08, 2.5664152725694355e-08, 1.0759643370259602e-07,
             -1.263650864971734e-07, -2.74840008263801e-07, 2.971905795299065e-07, 4.0437412248380096e-07,
             -3.945912358576647e-07, -3.8585827471399824e-07, 3.7035215479743235e-07, 1.7681959211477677e-07,
             -2.1487394165918822e-07, -1.0550177668671111e-07, 2.541512759371098e-07, -1.196506306856474e-07,
             2.211970134910569e-07, -4.676865434138775e-07, 8.382320893456817e-07, -1.5238467231274997e-06,
             2.919867966157409e-06, -5.882942311052228e-06, 1.2602929764647035e-05, -2.8893328885906477e-05,
             7.482972003370883e-05, -0.0002789162610754479, 0.0013680794627312042, -0.001993871975834758,
             -0.020430421806540373, 0.9812264416084467);
  return y * (w < 6.25 ? centre : w < 16 ? middle : root * far);
}

}  // namespace detail

ADJOINT_FN double erfcx(double x) {
  double a = abs(x), y = detail::erfcx_positive(a), held = a < 27 ? a : 27;
  double square = held * held,
         lost = __builtin_fma(held, held, -square);  // e^x² shows what rounding took from x²
  double e = exp(square);
  double below = a > 26.7 ? __builtin_inf() : 2 * detail::madd(e, lost, e) - y;
  return x < 0 ? below : y;
}
ADJOINT_FN float erfcx(float x) { return float(erfcx(double(x))); }

ADJOINT_FN double ndtr(double x) { return normal_cdf(x); }
ADJOINT_FN float ndtr(float x) { return float(normal_cdf(double(x))); }

// By erfcx below 0, where ndtr vanishes, and by what is missing from 1 above.
ADJOINT_FN double log_ndtr(double x) {
  double a = abs(x), tail = a < 1e150 ? detail::erfcx_positive(a * 0.70710678118654752440) : 0;
  double below = log(0.5 * tail) - 0.5 * x * x;
  double above = log1p(-normal_cdf(-x));
  return x < 0 ? (a < 1e150 ? below : -0.5 * x * x) : above;
}
ADJOINT_FN float log_ndtr(float x) { return float(log_ndtr(double(x))); }

ADJOINT_FN double ndtri(double p) {
  double v = p - 0.5, s = v * v, q = p < 0.5 ? p : 1 - p;
  double centre =
      v * detail::horner(s < 0.0625 ? s : 0.0625, 388869770.7056574, -90737661.35295823, 19970374.669357263,
                         -647237.9114093466, 378530.97753726, 68881.41982294979, 20933.156498444874,
                         5869.227513601314, 1689.953824085602, 496.2724279019015, 149.82980745973217,
                         47.035787418473895, 15.667608963504927, 5.772533538611324, 2.624934990953737,
                         2.5066282746310007);
  double far = 1.41421356237309504880 * detail::normal_tail(q < 0.25 ? q : 0.25);
  double y = abs(v) < 0.25 ? centre : copysign(far, v);
  y = q == 0 ? copysign(__builtin_inf(), v) : y;
  return q >= 0 ? y : __builtin_nan("");
}
ADJOINT_FN float ndtri(float p) { return float(ndtri(double(p))); }

ADJOINT_FN double erfinv(double y) {
  double a = abs(y), s = y * y, q = 0.5 - 0.5 * a;
  double centre =
      y * detail::horner(s < 0.25 ? s : 0.25, 0.128044025909355, -0.11950957710237295, 0.1052110444868995,
                         -0.013639519101338591, 0.03190777553388706, 0.023225078131945263,
                         0.028232530425433375, 0.03166328869014091, 0.036467828640840666,
                         0.042836620982097964, 0.051731285585278994, 0.0649596176602574, 0.08655212924276148,
                         0.12755617530558888, 0.23201366653465452, 0.886226925452758);
  double far = copysign(detail::normal_tail(q < 0.25 ? q : 0.25), y);
  double x = a < 0.5 ? centre : far;
  x = a == 1 ? copysign(__builtin_inf(), y) : x;
  return a <= 1 ? x : __builtin_nan("");
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
