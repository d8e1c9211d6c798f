// eig, eigvals: A V = V diag(w) for any square A.
#include "device/host_values.h"
#include "device/linalg/spectral.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/gaps.h"
#include "ops/linalg/solve.h"
#include "ops/linalg/spectral.h"

namespace adjoint {

namespace {

constexpr const char* kPhase =
    "linalg_eig_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The "
    "specified loss function depends on this quantity, so it is ill-defined.";

using Pair = std::array<Tensor, 2>;

// V⁻ᴴ (diag(gw) + (Vᴴ gV - VᴴV diag(Re diag(Vᴴ gV))) / conj(wⱼ - wᵢ)) Vᴴ: the columns of V have length 1 (Boeddeker et al.
// 2017, On the computation of complex-valued gradients). See Note [Repeated values].
Tensor eig_rule(const Tensor& w, const Tensor& gw, const Tensor& v, const Tensor& gv) {
  const Tensor vh = ops::mH(v);
  if (!gv) return ops::solve(vh, ops::mul(down(gw), vh));
  const Tensor x = ops::matmul(vh, gv), along = ops::diagonal(x, 0, -2, -1);
  check_phase(ops::imag(along), {}, kPhase);
  const Tensor lengths = ops::mul(ops::matmul(vh, v), across(ops::real(along)));
  const Tensor turned = ops::sub(x, lengths);
  Tensor inner = divided_or_zero(without_diagonal(turned), ops::conj(gaps(w)), x, across(w), cols_of(w));
  if (gw) inner = ops::add(inner, ops::diag_embed(gw));
  return ops::solve(vh, ops::matmul(inner, vh));
}

struct Eig {
  static constexpr const char *name = "linalg_eig", *node = "LinalgEigBackward0";
  Dtype dtype = {};
  SavedTensor w_ = {}, v_ = {};
  static constexpr const char* rule = "gA = V⁻ᴴ·(diag(g₀) + (Vᴴ·g₁ − Vᴴ·V·diag(Vᴴ·g₁))/conj(wⱼ − wᵢ))·Vᴴ";
  void vjp(Backward& b) {
    const Tensor w = w_.get(b.node), v = v_.get(b.node);
    if (v->numel == 0) {
      b.gx[0] = empty_cotangent(v->sizes(), dtype, {w, v, b.g[0], b.g[1]});
      return;
    }
    const Tensor g = eig_rule(w, b.g[0], v, b.g[1]);
    b.gx[0] = is_complex(dtype) ? g : ops::real(g);
  }
  void fields(auto& f) {
    f(nullptr, dtype, input(0));
    f("eigenvalues", w_, output(0));
    f("eigenvectors", v_, output(1));
  }
};

void check_eig(const Tensor& a, const char* name) {
  check_square(a, name);
  check(is_differentiable(a->dtype), "Unknown Complex ScalarType for ", label_of(a->dtype));
  if (is_reduced(a->dtype)) fail_dtype("linalg_eig_out_cpu", a->dtype);
}

// The eigenvectors are null unless they are wanted.
Pair eig_raw(const Tensor& a, bool vectors, const char* name) {
  const Dims batch = batch_sizes(*a);
  const Dtype dtype = complex_of(a->dtype);
  const Tensor w = empty(joined(batch, {rows_of(a)}), dtype, a->device);
  const Tensor v = vectors ? empty_column_major(a->sizes(), dtype, a->device) : Tensor();
  if (a->numel == 0) return {w, v};
  const Tensor info = empty(batch, Dtype::I32, a->device);
  backend(a).spectral->eig(*column_major(a), *w, v ? &*v : nullptr, *info);
  if (has_values(info))
    for (int32_t code : HostElements<int32_t>(info))
      check(code != kNotFinite, "torch.", name, ": input tensor should not contain infs or NaNs.");
  check_info(info, name, LinalgFailure::Eigen);
  return {w, v};
}

Tensor eigvals(const Tensor& a) {
  constexpr const char* name = "linalg.eigvals";
  check_eig(a, name);
  if (needs_record(a)) return ops::eig(a)[0];
  return apply_from(Eig{}, eig_raw(a, false, name)[0], a);
}

}  // namespace

namespace ops {

std::array<Tensor, 2> eig(const Tensor& A) {
  constexpr const char* name = "linalg.eig";
  check_eig(A, name);
  return apply_multi(Eig{}, std::span(&A, 1), eig_raw(A, true, name), 2);
}

}  // namespace ops

[[maybe_unused]] static const auto defs = {
    def<ops::eig>(
        "eig(Tensor self) -> (Tensor eigenvalues, Tensor eigenvectors)", kLinalg | kOut,
        "A V = V diag(w): complex eigenvalues, in no order, and eigenvectors of length 1. Derivatives: "
        "Boeddeker et al. (2017), On the computation of complex-valued gradients with application to "
        "statistically optimum beamforming. Vectors are determined up to a phase: a loss must not depend on "
        "it."),
    def<eigvals>("eigvals(Tensor self) -> Tensor", kLinalg | kOut,
                 "The eigenvalues of any square matrix: complex."),
};

}  // namespace adjoint
