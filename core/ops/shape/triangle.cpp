// tril, triu: the triangles of matrices.
#include <cstring>
#include <optional>
#include "autograd/door.h"
#include "kernels/parallel.h"
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
    if (y->meta_device() || y->numel == 0) return y;
    int64_t rows = x->size(x->ndim - 2), cols = x->size(x->ndim - 1), item = int64_t(x->itemsize());
    int64_t total = x->numel / cols;
    const char* from = x->host();
    char* to = y->host();
    Unlocked large(x->numel >= 1 << 16);
    parallel_for(total, std::max<int64_t>(1, 65536 / cols), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        int64_t edge = std::clamp<int64_t>(r % rows + diagonal + (Upper ? 0 : 1), 0, cols);
        size_t left = size_t(edge * item), right = size_t((cols - edge) * item), at = size_t(r * cols * item);
        if (Upper) {
          std::memset(to + at, 0, left);
          std::memcpy(to + at + left, from + at + left, right);
        } else {
          std::memcpy(to + at, from + at, left);
          std::memset(to + at + left, 0, right);
        }
      }
    });
    return y;
  }
  static constexpr const char* rule = Upper ? "gx = triu(g)" : "gx = tril(g)";
  void vjp(Backward& b) { b.gx[0] = apply(Triangle{diagonal}, b.grad()); }
  void visit(SavedVisitor& v) { v.value("diagonal", Scalar(diagonal)); }
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
