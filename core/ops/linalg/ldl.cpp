// Factors of symmetric and Hermitian matrices, A = L D Lᵀ or L D Lᴴ. As in PyTorch they have no derivative.
#include "device/host_values.h"
#include "ops/linalg/solve.h"
#include "ops/not_differentiable.h"

namespace adjoint {
namespace {

using Three = std::tuple<Tensor, Tensor, Tensor>;

Three factor(const Tensor& a, bool hermitian, bool check_errors, const char* name) {
  check_square(a, "torch.linalg.ldl_factor_ex");
  check_linalg_dtype(a, "torch.linalg.ldl_factor_ex", true);
  check_kernel_dtype(a, "ldl_factor_kernel_cpu");
  const Dims sizes(a->sizes().first(size_t(a->ndim) - 1));
  std::array<Tensor, 3> y{column_major(a), empty(sizes, Dtype::I32, a->device),
                          empty(batch_sizes(*a), Dtype::I32, a->device)};
  backend(a).solve->ldl(hermitian, *y[0], *y[1], *y[2]);
  if (check_errors) check_info(y[2], name, LinalgFailure::LdlFactor);
  y = apply_multi(NoDerivative{"linalg_ldl_factor_ex"}, std::span(&a, 1), y, 1);
  return {y[0], y[1], y[2]};
}
Three ldl_factor_ex(const Tensor& a, bool hermitian, bool check_errors) {
  return factor(a, hermitian, check_errors, "torch.linalg.ldl_factor_ex");
}
std::tuple<Tensor, Tensor> ldl_factor(const Tensor& a, bool hermitian) {
  auto [ld, pivots, info] = factor(a, hermitian, true, "torch.linalg.ldl_factor");
  return {ld, pivots};
}

// A pivot p > 0 stands for a number in D, two of them below 0 for a block of two rows. LAPACK believes them.
void check_ldl_pivots(const Tensor& pivots) {
  if (!has_values(pivots) || pivots->numel == 0) return;
  const HostElements<int32_t> p(pivots);
  const int64_t n = pivots->size(pivots->ndim - 1);
  for (int64_t i = 0; i < p.size(); ++i) {
    const int64_t k = i % n;
    const bool block = p[i] < 0;
    const bool ok =
        block ? k + 1 < n && p[i] >= -n && p[i + 1] < 0 && p[i + 1] >= -n : p[i] >= 1 && p[i] <= n;
    check(ok, "torch.linalg.ldl_solve: pivots are not what linalg.ldl_factor gives");
    i += block;
  }
}

struct LdlSolve {
  static constexpr const char *name = "linalg_ldl_solve", *node = "torch::autograd::NotImplemented";
  bool hermitian;
  Tensor forward(const Tensor& ld, const Tensor& pivots, const Tensor& b) {
    const Dims batch = broadcast_batches(batch_sizes(*ld), batch_sizes(*b));
    const Tensor x = column_major(b, batch);
    NoGrad off;
    const Tensor p =
        raw::contiguous(ops::expand(alias(pivots), joined(batch, {pivots->size(pivots->ndim - 1)})));
    backend(x).solve->ldl_solve(hermitian, *as_column_major(ld, batch), *p, *x);
    return x;
  }
  void vjp(Backward&) { fail("derivative for aten::linalg_ldl_solve is not implemented"); }
};

Tensor ldl_solve(const Tensor& ld, const Tensor& pivots, const Tensor& b, bool hermitian) {
  const char* name = "torch.linalg.ldl_solve";
  check_square(ld, name, "LD");
  check_linalg_dtype(ld, name);
  check_matrix(b, name, "B");
  const int64_t n = ld->size(ld->ndim - 1);
  check(b->size(b->ndim - 2) == n, name,
        ": Incompatible matrix sizes for linalg.ldl_solve: each A matrix is ", n, " by ", n,
        " but each b matrix is ", b->size(b->ndim - 2), " by ", b->size(b->ndim - 1));
  check(pivots->ndim >= 1 && equal(pivots->sizes(), ld->sizes().first(size_t(ld->ndim) - 1)), name,
        ": Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape ",
        pivots->sizes(), " instead");
  check(pivots->dtype == Dtype::I32, name, ": Expected pivots to be integers. Got ", label_of(pivots->dtype));
  check(ld->dtype == b->dtype, name, ": LD dtype ", label_of(ld->dtype), " does not match b dtype ",
        label_of(b->dtype));
  check_ldl_pivots(pivots);
  return apply(LdlSolve{hermitian}, ld, pivots, b);
}

}  // namespace

static constexpr const char kDoc[] =
    "A = L D Lᵀ, or L D Lᴴ (hermitian), with blocks of one and two rows in D (Bunch and Kaufman); L and D in one matrix. "
    "Only the lower half of A is read. It has no derivative.";

static const auto defs = {
    def<ldl_factor>("ldl_factor(Tensor self, *, bool hermitian=False) -> (Tensor LD, Tensor pivots)",
                    kLinalg | kOut, kDoc),
    def<ldl_factor_ex>(
        "ldl_factor_ex(Tensor self, *, bool hermitian=False, bool check_errors=False) -> (Tensor LD, "
        "Tensor pivots, Tensor info)",
        kLinalg | kOut, kDoc),
    def<ldl_solve>("ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian=False) -> Tensor",
                   kLinalg | kOut,
                   "X with A X = B, from what linalg.ldl_factor gives of A. It has no derivative."),
};

}  // namespace adjoint
