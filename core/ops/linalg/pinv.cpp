// pinv and matrix_rank: singular values (of hermitian matrices, eigenvalues) up to a tolerance count as 0.
#include "ops/linalg/batch.h"
#include "ops/linalg/orthogonal.h"
#include "ops/linalg/spectral.h"

namespace adjoint {

namespace {

using Bound = std::optional<Operand>;

int64_t rows(const Tensor& x) { return x->size(x->ndim - 2); }
int64_t cols(const Tensor& x) { return x->size(x->ndim - 1); }
constexpr int64_t kLast = -1;

// --- the tolerance ---

// What rounding leaves of a singular value 0, beside the largest.
double rounding(const Tensor& a) {
  return (real_of(a->dtype) == Dtype::F32 ? 0x1p-23 : 0x1p-52) * double(std::max(rows(a), cols(a)));
}

void check_bound(const Bound& b, const char* name, const char* what) {
  if (!b) return;
  const bool complex = b->is_tensor() ? is_complex((*b->tensor)->dtype) : b->scalar.is_complex();
  check(!complex, name, ": ", what, " tensor of complex type is not supported. Got ",
        label_of(b->is_tensor() ? (*b->tensor)->dtype : Dtype::C128));
}

// Which of `values` (sizes, the last dimension) count: those above max(atol, rtol · largest). Without rtol it is that of
// rounding errors, or 0 where atol is given and positive.
Tensor significant(const Tensor& a, const Tensor& sizes, const Bound& atol, const Bound& rtol) {
  const auto tensor_of = [&](const Operand& o) {
    return o.is_tensor() ? *o.tensor : full(Dims{}, o.scalar, Dtype::F64, a->device);
  };
  const Tensor absolute = tensor_of(atol.value_or(0.0));
  const Tensor relative = rtol ? tensor_of(*rtol) : ops::where(ops::gt(absolute, 0), 0.0, rounding(a));
  const Tensor least = ops::maximum(absolute, ops::mul(relative, ops::amax(sizes, Ints(&kLast, 1))));
  return ops::gt(sizes, ops::unsqueeze(least, -1));
}

// --- pinv ---

// dP = -P dA P + P Pᴴ dAᴴ (I - A P) + (I - P A) dAᴴ Pᴴ P (Golub & Pereyra 1973, The differentiation of pseudo-inverses
// and nonlinear least squares problems whose variables separate). What of A was taken for rounding errors does not enter:
// A P and P A are projectors to what was not.
Tensor pinv_rule(const Tensor& g, const Tensor& p, const Tensor& a) {
  const Tensor ph = ops::mH(p), gh = ops::mH(g);
  const Tensor k = ops::matmul(gh, p);  // gᴴ P
  const Tensor inner = ops::matmul(ops::matmul(ph, g), ph);
  const Tensor left = ops::matmul(ops::matmul(gh, p), ph);   // gᴴ P Pᴴ, less its part in A's range
  const Tensor right = ops::matmul(ph, ops::matmul(p, gh));  // Pᴴ P gᴴ
  const Tensor outside = ops::sub(left, ops::matmul(a, ops::matmul(p, left)));
  const Tensor above = ops::sub(right, ops::matmul(ops::matmul(right, p), a));
  return ops::sub(ops::add(outside, above), inner);
}

struct Pinv {
  static constexpr const char *name = "linalg_pinv", *node = "LinalgPinvBackward0";
  SavedTensor y_ = {}, a_ = {};
  static constexpr const char* rule =
      "g self = (I − A·y)·gᴴ·y·yᴴ + yᴴ·y·gᴴ·(I − y·A) − yᴴ·g·yᴴ, with A = self";
  void vjp(Backward& b) { b.gx[0] = pinv_rule(b.grad(), y_.get(b.node), a_.get(b.node)); }
  void fields(auto& f) {
    f("result", y_, output(0));
    f("self", a_, input(0));
  }
};

// V diag(1 / s where it counts, else 0) Wᴴ.
Tensor inverted(const Tensor& v, const Tensor& s, const Tensor& counts, const Tensor& wh) {
  const Tensor inverse = ops::masked_fill(ops::reciprocal(s), ops::logical_not(counts), 0);
  return ops::matmul(ops::mul(v, ops::unsqueeze(inverse, -2)), wh);
}

Tensor pinv_raw(const Tensor& a, const Bound& atol, const Bound& rtol, bool hermitian) {
  NoGrad off;
  if (a->numel == 0) return empty(joined(batch_sizes(*a), {cols(a), rows(a)}), a->dtype, a->device);
  if (hermitian) {
    const auto [w, v] = ops::eigh(alias(a));
    return inverted(v, w, significant(a, ops::abs(w), atol, rtol), ops::mH(v));
  }
  const auto [u, s, vh] = ops::svd(alias(a), false);
  return inverted(ops::mH(vh), s, significant(a, s, atol, rtol), ops::mH(u));
}

Tensor pinv(const Tensor& a, Bound atol, Bound rtol, bool hermitian) {
  check_bound(atol, "torch.linalg.pinv", "atol");
  check_bound(rtol, "torch.linalg.pinv", "rtol");
  check(a->ndim >= 2 && is_differentiable(a->dtype) && !is_reduced(a->dtype), "linalg.pinv(",
        label_of(a->dtype), "{", a->sizes(),
        "}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types");
  return apply_from(Pinv{}, pinv_raw(a, atol, rtol, hermitian), a);
}
Tensor pinv_rcond(const Tensor& a, const Operand& rcond, bool hermitian) {
  return pinv(a, Operand(0.0), rcond, hermitian);
}

// torch.pinverse, whose default rcond lies below rounding errors: they count as 0 all the same.
Tensor pinverse(const Tensor& a, double rcond) {
  const bool matrix = a->ndim >= 2 && is_differentiable(a->dtype);
  return pinv(a, Operand(0.0), Operand(matrix ? std::max(rcond, rounding(a)) : rcond), false);
}

// --- matrix_rank ---

Tensor rank(const Tensor& a, Bound atol, Bound rtol, bool hermitian) {
  constexpr const char* kName = "torch.linalg.matrix_rank";
  check_bound(atol, kName, "atol");
  check_bound(rtol, kName, "rtol");
  check(a->ndim >= 2, kName, ": The input tensor input must have at least 2 dimensions.");
  check(is_differentiable(a->dtype) && !is_reduced(a->dtype),
        "This function doesn't handle types other than float and double");
  NoGrad off;
  if (a->numel == 0) return zeros(batch_sizes(*a), Dtype::I64, a->device);
  const Tensor s = hermitian ? ops::abs(ops::eigvalsh(alias(a))) : ops::svdvals(alias(a));
  return ops::sum(significant(a, s, atol, rtol), Ints(&kLast, 1));
}
Tensor rank_tol(const Tensor& a, const Operand& tol, bool hermitian) {
  return rank(a, tol, Operand(0.0), hermitian);
}

}  // namespace

namespace ops {

Tensor pinv(const Tensor& a, double atol, double rtol, bool hermitian) {
  return adjoint::pinv(a, Operand(atol), rtol < 0 ? Bound() : Bound(rtol), hermitian);
}

}  // namespace ops

#define PINV_DOC                                                                                                        \
  "V diag(1 / s) Uᴴ of self = U diag(s) Vᴴ, where 1 / s is 0 for s up to max(atol, rtol · the largest); rtol is "       \
  "max(m, n) · eps, and 0 where atol is positive. hermitian: by eigenvalues, of the lower triangle. Derivative: Golub " \
  "& Pereyra (1973)."
[[maybe_unused]] static const auto defs = {
    def<pinv>("pinv(Tensor self, *, Number? atol=None, Number? rtol=None, bool hermitian=False) -> Tensor",
              kLinalg | kOut, PINV_DOC),
    def<pinv_rcond>("pinv(Tensor self, Number rcond, bool hermitian=False) -> Tensor", kLinalg | kOut,
                    PINV_DOC),
    def<pinverse>("pinverse(Tensor self, float rcond=1e-15) -> Tensor", kBoth,
                  "linalg.pinv; an rcond below max(m, n) · eps is raised to that."),
    def<rank>(
        "matrix_rank(Tensor self, *, Number? atol=None, Number? rtol=None, bool hermitian=False) -> Tensor",
        kLinalg | kOut,
        "How many singular values lie above max(atol, rtol · the largest); rtol is max(m, n) · eps, and 0 where "
        "atol is positive."),
    def<rank_tol>("matrix_rank(Tensor self, Number tol, bool hermitian=False) -> Tensor", kLinalg | kOut,
                  "How many singular values lie above tol."),
};
#undef PINV_DOC

}  // namespace adjoint
