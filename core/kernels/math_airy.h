// The Airy function Ai. double; float goes through it.
//
// DLMF 9.7: with ζ = 2/3 |x|^(3/2), e^-ζ F / x^(1/4) for x > 1, and (P cos(ζ - π/4) + Q sin(ζ - π/4)) / √π |x|^(1/4) for
// x < -4.5; polynomials between. F, P and Q |x|^(3/2) are polynomials in x^(-3/2) and x^-3; all are fitted with 75 digits at
// Chebyshev's nodes. ζ is kept in two numbers, as e^-ζ magnifies its error; from |x| of about 1e10 on its phase has fewer
// digits with every period, and beyond 1e200, where Ai is below 1e-50, it is left at 0.
#pragma once
#include "kernels/math_bessel.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

struct Zeta {
  double high, low, power;  // ζ = high + low; |x|^(3/2)
};
ADJOINT_FN Zeta airy_zeta(double a) {
  double s = __builtin_sqrt(a), s_low = __builtin_fma(-s, s, a) / (2 * (s > 0 ? s : 1));
  double p = a * s, p_low = __builtin_fma(a, s, -p) + a * s_low;
  constexpr double c = 0.6666666666666666, c_low = 3.700743415417188e-17;
  double z = p * c;
  return {z, __builtin_fma(p, c, -z) + (p_low * c + p * c_low), p};
}
ADJOINT_FN double held_size_of_airy(double x) {  // |x| where ζ overflows not
  double a = abs(x);
  return a > 1e200 ? 1e200 : a;
}
ADJOINT_FN Wave airy_wave(Zeta z, double) {
  Wave w = wave(z.high);
  return {w.sine + z.low * w.cosine, w.cosine - z.low * w.sine};
}
ADJOINT_FN Wave airy_wave(Zeta z, long double) {  // `low` may be whole turns
  Wave w = wave((long double)(z.high)), l = wave((long double)(z.low));
  return {w.sine * l.cosine + w.cosine * l.sine, w.cosine * l.cosine - w.sine * l.sine};
}
ADJOINT_FN double airy_waves(double a, Zeta z, Wave w) {
  double power = z.power > 9 ? z.power : 9, inverse = 1 / power;
  double t = madd(182.25 * inverse, inverse, -1);
  double p =
      horner(t, -2.4706146494787153e-13, 6.094139067511014e-13, -7.331706943502473e-13, 2.368181046911598e-12,
             -9.405806596314226e-12, 3.4157522500499924e-11, -1.4008914162135465e-10, 6.792334634586223e-10,
             -4.0346599541823734e-09, 3.146377402479607e-08, -3.606762788034232e-07, 7.460856899893857e-06,
             -0.0004422828919436872, 0.9995498592095998);
  double q = inverse * horner(t, -6.924229269197038e-13, 1.4756176038344478e-12, -5.091081132134254e-13,
                              1.7396999237312167e-12, -1.0210147326801974e-11, 2.8490682108122235e-11,
                              -8.256053921956207e-11, 2.8045133532528996e-10, -1.0668439886124783e-09,
                              4.64970270434413e-09, -2.4191358826407344e-08, 1.5893749465878923e-07,
                              -1.4401020887817086e-06, 2.0921971592931616e-05, -0.0006566154042649532,
                              0.10348749993719025);
  double root = __builtin_sqrt(__builtin_sqrt(a));
  return 0.39894228040143267794 / root * madd(p, w.cosine + w.sine, q * (w.sine - w.cosine));
}
ADJOINT_FN double airy_decay(double a, Zeta z) {
  double t = 2 / (z.power > 1 ? z.power : 1) - 1;
  double f =
      horner(t, -1.62606382820628e-07, 2.0266959471369224e-07, 1.2915340052707029e-06,
             -1.6081556502814946e-06, -4.751081060377257e-06, 5.9117817138679055e-06, 1.0680721623256124e-05,
             -1.3282749460554229e-05, -1.6364799663641644e-05, 2.034279396874391e-05, 1.805065418036261e-05,
             -2.242994400013908e-05, -1.4782946965107342e-05, 1.836449900524604e-05, 9.12358078495946e-06,
             -1.1329623208108682e-05, -4.2931942070682705e-06, 5.3334096345358005e-06, 1.498253310861338e-06,
             -1.8529086503522326e-06, -4.676324718744182e-07, 5.993377467997579e-07, -6.56872711170694e-08,
             1.3573482214119585e-07, -3.99556918438174e-07, 6.648040127442595e-07, -1.1158164799401536e-06,
             1.9708759041256585e-06, -3.5966628700446496e-06, 6.812725743849241e-06, -1.3509322676311956e-05,
             2.8348649435402042e-05, -6.39469429875428e-05, 0.0001588723922066464, -0.00045305765537707686,
             0.0016082764345495878, -0.008754704350942385, 0.27099888553414014);
  double root = __builtin_sqrt(__builtin_sqrt(a));
  return exp_times(-z.high, f / root * (1 - (z.high < 1000 ? z.low : 0)));
}

}  // namespace detail

// Whether ζ is so large that its second part turns the first by more than a rounding.
ADJOINT_FN bool is_hard_airy(double x) { return x < -1e4; }
template <class T> ADJOINT_FN double airy_ai(T at) {
  using namespace detail;
  double x = double(at), a = held_size_of_airy(x);
  Zeta z = airy_zeta(a);
  double u = clamp_to(x, -1.5, 1) + 0.25, v = clamp_to(x, -4.5, -1.5) + 3;
  double about_0 =
      horner(u, -4.709392366136314e-16, 1.1425192686016596e-14, -5.439413606636945e-14,
             -3.179742921464703e-13, 5.161065404510364e-12, -1.9100597428794454e-11, -1.1494402410773553e-10,
             1.5500498863661232e-09, -4.805318676309052e-09, -2.8787347002209273e-08, 3.183108983924662e-07,
             -7.949906536479108e-07, -4.689571936049804e-06, 4.084464576812822e-05, -7.72378112437592e-05,
             -0.00044137092709842755, 0.0028304717637278225, -0.003617699488712283, -0.019442003810339007,
             0.08005365195924949, -0.05234057678443162, -0.24638918992017597, 0.41872461427545293);
  double below =
      horner(v, 7.692290797596757e-17, 2.222437077995434e-16, -7.464249519834491e-15, 2.3866842513322113e-14,
             2.885640562941508e-13, -2.9117903437184117e-12, 1.7926756606658572e-12, 1.2657669809748557e-10,
             -7.252246370922546e-10, -1.562582274021818e-09, 3.404176014176426e-08, -9.513581648215774e-08,
             -6.60423404025376e-07, 5.167499414011278e-06, -1.8122235814585467e-06, -0.00010846272177032842,
             0.0003567217591339579, 0.0008708206834407581, -0.007149182909637399, 0.0042364179287329,
             0.06147521205901072, -0.11584004602773859, -0.22042760022124241, 0.5682214405164872,
             0.3145837692165988, -0.37881429367765806);
  double y = x < -1.5 ? below : x > 1 ? airy_decay(a, z) : about_0;
  y = x < -4.5 ? airy_waves(a, z, airy_wave(z, at)) : y;
  return x < -1e200 ? 0 : y;
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
