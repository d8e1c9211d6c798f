// Systems with a triangular matrix.
#include "ops/linalg/solve.h"

namespace adjoint {
namespace {

// Giles, Collected matrix derivative results for forward and reverse mode AD, 2008, 2.3.1; of the half that counts.
struct SolveTriangular {
  static constexpr const char *name = "linalg_solve_triangular", *node = "LinalgSolveTriangularBackward0";
  bool upper, left, unit;
  SavedTensor a_ = {}, x_ = {};
  Dims a_sizes = {}, b_sizes = {};
  Tensor forward(const Tensor& a, const Tensor& b) {
    const Dims batch = broadcast_batches(batch_sizes(*a), batch_sizes(*b));
    Tensor x = column_major(b, batch);
    backend(x).solve->triangular(left, upper, MatrixOp::None, unit, *as_column_major(a, batch), *x);
    return x;
  }
  static constexpr const char* rule =
      "gB = A⁻ᴴ·g, or g·A⁻ᴴ from the right; gself = −gB·Xᴴ, or −Xᴴ·gB, of A's half";
  void vjp(Backward& w) {
    const Tensor a = a_.get(w.node), x = x_.get(w.node);
    const Tensor gb = ops::solve_triangular(ops::mH(a), w.grad(), !upper, left, unit);
    if (w.needs(1)) w.gx[1] = ops::sum_to(gb, b_sizes);
    if (!w.needs(0)) return;
    const Tensor ga = ops::neg(left ? ops::matmul(gb, ops::mH(x)) : ops::matmul(ops::mH(x), gb));
    w.gx[0] = ops::sum_to(upper ? ops::triu(ga, unit) : ops::tril(ga, -int64_t(unit)), a_sizes);
  }
  void fields(auto& f) {
    f("self", a_, input(0));
    f("result", x_, output(0).if_edge(0));
    f(nullptr, a_sizes, input(0));
    f(nullptr, b_sizes, input(1));
    f("left", left);
    f("upper", upper);
    f("unitriangular", unit);
  }
};

void check_sides(const Tensor& a, const Tensor& b, bool left, const char* name) {
  check_square(a, name);
  check_matrix(b, name, "B");
  const int64_t n = a->size(a->ndim - 1), rows = b->size(b->ndim - 2), cols = b->size(b->ndim - 1);
  check((left ? rows : cols) == n, name, ": Incompatible shapes of A and B for the equation ",
        left ? "AX = B" : "XA = B", " (", n, "x", n, " and ", rows, "x", cols, ")");
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unitriangular) {
  check_same_dtype(a, b, "linalg.solve_triangular");
  check_sides(a, b, left, "linalg.solve_triangular");
  check_kernel_dtype(a, "triangular_solve_cpu");
  return apply(SolveTriangular{upper, left, unitriangular}, a, b);
}

// A copy of A is its second result.
std::tuple<Tensor, Tensor> triangular_solve(const Tensor& b, const Tensor& a, bool upper, bool transpose,
                                            bool unitriangular) {
  check(a->dtype == b->dtype,
        "triangular_solve: Expected b and A to have the same dtype, but found b of type ", label_of(b->dtype),
        " and A of type ", label_of(a->dtype), " instead.");
  check(a->ndim >= 2, "torch.triangular_solve: Expected A to have at least 2 dimensions, but it has ",
        int(a->ndim), " dimensions instead");
  check(b->ndim >= 2, "torch.triangular_solve: Expected b to have at least 2 dimensions, but it has ",
        int(b->ndim), " dimensions instead");
  check_sides(a, b, true, "torch.triangular_solve");
  check_kernel_dtype(a, "triangular_solve_cpu");
  const Dims batch = broadcast_batches(batch_sizes(*a), batch_sizes(*b));
  const int64_t n = a->size(a->ndim - 1);
  const Tensor m = ops::expand(a, joined(batch, {n, n}));
  Tensor copy = ops::mT(ops::clone(ops::mT(m), MemoryFormat::Contiguous));
  return {ops::solve_triangular(transpose ? ops::mT(a) : a, b, upper != transpose, true, unitriangular),
          copy};
}

}  // namespace

namespace ops {

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unitriangular) {
  return adjoint::solve_triangular(a, b, upper, left, unitriangular);
}

}  // namespace ops

static const auto defs = {
    def<solve_triangular>(
        "solve_triangular(Tensor A, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) -> Tensor",
        kLinalg | kOut,
        "X with A X = B, or X A = B (left=False), for a triangular A of which only that half is read; its diagonal "
        "counts as 1 when unitriangular. Batches broadcast. Derivative: Giles (2008), Collected matrix derivative "
        "results for forward and reverse mode algorithmic differentiation."),
    def<triangular_solve>(
        "triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool "
        "unitriangular=False) -> (Tensor solution, Tensor cloned_coefficient)",
        kBoth | kOut,
        "X with A X = self, or Aᵀ X = self, for a triangular A; and a copy of A. "
        "linalg.solve_triangular is its successor."),
};

}  // namespace adjoint
