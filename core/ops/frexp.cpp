// frexp: floats taken apart into mantissa and exponent.
#include <cmath>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct Frexp {
  static constexpr const char *name = "frexp", *node = "FrexpBackward0";
  static constexpr const char* rule = "gx = g/exp2(exponent)";
  SavedTensor exponent = {};
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    // In g's precision: 2**200 is no float32.
    b.gx[0] = div(g, pointwise(formula<"exp2">, {raw::cast(exponent.get(b.node), g->dtype)}));
  }
  void fields(auto& f) { f("exponent", exponent, output(1)); }
};

struct Parts {
  Tensor mantissa, exponent;
};
template <class T> Parts take_apart(const Tensor& x) {
  if (!has_values(x)) return {empty_like(x), empty(x->sizes(), Dtype::I32, x->device)};
  HostElements<T> v(x);
  HostTensor<T> mantissa(x->sizes());
  HostTensor<int32_t> exponent(x->sizes());
  for (int64_t i = 0; i < v.size(); ++i) {
    int e = 0;
    mantissa[i] = std::isfinite(v[i]) ? std::frexp(v[i], &e) : v[i];
    exponent[i] = e;
  }
  return {mantissa.on(x->device), exponent.on(x->device)};
}

std::tuple<Tensor, Tensor> frexp(const Tensor& x) {
  check(is_floating(x->dtype), "torch.frexp() only supports floating-point dtypes");
  Dtype work = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  Tensor c = raw::cast(x, work);
  auto [mantissa, exponent] = work == Dtype::F64 ? take_apart<double>(c) : take_apart<float>(c);
  std::array results{raw::cast(mantissa, x->dtype), exponent};
  auto [m, e] = apply_multi(Frexp{}, std::span(&x, 1), std::move(results), 1);
  return {m, e};
}

[[maybe_unused]] const auto defs = {
    def<frexp>("frexp(Tensor self) -> (Tensor mantissa, Tensor exponent)", kBoth | kOut,
               "mantissa and exponent with self = mantissa * 2**exponent and |mantissa| in [0.5, 1)."),
};

}  // namespace

}  // namespace adjoint::ops
