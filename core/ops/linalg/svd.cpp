// svd, svdvals: A = U diag(S) Vh.
#include "device/linalg/spectral.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/gaps.h"
#include "ops/linalg/spectral.h"

namespace adjoint {

namespace {

constexpr const char* kPhase =
    "svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. The "
    "specified loss function depends on this phase term, making it ill-defined.";

// --- the rule (Giles 2008; Wan and Zhang 2019 for complex numbers; see Note [Repeated values]) ---

// The k vectors of S's values as columns of U or V, and their cotangent, which may be missing.
struct Side {
  Tensor u, g;
};

// Of a square U = [U, U⊥]: as U stays unitary, dU⊥ = -U dUᴴ U⊥, and how U⊥ turns within itself is left open.
Side first_columns(const Tensor& u, const Tensor& g, int64_t k) {
  const int64_t rest = cols_of(u) - k;
  if (rest == 0) return {u, g};
  Side first{ops::narrow(u, -1, 0, k), {}};
  if (g) {
    const Tensor u_rest = ops::narrow(u, -1, k, rest), g_rest = ops::narrow(g, -1, k, rest);
    first.g = ops::sub(ops::narrow(g, -1, 0, k), ops::matmul(u_rest, ops::matmul(ops::mH(g_rest), first.u)));
  }
  return first;
}

Tensor phase_of(const Tensor& skew) { return skew ? ops::imag(ops::diagonal(skew, 0, -2, -1)) : skew; }

// Uᴴ gA V of the vectors' cotangents. With the skew parts K = Uᴴ gU - gUᴴ U and L = Vᴴ gV - gVᴴ V its elements are
//   (Kᵢⱼ sⱼ + sᵢ Lᵢⱼ) / (sⱼ² - sᵢ²) = ½ (K + L)ᵢⱼ / (sⱼ - sᵢ) + ½ (K - L)ᵢⱼ / (sⱼ + sᵢ),
// of which the second part is smooth where values other than 0 are equal.
Tensor inner_part(const Side& left, const Tensor& s, const Side& right) {
  const Tensor x = left.g ? ops::matmul(ops::mH(left.u), left.g) : Tensor();
  const Tensor y = right.g ? ops::matmul(ops::mH(right.u), right.g) : Tensor();
  const Tensor k = x ? skew(x) : x, l = y ? skew(y) : y;
  const Tensor sum = sum_where_given(k, l);
  if (is_complex(sum->dtype)) {
    const Tensor a = phase_of(k), b = phase_of(l);
    check_phase(sum_where_given(a, b), a && b ? b : Tensor(), kPhase);
  }
  const Tensor difference = !l ? k : !k ? ops::neg(l) : ops::sub(k, l);
  const Tensor scale = !y ? x : !x ? y : ops::add(ops::abs(x), ops::abs(y));
  const int64_t n = std::max(rows_of(left.u), rows_of(right.u));
  const Tensor turned = divided_or_zero(without_diagonal(sum), gaps(s), scale, across(s), n);
  const Tensor stretched = divided_or_zero(difference, sums(s), scale, across(s), n);
  return ops::mul(ops::add(turned, stretched), 0.5);
}

// (I - U Uᴴ) gU diag(1 / S): what leaves the span of U, which has more rows than columns.
Tensor outer_part(const Side& x, const Tensor& s) {
  const Tensor rest = ops::sub(x.g, ops::matmul(x.u, ops::matmul(ops::mH(x.u), x.g)));
  return divided_or_zero(rest, across(s), x.g, across(s), rows_of(x.u));
}

Tensor svd_rule(const Side& left, const Tensor& s, const Tensor& gs, const Side& right) {
  const Tensor vh = ops::mH(right.u);
  if (!left.g && !right.g) return scaled_product(left.u, gs, vh);
  Tensor inner = inner_part(left, s, right);
  if (gs) inner = ops::add(inner, ops::diag_embed(gs));
  Tensor g = ops::matmul(left.u, inner);
  if (left.g && rows_of(left.u) > cols_of(left.u)) g = ops::add(g, outer_part(left, s));
  g = ops::matmul(g, vh);
  if (right.g && rows_of(right.u) > cols_of(right.u))
    g = ops::add(g, ops::matmul(left.u, ops::mH(outer_part(right, s))));
  return g;
}

struct Svd {
  static constexpr const char *name = "linalg_svd", *node = "LinalgSvdBackward0";
  bool full_matrices;
  Dims sizes = {};
  SavedTensor u_ = {}, s_ = {}, vh_ = {};
  static constexpr const char* rule =
      "gA = U·(½(K + L)/(sⱼ − sᵢ) + ½(K − L)/(sⱼ + sᵢ) + diag(g₁))·Vh + outside";
  void vjp(Backward& b) {
    const Tensor u = u_.get(b.node), s = s_.get(b.node), vh = vh_.get(b.node);
    if (s->numel == 0) {
      b.gx[0] = empty_cotangent(sizes, u->dtype, {u, s, vh, b.g[0], b.g[1], b.g[2]});
      return;
    }
    const int64_t k = cols_of(s);
    b.gx[0] = svd_rule(first_columns(u, b.g[0], k), s, b.g[1],
                       first_columns(ops::mH(vh), b.g[2] ? ops::mH(b.g[2]) : Tensor(), k));
  }
  void fields(auto& f) {
    f("A_sym_sizes", sizes, input(0));
    f("S", s_, output(1));
    f("U", u_, output(0));
    f("Vh", vh_, output(2));
    f("full_matrices", full_matrices);
  }
};

// --- values ---

void fill_identity(const Tensor& x) {
  raw::zero(x);
  NoGrad off;
  raw::fill(ops::diagonal(x, 0, -2, -1), 1);
}

using Parts = std::array<Tensor, 3>;

// Without `vectors` U and Vh are null.
Parts svd_raw(const Tensor& a, bool full, bool vectors) {
  const int64_t m = rows_of(a), n = cols_of(a), k = std::min(m, n);
  const Dims batch = batch_sizes(*a);
  Parts y;
  y[1] = empty(joined(batch, {k}), real_of(a->dtype), a->device);
  if (vectors) {
    y[0] = empty_column_major(joined(batch, {m, full ? m : k}), a->dtype, a->device);
    y[2] = empty_column_major(joined(batch, {full ? n : k, n}), a->dtype, a->device);
  }
  if (a->numel == 0) {
    for (int i : {0, 2})
      if (vectors && full) fill_identity(y[size_t(i)]);
    return y;
  }
  const Tensor info = empty(batch, Dtype::I32, a->device);
  const auto& u = y[0];
  const auto& vh = y[2];
  backend(a).spectral->svd(*column_major(a), u ? &*u : nullptr, *y[1], vh ? &*vh : nullptr, *info);
  check_info(info, "linalg.svd", LinalgFailure::Svd);
  return y;
}

void check_svd(const Tensor& a) {
  check_matrix(a, "linalg.svd");
  check(is_differentiable(a->dtype), "linalg.svd: Expected a floating point or complex tensor as input. Got ",
        label_of(a->dtype));
  if (is_reduced(a->dtype)) fail_dtype("linalg_svd_cpu", a->dtype);
}

Parts svd_driven(const Tensor& a, bool full_matrices, std::optional<std::string_view> driver) {
  check_svd(a);
  check(
      !driver,
      "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.");
  return apply_multi(Svd{full_matrices}, std::span(&a, 1), svd_raw(a, full_matrices, true), 3);
}

Tensor svdvals_driven(const Tensor& a, std::optional<std::string_view> driver) {
  if (driver || needs_record(a)) return svd_driven(a, false, driver)[1];
  check_svd(a);
  return apply_from(Svd{false}, svd_raw(a, false, false)[1], a);
}

// torch.svd: V instead of Vh, and zeros where the vectors are not wanted.
std::tuple<Tensor, Tensor, Tensor> svd_old(const Tensor& a, bool some, bool compute_uv) {
  check(a->ndim >= 2, "linalg.svd: input should have at least 2 dimensions, but has ", int(a->ndim),
        " dimensions instead");
  if (compute_uv) {
    const Parts y = ops::svd(a, !some);
    return {y[0], y[1], ops::mH(y[2])};
  }
  const Tensor s = ops::svdvals(a);
  const Dims batch = batch_sizes(*a);
  const int64_t m = rows_of(a), n = cols_of(a);
  const Tensor v = empty_column_major(joined(batch, {n, n}), a->dtype, a->device);
  raw::zero(v);
  return {zeros(joined(batch, {m, m}), a->dtype, a->device), s, v};
}

}  // namespace

namespace ops {

std::array<Tensor, 3> svd(const Tensor& A, bool full_matrices) { return svd_driven(A, full_matrices, {}); }
Tensor svdvals(const Tensor& A) { return svdvals_driven(A, {}); }

}  // namespace ops

[[maybe_unused]] static const auto defs = {
    def<svd_driven>(
        "svd(Tensor A, bool full_matrices=True, *, str? driver=None) -> (Tensor U, Tensor S, Tensor Vh)",
        kLinalg | kOut,
        "A = U diag(S) Vh with unitary U and Vh and S >= 0, descending; without full_matrices only the "
        "vectors of S. Derivatives: Giles (2008), An extended collection of matrix derivative results; Wan "
        "and Zhang (2019), Automatic differentiation for complex valued SVD. Vectors are determined up to a "
        "phase, those of equal values up to a rotation: a loss must not depend on the choice."),
    def<svdvals_driven>(
        "svdvals(Tensor A, *, str? driver=None) -> Tensor", kLinalg | kOut,
        "The singular values of A, descending. Their gradient is U diag(g) Vh, also where values are "
        "equal, if the loss treats those alike; at a value of 0 it is one subgradient of many."),
    def<svd_old>("svd(Tensor self, bool some=True, bool compute_uv=True) -> (Tensor U, Tensor S, Tensor V)",
                 kBoth | kOut, "self = U diag(S) Vᴴ: linalg.svd with V in place of Vh."),
};

}  // namespace adjoint
