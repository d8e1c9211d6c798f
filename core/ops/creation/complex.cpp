// complex(real, imag) and polar(abs, angle): complex tensors from two real ones.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

void check_pair(const Tensor& a, const Tensor& b) {
  auto real_float = [](Dtype d) { return d == Dtype::F32 || d == Dtype::F64 || d == Dtype::F16; };
  check(real_float(a->dtype) && real_float(b->dtype),
        "Expected both inputs to be Half, Float or Double tensors but got ", label_of(a->dtype), " and ",
        label_of(b->dtype));
  check(a->dtype == b->dtype, "Expected object of scalar type ", label_of(a->dtype), " but got scalar type ",
        label_of(b->dtype), " for second argument");
}

// Real and imaginary parts, broadcast.
Tensor paired(const Tensor& a, const Tensor& b) {
  Tensor y = adjoint::empty(broadcast_shapes(a->sizes(), b->sizes()), complex_of(a->dtype), a->device);
  Tensor parts = view_as_real(y);
  raw::copy(select(parts, -1, 0), a);
  raw::copy(select(parts, -1, 1), b);
  return y;
}

struct Complex {
  static constexpr const char *name = "complex", *node = "ComplexBackward0";
  Dims a_shape, b_shape;
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    return paired(a, b);
  }
  void fields(auto& f) {
    f(nullptr, a_shape, input(0));
    f(nullptr, b_shape, input(1));
  }
  static constexpr const char* rule = "greal = Re(g); gimag = Im(g)";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = sum_to(real(b.grad()), a_shape);
    if (b.needs(1)) b.gx[1] = sum_to(imag(b.grad()), b_shape);
  }
};

struct Polar {
  static constexpr const char *name = "polar", *node = "PolarBackward0";
  SavedTensor abs_, angle_, result_;
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    Tensor r = raw::cast(a, real_of(complex_of(a->dtype))), phi = raw::cast(b, r->dtype);
    return paired(mul(r, pointwise(formula<"cos">, {phi})), mul(r, pointwise(formula<"sin">, {phi})));
  }
  static constexpr const char* rule = "gabs = Re(conj(g)·exp(i·angle)); gangle = −Im(conj(g)·y)";
  // y = r·e^{iφ}: Re(ḡ·e^{iφ}) for r, Re(ḡ·i·y) for φ.
  void vjp(Backward& b) {
    Tensor r = abs_.get(b.node), phi = angle_.get(b.node), y = result_.get(b.node);
    if (b.needs(0)) b.gx[0] = sum_to(real(mul(conj(b.grad()), sgn_of(r, phi))), r->sizes());
    if (b.needs(1)) b.gx[1] = sum_to(neg(imag(mul(conj(b.grad()), y))), phi->sizes());
  }
  static Tensor sgn_of(const Tensor& r, const Tensor& phi);
  void fields(auto& f) {
    f("abs", abs_, input(0));
    f("angle", angle_, input(1));
    f("result", result_, output(0));
  }
};

Tensor complex(const Tensor& a, const Tensor& b) {
  check_pair(a, b);
  return apply(Complex{}, a, b);
}
Tensor polar(const Tensor& a, const Tensor& b) {
  check_pair(a, b);
  return apply(Polar{}, a, b);
}
Tensor Polar::sgn_of(const Tensor& r, const Tensor& phi) { return polar(ones_like(r), phi); }

}  // namespace

[[maybe_unused]] static const auto defs = {
    def<complex>("complex(Tensor real, Tensor imag) -> Tensor", kFunction | kOut, "real + i·imag"),
    def<polar>("polar(Tensor abs, Tensor angle) -> Tensor", kFunction | kOut,
               "abs · (cos(angle) + i·sin(angle))"),
};

}  // namespace adjoint::ops
