// cross, vecdot, trace, and distances between all pairs of vectors.
#include "device/distance.h"
#include "device/host_values.h"
#include "ops/linalg/products.h"
#include "ops/reduce/norm.h"

namespace adjoint {
namespace {

// a × b = roll(a, -1) roll(b, -2) - roll(a, -2) roll(b, -1)
struct Cross {
  static constexpr const char *name = "linalg_cross", *node = "LinalgCrossBackward0";
  int64_t dim;
  SavedTensor a_ = {}, b_ = {};
  static Tensor value(const Tensor& a, const Tensor& b, int64_t dim) {
    Ints d(&dim, 1);
    const int64_t one = -1, two = -2;
    auto turn = [&](const Tensor& x, const int64_t& by) { return ops::roll(x, Ints(&by, 1), d); };
    return ops::sub(ops::mul(turn(a, one), turn(b, two)), ops::mul(turn(a, two), turn(b, one)));
  }
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    return value(a, b, dim);
  }
  static constexpr const char* rule = "ga = b × g; gb = g × a";
  void vjp(Backward& w);
  void fields(auto& f) {
    f("dim", dim);
    f("other", b_, input(1));
    f("self", a_, input(0));
  }
};

Tensor cross_op(const Tensor& a, const Tensor& b, int64_t dim) {
  check(a->ndim == b->ndim, "linalg.cross: inputs must have the same number of dimensions.");
  int64_t d = wrap_dim(dim, a->ndim);
  check(a->ndim > 0 && a->size(int(d)) == 3 && b->size(int(d)) == 3, "linalg.cross: inputs dimension ", dim,
        " must have length 3. Got ", a->ndim ? a->size(int(d)) : 1, " and ", b->ndim ? b->size(int(d)) : 1);
  return apply(Cross{d}, a, b);
}
void Cross::vjp(Backward& w) {
  Tensor a = a_.get(w.node), b = b_.get(w.node);
  const Tensor& g = w.grad();
  auto fit = [&](const Tensor& t, const Tensor& like) {
    return ops::to(ops::sum_to(t, like->sizes()), like->dtype);
  };
  auto wide = [&](const Tensor& t) { return ops::expand(conj_of(t), g->sizes()); };
  if (w.needs(0)) w.gx[0] = fit(cross_op(wide(b), g, dim), a);
  if (w.needs(1)) w.gx[1] = fit(cross_op(g, wide(a), dim), b);
}

Tensor cross_first(const Tensor& a, const Tensor& b, std::optional<int64_t> dim) {
  if (dim) return cross_op(a, b, *dim);
  if (host.warn)
    host.warn(
        "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim "
        "explicitly or simply use "
        "torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a "
        "future release.");
  for (int i = 0; i < a->ndim; ++i)
    if (a->size(i) == 3) return cross_op(a, b, i);
  fail("no dimension of size 3 in input");
}

Tensor vecdot(const Tensor& x, const Tensor& y, int64_t dim) {
  check(is_differentiable(x->dtype),
        "linalg.vecdot: Expected a floating point or complex tensor as input. Got ", label_of(x->dtype));
  check(x->dtype == y->dtype, "linalg.vecdot: Expected x and y to have the same dtype, but found x of type ",
        label_of(x->dtype), " and y of type ", label_of(y->dtype), " instead");
  return ops::sum(ops::mul(conj_of(x), y), Ints(&dim, 1));
}

struct Trace {  // Σ A[i, i]
  static constexpr const char *name = "trace", *node = "TraceBackward0";
  Dims sizes = {};
  Tensor forward(const Tensor& x) {
    int64_t n = std::min(x->size(0), x->size(1)), step = x->stride(0) + x->stride(1);
    Tensor d = alias(x, Ints(&n, 1), Ints(&step, 1), x->byte_offset);
    return reduce_all_raw(Reduction::Sum, d,
                          category_of(x->dtype) <= Category::Integer ? Dtype::I64 : x->dtype);
  }
  static constexpr const char* rule = "gx = zeros with g along the diagonal";
  void vjp(Backward& b) {
    int64_t n = std::min(sizes[0], sizes[1]);
    Tensor d = ops::diag_embed(ops::expand(b.grad(), Ints(&n, 1)));
    b.gx[0] = equal(d->sizes(), sizes) ? d : ops::constant_pad(d, Dims{0, sizes[1] - n, 0, sizes[0] - n});
  }
  void fields(auto& f) { f("self_sym_sizes", sizes, input(0)); }
};

Tensor trace(const Tensor& x) {
  check(x->ndim == 2, "trace: expected a matrix, but got tensor with dim ", int(x->ndim));
  if (x->dtype == Dtype::Bool) fail(ErrorKind::NotImplemented, "\"trace\" not implemented for 'Bool'");
  return apply(Trace{}, x);
}

// Distances of all pairs: the differences are made explicitly, so that near points keep their accuracy.
struct Cdist {
  static constexpr const char *name = "_cdist_forward", *node = "CdistBackward0";
  double p;
  SavedTensor a_ = {}, b_ = {}, y_ = {};
  static Tensor differences(const Tensor& a, const Tensor& b) {
    return ops::sub(ops::unsqueeze(a, -2), ops::unsqueeze(b, -3));
  }
  Tensor forward(const Tensor& a, const Tensor& b) {
    NoGrad off;
    const Pairs at(a, b);
    Tensor y = empty(Dims{at.x->size(0), at.x->size(1), at.z->size(1)}, at.x->dtype, a->device);
    distances_of(y).pairs(*at.x, *at.z, p, *y);
    return ops::reshape(y, at.sizes(a, b));
  }
  // The two as batches of matrices of one type: [batch, rows, columns].
  struct Pairs {
    Tensor x, z;
    Dims batch;
    Pairs(const Tensor& a, const Tensor& b)
        : batch(broadcast_shapes(a->sizes().first(size_t(a->ndim - 2)),
                                 b->sizes().first(size_t(b->ndim - 2)))) {
      const Dtype type = promote(a->dtype, b->dtype);
      x = laid(raw::cast(a, type)), z = laid(raw::cast(b, type));
    }
    Tensor laid(const Tensor& t) const {
      Dims full(batch);
      full.push_back(t->size(t->ndim - 2)), full.push_back(t->size(t->ndim - 1));
      const int64_t rows = t->size(t->ndim - 2), columns = t->size(t->ndim - 1);
      return ops::reshape(raw::contiguous(ops::expand(t, full)), Dims{numel_of(batch), rows, columns});
    }
    Dims sizes(const Tensor& a, const Tensor& b) const {
      Dims s(batch);
      s.push_back(a->size(a->ndim - 2)), s.push_back(b->size(b->ndim - 2));
      return s;
    }
  };
  void slopes_raw(Backward& w, const Tensor& a, const Tensor& b) const {
    const Pairs at(a, b);
    const Dims sizes{at.x->size(0), at.x->size(1), at.z->size(1)};
    auto values = [&](const Tensor& t) {
      return ops::reshape(raw::contiguous(raw::cast(t, at.x->dtype)), sizes);
    };
    const Tensor g = values(w.grad()), y = values(y_.get(w.node));
    auto slope = [&](const Tensor& x, const Tensor& z, const Tensor& like, bool turned) {
      Tensor gx = empty(x->sizes(), x->dtype, x->device);
      distances_of(gx).slopes(*x, *z, *g, *y, turned, p, *gx);
      Dims full(at.batch);
      full.push_back(x->size(1)), full.push_back(x->size(2));
      return raw::cast(ops::sum_to(ops::reshape(gx, full), like->sizes()), like->dtype);
    };
    if (w.needs(0)) w.gx[0] = slope(at.x, at.z, a, false);
    if (w.needs(1)) w.gx[1] = slope(at.z, at.x, b, true);
  }
  // d is the difference of a pair; the parts sum over the pairs that a row is in.
  const char* rule() const {
    static constexpr const char* cases[] = {
        "ga = 0; gb = 0", "ga[i] = sum over j of g·sgn(d); gb[j] = −sum over i of g·sgn(d), d = a[i] − b[j]",
        "ga[i] = sum over j of g·d/y; gb[j] = −sum over i of g·d/y, d = a[i] − b[j]",
        "ga[i] = sum over j of g·∂max|d|; gb[j] = −sum over i of g·∂max|d|, d = a[i] − b[j]",
        "ga[i] = sum over j of g·∂‖d‖; gb[j] = −sum over i of g·∂‖d‖, d = a[i] − b[j]"};
    return cases[norm_case(p)];
  }
  void vjp(Backward& w) {
    Tensor a = a_.get(w.node), b = b_.get(w.node);
    if (!grad_enabled()) return slopes_raw(w, a, b);
    Tensor d = differences(a, b);
    Tensor g = norm_rule(ops::unsqueeze(w.grad(), -1), d, ops::unsqueeze(y_.get(w.node), -1), p,
                         Mask::one(d->ndim - 1));
    const int64_t rows = -2, cols = -3;
    if (w.needs(0)) w.gx[0] = ops::sum_to(ops::sum(g, Ints(&rows, 1)), a->sizes());
    if (w.needs(1)) w.gx[1] = ops::sum_to(ops::neg(ops::sum(g, Ints(&cols, 1))), b->sizes());
  }
  void fields(auto& f) {
    f("p", p);
    f("result", y_, output(0));
    f("x1", a_, input(0));
    f("x2", b_, input(1));
  }
};

Tensor cdist(const Tensor& a, const Tensor& b, double p, std::string_view) {
  check(is_floating(a->dtype), "cdist only supports floating-point dtypes, X1 got: ", label_of(a->dtype));
  check(is_floating(b->dtype), "cdist only supports floating-point dtypes, X2 got: ", label_of(b->dtype));
  check(a->ndim >= 2, "cdist only supports at least 2D tensors, X1 got: ", int(a->ndim), "D");
  check(b->ndim >= 2, "cdist only supports at least 2D tensors, X2 got: ", int(b->ndim), "D");
  check(a->size(a->ndim - 1) == b->size(b->ndim - 1),
        "X1 and X2 must have the same number of columns. X1: ", a->size(a->ndim - 1),
        " X2: ", b->size(b->ndim - 1));
  for (Dtype t : {a->dtype, b->dtype})
    if (is_reduced(t)) fail_dtype("cdist", t);
  check(p >= 0, "cdist only supports non-negative p values");
  return apply(Cdist{p}, a, b);
}

// The distances of each pair of rows i < j, in order.
struct Pdist {
  static constexpr const char *name = "pdist", *node = "PdistBackward0";
  double p;
  SavedTensor x_ = {}, y_ = {};
  static std::pair<Tensor, Tensor> pairs(int64_t n, Device device) {
    int64_t m = 0;
    check(!__builtin_mul_overflow(n, n - 1, &m), "numel: integer multiplication overflow");
    HostTensor<int64_t> first(Dims{m / 2}), second(Dims{m / 2});
    int64_t *a = first.data(), *b = second.data();
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i + 1; j < n; ++j) *a++ = i, *b++ = j;
    return {first.on(device), second.on(device)};
  }
  Tensor forward(const Tensor& x) {
    NoGrad off;
    if (!has_values(x)) return empty(Dims{x->size(0) * (x->size(0) - 1) / 2}, x->dtype, x->device);
    auto [i, j] = pairs(x->size(0), x->device);
    return norm_raw(ops::sub(ops::index_select(x, 0, i), ops::index_select(x, 0, j)), p, Mask::one(1), false);
  }
  // d is the difference of a pair; the parts sum over the pairs that a row is in.
  const char* rule() const {
    static constexpr const char* cases[] = {"gx = 0", "gx[i] = sum over j of ±g·sgn(d), d = x[i] − x[j]",
                                            "gx[i] = sum over j of ±g·d/y, d = x[i] − x[j]",
                                            "gx[i] = sum over j of ±g·∂max|d|, d = x[i] − x[j]",
                                            "gx[i] = sum over j of ±g·∂‖d‖, d = x[i] − x[j]"};
    return cases[norm_case(p)];
  }
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), zero = ops::zeros_like(x);
    auto [i, j] = pairs(x->size(0), x->device);
    Tensor d = ops::sub(ops::index_select(x, 0, i), ops::index_select(x, 0, j));
    Tensor g = norm_rule(ops::unsqueeze(b.grad(), 1), d, ops::unsqueeze(y_.get(b.node), 1), p, Mask::one(1));
    b.gx[0] = ops::index_add(ops::index_add(zero, 0, i, g), 0, j, ops::neg(g));
  }
  void fields(auto& f) {
    f("p", p);
    f("result", y_, output(0));
    f("self", x_, input(0));
  }
};

Tensor pdist(const Tensor& x, double p) {
  check(x->ndim == 2, "pdist only supports 2D tensors, got: ", int(x->ndim), "D");
  check(is_floating(x->dtype), "pdist only supports floating-point dtypes");
  if (is_reduced(x->dtype)) fail_dtype("pdist", x->dtype);
  check(p >= 0, "pdist only supports non-negative p values");
  return apply(Pdist{p}, x);
}

}  // namespace

static const auto defs = {
    def<cross_first>("cross(Tensor self, Tensor other, int? dim=None) -> Tensor", kBoth | kOut,
                     "The cross product of vectors of three elements."),
    def<cross_op>("cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor", kLinalg | kOut),
    def<vecdot>("vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor", kLinalg | kOut,
                "Σ conj(x) y along `dim`."),
    def<trace>("trace(Tensor self) -> Tensor", kBoth, "The sum of the diagonal."),
    def<cdist>("cdist(Tensor x1, Tensor x2, float p=2.0, str "
               "compute_mode='use_mm_for_euclid_dist_if_necessary') -> Tensor",
               kFunction, "The distance of each pair of rows of two matrices."),
    def<pdist>("pdist(Tensor input, float p=2.0) -> Tensor", kFunction | kNN,
               "The distances between the rows of a matrix."),
};

}  // namespace adjoint
