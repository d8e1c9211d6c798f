// Roots of unity, rounded once: exp(-2πi t / n).
#pragma once
#include <complex>
#include <cstdint>
#include <vector>

namespace adjoint::fft {

// By symmetry the angle is one of the first octant, where the root is a product of two in tables of about √n, in long
// double.
class Roots {
 public:
  explicit Roots(int64_t n);
  std::complex<long double> operator()(int64_t t) const;  // 0 <= t < n
  template <class T> void put(int64_t t, T* to) const {
    const auto w = (*this)(t);
    to[0] = T(w.real()), to[1] = T(w.imag());
  }

 private:
  std::complex<long double> octant(int64_t t8) const;
  int64_t n_, mask_;
  int shift_;
  std::vector<std::complex<long double>> fine_, coarse_;
};

}  // namespace adjoint::fft
