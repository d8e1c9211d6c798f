// qr and geqrf: A = QR by Householder reflectors.
#include "device/linalg/orthogonal.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/gaps.h"
#include "ops/linalg/orthogonal.h"
#include "ops/linalg/solve.h"

namespace adjoint {

namespace {

using Pair = std::array<Tensor, 2>;
enum class Mode : uint8_t { Reduced, Complete, OnlyR };

// --- the rule ---

// Of a tall or square A: gA = (gQ + Q herm(triu(M))) R⁻ᴴ with M = gR Rᴴ - Qᴴ gQ, where herm(T) = T + Tᴴ with the real
// part of T's diagonal (Walter & Lehmann 2018, Algorithmic differentiation of linear algebra functions; for complex
// matrices, whose R has a real diagonal, Liao et al. 2019, Differentiable programming tensor networks).
Tensor tall_rule(const Tensor& gq, const Tensor& m, const Tensor& q, const Tensor& r) {
  const Tensor strict = ops::triu(m, 1);
  Tensor diagonal = ops::diagonal(m, 0, -2, -1);
  if (is_complex(m->dtype)) diagonal = ops::to(ops::real(diagonal), m->dtype);
  const Tensor herm = ops::add(ops::add(strict, ops::mH(strict)), ops::diag_embed(diagonal));
  Tensor g = ops::matmul(q, herm);
  if (gq) g = ops::add(g, gq);
  return ops::solve_triangular(ops::mH(r), g, false, false);
}

// A wide A = [A₁, A₂] is Q [R₁, R₂] with A₁ = Q R₁ square and R₂ = Qᴴ A₂, so that gA₂ = Q gR₂ and Q gets A₂ gR₂ᴴ besides.
Tensor qr_rule(const Tensor& gq, const Tensor& gr, const Tensor& q, const Tensor& r) {
  const int64_t k = rows_of(r), wide = cols_of(r) - k;
  const Tensor r1 = wide ? ops::narrow(r, -1, 0, k) : r;
  const Tensor gr1 = gr && wide ? ops::narrow(gr, -1, 0, k) : gr;
  Tensor to_q = gq, m, g2;
  if (wide && gr) {
    const Tensor r2 = ops::narrow(r, -1, k, wide), gr2 = ops::narrow(gr, -1, k, wide);
    to_q = sum_where_given(to_q, ops::matmul(q, ops::matmul(r2, ops::mH(gr2))));
    g2 = ops::matmul(q, gr2);
  }
  if (gr1) m = ops::matmul(gr1, ops::mH(r1));
  if (to_q) m = sum_where_given(m, ops::neg(ops::matmul(ops::mH(q), to_q)));
  Tensor g = tall_rule(to_q, m, q, r1);
  if (!wide) return g;
  if (!g2) {
    Dims sizes(q->sizes());
    sizes[q->ndim - 1] = wide;
    g2 = zeros(sizes, g->dtype, g->device);
  }
  return ops::cat(std::array{g, g2}, -1);
}

struct Qr {
  static constexpr const char *name = "linalg_qr", *node = "LinalgQrBackward0";
  Mode mode;
  SavedTensor q_ = {}, r_ = {};
  static constexpr const char* rule = "gA = (gQ + Q·herm(triu(g₁·Rᴴ − Qᴴ·gQ)))·R⁻ᴴ";
  void vjp(Backward& b) {
    check(mode != Mode::OnlyR,
          "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
          "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.");
    const Tensor q = q_.get(b.node), r = r_.get(b.node);
    check(mode != Mode::Complete || rows_of(r) <= cols_of(r),
          "The QR decomposition is not differentiable when mode='complete' and nrows > ncols");
    if (r->numel == 0)
      b.gx[0] = empty_cotangent(joined(batch_sizes(*r), {rows_of(q), cols_of(r)}), r->dtype,
                                {q, r, b.g[0], b.g[1]});
    else
      b.gx[0] = qr_rule(b.g[0], b.g[1], q, r);
  }
  void fields(auto& f) {
    f("Q", q_, output(0));
    f("R", r_, output(1));
  }
};

// --- values ---

// The upper triangle of a column-major matrix's first `height` rows, column-major.
Tensor upper_triangle(const Tensor& a, int64_t height) {
  const Tensor r = empty_column_major(joined(batch_sizes(*a), {height, cols_of(a)}), a->dtype, a->device);
  NoGrad off;
  const Tensor from = raw::contiguous(ops::mT(ops::narrow(alias(a), -2, 0, height))), to = ops::mT(r);
  backend(r).triangle(*to, *from, false, 0);
  return r;
}

// `width` columns of Q, from the reflectors in a; a itself where it has as many.
Tensor columns_of_q(const Tensor& a, const Tensor& tau, int64_t width) {
  Tensor q = a;
  if (width != cols_of(a)) {
    q = empty_column_major(joined(batch_sizes(*a), {rows_of(a), width}), a->dtype, a->device);
    NoGrad off;
    const int64_t common = std::min(width, cols_of(a));
    raw::copy(ops::narrow(alias(q), -1, 0, common), ops::narrow(alias(a), -1, 0, common));
  }
  backend(a).orthogonal->orgqr(*q, *tau);
  return q;
}

Pair geqrf_raw(const Tensor& x) {
  Tensor a = column_major(x);
  Tensor tau = empty(joined(batch_sizes(*x), {std::min(rows_of(x), cols_of(x))}), x->dtype, x->device);
  backend(x).orthogonal->geqrf(*a, *tau);
  return {a, tau};
}

Mode mode_of(std::string_view mode) {
  check(mode == "reduced" || mode == "complete" || mode == "r", "qr received unrecognized mode '", mode,
        "' but expected one of 'reduced' (default), 'r', or 'complete'");
  return mode == "reduced" ? Mode::Reduced : mode == "complete" ? Mode::Complete : Mode::OnlyR;
}

Pair qr_raw(const Tensor& x, Mode mode) {
  const int64_t m = rows_of(x), least = std::min(m, cols_of(x)), k = mode == Mode::Complete ? m : least;
  const auto [a, tau] = geqrf_raw(x);
  const Tensor r = upper_triangle(a, k);
  if (mode == Mode::OnlyR) return {empty(Dims{0}, x->dtype, x->device), r};
  return {columns_of_q(a, tau, k), r};
}

Pair old_qr(const Tensor& x, bool some) { return ops::qr(x, some ? "reduced" : "complete"); }

struct Geqrf {
  static constexpr const char *name = "geqrf", *node = "GeqrfBackward0";
  static constexpr const char* rule = "not defined: linalg.qr has a derivative";
  void vjp(Backward&) { fail(ErrorKind::NotImplemented, "the derivative for 'geqrf' is not implemented."); }
};

Pair geqrf(const Tensor& x) {
  check(x->ndim >= 2, "torch.geqrf: input must have at least 2 dimensions.");
  if (!is_differentiable(x->dtype) || is_reduced(x->dtype)) fail_dtype("geqrf_cpu", x->dtype);
  return apply_multi(Geqrf{}, std::span(&x, 1), geqrf_raw(x), 2);
}

}  // namespace

namespace ops {

Pair qr(const Tensor& x, std::string_view name) {
  check_matrix(x, "linalg.qr");
  check(is_differentiable(x->dtype), "linalg.qr: Expected a floating point or complex tensor as input. Got ",
        label_of(x->dtype));
  const Mode mode = mode_of(name);
  if (is_reduced(x->dtype)) fail_dtype("geqrf_cpu", x->dtype);
  return apply_multi(Qr{mode}, std::span(&x, 1), qr_raw(x, mode), 2);
}

}  // namespace ops

[[maybe_unused]] static const auto defs = {
    def<ops::qr>(
        "qr(Tensor A, str mode='reduced') -> (Tensor Q, Tensor R)", kLinalg | kOut,
        "A = QR, where Q has orthonormal columns and R is upper triangular. R's diagonal may be negative, as "
        "LAPACK's. 'complete' gives a square Q, 'r' only R. Derivative: Walter & Lehmann (2018), Algorithmic "
        "differentiation of linear algebra functions, for A whose first min(m, n) columns are independent."),
    def<old_qr>("qr(Tensor self, bool some=True) -> (Tensor Q, Tensor R)", kBoth | kOut,
                "self = QR: linalg.qr, 'complete' where `some` is False."),
    def<geqrf>(
        "geqrf(Tensor self) -> (Tensor a, Tensor tau)", kBoth | kOut,
        "LAPACK's geqrf: R on and above the diagonal of `a`, Householder vectors below it, their factors in tau. "
        "See linalg.householder_product and ormqr."),
};

}  // namespace adjoint
