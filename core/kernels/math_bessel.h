// The Bessel functions J and Y of the orders 0 and 1. double; float goes through it.
//
// Up to 2 the power series (Y's with log x apart), up to 8 a polynomial in x - 5, beyond Hankel's expansion, DLMF 10.17:
// √(2 / πx) (P cos χ - Q sin χ) with χ = x - (2n + 1) π/4, where P and xQ are polynomials in 64/x². Fitted with 75
// digits at Chebyshev's nodes. The error is small beside √(2 / πx), about which the functions oscillate.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {
namespace detail {

// Sines and cosines together: angles that the quick reduction does not serve are the callers' to send elsewhere.
struct Wave {
  double sine, cosine;
};
ADJOINT_FN Wave wave(double x) { return {sin(x), cos(x)}; }
ADJOINT_FN Wave wave(long double x) { return {double(sin(x)), double(cos(x))}; }

// √(2 / πx) P and √(2 / πx) Q, over √2, as cos χ and sin χ are sums of cos x and sin x over √2.
struct Hankel {
  double p, q;
};
ADJOINT_FN Hankel hankel(double x, double p, double xq) {
  double root = 0.56418958354775628695 / __builtin_sqrt(x);
  return {root * p, root * (xq / x)};
}
ADJOINT_FN double inverse_square(double x) {  // 64/x² as a polynomial's argument in [-1, 1]
  double r = 8 / (x > 8 ? x : 8);
  return madd(2 * r, r, -1);
}
ADJOINT_FN Hankel hankel0(double x) {
  double t = inverse_square(x);
  double p = horner(t, -9.956789357075715e-14, 3.4522133160706755e-13, -1.0238327024264009e-12,
                    4.674986189266031e-12, -2.490341621088381e-11, 1.5506348898107537e-10,
                    -1.212113319927827e-09, 1.2803747958820875e-08, -2.052744819908975e-07,
                    6.13741608125692e-06, -0.000536367319212998, 0.9994572757882519);
  double q = horner(t, 7.660588700004678e-13, -2.4959955008932025e-12, 6.607770877051606e-12,
                    -2.7923981952762326e-11, 1.3641381507528205e-10, -7.580593880943547e-10,
                    5.146189381541954e-09, -4.5349625953814164e-08, 5.684971918787548e-07,
                    -1.1817110670086365e-05, 0.0005466519279474679, -0.12444091103610802);
  return hankel(x, p, q);
}
ADJOINT_FN Hankel hankel1(double x) {
  double t = inverse_square(x);
  double p = horner(t, 1.0611465423215105e-13, -3.6942891113569033e-13, 1.104039648785332e-12,
                    -5.072230977922283e-12, 2.722599260495964e-11, -1.7137215568191013e-10,
                    1.360300632416571e-09, -1.4708498675907175e-08, 2.4536766267949663e-07,
                    -7.959694699656698e-06, 0.0008988049416705508, 1.0009070262780821);
  double q =
      horner(t, -8.143505271269731e-13, 2.6631204358691402e-12, -7.101699032519032e-12, 3.017315972619892e-11,
             -1.4835480609458966e-10, 8.320596653849234e-10, -5.7208462898679e-09, 5.1360951418540506e-08,
             -6.633568600166279e-07, 1.4569614819268144e-05, -0.0007697167057643086, 0.3742149922195917);
  return hankel(x, p, q);
}
ADJOINT_FN double from_five(double x) { return (x < 8 ? x : 8) - 5; }
ADJOINT_FN double square_to_four(double x) { return x < 2 ? x * x : 4; }

ADJOINT_FN double j0_series(double s) {
  return horner(s, -2.7554483929288432e-17, 9.374037681178619e-15, -2.4027516285948504e-12,
                4.709501210397714e-10, -6.781683999892353e-08, 6.781684027479289e-06, -0.0004340277777775942,
                0.015624999999999943, -0.25, 1.0);
}
ADJOINT_FN double j1_series(double s) {  // J₁(x) / x
  return horner(s, -1.3840271857946309e-18, 5.208989409521519e-16, -1.5017292246021537e-13,
                3.363929845848442e-11, -5.651403343764827e-09, 6.781684027641646e-07, -5.425347222221385e-05,
                0.002604166666666664, -0.0625, 0.5);
}
// Of x >= 0 whose sine and cosine are w.
ADJOINT_FN double j0_of(double x, Wave w) {
  Hankel h = hankel0(x);
  double far = h.p * (w.cosine + w.sine) - h.q * (w.sine - w.cosine);
  double u = from_five(x);
  double middle =
      horner(u, -2.4315942986459218e-23, 2.970849555610665e-21, 1.2167858850063446e-20,
             -1.4377149034286291e-18, -4.546760190619355e-18, 5.208931418932056e-16, 1.3385521309888147e-15,
             -1.502975666560333e-13, -2.9971142016431275e-13, 3.370939264436432e-11, 4.8009633643904775e-11,
             -5.664198706729156e-09, -4.88572274905523e-09, 6.781103004680156e-07, 2.1333006798850388e-07,
             -5.379500944286661e-05, 1.1202214684873014e-05, 0.002520211970241023, -0.0017073875968509147,
             -0.0561486934745026, 0.05604047189802263, 0.32757913759146523, -0.1775967713143383);
  double y = x < 2 ? j0_series(square_to_four(x)) : x < 8 ? middle : far;
  return x == kWideInf ? 0 : y;
}
ADJOINT_FN double j1_of(double x, Wave w) {
  Hankel h = hankel1(x);
  double far = h.p * (w.sine - w.cosine) + h.q * (w.cosine + w.sine);
  double u = from_five(x);
  double middle =
      horner(u, 1.3020724964536648e-22, 5.303591514593309e-22, -6.85422566059269e-20, -2.431505193181484e-19,
             2.744191705324825e-17, 8.183770708950756e-17, -8.856622222004311e-15, -2.1416791393345572e-14,
             2.2544737277288583e-12, 4.195959601998443e-12, -4.38222150937875e-10, -5.761156025690641e-10,
             6.230618590967527e-08, 4.885722748756645e-08, -6.102992704457571e-06, -1.7066405439034228e-06,
             0.0003765650661003242, -6.721328810924197e-05, -0.012601059851205252, 0.00682955038740366,
             0.16844608042350784, -0.11208094379604526, -0.32757913759146523);
  double y = x < 2 ? x * j1_series(square_to_four(x)) : x < 8 ? middle : far;
  return x == kWideInf ? 0 : y;
}
constexpr double kTwoOverPi = 0.63661977236758134308;
ADJOINT_FN double y0_of(double x, Wave w) {
  Hankel h = hankel0(x);
  double far = h.p * (w.sine - w.cosine) + h.q * (w.cosine + w.sine);
  double u = from_five(x), s = square_to_four(x);
  double middle =
      horner(u, -1.0272016959516874e-24, 5.260084154418691e-24, 5.39405748357619e-23, -2.760526303561671e-22,
             -1.498574781139591e-21, 7.670018663935656e-21, 2.4196210571131474e-20, -1.2377332337037373e-19,
             -3.0174883347292398e-19, 1.5451061682796172e-18, 1.9315264099557245e-18, -9.843147715144574e-18,
             -2.6235033574176077e-17, 1.3548222757419585e-16, -2.5675712162961553e-16, 1.3538726330090348e-15,
             -9.073503943741348e-15, 4.7975979233746964e-14, -2.5538109503126894e-13, 1.2827667275132434e-12,
             -4.6076978343944815e-12, 4.090075547156535e-11, -6.514700776559413e-10, 5.380812693897181e-10,
             5.9222913260362426e-08, 6.874790545315465e-08, -6.561979336104528e-06, 5.910053305154217e-07,
             0.00039226240704002505, -0.00015291708226729646, -0.013480972362202536, 0.012388427811686836,
             0.16904512696363957, -0.14786314339122683, -0.30851762524903376);
  double rest =
      horner(s, -1.3395968265342065e-19, 5.424999638379075e-17, -1.693239098358039e-14,
             4.1435646581683456e-12, -7.693079877845381e-10, 1.035847603331135e-07, -9.495005205218833e-06,
             0.0005386026668616536, -0.016073968025938426, 0.17760601686906713, -0.07380429510868723);
  double near = madd(kTwoOverPi * log(x), j0_series(s), rest);
  double y = x < 2 ? near : x < 8 ? middle : far;
  return x == kWideInf ? 0 : y;
}
ADJOINT_FN double y1_of(double x, Wave w) {
  Hankel h = hankel1(x);
  double far = -(h.p * (w.cosine + w.sine)) + h.q * (w.sine - w.cosine);
  double u = from_five(x), s = square_to_four(x);
  double middle =
      horner(u, -8.675786041545215e-24, 4.336312752480249e-23, 4.664876800974274e-22, -2.3316538367566445e-21,
             -1.294180259111138e-20, 6.468693417630779e-20, 2.1279689744274165e-19, -1.0636487011788222e-18,
             -2.5825734310746996e-18, 1.2908154113534924e-17, 1.866134968330883e-17, -9.329334597219607e-17,
             -1.78935270452588e-16, 8.93817880611355e-16, -7.157470827367451e-16, 3.559548638483934e-15,
             -3.406666919647944e-14, 1.6912179149891482e-13, -7.913131798329597e-13, 4.0704130567242105e-12,
             -1.929331903962408e-11, 6.453846230270228e-11, -5.316304821624367e-10, 7.817598628481475e-09,
             -5.918978136738368e-09, -5.922290932256435e-07, -6.18731090398667e-07, 5.2495834665649914e-05,
             -4.137037338330284e-06, -0.002353574442232391, 0.0007645854113419407, 0.05392388944880893,
             -0.03716528343506098, -0.3380902539272791, 0.14786314339122683);
  double rest = x * madd(kTwoOverPi * log(x), j1_series(s),
                         horner(s, -6.2046533219234396e-21, 2.759071069396995e-18, -9.591349353387021e-16,
                                2.6494810504658273e-13, -5.648024541832634e-11, 8.931879621086007e-09,
                                -9.926740619423672e-07, 7.164268749973957e-05, -0.0029553053360798338,
                                0.05434868816051024, -0.19605709064623894));
  double near = x == 0 ? -kWideInf : rest - kTwoOverPi / x;
  double y = x < 2 ? near : x < 8 ? middle : far;
  return x == kWideInf ? 0 : y;
}

}  // namespace detail

template <class T> ADJOINT_FN double bessel_j0(T x) {
  return detail::j0_of(abs(double(x)), detail::wave(abs(x)));
}
template <class T> ADJOINT_FN double bessel_j1(T x) {
  double y = detail::j1_of(abs(double(x)), detail::wave(abs(x)));
  return x == 0 ? double(x) : x < 0 ? -y : y;
}
template <class T> ADJOINT_FN double bessel_y0(T x) {
  double y = detail::y0_of(double(x), detail::wave(x));
  return x < 0 ? __builtin_nan("") : y;
}
template <class T> ADJOINT_FN double bessel_y1(T x) {
  double y = detail::y1_of(double(x), detail::wave(x));
  return x < 0 ? __builtin_nan("") : y;
}
template <class T> ADJOINT_FN double spherical_bessel_j0(T x) {
  double y = double(sin(x)) / double(x);
  y = x == 0 ? 1 : y;
  return isinf(double(x)) ? 0 : y;
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
