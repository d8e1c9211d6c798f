#include "tensor/scalar.h"
#include <cmath>
#include <limits>
#include "tensor/error.h"

namespace adjoint {

int64_t Scalar::to_int() const {
  if (is_integral()) return i_;
  double v = c_[0];
  if (!(v > -9.3e18 && v < 9.3e18)) return std::numeric_limits<int64_t>::min();  // what x86 conversion gives
  return v >= 9223372036854775808.0 ? std::numeric_limits<int64_t>::min() : int64_t(v);
}

Scalar Scalar::operator-() const {
  switch (category_) {
    case Category::Bool: return Scalar(-i_);
    case Category::Integer: return Scalar(int64_t(0 - uint64_t(i_)));
    case Category::Float: return Scalar(-c_[0]);
    default: return Scalar(-to_complex());
  }
}

void Scalar::store(void* p, Dtype d) const {
  visit(d, [&]<class T>(T*) {
    T v;
    if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
      v = T(float(to_double()));
    else
      v = to<T>();
    std::memcpy(p, &v, sizeof v);
  });
}

static Dtype g_default = Dtype::F32;
Dtype default_dtype() { return g_default; }
void set_default_dtype(Dtype d) {
  check_as(is_floating(d), ErrorKind::Type, "only floating-point types are supported as the default type");
  g_default = d;
}

Dtype dtype_for(const Scalar& s) {
  switch (s.category()) {
    case Category::Bool: return Dtype::Bool;
    case Category::Integer: return Dtype::I64;
    case Category::Float: return g_default;
    default: return g_default == Dtype::F16 ? Dtype::C64 : complex_of(g_default);
  }
}

}  // namespace adjoint
