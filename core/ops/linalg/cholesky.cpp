// Cholesky's factors, and what is solved with them.
#include "ops/linalg/solve.h"

namespace adjoint {
namespace {

// Φ: the lower half with half of the diagonal.
Tensor lower_half(const Tensor& x) {
  return ops::sub(ops::tril(x), ops::mul(ops::diag_embed(ops::diagonal(x, 0, -2, -1)), 0.5));
}

// Murray, Differentiation of the Cholesky decomposition, 2016, eq. 10.
template <bool kOld> struct Cholesky {
  static constexpr const char *name = kOld ? "cholesky" : "linalg_cholesky_ex",
                              *node = kOld ? "CholeskyBackward0" : "LinalgCholeskyExBackward0";
  bool upper;
  SavedTensor y_ = {};
  static constexpr const char* rule =
      "gA = (S + Sᴴ)/2 with S = L⁻ᴴ·Φ(Lᴴ·gL)·L⁻¹, Φ: the lower half, half of its diagonal";
  void vjp(Backward& w) {
    const Tensor y = y_.get(w.node), l = upper ? ops::mH(y) : y, g = upper ? ops::mH(w.grad()) : w.grad();
    const Tensor lh = ops::mH(l);
    const Tensor half = ops::solve_triangular(lh, lower_half(ops::matmul(lh, g)), true);
    const Tensor s = ops::solve_triangular(l, half, false, false);
    w.gx[0] = ops::mul(ops::add(s, ops::mH(s)), 0.5);
  }
  void fields(auto& f) {
    f(kOld ? "result" : "L", y_, output(0));
    f("upper", upper);
  }
};

template <bool kOld>
std::tuple<Tensor, Tensor> factor(const Tensor& a, bool upper, bool check_errors, const char* name) {
  const Tensor y = kOld && a->numel == 0 ? empty_like_strides(a, a->dtype) : column_major(a),
               info = empty(batch_sizes(*a), Dtype::I32, a->device);
  backend(a).solve->cholesky(upper, *y, *info);
  if (check_errors) check_info(info, name, LinalgFailure::Cholesky);
  return {apply_from(Cholesky<kOld>{upper}, y, a), info};
}
std::tuple<Tensor, Tensor> cholesky_named(const Tensor& a, bool upper, bool check_errors, const char* name) {
  check_square(a, "linalg.cholesky");
  check_linalg_dtype(a, "linalg.cholesky", true);
  check_kernel_dtype(a, "cholesky_cpu");
  return factor<false>(a, upper, check_errors, name);
}
std::tuple<Tensor, Tensor> cholesky_ex(const Tensor& a, bool upper, bool check_errors) {
  return cholesky_named(a, upper, check_errors, "linalg.cholesky_ex");
}
Tensor cholesky(const Tensor& a, bool upper) {
  return std::get<0>(cholesky_named(a, upper, true, "linalg.cholesky"));
}
Tensor cholesky_old(const Tensor& a, bool upper) {
  check_square(a, "cholesky");
  check_kernel_dtype(a, "cholesky_cpu");
  return std::get<0>(factor<true>(a, upper, true, "cholesky"));
}

// --- A⁻¹ from A's factor ---

struct CholeskyInverse {
  static constexpr const char *name = "cholesky_inverse", *node = "CholeskyInverseBackward0";
  bool upper;
  SavedTensor x_ = {}, y_ = {};
  static constexpr const char* rule = "gself = −y·(g + gᴴ)·y·L, or −U·y·(g + gᴴ)·y";
  void vjp(Backward& w) {
    const Tensor x = x_.get(w.node), y = y_.get(w.node), &g = w.grad();
    const Tensor inner = ops::matmul(y, ops::matmul(ops::add(g, ops::mH(g)), y));
    w.gx[0] = ops::neg(upper ? ops::matmul(x, inner) : ops::matmul(inner, x));
  }
  void fields(auto& f) {
    f("self", x_, input(0));
    f("result", y_, output(0));
    f("upper", upper);
  }
};

Tensor cholesky_inverse(const Tensor& x, bool upper) {
  check_square(x, "cholesky_inverse");
  check_kernel_dtype(x, "cholesky_inverse_out_cpu");
  const Tensor y = column_major(x), info = empty(batch_sizes(*x), Dtype::I32, x->device);
  backend(x).solve->cholesky_inverse(upper, *y, *info);
  check_info(info, "cholesky_inverse", LinalgFailure::Inverse);
  return apply_from(CholeskyInverse{upper}, y, x);
}

// --- A X = B from A's factor ---

struct CholeskySolve {
  static constexpr const char *name = "cholesky_solve", *node = "CholeskySolveBackward0";
  bool upper;
  SavedTensor l_ = {}, x_ = {};
  Dims b_sizes = {}, l_sizes = {};
  Tensor forward(const Tensor& b, const Tensor& l) {
    const Dims batch = broadcast_batches(batch_sizes(*b), batch_sizes(*l));
    const Tensor x = column_major(b, batch), factor = as_column_major(l, batch);
    for (MatrixOp op :
         {upper ? MatrixOp::Adjoint : MatrixOp::None, upper ? MatrixOp::None : MatrixOp::Adjoint})
      backend(x).solve->triangular(true, upper, op, false, *factor, *x);
    return x;
  }
  static constexpr const char* rule =
      "gself = A⁻¹·g; ginput2 = (gA + gAᴴ)·L, or U·(gA + gAᴴ), with gA = −gself·Xᴴ";
  void vjp(Backward& w) {
    const Tensor l = l_.get(w.node);
    const Tensor gb = ops::cholesky_solve(w.grad(), l, upper);
    if (w.needs(0)) w.gx[0] = ops::sum_to(gb, b_sizes);
    if (!w.needs(1)) return;
    const Tensor ga = ops::neg(ops::matmul(gb, ops::mH(x_.get(w.node)))), both = ops::add(ga, ops::mH(ga));
    w.gx[1] = ops::sum_to(upper ? ops::matmul(l, both) : ops::matmul(both, l), l_sizes);
  }
  void fields(auto& f) {
    f("input2", l_, input(1));
    f("result", x_, output(0).if_edge(1));
    f(nullptr, b_sizes, input(0));
    f(nullptr, l_sizes, input(1));
    f("upper", upper);
  }
};

}  // namespace

namespace ops {

Tensor cholesky(const Tensor& a, bool upper) { return adjoint::cholesky(a, upper); }

Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper) {
  check(b->ndim >= 2, "b should have at least 2 dimensions, but has ", int(b->ndim), " dimensions instead");
  check(l->ndim >= 2, "u should have at least 2 dimensions, but has ", int(l->ndim), " dimensions instead");
  check(l->dtype == b->dtype, "cholesky_solve: Expected b and A to have the same dtype, but found b of type ",
        label_of(b->dtype), " and A of type ", label_of(l->dtype), " instead.");
  const int64_t n = l->size(l->ndim - 1);
  check(l->size(l->ndim - 2) == n, "A must be batches of square matrices, but they are ",
        l->size(l->ndim - 2), " by ", n, " matrices");
  check(b->size(b->ndim - 2) == n, "Incompatible matrix sizes for cholesky_solve: each A matrix is ", n,
        " by ", n, " but each b matrix is ", b->size(b->ndim - 2), " by ", b->size(b->ndim - 1));
  check_kernel_dtype(b, "cholesky_solve_cpu");
  return apply(CholeskySolve{upper}, b, l);
}

}  // namespace ops

static constexpr const char kCholeskyDoc[] =
    "The lower triangle L with A = L Lᴴ, or the upper one U with A = Uᴴ U, of a Hermitian positive matrix, of which only "
    "that half is read. Derivative: Murray (2016), Differentiation of the Cholesky decomposition.";

static const auto defs = {
    def<cholesky>("cholesky(Tensor A, *, bool upper=False) -> Tensor", kLinalg | kOut, kCholeskyDoc),
    def<cholesky_ex>(
        "cholesky_ex(Tensor A, *, bool upper=False, bool check_errors=False) -> (Tensor L, Tensor info)",
        kLinalg | kOut,
        "cholesky, and info: 0, or the order of the minor that is not positive; nothing is raised then."),
    def<cholesky_old>("cholesky(Tensor self, bool upper=False) -> Tensor", kBoth | kOut, kCholeskyDoc),
    def<cholesky_inverse>("cholesky_inverse(Tensor self, bool upper=False) -> Tensor", kBoth | kOut,
                          "The inverse of A from its Cholesky factor."),
    def<ops::cholesky_solve>("cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor",
                             kBoth | kOut, "X with A X = self, from A's Cholesky factor."),
};

}  // namespace adjoint
