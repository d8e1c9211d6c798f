// Norms of vectors (any order), and what rests on them: dist, renorm. Those of matrices: ops/linalg/matrix_norm.cpp.
#include "ops/reduce/norm.h"
#include <cmath>

namespace adjoint {

namespace {

Reduction reduction_of(double p) {
  if (p == 0) return Reduction::CountNonzero;
  if (p == 1) return Reduction::SumAbs;
  if (p == 2) return Reduction::SumSquares;
  if (std::isinf(p)) return p > 0 ? Reduction::MaxAbs : Reduction::MinAbs;
  return Reduction::SumPow;
}

void check_identity(const TensorImpl& x, double p, Mask m, bool named) {
  if (!(p < 0 || std::isinf(p)) || x.numel) return;
  const char* why = "because this dimension is empty and the operation does not have an identity";
  check(named && m.bits != Mask::all(x.ndim).bits, "linalg.vector_norm cannot compute the ", p,
        " norm on an empty tensor because the operation does not have an identity");
  for (int i = 0; i < x.ndim; ++i)
    if (m.has(i))
      check(x.size(i) != 0, "linalg.vector_norm cannot compute the ", p, " norm on the dimension ", i, why);
}

}  // namespace

Tensor norm_raw(const Tensor& x, double p, Mask m, bool keepdim) {
  Dtype out = real_of(x->dtype);
  Tensor y = reduce_raw(reduction_of(p), x, m, keepdim, {}, p);
  if (p != 0 && p != 1 && !std::isinf(p) && !backend(y).root(*y, p)) {
    Layout l = layout_of(x, m, true);
    backend(y).careful_norms(*l.x, l.view, p, *y);
  }
  return raw::cast(y, out);
}

// `norm` and `g` broadcast against x. The cases are those where x, or the norm, may be zero.
Tensor norm_rule(const Tensor& g, const Tensor& x, const Tensor& norm, double p, Mask m) {
  Dims dims = dims_of(m, x->ndim);
  auto zero_where = [](const Tensor& t, const Tensor& mask) { return ops::masked_fill(t, mask, 0); };
  if (p == 0) return ops::zeros_like(x);
  if (p == 1) return ops::mul(ops::sgn(x), g);
  if (p == 2) return ops::mul(g, zero_where(ops::div(x, norm), ops::eq(norm, 0)));
  Tensor size = ops::abs(x);
  if (std::isinf(p)) {
    Tensor hit = ops::logical_or(ops::eq(size, norm), ops::logical_and(ops::isnan(norm), ops::isnan(size)));
    Tensor count = x->ndim ? ops::sum(hit, dims, true) : ops::sum(hit);
    return ops::mul(ops::sgn(x), ops::mul(ops::div(g, count), hit));
  }
  // g·sgn(x)·(|x|/norm)^(p-1): powers of the quotient, which stay in the type's range where the result does.
  Tensor none = ops::eq(norm, 0), part = ops::masked_fill(ops::div(size, norm), none, 0);
  if (p < 1) return ops::mul(ops::mul(ops::sgn(x), zero_where(ops::pow(part, p - 1), ops::eq(x, 0))), g);
  // Complex from 2 on: x/norm needs no sgn, which has no derivative at 0.
  if (p > 2 && is_complex(x->dtype))
    return ops::mul(ops::mul(zero_where(ops::div(x, norm), none), ops::pow(part, p - 2)), g);
  return ops::mul(ops::mul(ops::sgn(x), ops::pow(part, p - 1)), g);
}
int norm_case(double p) { return p == 0 || p == 1 || p == 2 ? int(p) : std::isinf(p) ? 3 : 4; }

namespace {

struct VectorNorm {
  static constexpr const char *name = "linalg.vector_norm", *node = "LinalgVectorNormBackward0";
  double p;
  Mask mask;
  bool keepdim;
  Dtype work;
  SavedTensor x_ = {}, y_ = {};
  Tensor forward(const Tensor& x) { return norm_raw(raw::cast(x, work), p, mask, keepdim); }
  const char* rule() const {
    static constexpr const char* cases[] = {"gx = 0", "gx = g·sgn(x)", "gx = g·x/y",
                                            "gx = g·sgn(x)·[|x| = y]/count(|x| = y)",
                                            "gx = g·sgn(x)·(|x|/y)^(ord−1)"};
    return cases[norm_case(p)];
  }
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node);
    if (p == 0) return;  // a count has no gradient
    auto full = [&](const Tensor& t) { return restore_dims(t, mask, x->ndim, keepdim); };
    b.gx[0] = ops::to(norm_rule(full(b.grad()), ops::to(x, work), full(y_.get(b.node)), p, mask), x->dtype);
  }
  void fields(auto& f) {
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("ord", p);
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

using OptInts = std::optional<Ints>;
using OptDtype = std::optional<Dtype>;

void check_type(const Tensor& x, const OptDtype& d) {
  check(is_differentiable(x->dtype),
        "linalg.vector_norm: Expected a floating point or complex tensor as input. Got ", label_of(x->dtype));
  if (!d) return;
  check(is_differentiable(*d), "linalg.vector_norm: dtype should be floating point or complex, but got ",
        label_of(*d));
  check(is_complex(*d) == is_complex(x->dtype), "linalg.vector_norm: dtype should be ",
        is_complex(x->dtype) ? "complex" : "real", " for ", is_complex(x->dtype) ? "complex" : "real",
        " inputs, but got ", label_of(*d));
  check(promote(*d, x->dtype) == *d, "linalg.vector_norm: the dtype of the input (", label_of(x->dtype),
        ") should be convertible without narrowing to the specified dtype (", label_of(*d), ")");
}

}  // namespace

Tensor vector_norm(const Tensor& x, double p, OptInts dims, bool keepdim, OptDtype d) {
  check_type(x, d);
  Mask m = mask_of(dims, x->ndim);
  check_identity(*x, p, m, dims && !dims->empty());
  return apply(VectorNorm{p, m, keepdim, d.value_or(x->dtype)}, x);
}

namespace {

Tensor vector_norm_scalar(const Tensor& x, const Scalar& ord, OptInts dims, bool keepdim, OptDtype d) {
  check(!ord.is_complex(), "linalg.vector_norm: Expected a non-complex scalar as the order of norm.");
  return vector_norm(x, ord.to_double(), dims, keepdim, d);
}

struct Dist {  // ‖x - y‖
  static constexpr const char *name = "dist", *node = "DistBackward0";
  double p;
  SavedTensor a_ = {}, b_ = {}, y_ = {};
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    Tensor d = ops::sub(a, b);
    check(is_differentiable(d->dtype), "norm(): input dtype should be either floating point or complex. Got ",
          label_of(d->dtype), " instead.");
    return norm_raw(d, p, Mask::all(d->ndim), false);
  }
  const char* rule() const {
    static constexpr const char* cases[] = {"ga = 0; gb = 0", "ga = g·sgn(a − b); gb = −ga",
                                            "ga = g·(a − b)/y; gb = −ga",
                                            "ga = g·sgn(d)·[|d| = y]/count(|d| = y), d = a − b; gb = −ga",
                                            "ga = g·sgn(d)·(|d|/y)^(p−1), d = a − b; gb = −ga"};
    return cases[norm_case(p)];
  }
  void vjp(Backward& w) {
    Tensor a = a_.get(w.node), b = b_.get(w.node), d = ops::sub(a, b);
    Tensor g = norm_rule(w.grad(), d, y_.get(w.node), p, Mask::all(d->ndim));
    if (w.needs(0)) w.gx[0] = ops::to(ops::sum_to(g, a->sizes()), a->dtype);
    if (w.needs(1)) w.gx[1] = ops::to(ops::sum_to(ops::neg(g), b->sizes()), b->dtype);
  }
  void fields(auto& f) {
    f("other", b_, input(1));
    f("p", p);
    f("result", y_, output(0));
    f("self", a_, input(0));
  }
};

// Each slice along dim scaled down to a norm of at most maxnorm.
struct Renorm {
  static constexpr const char *name = "renorm", *node = "RenormBackward0";
  double p;
  int64_t dim;
  double most;
  SavedTensor x_ = {};
  Mask others(const Tensor& x) const { return {Mask::all(x->ndim).bits & ~Mask::one(dim).bits}; }
  Tensor forward(const Tensor& x) {
    NoGrad off;
    Tensor n = norm_raw(x, p, others(x), true);
    Tensor factor = ops::where(ops::gt(n, most), ops::mul(ops::reciprocal(ops::add(n, 1e-7)), most), 1.0);
    return ops::to(ops::mul(x, factor), x->dtype);
  }
  static constexpr const char* rule =
      "gx = g where n = ‖x‖ ≤ maxnorm, else maxnorm·(g − (∂n/∂x)·sum(x·g)/n)/n of each slice";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node);
    const Tensor& g = b.grad();
    Dims dims = dims_of(others(x), x->ndim);
    Tensor n = vector_norm(x, p, Ints(dims), true, {});
    Tensor along = ops::mul(is_complex(x->dtype) ? ops::conj(x) : x, g);
    if (is_complex(x->dtype)) along = ops::real(along);
    Tensor nb = norm_rule(ops::sum(along, dims, true), x, n, p, others(x));
    Tensor inv = ops::reciprocal(ops::add(n, 1e-7));
    Tensor scaled = ops::mul(ops::mul(inv, most), ops::sub(g, ops::mul(inv, nb)));
    b.gx[0] = ops::where(ops::gt(n, most), ops::to(scaled, g->dtype), g);
  }
  void fields(auto& f) {
    f("dim", dim);
    f("maxnorm", most);
    f("p", p);
    f("self", x_, input(0));
  }
};

Tensor renorm(const Tensor& x, const Scalar& p, int64_t dim, const Scalar& most) {
  check(!p.is_complex(), "renorm: p must be real-valued");
  check(p.to_double() > 0, "renorm: non-positive-norm not supported");
  check(!most.is_complex(), "renorm: maxnorm must be real-valued");
  check(most.to_double() >= 0, "renorm: expected maxnorm to be >= 0 but got ", most.to_double());
  check(x->ndim > 1, "renorm: input needs at least 2 dimensions, got ", int(x->ndim), " dimensions");
  check_type(x, {});
  return apply(Renorm{p.to_double(), wrap_dim(dim, x->ndim), most.to_double()}, x);
}

}  // namespace

namespace ops {
Tensor vector_norm(const Tensor& x, double p, Ints dims, bool keepdim) {
  return adjoint::vector_norm(x, p, dims, keepdim, {});
}
}  // namespace ops

#define NORM_TAIL "int[1]? dim=None, bool keepdim=False, *, dtype? dtype=None) -> Tensor"
static const auto defs = {
    def<vector_norm_scalar>("vector_norm(Tensor x, Scalar ord=2, " NORM_TAIL, kLinalg | kOut,
                            "(Σ|x|ᵖ)^(1/p)."),
    def<[](const Tensor& a, const Tensor& b, const Scalar& p) { return apply(Dist{p.to_double()}, a, b); }>(
        "dist(Tensor self, Tensor other, Scalar p=2) -> Tensor", kBoth | kOut, "The norm of the difference."),
    def<renorm>("renorm(Tensor self, Scalar p, int dim, Scalar maxnorm) -> Tensor", kAll,
                "Scales each slice along `dim` down to a norm of at most `maxnorm`."),
};
#undef NORM_TAIL

}  // namespace adjoint
