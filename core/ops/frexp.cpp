// frexp: floats taken apart into mantissa and exponent.
#include <cmath>
#include "autograd/door.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

struct Frexp {
  static constexpr const char *name = "frexp", *node = "FrexpBackward0";
  static constexpr const char* rule = "gx = g/exp2(exponent)";
  SavedTensor exponent = {};
  void save(Node&, std::span<const Tensor> ys, std::span<const Tensor>) { exponent.save(ys[1]); }
  void vjp(Backward& b) {
    static const PointwiseOp& exp2 = find_pointwise("exp2");
    const Tensor& g = b.grad();
    // In g's precision: 2**200 is no float32.
    b.gx[0] = div(g, pointwise(exp2, {raw::cast(exponent.get(b.node), g->dtype)}));
  }
  void release() { exponent.reset(); }
  void visit(SavedVisitor& v) { v.tensor("exponent", exponent); }
};

template <class T> void take_apart(const T* x, T* mantissa, int32_t* exponent, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    int e = 0;
    mantissa[i] = std::isfinite(x[i]) ? std::frexp(x[i], &e) : x[i];
    exponent[i] = e;
  }
}

std::tuple<Tensor, Tensor> frexp(const Tensor& x) {
  check(is_floating(x->dtype), "torch.frexp() only supports floating-point dtypes");
  Dtype work = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  Tensor mantissa = empty(x->sizes(), work, x->device), exponent = empty(x->sizes(), Dtype::I32, x->device);
  if (!x->meta_device()) {
    Tensor c = raw::contiguous(raw::cast(x, work));
    if (work == Dtype::F64)
      take_apart(c->host_as<double>(), mantissa->host_as<double>(), exponent->host_as<int32_t>(), c->numel);
    else
      take_apart(c->host_as<float>(), mantissa->host_as<float>(), exponent->host_as<int32_t>(), c->numel);
  }
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
