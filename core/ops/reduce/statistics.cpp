// Statistics and finite differences made of other operations: cov, corrcoef, diff, trapezoid,
// cosine_similarity.
#include <algorithm>
#include <cmath>
#include "ops/pointwise_record.h"
#include "ops/reduce/norm.h"

namespace adjoint {
namespace {

// Observation weights: frequencies times importances, or null.
Tensor weights_of(const Tensor& x, const Tensor& f, const Tensor& a) {
  int64_t n = x->size(1);
  auto check_one = [&](const Tensor& w, const char* name, bool right, const char* kind) {
    check(w->ndim <= 1, "cov(): expected ", name, " to have one or fewer dimensions but got ", name, " with ",
          int(w->ndim), " dimensions");
    check(right, "cov(): expected ", name, " to have ", kind, " dtype but got ", name, " with ",
          label_of(w->dtype), " dtype");
    check(w->numel == n, "cov(): expected ", name,
          " to have the same numel as there are observations in the input but got ", w->numel, " != ", n);
    check(n == 0 || item_at(*reduce_all_raw(Reduction::Min, w)).to_double() >= 0, "cov(): ", name,
          " cannot be negative");
  };
  if (f) check_one(f, "fweights", is_integral(f->dtype), "integral");
  if (a) check_one(a, "aweights", is_floating(a->dtype), "floating point");
  return f && a ? ops::mul(f, a) : f ? f : a;
}

Tensor cov(const Tensor& self, int64_t correction, const Tensor& f, const Tensor& a) {
  check(self->ndim <= 2, "cov(): expected input to have two or fewer dimensions but got an input with ",
        int(self->ndim), " dimensions");
  check(self->dtype != Dtype::Bool, "cov(): bool dtype is not supported for input");
  const int64_t row[2] = {1, self->numel}, across = 1;
  Tensor x = self->ndim < 2 ? ops::reshape(self, Ints(row, 2)) : self, w = weights_of(x, f, a);
  Ints dim(&across, 1);
  double n = double(x->size(1));
  Tensor mean, norm;  // the weights may carry gradients: the norm is a tensor
  if (w) {
    Tensor total = ops::sum(w);
    check(n == 0 || item_at(*total).to_double() != 0, "cov(): weights sum to zero, can't be normalized");
    mean = ops::div(ops::sum(ops::mul(x, w), dim), total);
    norm = ops::sub(total, double(correction));
    if (a && correction)
      norm = ops::sub(total, ops::div(ops::mul(ops::sum(ops::mul(w, a)), double(correction)), total));
  } else {
    mean = ops::div(ops::sum(x, dim), n);
    norm = scalar_tensor(n - double(correction), Dtype::F64);
  }
  if (item_at(*norm).to_double() <= 0) {
    if (host.warn)
      host.warn(
          "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of "
          "observations.");
    norm = ops::mul(norm, 0);
  }
  Tensor centred = ops::sub(x, ops::unsqueeze(mean, 1));
  Tensor right = ops::t(w ? ops::mul(centred, w) : centred);
  if (is_complex(right->dtype)) right = ops::conj(right);
  return ops::squeeze(ops::div(ops::mm(ops::to(centred, right->dtype), right), norm));
}

// Correlations do not feel a variable's scale: variables whose squares would leave the type's range are brought near
// one by powers of two.
Tensor in_range(const Tensor& x) {
  if (!is_differentiable(x->dtype) || x->dtype == Dtype::F16 || !has_values(x) || x->numel == 0) return x;
  const bool wide = real_of(x->dtype) == Dtype::F64;
  const double safe = wide ? 0x1p400 : 0x1p50;
  const int most = wide ? 1000 : 126;
  Mask rows = x->ndim ? Mask::one(x->ndim - 1) : Mask{};
  Tensor size = raw::cast(norm_raw(detach(x), HUGE_VAL, rows, true), Dtype::F64);
  HostElements<double> sizes(size);
  HostTensor<double> scale(size->sizes());
  bool all_safe = true;
  for (int64_t i = 0; i < sizes.size(); ++i) {
    const double v = sizes[i];
    const bool keep = v == 0 || !std::isfinite(v) || (v < safe && v > 1 / safe);
    scale[i] = keep ? 1.0 : std::ldexp(1.0, std::clamp(-std::ilogb(v), -most, most));
    all_safe &= keep;
  }
  return all_safe ? x : ops::mul(x, raw::cast(scale.on(x->device), real_of(x->dtype)));
}

Tensor corrcoef(const Tensor& self) {
  check(self->ndim <= 2, "corrcoef(): expected input to have two or fewer dimensions but got an input with ",
        int(self->ndim), " dimensions");
  Tensor x = in_range(self), c = cov(x, 1, {}, {});
  if (c->ndim == 0) return ops::div(c, c);
  Tensor d = ops::diagonal(c), s = ops::sqrt(is_complex(d->dtype) ? ops::real(d) : d);
  const int64_t column[2] = {-1, 1}, line[2] = {1, -1};
  Tensor r = ops::div(ops::div(c, ops::reshape(s, Ints(column, 2))), ops::reshape(s, Ints(line, 2)));
  return is_complex(r->dtype) ? r : ops::clamp(r, Operand(-1), Operand(1));
}

Tensor upper(const Tensor& x, int64_t dim) { return ops::slice(x, dim, 1, INT64_MAX); }
Tensor lower(const Tensor& x, int64_t dim) {
  return ops::narrow(x, dim, 0, std::max<int64_t>(x->size(int(dim)) - 1, 0));
}
Tensor step(const Tensor& x, int64_t dim) {
  if (x->dtype == Dtype::Bool) return pointwise(formula<"logical_xor">, {upper(x, dim), lower(x, dim)});
  return ops::sub(upper(x, dim), lower(x, dim));
}

Tensor diff(const Tensor& self, int64_t n, int64_t dim, const Tensor& prepend, const Tensor& append) {
  check(self->ndim > 0, "diff expects input to be at least one-dimensional");
  int64_t d = wrap_dim(dim, self->ndim);
  check(n >= 0, "order must be non-negative but got ", n);
  for (const Tensor* t : {&prepend, &append})
    check(!*t || (*t)->ndim == self->ndim,
          "diff expects prepend or append to be the same dimension as input");
  if (n == 0) return ops::clone(self);  // even where there is something to prepend
  std::vector<Tensor> parts;
  if (prepend) parts.push_back(prepend);
  parts.push_back(self);
  if (append) parts.push_back(append);
  Tensor x = parts.size() > 1 ? ops::cat(parts, d) : self;
  n = std::min(n, x->size(int(d)));
  for (int64_t i = 0; i < n; ++i) x = step(x, d);
  return x;
}

// Integers as int64, lest sums of small ones wrap.
Tensor unwrapped(const Tensor& x) { return is_differentiable(x->dtype) ? x : ops::to(x, Dtype::I64); }

// The widths of the trapezoids for sample points x, shaped to broadcast against y's.
Tensor widths(const Tensor& y, const Tensor& points, int64_t d, const char* name) {
  Tensor x = unwrapped(points);
  if (x->ndim == 1) {
    check(x->size(0) == y->size(int(d)), name, ": There must be one `x` value for each sample point");
    Dims sizes(int64_t(y->ndim), 1);
    sizes[d] = x->size(0) - 1;
    return ops::reshape(step(x, 0), sizes);
  }
  Tensor wide = x;
  while (wide->ndim < y->ndim) wide = ops::unsqueeze(wide, 0);
  int64_t at = d + (wide->ndim - y->ndim);
  return step(wide, at);
}
Tensor zeros_without(const Tensor& y, int64_t d) {
  return zeros(reduced_sizes(*y, Mask::one(d), false), y->dtype, y->device);
}
Tensor pairs(const Tensor& y, int64_t d) {
  Tensor v = unwrapped(y);
  return ops::add(lower(v, d), upper(v, d));
}

Tensor trapezoid_x(const Tensor& y, const Tensor& x, int64_t dim) {
  int64_t d = wrap_dim(dim, y->ndim);
  if (y->ndim && y->size(int(d)) == 0) return zeros_without(y, d);
  check(y->dtype != Dtype::Bool && x->dtype != Dtype::Bool,
        "trapezoid: received a bool input for `x` or `y`, but bool is not supported");
  Tensor area = ops::mul(pairs(y, d), widths(y, x, d, "trapezoid"));
  int64_t at = d + (area->ndim - y->ndim);
  return ops::div(ops::sum(area, Ints(&at, 1)), 2.0);
}
Tensor trapezoid_dx(const Tensor& y, const Scalar& dx, int64_t dim) {
  int64_t d = wrap_dim(dim, y->ndim);
  if (y->ndim && y->size(int(d)) == 0) return zeros_without(y, d);
  check(y->dtype != Dtype::Bool, "trapezoid: received a bool input for `y`, but bool is not supported");
  check(!dx.is_bool(), "trapezoid: Currently, we only support dx as a real number.");
  Tensor v = unwrapped(y);
  Tensor ends = ops::mul(ops::add(ops::select(v, d, 0), ops::select(v, d, -1)), 0.5);
  return ops::mul(ops::sub(ops::sum(y, Ints(&d, 1)), ends), dx);
}
Tensor cumulative_trapezoid_x(const Tensor& y, const Tensor& x, int64_t dim) {
  int64_t d = wrap_dim(dim, y->ndim);
  check_as(y->ndim > 0, ErrorKind::Index, "slice() cannot be applied to a 0-dim tensor.");
  check(y->dtype != Dtype::Bool && x->dtype != Dtype::Bool,
        "cumulative_trapezoid: received a bool input for `x` or `y`, but bool is not supported");
  Tensor area = ops::mul(pairs(y, d), widths(y, x, d, "cumulative_trapezoid"));
  return ops::div(ops::cumsum(area, d + (area->ndim - y->ndim)), 2.0);
}
Tensor cumulative_trapezoid_dx(const Tensor& y, const Scalar& dx, int64_t dim) {
  int64_t d = wrap_dim(dim, y->ndim);
  check_as(y->ndim > 0, ErrorKind::Index, "slice() cannot be applied to a 0-dim tensor.");
  check(y->dtype != Dtype::Bool,
        "cumulative_trapezoid: received a bool input for `y`, but bool is not supported");
  return ops::cumsum(ops::mul(pairs(y, d), dx.to_double() / 2), d);
}

}  // namespace

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps) {
  Dtype d = promote(x1->dtype, x2->dtype);
  check(is_floating(d), "expected common dtype to be floating point, yet common dtype is ", label_of(d));
  Dims full = broadcast_shapes(x1->sizes(), x2->sizes());
  auto unit = [&](const Tensor& x) {
    Tensor v = ops::expand(ops::to(x, d), full);
    Tensor n = ops::clone(ops::vector_norm(v, 2, Ints(&dim, 1), true));
    NoGrad off;  // raising a small norm to eps does not change its rule
    raw::copy(n, ops::clamp(detach(n), Operand(eps), std::nullopt));
    return std::pair(v, n);
  };
  auto [a, na] = unit(x1);
  auto [b, nb] = unit(x2);
  return ops::sum(ops::mul(ops::div(a, na), ops::div(b, nb)), Ints(&dim, 1));
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keepdim) {
  const int64_t last = std::max(a->ndim, b->ndim) - 1;
  return ops::vector_norm(ops::add(ops::sub(a, b), eps), p, Ints(&last, 1), keepdim);
}

static const auto defs = {
    def<cov>("cov(Tensor self, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None) -> Tensor",
             kBoth, "The covariance matrix of variables (rows) over observations (columns)."),
    def<corrcoef>("corrcoef(Tensor self) -> Tensor", kBoth, "The matrix of correlation coefficients."),
    def<diff>("diff(Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None) -> Tensor",
              kBoth | kOut, "The n-th forward difference along `dim`."),
    def<trapezoid_x>("trapezoid(Tensor y, Tensor x, *, int dim=-1) -> Tensor", kFunction,
                     "The integral by the trapezoid rule."),
    def<trapezoid_dx>("trapezoid(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor", kFunction),
    def<trapezoid_x>("trapz(Tensor y, Tensor x, *, int dim=-1) -> Tensor", kFunction,
                     "The same as trapezoid."),
    def<trapezoid_dx>("trapz(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor", kFunction),
    def<cumulative_trapezoid_x>("cumulative_trapezoid(Tensor y, Tensor x, *, int dim=-1) -> Tensor",
                                kFunction, "The running integral by the trapezoid rule."),
    def<cumulative_trapezoid_dx>("cumulative_trapezoid(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor",
                                 kFunction),
    def<cosine_similarity>("cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor",
                           kFunction | kNN, "x₁·x₂ / (‖x₁‖ ‖x₂‖)."),
    def<pairwise_distance>(
        "pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False) -> Tensor",
        kFunction | kNN, "The norm of the difference of each pair of vectors."),
};

}  // namespace adjoint
