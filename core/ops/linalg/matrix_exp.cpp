// matrix_exp: the exponential of square matrices (core/kernels/linalg/matrix_exp.cpp).
#include "device/linalg/orthogonal.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/orthogonal.h"

namespace adjoint {

namespace {

// exp of the block triangle [[Aᴴ, g], [0, Aᴴ]] has the derivative of exp at Aᴴ towards g in its corner, which is the
// cotangent of A (Mathias 1996, A chain rule for matrix functions; Al-Mohy & Higham 2009, Computing the Fréchet
// derivative of the matrix exponential).
struct MatrixExp {
  static constexpr const char *name = "linalg_matrix_exp", *node = "LinalgMatrixExpBackward0";
  SavedTensor a_ = {};
  Tensor forward(const Tensor& x) {
    const Dtype work = is_reduced(x->dtype) ? Dtype::F32 : x->dtype;
    const Tensor a = raw::contiguous(raw::cast(x, work)), y = empty(x->sizes(), work, x->device);
    backend(a).orthogonal->matrix_exp(*a, *y);
    return raw::cast(y, x->dtype);
  }
  static constexpr const char* rule = "g self = the corner of exp([[Aᴴ, g], [0, Aᴴ]])";
  void vjp(Backward& b) {
    const Tensor ah = ops::mH(a_.get(b.node)), &g = b.grad();
    const int64_t n = ah->size(ah->ndim - 1);
    const Tensor above = ops::cat(std::array{ah, g}, -1),
                 below = ops::cat(std::array{ops::zeros_like(g), ah}, -1);
    const Tensor y = ops::matrix_exp(ops::cat(std::array{above, below}, -2));
    b.gx[0] = ops::narrow(ops::narrow(y, -2, 0, n), -1, n, n);
  }
  void fields(auto& f) { f("self", a_, input(0)); }
};

}  // namespace

Tensor ops::matrix_exp(const Tensor& a) {
  check_square(a, "linalg.matrix_exp");
  check(is_differentiable(a->dtype),
        "linalg.matrix_exp: Expected a floating point or complex tensor as input. Got ", label_of(a->dtype));
  return apply(MatrixExp{}, a);
}

#define MATRIX_EXP_DOC                                                                                               \
  "Σ selfᵏ / k!, of square matrices, each scaled by itself: Bader, Blanes & Casas (2019), Al-Mohy & Higham (2009). " \
  "Derivative by the block triangle of Mathias (1996)."
[[maybe_unused]] static const auto defs = {
    def<ops::matrix_exp>("matrix_exp(Tensor self) -> Tensor", kBoth, MATRIX_EXP_DOC),
    def<ops::matrix_exp>("matrix_exp(Tensor self) -> Tensor", kLinalg, MATRIX_EXP_DOC),
};
#undef MATRIX_EXP_DOC

}  // namespace adjoint
