// tril, triu: the triangles of matrices.
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

template <bool Upper> struct Triangle {
  static constexpr const char* name = Upper ? "triu" : "tril";
  static constexpr const char* node = Upper ? "TriuBackward0" : "TrilBackward0";
  int64_t diagonal;
  Tensor forward(const Tensor& x0) {
    Tensor x = raw::contiguous(x0), y = adjoint::empty(x->sizes(), x->dtype, x->device);
    backend(y).triangle(*y, *x, Upper, diagonal);
    return y;
  }
  static constexpr const char* rule = Upper ? "gx = triu(g)" : "gx = tril(g)";
  void vjp(Backward& b) { b.gx[0] = apply(Triangle{diagonal}, b.grad()); }
  void fields(auto& f) { f("diagonal", diagonal); }
};

}  // namespace

Tensor tril(const Tensor& x, int64_t diagonal) {
  check(x->ndim >= 2, "tril: input tensor must have at least 2 dimensions");
  return apply(Triangle<false>{diagonal}, x);
}
Tensor triu(const Tensor& x, int64_t diagonal) {
  check(x->ndim >= 2, "triu: input tensor must have at least 2 dimensions");
  return apply(Triangle<true>{diagonal}, x);
}

[[maybe_unused]] static const auto defs = {
    def<tril>("tril(Tensor self, int diagonal=0) -> Tensor", kAll,
              "The lower triangle; zeros above the diagonal."),
    def<triu>("triu(Tensor self, int diagonal=0) -> Tensor", kAll,
              "The upper triangle; zeros below the diagonal."),
};

}  // namespace adjoint::ops
