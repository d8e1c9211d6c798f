// PyTorch's rule for numbers that become elements.
#include "ops/scalar_fits.h"

#include <cmath>
#include <limits>

#include "tensor/error.h"

namespace adjoint {
namespace {

const char* type_text(Dtype d) {
  switch (d) {
    case Dtype::Bool: return "bool";
    case Dtype::U8: return "uint8_t";
    case Dtype::I8: return "int8_t";
    case Dtype::I16: return "int16_t";
    case Dtype::I32: return "int";
    case Dtype::I64: return "int64_t";
    case Dtype::F16: return "at::Half";
    case Dtype::BF16: return "at::BFloat16";
    case Dtype::F32: return "float";
    case Dtype::F64: return "double";
    case Dtype::C64: return "c10::complex<float>";
    default: return "c10::complex<double>";
  }
}

struct Range {
  double low, high;
};
Range integers(Dtype d) {
  switch (d) {
    case Dtype::U8: return {0, 255};
    case Dtype::I8: return {-128, 127};
    case Dtype::I16: return {-32768, 32767};
    case Dtype::I32: return {-2147483648.0, 2147483647.0};
    default: return {-0x1p63, 0x1p63};
  }
}
double largest(Dtype d) {
  switch (d) {
    case Dtype::F16: return 65504;
    case Dtype::BF16: return 0x1.fep127;
    case Dtype::F32:
    case Dtype::C64: return std::numeric_limits<float>::max();
    default: return std::numeric_limits<double>::max();
  }
}

bool real_fits(const Scalar& v, double x, Dtype d) {
  if (!is_integral(d)) return !std::isfinite(x) || std::fabs(x) <= largest(d);
  Range r = integers(d);
  if (d == Dtype::U8 && v.is_integral()) r.low = -r.high;
  return x >= r.low && x <= r.high;  // false for NaN
}

bool fits(const Scalar& v, Dtype d) {
  if (d == Dtype::Bool) return true;
  if (!v.is_complex()) return real_fits(v, v.to_double(), d);
  std::complex<double> z = v.to_complex();
  return real_fits(v, z.real(), d) && (is_complex(d) ? real_fits(v, z.imag(), d) : z.imag() == 0);
}

}  // namespace

void check_scalar_fits(const Scalar& v, Dtype d) {
  if (!fits(v, d)) fail("value cannot be converted to type ", type_text(d), " without overflow");
}

}  // namespace adjoint
