// eigh, eigvalsh: A = V diag(w) Vᴴ for Hermitian A.
#include "device/linalg/spectral.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/gaps.h"
#include "ops/linalg/spectral.h"

namespace adjoint {

namespace {

constexpr const char* kPhase =
    "linalg_eigh_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. The "
    "specified loss function depends on this quantity, so it is ill-defined.";

using Pair = std::array<Tensor, 2>;

// A's Hermitian part alone counts, so its cotangent is Hermitian (Giles 2008; Seeger et al. 2017). See Note [Repeated
// values].
Tensor eigh_rule(const Tensor& w, const Tensor& gw, const Tensor& v, const Tensor& gv) {
  const Tensor vh = ops::mH(v);
  if (!gv) return scaled_product(v, gw, vh);
  const Tensor x = ops::matmul(vh, gv), k = skew(x);
  if (is_complex(k->dtype)) check_phase(ops::imag(ops::diagonal(x, 0, -2, -1)), {}, kPhase);
  const Tensor turned = divided_or_zero(without_diagonal(k), gaps(w), x, across(w), cols_of(w));
  Tensor inner = ops::mul(turned, 0.5);
  if (gw) inner = ops::add(inner, ops::diag_embed(gw));
  return ops::matmul(v, ops::matmul(inner, vh));
}

struct Eigh {
  static constexpr const char *name = "linalg_eigh", *node = "LinalgEighBackward0";
  SavedTensor w_ = {}, v_ = {};
  static constexpr const char* rule = "gA = V·(½(Vᴴ·g₁ − g₁ᴴ·V)/(wⱼ − wᵢ) + diag(g₀))·Vᴴ";
  void vjp(Backward& b) {
    const Tensor w = w_.get(b.node), v = v_.get(b.node);
    b.gx[0] = v->numel ? eigh_rule(w, b.g[0], v, b.g[1])
                       : empty_cotangent(v->sizes(), v->dtype, {w, v, b.g[0], b.g[1]});
  }
  void fields(auto& f) {
    f("eigenvalues", w_, output(0));
    f("eigenvectors", v_, output(1));
  }
};

bool is_upper(std::string_view uplo) {
  const char c = uplo.size() == 1 ? char(uplo[0] & ~0x20) : '\0';
  check(c == 'L' || c == 'U', "Expected UPLO argument to be 'L' or 'U', but got ", uplo);
  return c == 'U';
}

// The eigenvectors are null unless they are wanted.
Pair eigh_raw(const Tensor& a, bool upper, bool vectors) {
  const Dims batch = batch_sizes(*a);
  const Tensor w = empty(joined(batch, {rows_of(a)}), real_of(a->dtype), a->device);
  Tensor v = column_major(a);
  if (a->numel) {
    const Tensor info = empty(batch, Dtype::I32, a->device);
    backend(a).spectral->eigh(*v, upper, vectors, *w, *info);
    check_info(info, "linalg.eigh", LinalgFailure::Eigen);
  }
  return {w, vectors ? v : Tensor()};
}

void check_eigh(const Tensor& a) {
  check_square(a, "linalg.eigh");
  if (!is_differentiable(a->dtype) || is_reduced(a->dtype)) fail_dtype("linalg_eigh_cpu", a->dtype);
}

}  // namespace

namespace ops {

std::array<Tensor, 2> eigh(const Tensor& A, std::string_view uplo) {
  check_eigh(A);
  return apply_multi(Eigh{}, std::span(&A, 1), eigh_raw(A, is_upper(uplo), true), 2);
}

Tensor eigvalsh(const Tensor& A, std::string_view uplo) {
  if (needs_record(A)) return eigh(A, uplo)[0];
  check_eigh(A);
  return apply_from(Eigh{}, eigh_raw(A, is_upper(uplo), false)[0], A);
}

}  // namespace ops

[[maybe_unused]] static const auto defs = {
    def<ops::eigh>(
        "eigh(Tensor self, str UPLO='L') -> (Tensor eigenvalues, Tensor eigenvectors)", kLinalg | kOut,
        "A = V diag(w) Vᴴ for a Hermitian A, of which one triangle is read (UPLO); w ascends, V is unitary. "
        "Derivatives: Giles (2008), An extended collection of matrix derivative results; Seeger et al. "
        "(2017), Auto-differentiating linear algebra; the gradient is Hermitian. Vectors are determined up "
        "to a phase, those of equal values up to a rotation: a loss must not depend on the choice."),
    def<ops::eigvalsh>(
        "eigvalsh(Tensor self, str UPLO='L') -> Tensor", kLinalg | kOut,
        "The eigenvalues of Hermitian A, ascending. Their gradient is V diag(g) Vᴴ, also where values "
        "are equal, if the loss treats those alike."),
};

}  // namespace adjoint
