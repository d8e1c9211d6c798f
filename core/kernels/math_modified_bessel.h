// Modified Bessel functions of the orders 0 and 1. double; float goes through it.
//
// Polynomials of pieces, fitted with 75 digits at Chebyshev's nodes: the power series near 0, e^-x I(x) and e^x K(x)
// further out, with √x and in 1/x where they are smooth in that (as in W. Cody and others' and Cephes' schemes; the
// coefficients are our own). No branches, so that loops vectorise.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// The power series without (x/2)^n, in y = x² / 4 up to 1.
ADJOINT_FN double i0_series(double y) {
  return horner(y, 7.982920901751804e-12, 6.142859303643914e-10, 3.936858241069583e-08,
                1.9290116449015386e-06, 6.944444475322255e-05, 0.0017361111110283252, 0.027777777777790523,
                0.249999999999999, 1.0, 1.0);
}
ADJOINT_FN double i1_series(double y) {
  return 0.5 * horner(y, 7.946866954119869e-13, 6.827101584780808e-11, 4.92103900873439e-09,
                      2.7557312873226304e-07, 1.1574074102053664e-05, 0.00034722222221472124,
                      0.006944444444445599, 0.08333333333333325, 0.5, 1.0);
}
// e^-x I(x) for x >= 2; `middle` in x - 5 up to 8, `far` in 16/x - 1.
ADJOINT_FN double scaled_far(double x, double middle, double far) {
  return x < 8 ? middle : far / __builtin_sqrt(x);
}
ADJOINT_FN double i0_scaled(double x) {
  double u = (x < 8 ? x : 8) - 5, t = 16 / (x > 8 ? x : 8) - 1;
  double middle =
      horner(u, 1.4129905135732607e-24, -1.9351425610153797e-23, 1.7007552530880229e-22,
             -2.0890775652856983e-21, 2.6902553535496883e-20, -3.0827195754683026e-19, 3.347579244268341e-18,
             -3.5036304116695926e-17, 3.5015951016108066e-16, -3.329268209069431e-15, 3.007041251247814e-14,
             -2.5747522102995755e-13, 2.0851372184565265e-12, -1.5935414887301516e-11, 1.1468853826109407e-10,
             -7.760066437364083e-10, 4.931576226911411e-09, -2.9447978291657246e-08, 1.6567029319118918e-07,
             -8.836833358889832e-07, 4.520818067560112e-06, -2.2584093995178444e-05, 0.00011285381550044556,
             -0.0005802006097868074, 0.0031713189703317605, -0.019568545664785997, 0.18354081260932836);
  double far =
      horner(t, 2.0820835852793106e-11, -5.905024573995148e-11, -1.5066113686101474e-10,
             4.4789181847911815e-10, 5.122212147228388e-10, -1.5930354799216344e-09, -1.1448789558755036e-09,
             3.5985362919394714e-09, 2.1053080134403423e-09, -5.91556056510856e-09, -3.905230623712341e-09,
             7.406235049001522e-09, 7.737147033780934e-09, -5.394456734259438e-09, -1.346629294837396e-08,
             -6.750552282740284e-09, 7.566352487698237e-09, 2.15488936175863e-08, 3.932437699533459e-08,
             8.872214307451732e-08, 2.9735996224521226e-07, 1.4838475687894938e-06, 1.1143033787545386e-05,
             0.00013621607439186705, 0.0033605519836678944, 0.4021765094450081);
  return scaled_far(x, middle, far);
}
ADJOINT_FN double i1_scaled(double x) {
  double u = (x < 8 ? x : 8) - 5, t = 16 / (x > 8 ? x : 8) - 1;
  double middle =
      horner(u, -1.3358093360590607e-24, 1.8238049988860496e-23, -1.592177717920992e-22,
             1.946760566230313e-21, -2.4980387857833194e-20, 2.8467420008206017e-19, -3.0708300369255573e-18,
             3.190035990847015e-17, -3.1604366923412525e-16, 2.973733378406554e-15, -2.6523937350455116e-14,
             2.2365061953395458e-13, -1.7770048352315274e-12, 1.325650916025737e-11, -9.247181514624534e-11,
             6.002558075135746e-10, -3.604496932473183e-09, 1.9867783990995355e-08, -9.936151133604257e-08,
             4.4167900962620815e-07, -1.6649652837350282e-06, 4.540814410190677e-06, -6.665447541901689e-08,
             -0.00012878534778502747, 0.0014307171409713342, -0.013225907724122476, 0.16397226694454237);
  double far =
      horner(t, -1.9677083272584384e-11, 6.135932778393812e-11, 1.417650842869536e-10,
             -4.6561597954216946e-10, -4.798751536934023e-10, 1.657764699456319e-09, 1.0715528639398075e-09,
             -3.75344338735913e-09, -1.992076551203188e-09, 6.202984113000443e-09, 3.803814960536081e-09,
             -7.863004697555056e-09, -7.816968266767898e-09, 5.963645798166707e-09, 1.408852075202545e-08,
             6.737493433374833e-09, -8.43880090582137e-09, -2.337446787242448e-08, -4.312778920167609e-08,
             -1.0001282610189342e-07, -3.4838567401229716e-07, -1.8349101357991557e-06,
             -1.5038547197358572e-05, -0.00021923576383382282, -0.009749577193235768, 0.38939845902587233);
  return scaled_far(x, middle, far);
}
ADJOINT_FN double quarter_square(double x) {  // of what lies in [-2, 2]
  x = clamp_to(x, -2, 2);
  return 0.25 * x * x;
}

// e^x K(x) for x >= 1, in 2/x - 1.
ADJOINT_FN double k0_scaled(double x) {
  double t = 2 / (x > 1 ? x : 1) - 1;
  double p =
      horner(t, -2.5481906179474588e-08, 3.536225936219382e-08, 1.4178093199797324e-07,
             -1.9600863054268432e-07, -3.7267324307721237e-07, 5.147211856576704e-07, 5.795039055941193e-07,
             -7.986516495307014e-07, -6.110828812986801e-07, 8.436040913706387e-07, 4.1574195324513116e-07,
             -5.675324906176622e-07, -2.700784892705671e-07, 3.880143117448658e-07, -6.907237734266174e-08,
             1.5282509507379152e-07, -4.91446383338192e-07, 9.002946246180575e-07, -1.6586463385392975e-06,
             3.261343944055293e-06, -6.659744842116729e-06, 1.4182109447162534e-05, -3.181475407995864e-05,
             7.608262594857338e-05, -0.00019727982255320943, 0.0005692398895002636, -0.0019084014862412269,
             0.00806738654835767, -0.05227901149175784, 1.1901571834152027);
  return p / __builtin_sqrt(x);
}
ADJOINT_FN double k1_scaled(double x) {
  double t = 2 / (x > 1 ? x : 1) - 1;
  double p =
      horner(t, 2.7845375108656353e-08, -3.8701676314582876e-08, -1.5476028087241e-07, 2.142645076348648e-07,
             4.0667608682059173e-07, -5.625078069187899e-07, -6.319818110766594e-07, 8.721897808471783e-07,
             6.667405436508122e-07, -9.218613763487646e-07, -4.521664241950525e-07, 6.17698198978224e-07,
             2.9806601590488675e-07, -4.302211587737493e-07, 8.814414048237341e-08, -1.913234723551731e-07,
             5.851849714958099e-07, -1.0826640686154716e-06, 2.022220800804539e-06, -4.026036974304431e-06,
             8.343367851113906e-06, -1.8093343896184673e-05, 4.1523103224937274e-05, -0.0001022719172009524,
             0.00027603884207787156, -0.0008443927426341729, 0.003112006645588168, -0.01585285456596757,
             0.18797890654571872, 1.4615569735231244);
  return p / __builtin_sqrt(x);
}
// K₀(x) + log(x) I₀(x) and (1/x + log(x) I₁(x) - K₁(x)) / x have no singularity: x up to 1.
ADJOINT_FN double k0_near(double x) {
  double y = quarter_square(x > 1 ? 1 : x);
  double p =
      horner(y, 1.0839496379014044e-07, 4.948998229042891e-06, 0.00016661576601870607, 0.0038181681228439584,
             0.05414624580645735, 0.40398287891456774, 1.1159315156584129, 0.11593151565841245);
  return madd(-log(x), i0_series(y), p);
}
ADJOINT_FN double k1_near(double x) {
  double y = quarter_square(x > 1 ? 1 : x);
  double p =
      horner(y, 6.9181027114249474e-09, 3.633523906799214e-07, 1.4366896201239121e-05, 0.0003991779241670233,
             0.00720230850350755, 0.07427492426354296, 0.34148287891460316, 0.3079657578292062);
  double rest = x * madd(log(x), i1_series(y), -p);
  return x == 0 ? kWideInf : 1 / x + rest;
}

}  // namespace detail

ADJOINT_FN double i0(double x) {
  double a = abs(x), far = exp_times(a > 720 ? 720 : a, detail::i0_scaled(a));
  double y = a < 2 ? detail::i0_series(detail::quarter_square(x)) : far;
  return a == __builtin_inf() ? a : y;
}
ADJOINT_FN double i1(double x) {
  double a = abs(x), far = exp_times(a > 720 ? 720 : a, detail::i1_scaled(a));
  double y = a < 2 ? a * detail::i1_series(detail::quarter_square(x)) : far;
  return copysign(a == __builtin_inf() ? a : y, x);
}
ADJOINT_FN double i0e(double x) {
  double a = abs(x);
  return a < 2 ? exp(-a) * detail::i0_series(detail::quarter_square(x)) : detail::i0_scaled(a);
}
ADJOINT_FN double i1e(double x) {
  double a = abs(x);
  double y = a < 2 ? exp(-a) * (a * detail::i1_series(detail::quarter_square(x))) : detail::i1_scaled(a);
  return copysign(y, x);
}
ADJOINT_FN float i0(float x) { return float(i0(double(x))); }
ADJOINT_FN float i1(float x) { return float(i1(double(x))); }
ADJOINT_FN float i0e(float x) { return float(i0e(double(x))); }
ADJOINT_FN float i1e(float x) { return float(i1e(double(x))); }

ADJOINT_FN double modified_bessel_i0(double x) { return i0(x); }
ADJOINT_FN double modified_bessel_i1(double x) { return i1(x); }
ADJOINT_FN double modified_bessel_k0(double x) {
  return x <= 1 ? detail::k0_near(x) : exp_times(-x, detail::k0_scaled(x));
}
ADJOINT_FN double modified_bessel_k1(double x) {
  return x <= 1 ? detail::k1_near(x) : exp_times(-x, detail::k1_scaled(x));
}
ADJOINT_FN double scaled_modified_bessel_k0(double x) {
  return x <= 1 ? exp(x) * detail::k0_near(x) : detail::k0_scaled(x);
}
ADJOINT_FN double scaled_modified_bessel_k1(double x) {
  return x <= 1 ? exp(x) * detail::k1_near(x) : detail::k1_scaled(x);
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
