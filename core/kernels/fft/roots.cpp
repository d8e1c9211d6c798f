#include "kernels/fft/roots.h"

#include <cmath>

namespace adjoint::fft {

// Angles are counted in eighths of a step: t8 = 8t stands for 2π t8 / 8n, so that an octant is n of them.
Roots::Roots(int64_t n) : n_(n), shift_(0) {
  while ((int64_t(1) << (2 * shift_)) < n) ++shift_;
  mask_ = (int64_t(1) << shift_) - 1;
  constexpr long double kQuarter = 0.785398163397448309615660845819875721L;  // π / 4
  auto root = [&](int64_t t8) {
    const long double angle = kQuarter * static_cast<long double>(t8) / static_cast<long double>(n);
    return std::complex<long double>(std::cos(angle), std::sin(angle));
  };
  for (int64_t t = 0; t <= mask_; ++t) fine_.push_back(root(t));
  for (int64_t t = 0; t <= n; t += mask_ + 1) coarse_.push_back(root(t));
}

std::complex<long double> Roots::octant(int64_t t8) const {
  const auto a = coarse_[size_t(t8 >> shift_)], b = fine_[size_t(t8 & mask_)];
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

std::complex<long double> Roots::operator()(int64_t t) const {
  // cos and sin of 2π t / n; the result's imaginary part is minus the sine.
  int64_t octants = int64_t((__int128(8) * t) / n_), rest = int64_t(__int128(8) * t - __int128(octants) * n_);
  if (octants % 2) rest = n_ - rest;
  const auto w = octant(rest);
  const long double c = w.real(), s = w.imag();
  switch (octants) {
    case 0: return {c, -s};
    case 1: return {s, -c};
    case 2: return {-s, -c};
    case 3: return {-c, -s};
    case 4: return {-c, s};
    case 5: return {-s, c};
    case 6: return {s, c};
    default: return {c, s};
  }
}

}  // namespace adjoint::fft
