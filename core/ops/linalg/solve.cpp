// Systems with a square matrix, and its inverse.
#include "ops/linalg/solve.h"
#include "tensor/checked.h"

namespace adjoint {
namespace {

// A X = B or X A = B. Giles, Collected matrix derivative results for forward and reverse mode AD, 2008, 2.3.1. The
// factors are kept for the first backward pass; one that is recorded solves anew, so that its result knows A.
struct Solve {
  static constexpr const char *name = "linalg_solve_ex", *node = "LinalgSolveExBackward0";
  bool left, vector;
  SavedTensor lu_ = {}, pivots_ = {}, a_ = {}, x_ = {};
  Dims a_sizes = {}, b_sizes = {};
  Tensor matrix(const Tensor& x) const { return vector ? ops::unsqueeze(x, -1) : x; }
  static constexpr const char* rule = "gA = −gB·Xᴴ, or −Xᴴ·gB from the right; gB = A⁻ᴴ·g, or g·A⁻ᴴ";
  void vjp(Backward& w) {
    const Tensor g = matrix(w.grad());
    const Tensor gb = modes.grad ? ops::solve(ops::mH(a_.get(w.node)), g, left)
                                 : ops::lu_solve(lu_.get(w.node), pivots_.get(w.node), g, left, true);
    if (w.needs(1)) w.gx[1] = ops::sum_to(vector ? ops::squeeze(gb, -1) : gb, b_sizes);
    if (!w.needs(0)) return;
    const Tensor xh = ops::mH(matrix(x_.get(w.node)));
    w.gx[0] = ops::sum_to(ops::neg(left ? ops::matmul(gb, xh) : ops::matmul(xh, gb)), a_sizes);
  }
  void fields(auto& f) {
    f("A", a_, input(0));
    f("LU", lu_);
    f("pivots", pivots_);
    f("result", x_, output(0).if_edge(0));
    f(nullptr, a_sizes, input(0));
    f(nullptr, b_sizes, input(1));
    f("left", left);
  }
};

// B is a vector, or a batch of as many vectors as there are matrices.
bool is_vector(const Tensor& a, const Tensor& b) {
  return b->ndim == 1 || (a->ndim - 1 == b->ndim && equal(b->sizes(), a->sizes().first(size_t(a->ndim) - 1)));
}

void check_system(const Tensor& a, const Tensor& b, bool left, bool vector) {
  const char* name = "linalg.solve";
  check_linalg_dtype(a, name, true);
  check(a->dtype == b->dtype, name, ": Expected A and B to have the same dtype, but found A of type ",
        label_of(a->dtype), " and B of type ", label_of(b->dtype), " instead");
  check_square(a, name);
  check(
      left || !vector, name,
      ": Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is "
      "equivalent to B / A.squeeze(-1)");
  if (!vector) check_matrix(b, name, "B");
  const int64_t n = a->size(a->ndim - 1), rows = vector ? b->size(b->ndim - 1) : b->size(b->ndim - 2),
                cols = vector ? 1 : b->size(b->ndim - 1);
  check((left ? rows : cols) == n, name, ": Incompatible shapes of A and B for the equation ",
        left ? "AX = B" : "XA = B", " (", n, "x", n, " and ", rows, "x", cols, ")");
}

struct Solved {
  Tensor x, lu, pivots, info;
};
Solved solved(const Tensor& a, const Tensor& b, bool left) {
  NoGrad off;
  const Dims batch_a = batch_sizes(*a), batch = broadcast_batches(batch_a, batch_sizes(*b));
  check_kernel_dtype(a, "lu_cpu");
  if (!left || !equal(Ints(batch_a), Ints(batch))) {
    const LuFactors f = lu_factors(a);
    const Tensor x = ops::lu_solve(f.lu, f.pivots, b, left, false);
    return {x, f.lu, f.pivots, f.info};
  }
  const Dims pivots(a->sizes().first(size_t(a->ndim) - 1));
  Solved s{column_major(b, batch), column_major(a, batch), empty(pivots, Dtype::I32, a->device),
           empty(batch, Dtype::I32, a->device)};
  backend(a).solve->solve(*s.lu, *s.pivots, *s.x, *s.info);
  return s;
}

std::tuple<Tensor, Tensor> solve_named(const Tensor& a, const Tensor& b, bool left, bool check_errors,
                                       const char* name) {
  check_matrix(a, "linalg.solve");
  const bool vector = is_vector(a, b);
  check_system(a, b, left, vector);
  Solved s = solved(a, vector ? ops::unsqueeze(alias(b), -1) : b, left);
  if (check_errors) check_info(s.info, name, LinalgFailure::Solve);
  if (vector) {
    NoGrad off;
    s.x = alias(ops::squeeze(s.x, -1));
    if (s.x->ndim > 1) s.x = column_major(s.x);  // PyTorch's layout of a batch of vectors
  }
  return {apply_from(Solve{left, vector, s.lu, s.pivots}, s.x, a, b), s.info};
}
Tensor solve(const Tensor& a, const Tensor& b, bool left) {
  return std::get<0>(solve_named(a, b, left, true, "torch.linalg.solve"));
}
std::tuple<Tensor, Tensor> solve_ex(const Tensor& a, const Tensor& b, bool left, bool check_errors) {
  return solve_named(a, b, left, check_errors, "torch.linalg.solve_ex");
}

// --- the inverse ---

struct Inverse {
  static constexpr const char *name = "linalg_inv_ex", *node = "LinalgInvExBackward0";
  SavedTensor y_ = {};
  static constexpr const char* rule = "gA = −yᴴ·g·yᴴ";  // Giles 2008, 2.2.3
  void vjp(Backward& w) {
    const Tensor yh = ops::mH(y_.get(w.node));
    w.gx[0] = ops::neg(ops::matmul(yh, ops::matmul(w.grad(), yh)));
  }
  void fields(auto& f) { f("inverse", y_, output(0)); }
};

std::tuple<Tensor, Tensor> inv_named(const Tensor& a, bool check_errors, const char* name) {
  check_square(a, "linalg.inv");
  check_linalg_dtype(a, "linalg.inv");
  const Tensor y = column_major(a), info = empty(batch_sizes(*a), Dtype::I32, a->device);
  backend(a).solve->inverse(*y, *info);
  if (check_errors) check_info(info, name, LinalgFailure::Inverse);
  return {apply_from(Inverse{}, y, a), info};
}
std::tuple<Tensor, Tensor> inv_ex(const Tensor& a, bool check_errors) {
  return inv_named(a, check_errors, "linalg.inv_ex");
}
Tensor inv(const Tensor& a) { return std::get<0>(inv_named(a, true, "linalg.inv")); }

// --- of tensors seen as matrices ---

int64_t product(Ints sizes) {
  int64_t n = 1;
  for (int64_t s : sizes) n = checked_mul(n, s);
  return n;
}

Tensor tensorinv(const Tensor& a, int64_t ind) {
  check(ind > 0, "Expected a strictly positive integer for 'ind', but got ", ind);
  const size_t split = size_t(std::min<int64_t>(ind, a->ndim));
  const Ints first = a->sizes().first(split), last = a->sizes().subspan(split);
  const int64_t rows = product(first), cols = product(last);
  check(rows == cols,
        "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ",
        cols, " != ", rows);
  Dims sizes(last);
  for (int64_t s : first) sizes.push_back(s);
  return ops::reshape(std::get<0>(inv_named(ops::reshape(a, Dims{rows, cols}), true, "inv")), sizes);
}

Tensor tensorsolve(const Tensor& a, const Tensor& b, std::optional<Ints> dims) {
  Tensor x = a;
  if (dims) {
    Dims last(int64_t(dims->size()), 0);
    for (int64_t i = 0; i < last.size(); ++i) last[i] = a->ndim - last.size() + i;
    x = ops::movedim(a, *dims, last);
  }
  const size_t split = size_t(std::min(b->ndim, x->ndim));
  const Ints tail = x->sizes().subspan(split);
  const int64_t cols = product(tail), rows = product(x->sizes().first(split));
  check(
      rows == cols,
      "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
      "but got ",
      cols, " != ", rows);
  const Dims sizes(tail);
  return ops::reshape(solve(ops::reshape(x, Dims{cols, cols}), ops::reshape(b, Dims{b->numel}), true), sizes);
}

}  // namespace

namespace ops {

Tensor solve(const Tensor& a, const Tensor& b, bool left) { return adjoint::solve(a, b, left); }
Tensor inv(const Tensor& a) { return adjoint::inv(a); }
std::pair<Tensor, Tensor> inv_ex(const Tensor& a) {
  auto [y, info] = adjoint::inv_ex(a, false);
  return {y, info};
}

}  // namespace ops

static constexpr const char kSolveDoc[] =
    "X with A X = B, or X A = B (left=False). B is a matrix, a vector, or a batch of either; batches broadcast. By LU "
    "factors. Derivative: Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic "
    "differentiation.";
static constexpr const char kInverseDoc[] = "The inverse, by LU factors. Derivative: −yᴴ g yᴴ (Giles 2008).";

static const auto defs = {
    def<solve>("solve(Tensor A, Tensor B, *, bool left=True) -> Tensor", kLinalg | kOut, kSolveDoc),
    def<solve_ex>(
        "solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor "
        "info)",
        kLinalg | kOut, "solve, and info: 0, or which pivot is 0; nothing is raised then."),
    def<inv>("inv(Tensor A) -> Tensor", kLinalg | kOut, kInverseDoc),
    def<inv>("inverse(Tensor self) -> Tensor", kBoth | kOut, kInverseDoc),
    def<inv_ex>("inv_ex(Tensor A, *, bool check_errors=False) -> (Tensor inverse, Tensor info)",
                kLinalg | kOut, "inv, and info: 0, or which pivot is 0; nothing is raised then."),
    def<tensorinv>("tensorinv(Tensor self, int ind=2) -> Tensor", kLinalg | kOut,
                   "The inverse of self as a map: tensordot(tensorinv(A, ind), A, ind) is the identity."),
    def<tensorsolve>("tensorsolve(Tensor self, Tensor other, int[]? dims=None) -> Tensor", kLinalg | kOut,
                     "X with tensordot(self, X, X.ndim) = other, after dims of self have moved to its end."),
};

}  // namespace adjoint
