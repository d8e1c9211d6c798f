// LU factors: as one matrix with pivots, unpacked, and what is solved with them.
//
// Their derivative: Boeddeker, Hanebrink, Drude, Heymann, Haeb-Umbach, On the computation of complex-valued gradients with
// application to statistically optimum beamforming, 2017, section 3; for matrices that are not square the wide or tall
// rest of A is a triangular system of its own.
#include "device/host_values.h"
#include "ops/linalg/solve.h"

namespace adjoint {

Tensor column_major(const Tensor& x, Ints batch) {
  if (equal(x->sizes().first(size_t(x->ndim) - 2), batch)) return column_major(x);
  Tensor y =
      empty_column_major(joined(batch, {x->size(x->ndim - 2), x->size(x->ndim - 1)}), x->dtype, x->device);
  raw::copy(y, x);
  return y;
}

Tensor as_column_major(const Tensor& x, Ints batch) {
  return equal(x->sizes().first(size_t(x->ndim) - 2), batch) && is_column_major(*x) ? x
                                                                                    : column_major(x, batch);
}

void check_kernel_dtype(const Tensor& x, const char* kernel) {
  if (!is_differentiable(x->dtype) || is_reduced(x->dtype)) fail_dtype(kernel, x->dtype);
}

LuFactors lu_factors(const Tensor& a) {
  check_kernel_dtype(a, "lu_cpu");
  const Dims batch = batch_sizes(*a);
  const int64_t k = std::min(a->size(a->ndim - 2), a->size(a->ndim - 1));
  LuFactors f{column_major(a), empty(joined(batch, {k}), Dtype::I32, a->device),
              empty(batch, Dtype::I32, a->device)};
  backend(a).solve->lu(*f.lu, *f.pivots, *f.info);
  return f;
}

void check_pivots(const Tensor& pivots, int64_t rows, const char* name) {
  if (!has_values(pivots)) return;
  for (int32_t p : HostElements<int32_t>(pivots))
    if (p < 1 || p > rows) [[unlikely]]
      fail_with(str("a pivot is ", p, ", the matrix has ", rows, " rows"), ErrorKind::Runtime, name,
                ": pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?");
}

namespace {

// P, with A = P L U, as a matrix of x's type.
Tensor permutation_matrix(const Tensor& pivots, int64_t m, Dtype dtype) {
  const Dims batch(pivots->sizes().first(size_t(pivots->ndim) - 1));
  const Tensor order = empty(joined(batch, {m}), Dtype::I64, pivots->device);
  backend(pivots).solve->permutation(*raw::contiguous(pivots), *order);
  NoGrad off;
  return ops::scatter(zeros(joined(batch, {m, m}), dtype, pivots->device), -2, ops::unsqueeze(order, -2),
                      ops::expand(scalar_tensor(1, dtype, pivots->device), joined(batch, {1, m})));
}

Tensor rows_of(const Tensor& x, int64_t begin, int64_t end) { return ops::slice(x, -2, begin, end); }
Tensor cols_of(const Tensor& x, int64_t begin, int64_t end) { return ops::slice(x, -1, begin, end); }
Tensor adjoint_product(const Tensor& a, const Tensor& b) { return ops::matmul(ops::mH(a), b); }

// --- A = P L U as one matrix ---

struct LuFactor {
  static constexpr const char *name = "linalg_lu_factor_ex", *node = "LinalgLuFactorExBackward0";
  SavedTensor lu_ = {}, pivots_ = {};
  static constexpr const char* rule = "gA = P·L⁻ᴴ·[tril(Lᴴ·gL, −1) + triu(gU·Uᴴ)]·U⁻ᴴ, LU = P·A";
  void vjp(Backward& w) {
    const Tensor lu = lu_.get(w.node), &g = w.grad();
    const int64_t m = lu->size(lu->ndim - 2), n = lu->size(lu->ndim - 1), k = std::min(m, n);
    const Tensor top = rows_of(lu, 0, k), g_top = rows_of(g, 0, k);
    const Tensor square = cols_of(top, 0, k), g_square = cols_of(g_top, 0, k);
    const Tensor u = ops::triu(square), uh = ops::mH(u);
    // Lᴴ gL, strictly below, where L has ones on its diagonal.
    const Tensor gl = ops::tril(g_square, -1), strict = ops::tril(square, -1);
    Tensor below = ops::add(gl, adjoint_product(strict, gl)), above = ops::matmul(ops::triu(g_square), uh);
    if (n > m) below = ops::sub(below, ops::matmul(cols_of(g, k, n), ops::mH(cols_of(lu, k, n))));
    if (m > n) above = ops::sub(above, adjoint_product(rows_of(lu, k, m), rows_of(g, k, m)));
    auto over_u = [&](const Tensor& x) { return ops::solve_triangular(uh, x, false, false); };
    auto over_l = [&](const Tensor& x) {
      return ops::solve_triangular(ops::mH(square), x, true, true, true);
    };
    Tensor ga = over_l(over_u(ops::add(ops::tril(below, -1), ops::triu(above))));
    if (n > m) ga = ops::cat(std::array{ga, over_l(cols_of(g, k, n))}, -1);
    if (m > n) ga = ops::cat(std::array{ga, over_u(rows_of(g, k, m))}, -2);
    w.gx[0] = ops::matmul(permutation_matrix(pivots_.get(w.node), m, lu->dtype), ga);
  }
  void fields(auto& f) {
    f("LU", lu_, output(0));
    f("pivots", pivots_, output(1));
  }
};

using Three = std::tuple<Tensor, Tensor, Tensor>;

Three lu_factor_named(const Tensor& a, bool pivot, bool check_errors, const char* name, const char* failing) {
  check(a->ndim >= 2, name, ": Expected tensor with 2 or more dimensions. Got size: ", a->sizes(),
        " instead");
  check(pivot, "linalg.lu_factor: LU without pivoting is not implemented on the CPU");
  LuFactors f = lu_factors(a);
  if (check_errors) check_info(f.info, failing, LinalgFailure::LuFactor);
  auto y = apply_multi(LuFactor{}, std::span(&a, 1), std::array<Tensor, 3>{f.lu, f.pivots, f.info}, 1);
  return {y[0], y[1], y[2]};
}
Three lu_factor_ex(const Tensor& a, bool pivot, bool check_errors) {
  return lu_factor_named(a, pivot, check_errors, "torch.lu_factor", "torch.linalg.lu_factor_ex");
}
std::tuple<Tensor, Tensor> lu_factor(const Tensor& a, bool pivot) {
  auto [lu, pivots, info] = lu_factor_named(a, pivot, true, "torch.lu_factor", "torch.linalg.lu_factor");
  return {lu, pivots};
}
// As PyTorch's, it raises nothing, whatever check_errors says.
Three lu_with_info(const Tensor& a, bool pivot, bool) { return lu_factor_ex(a, pivot, false); }

// --- unpacked ---

struct LuUnpack {
  static constexpr const char *name = "lu_unpack", *node = "LuUnpackBackward0";
  Dims sizes = {};
  static constexpr const char* rule = "gLU_data = tril(gL, −1) + triu(gU), of LU's shape";
  void vjp(Backward& w) {
    const int64_t m = sizes[sizes.size() - 2], n = sizes[sizes.size() - 1], k = std::min(m, n);
    const Tensor &gl = w.grad(0), &gu = w.grad(1);
    Tensor l, u;
    const int64_t wider[2] = {0, n - k}, taller[4] = {0, 0, 0, m - k};
    if (gl) l = ops::tril(gl, -1);
    if (gu) u = ops::triu(gu);
    if (l && n > k) l = ops::constant_pad(l, Ints(wider, 2));
    if (u && m > k) u = ops::constant_pad(u, Ints(taller, 4));
    w.gx[0] = l && u ? ops::add(l, u) : l ? l : u;
  }
  void fields(auto& f) { f("LU_data_sym_sizes", sizes, input(0)); }
};

std::array<Tensor, 2> unpacked(const Tensor& lu) {
  NoGrad off;
  const Tensor x = alias(lu);
  const int64_t m = x->size(x->ndim - 2), n = x->size(x->ndim - 1), k = std::min(m, n);
  Tensor l = ops::tril(cols_of(x, 0, k), -1), u = ops::triu(rows_of(x, 0, k));
  l = raw::contiguous(l), u = raw::contiguous(u);
  ops::fill_(ops::diagonal(l, 0, -2, -1), 1);
  return {l, u};
}

Three lu_unpack(const Tensor& lu, const Tensor& pivots, bool unpack_data, bool unpack_pivots) {
  check(pivots->dtype == Dtype::I32,
        "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
        "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor");
  check_matrix(lu, "torch.lu_unpack", "LU_data");
  const Dims none{0};
  Tensor p = empty(none, lu->dtype, lu->device);
  std::array<Tensor, 2> data{empty(none, lu->dtype, lu->device), empty(none, lu->dtype, lu->device)};
  if (unpack_pivots) {
    const int64_t m = lu->size(lu->ndim - 2);
    check_pivots(pivots, m, "torch.lu_unpack");
    check(pivots->ndim >= 1 && pivots->size(pivots->ndim - 1) <= m,
          "torch.lu_unpack: LU_pivots has more entries than LU_data has rows");
    p = permutation_matrix(pivots, m, lu->dtype);
  }
  if (unpack_data) data = apply_multi(LuUnpack{}, std::span(&lu, 1), unpacked(lu), 2);
  return {p, data[0], data[1]};
}

Three lu(const Tensor& a, bool pivot) {
  auto [packed, pivots, info] = lu_factor_named(a, pivot, false, "linalg.lu", "linalg.lu");
  return lu_unpack(packed, pivots, true, true);
}

// --- solving ---

// A X = B, X A = B, or with Aᴴ for A.
struct LuSolve {
  static constexpr const char *name = "linalg_lu_solve", *node = "LinalgLuSolveBackward0";
  bool left, adjoint;
  SavedTensor lu_ = {}, pivots_ = {}, x_ = {};
  Dims lu_sizes = {}, b_sizes = {};
  Tensor forward(const Tensor& lu, const Tensor& pivots, const Tensor& b) {
    const Dims batch = broadcast_batches(batch_sizes(*lu), batch_sizes(*b));
    // From the right, it is the transposed system: Aᵀ Xᵀ = Bᵀ, and conj(A) Xᵀ = Bᵀ.
    const bool conjugate = !left && adjoint && is_complex(b->dtype);
    NoGrad off;
    const Tensor given = conjugate ? ops::conj(alias(b)) : alias(b);
    Tensor x = column_major(left ? given : ops::mT(given), batch);
    const MatrixOp op = left ? (adjoint ? MatrixOp::Adjoint : MatrixOp::None)
                             : (adjoint ? MatrixOp::None : MatrixOp::Transpose);
    const Tensor p =
        raw::contiguous(ops::expand(alias(pivots), joined(batch, {pivots->size(pivots->ndim - 1)})));
    backend(x).solve->lu_solve(op, *as_column_major(lu, batch), *p, *x);
    if (left) return x;
    x = alias(ops::mT(x));
    return conjugate ? alias(ops::conj(x)) : x;
  }
  static constexpr const char* rule = "gB = A⁻ᴴ·g; gLU = tril(G·Uᴴ, −1) + triu(Lᴴ·G) with G = −Pᵀ·gB·Xᴴ";
  void vjp(Backward& w) {
    const Tensor lu = lu_.get(w.node), pivots = pivots_.get(w.node);
    const Tensor gb = ops::lu_solve(lu, pivots, w.grad(), left, !adjoint);
    if (w.needs(2)) w.gx[2] = ops::sum_to(gb, b_sizes);
    if (!w.needs(0)) return;
    const Tensor x = x_.get(w.node);
    // gA of the matrix that stands in the equation, then of A where that is Aᴴ.
    const Tensor &first = adjoint == left ? x : gb, &second = adjoint == left ? gb : x;
    Tensor ga = ops::neg(left ? ops::matmul(first, ops::mH(second)) : adjoint_product(first, second));
    ga = adjoint_product(permutation_matrix(pivots, lu->size(lu->ndim - 2), lu->dtype), ga);
    const Tensor strict = ops::tril(lu, -1);
    const Tensor gl = ops::matmul(ga, ops::mH(ops::triu(lu)));
    const Tensor gu = ops::add(ga, adjoint_product(strict, ga));
    w.gx[0] = ops::sum_to(ops::add(ops::tril(gl, -1), ops::triu(gu)), lu_sizes);
  }
  void fields(auto& f) {
    f("LU", lu_, input(0));
    f("pivots", pivots_, input(1));
    f("result", x_, output(0).if_edge(0));
    f(nullptr, lu_sizes, input(0));
    f(nullptr, b_sizes, input(2));
    f("left", left);
    f("adjoint", adjoint);
  }
};

Tensor lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left, bool adjoint) {
  check_linalg_dtype(lu, "torch.linalg.lu_solve");
  check(lu->dtype == b->dtype,
        "linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type ",
        label_of(lu->dtype), " and B of type ", label_of(b->dtype), " instead");
  check(pivots->dtype == Dtype::I32, "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32");
  check_square(lu, "torch.linalg.lu_solve", "LU");
  check_matrix(b, "torch.linalg.lu_solve", "B");
  const int64_t n = lu->size(lu->ndim - 1), rows = b->size(b->ndim - 2), cols = b->size(b->ndim - 1);
  check((left ? rows : cols) == n, "linalg.lu_solve: Incompatible shapes of A and B for the equation ",
        left ? "AX = B" : "XA = B", " (", n, "x", n, " and ", rows, "x", cols, ")");
  check(pivots->ndim >= 1 && pivots->size(pivots->ndim - 1) == n,
        "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix");
  check(equal(pivots->sizes().first(size_t(pivots->ndim) - 1), Ints(batch_sizes(*lu))),
        "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape ",
        pivots->sizes(), " instead");
  check_pivots(pivots, n, "torch.linalg.lu_solve");
  return apply(LuSolve{left, adjoint}, lu, pivots, b);
}
Tensor lu_solve_old(const Tensor& b, const Tensor& lu, const Tensor& pivots) {
  return lu_solve(lu, pivots, b, true, false);
}

}  // namespace

namespace ops {

Three lu_factor_ex(const Tensor& a) { return adjoint::lu_factor_ex(a, true, false); }
Tensor lu_solve(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left, bool adjoint) {
  return adjoint::lu_solve(lu, pivots, b, left, adjoint);
}

}  // namespace ops

static constexpr const char kLuDoc[] =
    "A = P L U with partial pivoting, for matrices of any shape: L (below the diagonal; its own is 1) and U in one "
    "matrix, and the row, from 1, with which each row changed places. Derivative where A has full rank: Boeddeker et al. "
    "(2017), On the computation of complex-valued gradients.";

static const auto defs = {
    def<lu_factor>("lu_factor(Tensor A, *, bool pivot=True) -> (Tensor LU, Tensor pivots)", kLinalg | kOut,
                   kLuDoc),
    def<lu_factor_ex>(
        "lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False) -> (Tensor LU, Tensor "
        "pivots, Tensor info)",
        kLinalg | kOut, kLuDoc),
    def<lu_with_info>(
        "_lu_with_info(Tensor self, bool pivot=True, bool check_errors=True) -> (Tensor LU, Tensor "
        "pivots, Tensor info)",
        kHidden, kLuDoc),
    def<lu>("lu(Tensor A, *, bool pivot=True) -> (Tensor P, Tensor L, Tensor U)", kLinalg | kOut,
            "A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper triangle."),
    def<lu_unpack>(
        "lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True, bool unpack_pivots=True) -> "
        "(Tensor P, Tensor L, Tensor U)",
        kFunction | kOut, "P, L and U from what linalg.lu_factor gives."),
    def<lu_solve>(
        "lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True, bool adjoint=False) -> Tensor",
        kLinalg | kOut,
        "X with A X = B, or X A = B (left=False), from what linalg.lu_factor gives of A; with adjoint, Aᴴ "
        "stands for A."),
    def<lu_solve_old>("lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots) -> Tensor", kBoth | kOut,
                      "X with A X = self, from what linalg.lu_factor gives of A."),
};

}  // namespace adjoint
