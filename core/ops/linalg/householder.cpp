// householder_product (orgqr) and ormqr: the product Q = H₁ ... H_k of reflectors Hᵢ = I - τᵢ vᵢ vᵢᴴ, as columns or applied.
#include "device/linalg/orthogonal.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/orthogonal.h"
#include "ops/linalg/solve.h"

namespace adjoint {

namespace {

int64_t rows(const Tensor& x) { return x->size(x->ndim - 2); }
int64_t cols(const Tensor& x) { return x->size(x->ndim - 1); }

Tensor identity(Ints batch, int64_t m, int64_t n, const Tensor& like) {
  const Tensor eye = zeros(joined(batch, {m, n}), like->dtype, like->device);
  NoGrad off;
  raw::fill(ops::diagonal(eye, 0, -2, -1), 1);
  return eye;
}

// --- the rule ---

// Cotangents of A and tau for one of Q that is P Sᴴ.
// Q = I - V T Vᴴ, where V has the vectors and T = (I + D U)⁻¹ D with D = diag(tau) and U the strict upper triangle of VᴴV
// (the compact WY form: Schreiber & Van Loan 1989, A storage-efficient WY representation; T as Puglisi 1992 has it).
std::array<Tensor, 2> reflectors_rule(const Tensor& a, const Tensor& tau, const Tensor& p, const Tensor& s) {
  const int64_t m = rows(a), k = cols(tau), spare = cols(a) - k;
  const Dims batch = batch_sizes(*a);
  const Tensor eye = identity(batch, m, k, a);
  const Tensor v = ops::add(ops::tril(ops::narrow(a, -1, 0, k), -1), eye), vh = ops::mH(v);
  const Tensor u = ops::triu(ops::matmul(vh, v), 1), down = ops::unsqueeze(tau, -1);
  const Tensor system = ops::add(ops::mul(down, u), ops::narrow(eye, -2, 0, k));
  const Tensor t = ops::solve_triangular(system, ops::diag_embed(tau), true, true, true), th = ops::mH(t);
  const Tensor pv = ops::matmul(ops::mH(p), v), sv = ops::matmul(ops::mH(s), v);
  Tensor gv = ops::neg(ops::add(ops::matmul(p, ops::matmul(sv, th)), ops::matmul(s, ops::matmul(pv, t))));
  const Tensor gt = ops::neg(ops::matmul(ops::mH(pv), sv));
  const Tensor gd = ops::solve_triangular(ops::mH(system), gt, false, true, true);
  const Tensor g_system = ops::neg(ops::matmul(gd, th));
  const Tensor gu = ops::triu(ops::mul(conj_of(down), g_system), 1);
  gv = ops::add(gv, ops::matmul(v, ops::add(gu, ops::mH(gu))));
  Tensor ga = ops::tril(gv, -1);
  if (spare) ga = ops::constant_pad(ga, Dims{0, spare});
  const int64_t last = -1;
  return {ga,
          ops::add(ops::diagonal(gd, 0, -2, -1), ops::sum(ops::mul(g_system, conj_of(u)), Ints(&last, 1)))};
}

struct HouseholderProduct {
  static constexpr const char *name = "linalg_householder_product",
                              *node = "LinalgHouseholderProductBackward0";
  SavedTensor a_ = {}, tau_ = {};
  Tensor forward(const Tensor& a, const Tensor& tau) {
    Tensor q = column_major(a);
    if (a->numel) backend(q).orthogonal->orgqr(*q, *raw::contiguous(tau));
    return q;
  }
  static constexpr const char* rule =
      "g input, g tau: by y = E − V·T·V₁ᴴ with T = (I + D·triu(Vᴴ·V, 1))⁻¹·D, D = diag(tau)";
  void vjp(Backward& b) {
    const Tensor a = a_.get(b.node), tau = tau_.get(b.node);
    if (tau->numel == 0) return;  // no reflectors: nothing depends on them
    auto g = reflectors_rule(a, tau, b.grad(), identity(batch_sizes(*a), rows(a), cols(a), a));
    if (b.needs(0)) b.gx[0] = g[0];
    if (b.needs(1)) b.gx[1] = g[1];
  }
  void fields(auto& f) {
    f("input", a_, input(0));
    f("tau", tau_, input(1));
  }
};

struct Ormqr {
  static constexpr const char *name = "ormqr", *node = "OrmqrBackward0";
  bool left, transpose;
  SavedTensor a_ = {}, tau_ = {}, c_ = {};
  Tensor forward(const Tensor& a, const Tensor& tau, const Tensor& c) {
    const Tensor y = column_major(c);
    if (y->numel && a->numel)
      backend(y).orthogonal->ormqr(*column_major(reflecting(a, tau)), *raw::contiguous(tau), *y, left,
                                   transpose);
    return y;
  }
  // The columns that hold reflectors.
  static Tensor reflecting(const Tensor& a, const Tensor& tau) {
    NoGrad off;
    return ops::narrow(a, -1, 0, cols(tau));
  }
  static constexpr const char* rule = "g self, g input2 = those of g Q = g·input3ᴴ; g input3 = Qᴴ·g";
  void vjp(Backward& b) {
    const Tensor a = a_.get(b.node), tau = tau_.get(b.node), &g = b.grad();
    if (b.needs(2)) b.gx[2] = apply(Ormqr{left, !transpose}, a, tau, g);
    if ((!b.needs(0) && !b.needs(1)) || tau->numel == 0) return;
    const Tensor c = c_.get(b.node);
    const Tensor p = left ? g : ops::mH(c), s = left ? c : ops::mH(g);
    auto both = transpose ? reflectors_rule(a, tau, s, p) : reflectors_rule(a, tau, p, s);
    if (b.needs(0)) b.gx[0] = both[0];
    if (b.needs(1)) b.gx[1] = both[1];
  }
  void fields(auto& f) {
    f("self", a_, input(0));
    f("input2", tau_, input(1));
    f("input3", c_, input(2));
    f("left", left);
    f("transpose", transpose);
  }
};

// --- checks ---

void check_tau(const Tensor& a, const Tensor& tau, const char* name) {
  check(a->ndim - tau->ndim == 1, name,
        ": Expected tau to have one dimension less than input, but got tau.ndim equal to ", int(tau->ndim),
        " and input.ndim is equal to ", int(a->ndim));
  check(equal(batch_sizes(*a), batch_sizes(*tau, 1)), name,
        ": Expected batch dimensions of tau to be equal to input.shape[:-2], but got ", batch_sizes(*tau, 1));
}

Tensor ormqr(const Tensor& a, const Tensor& tau, const Tensor& c, bool left, bool transpose) {
  constexpr const char* kName = "torch.ormqr";
  check(a->ndim >= 2, kName, ": input must have at least 2 dimensions.");
  check(c->ndim >= 2, kName, ": other must have at least 2 dimensions.");
  const int dim = left ? -2 : -1;
  const int64_t size = left ? rows(c) : cols(c), k = std::min(size, cols(a));
  check(size >= (tau->ndim ? cols(tau) : 1), kName, ": other.shape[", dim,
        "] must be greater than or equal to tau.shape[-1]");
  check(size == rows(a), kName, ": other.shape[", dim, "] must be equal to input.shape[-2]");
  check(a->ndim - tau->ndim == 1, kName,
        ": Expected tau to have one dimension less than input, but got tau.ndim equal to ", int(tau->ndim),
        " and input.ndim is equal to ", int(a->ndim));
  check(cols(tau) == k, kName, ": tau.shape[-1] must be equal to min(other.shape[", dim,
        "], input.shape[-1])");
  check(a->ndim == c->ndim, kName,
        ": Expected other to have the same number of dimensions as input, but got other.ndim equal to ",
        int(c->ndim), " and input.ndim is equal to ", int(a->ndim));
  check_tau(a, tau, kName);
  check(equal(batch_sizes(*a), batch_sizes(*c)), kName,
        ": Expected batch dimensions of other to be equal to input.shape[:-2], but got ", batch_sizes(*c));
  check(tau->dtype == a->dtype, kName, ": Expected input and tau to have the same dtype, but input has dtype",
        label_of(a->dtype), " and tau has dtype ", label_of(tau->dtype));
  check(c->dtype == a->dtype, kName, ": Expected input and other to have the same dtype, but input has dtype",
        label_of(a->dtype), " and other has dtype ", label_of(c->dtype));
  if (!is_differentiable(a->dtype) || is_reduced(a->dtype)) fail_dtype("ormqr_cpu", a->dtype);
  return apply(Ormqr{left, transpose}, a, tau, c);
}

}  // namespace

namespace ops {

Tensor householder_product(const Tensor& a, const Tensor& tau) {
  constexpr const char* kName = "torch.linalg.householder_product";
  check(a->ndim >= 2, kName, ": input must have at least 2 dimensions.");
  check(rows(a) >= cols(a), kName, ": input.shape[-2] must be greater than or equal to input.shape[-1]");
  check(tau->ndim > 0 && cols(a) >= cols(tau), kName,
        ": input.shape[-1] must be greater than or equal to tau.shape[-1]");
  check_tau(a, tau, kName);
  check(tau->dtype == a->dtype, kName, ": tau dtype ", label_of(tau->dtype), " does not match input dtype ",
        label_of(a->dtype));
  if (!is_differentiable(a->dtype) || is_reduced(a->dtype)) fail_dtype("orgqr_cpu", a->dtype);
  return apply(HouseholderProduct{}, a, tau);
}

}  // namespace ops

[[maybe_unused]] static const auto defs = {
    def<ops::householder_product>(
        "householder_product(Tensor input, Tensor tau) -> Tensor", kLinalg | kOut,
        "The first columns of H₁ ... H_k with Hᵢ = I - tauᵢ vᵢ vᵢᴴ, where vᵢ is 1 at its i-th element and input's column "
        "below it. Derivatives by the compact WY form (Schreiber & Van Loan 1989), for any tau."),
    def<ops::householder_product>("orgqr(Tensor self, Tensor input2) -> Tensor", kBoth | kOut,
                                  "linalg.householder_product."),
    def<ormqr>(
        "ormqr(Tensor self, Tensor input2, Tensor input3, bool left=True, bool transpose=False) -> Tensor",
        kBoth | kOut,
        "Q input3, or input3 Q, with the Q of geqrf's reflectors in `self` and `input2`; Qᴴ with transpose."),
};

}  // namespace adjoint
