// Scalar: a Python number on its way into an operation. It never becomes a tensor.
#pragma once
#include <complex>
#include <cstdint>
#include "tensor/dtype.h"

namespace adjoint {

class Scalar {
 public:
  Scalar() : Scalar(int64_t(0)) {}
  Scalar(bool v) : category_(Category::Bool) { i_ = v; }
  Scalar(int v) : Scalar(int64_t(v)) {}
  Scalar(int64_t v) : category_(Category::Integer) { i_ = v; }
  Scalar(double v) : category_(Category::Float) {
    c_[0] = v;
    c_[1] = 0;
  }
  Scalar(std::complex<double> v) : category_(Category::Complex) {
    c_[0] = v.real();
    c_[1] = v.imag();
  }

  Category category() const { return category_; }
  bool is_integral() const { return category_ <= Category::Integer; }
  bool is_bool() const { return category_ == Category::Bool; }
  bool is_complex() const { return category_ == Category::Complex; }
  double to_double() const { return is_integral() ? double(i_) : c_[0]; }
  int64_t to_int() const;  // truncates a float, saturating like x86 does not matter to callers
  bool to_bool() const { return is_integral() ? i_ != 0 : c_[0] != 0 || c_[1] != 0; }
  std::complex<double> to_complex() const {
    return is_integral() ? std::complex<double>(double(i_)) : std::complex<double>(c_[0], c_[1]);
  }
  bool equals(double v) const { return !is_complex() && to_double() == v; }
  Scalar operator-() const;
  Scalar conj() const { return is_complex() ? Scalar(std::conj(to_complex())) : *this; }
  // Writes the value as `d` into `p` (item_size(d) bytes).
  void store(void* p, Dtype d) const;
  template <class T> T to() const {
    if constexpr (std::is_same_v<T, bool>)
      return to_bool();
    else if constexpr (std::is_integral_v<T>)
      return T(to_int());
    else if constexpr (requires(T t) { t.imag(); })
      return T(to_complex());
    else
      return T(to_double());
  }

 private:
  union {
    int64_t i_;
    double c_[2];
  };
  Category category_;
};

// The dtype a lone number takes: bool, int64, the default dtype or its complex partner.
Dtype dtype_for(const Scalar& s);
Dtype default_dtype();
void set_default_dtype(Dtype d);  // floating types only: TypeError otherwise

}  // namespace adjoint
