// The complex functions of math.h: the C++ library's, whose special values are C99's Annex G, and what it
// lacks.
#pragma once
#include "kernels/math.h"

namespace adjoint::math {
inline namespace ADJOINT_ISA {

template <class T> using Complex = std::complex<T>;

#define ADJOINT_STD_1(f) \
  template <class T> ADJOINT_FN Complex<T> f(Complex<T> z) { return std::f(z); }
// clang-format off
ADJOINT_STD_1(exp) ADJOINT_STD_1(log) ADJOINT_STD_1(log10) ADJOINT_STD_1(sqrt) ADJOINT_STD_1(sin)
ADJOINT_STD_1(cos) ADJOINT_STD_1(tan) ADJOINT_STD_1(asin) ADJOINT_STD_1(acos) ADJOINT_STD_1(atan)
ADJOINT_STD_1(sinh) ADJOINT_STD_1(cosh) ADJOINT_STD_1(tanh) ADJOINT_STD_1(asinh) ADJOINT_STD_1(acosh)
ADJOINT_STD_1(atanh)
// clang-format on
#undef ADJOINT_STD_1

            template <class T>
            ADJOINT_FN Complex<T> where(bool c, Complex<T> a, Complex<T> b) {
  return c ? a : b;
}
template <class T> ADJOINT_FN T real(Complex<T> z) { return z.real(); }
template <class T> ADJOINT_FN T imag(Complex<T> z) { return z.imag(); }
template <class T> ADJOINT_FN Complex<T> conj(Complex<T> z) { return {z.real(), -z.imag()}; }
template <class T> ADJOINT_FN T abs(Complex<T> z) { return math::hypot(z.real(), z.imag()); }
template <class T> ADJOINT_FN T angle(Complex<T> z) { return math::atan2(z.imag(), z.real()); }
template <class T> ADJOINT_FN bool isnan(Complex<T> z) {
  return math::isnan(z.real()) || math::isnan(z.imag());
}
template <class T> ADJOINT_FN bool isinf(Complex<T> z) {
  return math::isinf(z.real()) || math::isinf(z.imag());
}
template <class T> ADJOINT_FN bool isfinite(Complex<T> z) {
  return math::isfinite(z.real()) && math::isfinite(z.imag());
}
template <class T> ADJOINT_FN Complex<T> sgn(Complex<T> z) {
  T r = math::abs(z);
  return r == 0 ? Complex<T>(0) : Complex<T>(z.real() / r, z.imag() / r);
}
template <class T> ADJOINT_FN Complex<T> round(Complex<T> z) {
  return {math::round(z.real()), math::round(z.imag())};
}
// Smith's division and the plain product, as PyTorch: infinities are not recovered from NaN, as C99 would.
template <class T> ADJOINT_FN Complex<T> divide(Complex<T> x, Complex<T> y) {
  T a = x.real(), b = x.imag(), c = y.real(), d = y.imag();
  if (c == 0 && d == 0) return {a / math::abs(c), b / math::abs(d)};
  if (math::abs(c) >= math::abs(d)) {
    T ratio = d / c, scale = T(1) / (c + d * ratio);
    return {(a + b * ratio) * scale, (b - a * ratio) * scale};
  }
  T ratio = c / d, scale = T(1) / (c * ratio + d);
  return {(a * ratio + b) * scale, (b * ratio - a) * scale};
}
template <class T> ADJOINT_FN Complex<T> square(Complex<T> z) {
  return {z.real() * z.real() - z.imag() * z.imag(), z.real() * z.imag() + z.imag() * z.real()};
}
template <class T> ADJOINT_FN Complex<T> reciprocal(Complex<T> z) { return math::divide(Complex<T>(1), z); }
template <class T> ADJOINT_FN Complex<T> rsqrt(Complex<T> z) {
  return math::divide(Complex<T>(1), Complex<T>(std::sqrt(z)));
}
template <class T> ADJOINT_FN Complex<T> exp2(Complex<T> z) { return std::exp(z * T(detail::kLn2)); }
template <class T> ADJOINT_FN Complex<T> log2(Complex<T> z) { return std::log(z) / T(detail::kLn2); }
// Re: (e^a - 1) cos b - 2 sin²(b/2), without cancellation.
template <class T> ADJOINT_FN Complex<T> expm1(Complex<T> z) {
  T s = math::sin(T(0.5) * z.imag());
  return {math::expm1(z.real()) * math::cos(z.imag()) - 2 * s * s, math::exp(z.real()) * math::sin(z.imag())};
}
// log |1 + z| as log1p(a (2 + a) + b²) / 2 where that is small.
template <class T> ADJOINT_FN Complex<T> log1p(Complex<T> z) {
  T a = z.real(), b = z.imag(), t = math::angle(Complex<T>(1 + a, b)), r = math::abs(Complex<T>(1 + a, b));
  T u = a * (2 + a) + b * b;
  return {math::abs(u) < T(0.5) ? T(0.5) * math::log1p(u) : math::log(r), t};
}
template <class T> ADJOINT_FN Complex<T> sigmoid(Complex<T> z) {
  const bool left = z.real() < 0;  // the exponential that cannot overflow
  const Complex<T> e = std::exp(left ? z : -z);
  return math::divide(left ? e : Complex<T>(1), T(1) + e);
}
template <class T> ADJOINT_FN Complex<T> pow(Complex<T> x, Complex<T> y) { return std::pow(x, y); }
template <class T> ADJOINT_FN Complex<T> xlogy(Complex<T> x, Complex<T> y) {
  if (math::isnan(y)) return {T(__builtin_nan("")), T(__builtin_nan(""))};
  return x == Complex<T>(0) ? Complex<T>(0) : x * std::log(y);
}
template <class T> ADJOINT_FN Complex<T> sinc(Complex<T> z) {
  if (z == Complex<T>(0)) return T(1);
  const T n = math::round(z.real()), sign = std::fmod(n, T(2)) == 0 ? 1 : -1;
  return sign * std::sin(T(detail::kPi) * (z - n)) / (T(detail::kPi) * z);
}
// The part with the larger real value comes out of the logarithm.
template <class T> ADJOINT_FN Complex<T> logaddexp(Complex<T> a, Complex<T> b) {
  if (math::isnan(a) || math::isnan(b)) return {T(__builtin_nan("")), T(__builtin_nan(""))};
  bool first = a.real() >= b.real();
  Complex<T> high = first ? a : b, low = first ? b : a;
  if (math::isinf(high.real()) && high.real() == low.real())
    return high.real() < 0 ? high : std::log(std::exp(high) + std::exp(low));
  return high + math::log1p(std::exp(low - high));
}

}  // namespace ADJOINT_ISA
}  // namespace adjoint::math
