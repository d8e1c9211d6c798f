// matmul for every pair of ranks, and the products made of it: outer, inner, linear, kron, multi_dot, powers.
#include "ops/linalg/products.h"
#include "ops/linalg/solve.h"

namespace adjoint {
namespace {

struct UnsafeView {
  static constexpr const char *name = "_unsafe_view", *node = "UnsafeViewBackward0";
  Dims to, from = {};
  Tensor forward(const Tensor& x) { return alias(x, to, contiguous_strides(to), x->byte_offset); }
  static constexpr const char* rule = "gx = reshape(g)";
  void vjp(Backward& b) { b.gx[0] = ops::reshape(b.grad(), from); }
  void fields(auto& f) { f("self_sym_sizes", from, input(0)); }
};

// a [..., n, k] times a matrix or vector: one product of all rows.
Tensor fold_left(const Tensor& a, const Tensor& b) {
  Dims sizes(a->sizes().first(size_t(a->ndim) - 1));
  int64_t k = a->size(a->ndim - 1), rows = numel_of(sizes);
  const int64_t flat[2] = {rows, k};
  Tensor x = ops::reshape(a, Ints(flat, 2));
  if (b->ndim == 1) return ops::unsafe_view(ops::mv(x, b), sizes);
  sizes.push_back(b->size(1));
  return ops::unsafe_view(ops::mm(x, b), sizes);
}

Tensor batched(const Tensor& a, const Tensor& b) {
  Tensor l = a->ndim == 1 ? ops::unsqueeze(a, 0) : a, r = b->ndim == 1 ? ops::unsqueeze(b, 1) : b;
  Ints ls = l->sizes(), rs = r->sizes();
  Dims batch = broadcast_shapes(ls.first(ls.size() - 2), rs.first(rs.size() - 2));
  int64_t n = ls[ls.size() - 2], k = ls.back(), k2 = rs[rs.size() - 2], m = rs.back(),
          count = numel_of(batch);
  auto flat = [&](const Tensor& x, int64_t rows, int64_t cols) {
    Dims full = batch;
    full.push_back(rows);
    full.push_back(cols);
    const int64_t three[3] = {count, rows, cols};
    return ops::reshape(ops::expand(x, full), Ints(three, 3));
  };
  Tensor y = ops::bmm(flat(l, n, k), flat(r, k2, m));
  Dims out = batch;
  if (a->ndim > 1) out.push_back(n);
  if (b->ndim > 1) out.push_back(m);
  return ops::unsafe_view(y, out);
}

Tensor inner(const Tensor& a, const Tensor& b) {
  if (a->ndim == 0 || b->ndim == 0) return ops::mul(a, b);
  check(a->size(a->ndim - 1) == b->size(b->ndim - 1),
        "inner() the last dimension must match on both input tensors but got shapes ", a->sizes(), " and ",
        b->sizes());
  if (a->ndim == 1 && b->ndim == 1) return ops::reshape(ops::dot(a, b), Ints{});
  int64_t k = a->size(a->ndim - 1);
  Dims sizes(a->sizes().first(size_t(a->ndim) - 1));
  int64_t rows = numel_of(sizes);
  for (int i = 0; i < b->ndim - 1; ++i) sizes.push_back(b->size(i));
  const int64_t fa[2] = {rows, k},
                fb[2] = {k ? b->numel / k : numel_of(b->sizes().first(size_t(b->ndim) - 1)), k};
  Tensor y = ops::mm(ops::reshape(a, Ints(fa, 2)), ops::transpose(ops::reshape(b, Ints(fb, 2)), 0, 1));
  return ops::reshape(y, sizes);
}

// nn.functional.linear: x Wᵀ + b, with the bias inside the product where the rows can be folded.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias) {
  Tensor wt = w->ndim < 2 ? w : ops::t(w);
  if (!bias) return ops::matmul(x, wt);
  if (w->ndim == 2 && x->ndim == 2) return ops::addmm(bias, x, wt);
  if (w->ndim == 2 && x->ndim != 0) {
    Dims sizes(x->sizes().first(size_t(x->ndim) - 1));
    const int64_t flat[2] = {numel_of(sizes), x->size(x->ndim - 1)};
    sizes.push_back(w->size(0));
    return ops::reshape(ops::addmm(bias, ops::reshape(x, Ints(flat, 2)), wt), sizes);
  }
  return ops::add(ops::matmul(x, wt), bias);
}

// The Kronecker product: every element of a times all of b.
Tensor kron(const Tensor& a, const Tensor& b) {
  int nd = std::max(a->ndim, b->ndim);
  Dims sa, sb, out;
  for (int i = 0; i < nd; ++i) {
    int64_t x = i < nd - a->ndim ? 1 : a->size(i - (nd - a->ndim)),
            y = i < nd - b->ndim ? 1 : b->size(i - (nd - b->ndim));
    sa.push_back(x);
    sa.push_back(1);
    sb.push_back(1);
    sb.push_back(y);
    out.push_back(x * y);
  }
  return ops::unsafe_view(ops::mul(ops::reshape(a, sa), ops::reshape(b, sb)), out);
}

// The cheapest order of a chain of products, by dynamic programming (Cormen et al., 15.2).
struct Chain {
  std::vector<Tensor> a;
  std::vector<std::vector<int>> cut;
  explicit Chain(std::vector<Tensor> xs) : a(std::move(xs)) {
    size_t n = a.size();
    std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0));
    cut.assign(n, std::vector<int>(n, 0));
    auto dim = [&](size_t i) { return double(i < n ? a[i]->size(0) : a[n - 1]->size(1)); };
    for (size_t len = 1; len < n; ++len)
      for (size_t i = 0; i + len < n; ++i) {
        size_t j = i + len;
        cost[i][j] = -1;
        for (size_t k = i; k < j; ++k) {
          double c = cost[i][k] + cost[k + 1][j] + dim(i) * dim(k + 1) * dim(j + 1);
          if (cost[i][j] < 0 || c < cost[i][j]) {
            cost[i][j] = c;
            cut[i][j] = int(k);
          }
        }
      }
  }
  Tensor product(size_t i, size_t j) const {
    if (i == j) return a[i];
    size_t k = size_t(cut[i][j]);
    return ops::mm(product(i, k), product(k + 1, j));
  }
};

Tensor multi_dot(std::span<const Tensor> xs) {
  size_t n = xs.size();
  check(n >= 2, "multi_dot(): expected at least 2 tensors but got ", n);
  std::vector<Tensor> a(xs.begin(), xs.end());
  Dims out;
  for (size_t i = 0; i < n; ++i) {
    bool end = i == 0 || i == n - 1;
    check(a[i]->ndim == 2 || (end && a[i]->ndim == 1), "multi_dot(): ",
          i == 0 ? "the first tensor must be 1D or 2D"
          : end  ? "the last tensor must be 1D or 2D"
                 : str("tensor ", i, " must be 2D"),
          " but got ", int(a[i]->ndim), "D");
    check(a[i]->dtype == a[0]->dtype, "multi_dot(): all tensors must have be the same dtype but tensor 0 is ",
          name_of(a[0]->dtype), " and tensor ", i, " ", name_of(a[i]->dtype));
  }
  if (a[0]->ndim == 1)
    a[0] = ops::unsqueeze(a[0], 0);
  else
    out.push_back(a[0]->size(0));
  if (a[n - 1]->ndim == 1)
    a[n - 1] = ops::unsqueeze(a[n - 1], 1);
  else
    out.push_back(a[n - 1]->size(1));
  for (size_t i = 0; i + 1 < n; ++i)
    check(a[i]->size(1) == a[i + 1]->size(0), "multi_dot(): tensors ", i, " and ", i + 1, " with shapes ",
          a[i]->sizes(), " and ", a[i + 1]->sizes(), " cannot be multiplied");
  return ops::reshape(Chain(std::move(a)).product(0, n - 1), out);
}

Tensor chain_matmul(std::span<const Tensor> xs) {
  check(!xs.empty(), "chain_matmul(): Expected one or more matrices");
  for (const Tensor& x : xs)
    check(x->ndim == 2, "Tensor dimension is ", int(x->ndim), ", expected 2 instead.");
  return xs.size() == 1 ? xs[0] : multi_dot(xs);
}

Tensor identity_like(const Tensor& a) {
  int64_t n = a->size(a->ndim - 1);
  Tensor eye = zeros(a->sizes(), a->dtype, a->device);
  if (a->numel == 0) return eye;
  for (int64_t b = 0; b < a->numel / (n * n); ++b) {
    const int64_t size = n, stride = n + 1;
    raw::fill(alias(eye, Ints(&size, 1), Ints(&stride, 1), (b * n * n) * int64_t(eye->itemsize())), 1);
  }
  return eye;
}

struct PowerZero {  // A⁰ = I, whatever A
  static constexpr const char *name = "matrix_power", *node = "torch::autograd::CopyBackwards";
  Tensor forward(const Tensor& a) { return identity_like(a); }
  static constexpr const char* rule = "gx = 0";
  void vjp(Backward& b) { b.gx[0] = zeros(b.grad()->sizes(), b.grad()->dtype, b.grad()->device); }
};

// Aⁿ by squaring, the inverse's for negative n.
Tensor matrix_power(const Tensor& a, int64_t n) {
  check(a->ndim >= 2, "linalg.matrix_power: The input tensor A must have at least 2 dimensions.");
  int64_t r = a->size(a->ndim - 2), c = a->size(a->ndim - 1);
  check(r == c, "linalg.matrix_power: A must be batches of square matrices, but they are ", r, " by ", c,
        " matrices");
  if (n == 0) return apply(PowerZero{}, a);
  if (n < 0) {
    check(n != INT64_MIN, "linalg.matrix_power: the power ", n, " is too small");
    return n == -1 ? ops::inv(a) : matrix_power(ops::inv(a), -n);
  }
  if (n == 1) return ops::clone(a);
  if (n == 3) return ops::matmul(ops::matmul(a, a), a);
  Tensor z, result;
  while (n > 0) {
    z = z ? ops::matmul(z, z) : a;
    if (n & 1) result = result ? ops::matmul(result, z) : z;
    n >>= 1;
  }
  return result;
}

Tensor outer_named(const Tensor& a, const Tensor& b) {
  check(a->ndim == 1, "outer: Expected 1-D argument self, but got ", int(a->ndim), "-D");
  check(b->ndim == 1, "outer: Expected 1-D argument vec2, but got ", int(b->ndim), "-D");
  const int64_t column[2] = {a->size(0), 1};
  return ops::mul(ops::reshape(a, Ints(column, 2)), b);
}

// y[b, o] = Σ x1[b, i] W[o, i, j] x2[b, j] + bias[o]
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& w, const Tensor& bias) {
  check(x1->ndim == x2->ndim, "bilinear(): input dimensions do not match: got ", int(x1->ndim), " and ",
        int(x2->ndim));
  check(w->ndim == 3, "bilinear(): weight must have 3 dimensions, got ", int(w->ndim));
  for (int i = 0; i < x1->ndim - 1; ++i)
    check(x1->size(i) == x2->size(i), "bilinear(): input batch dimensions do not match at dim ", i, ": got ",
          x1->size(i), " and ", x2->size(i));
  check(x1->ndim > 0 && x1->size(x1->ndim - 1) == w->size(1),
        "bilinear(): input1 size does not match weight size: got ", x1->ndim ? x1->size(x1->ndim - 1) : 1,
        " but expected ", w->size(1));
  check(x2->size(x2->ndim - 1) == w->size(2), "bilinear(): input2 size does not match weight size: got ",
        x2->size(x2->ndim - 1), " but expected ", w->size(2));
  check(!bias || bias->size(0) == w->size(0), "bilinear(): bias size does not match weight size");
  Dims out(x1->sizes().first(size_t(x1->ndim) - 1));
  int64_t rows = numel_of(out), o = w->size(0), i = w->size(1), j = w->size(2);
  out.push_back(o);
  // x1 against W as [i, o·j], then each row's [o, j] against its x2.
  Tensor wi = ops::reshape(ops::transpose(w, 0, 1), Dims{i, o * j});
  Tensor m = ops::reshape(ops::mm(ops::reshape(x1, Dims{rows, i}), wi), Dims{rows, o, j});
  Tensor y = ops::reshape(ops::bmm(m, ops::reshape(x2, Dims{rows, j, 1})), out);
  return bias ? ops::add(y, bias) : y;
}

}  // namespace

namespace ops {

Tensor unsafe_view(const Tensor& x, Ints sizes) {
  return apply(UnsafeView{Dims(sizes)}, raw::contiguous(x).same(x) ? x : ops::contiguous(x));
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  int p = a->ndim, q = b->ndim;
  if (p == 2 && q == 2) return mm(a, b);
  check(p > 0 && q > 0, "both arguments to matmul need to be at least 1D, but they are ", p, "D and ", q,
        "D");
  if (p == 1 && q == 1) return dot(a, b);
  if (p == 2 && q == 1) return mv(a, b);
  if (p == 1 && q == 2) return squeeze(mm(unsqueeze(a, 0), b), 0);
  if (q <= 2) return fold_left(a, b);
  return batched(a, b);
}

Tensor outer(const Tensor& a, const Tensor& b) { return outer_named(a, b); }

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return adjoint::linear(x, weight, bias);
}

}  // namespace ops

static const auto defs = {
    def<ops::matmul>("matmul(Tensor self, Tensor other) -> Tensor", kBoth | kOut | kLinalg,
                     "The product of vectors, matrices or batches of matrices; batch dimensions broadcast."),
    def<ops::matmul>("__matmul__(Tensor self, Tensor other) -> Tensor", kMethod),
    def<outer_named>("outer(Tensor self, Tensor vec2) -> Tensor", kBoth | kOut,
                     "The product of every pair of elements of two vectors."),
    def<outer_named>("ger(Tensor self, Tensor vec2) -> Tensor", kBoth | kOut, "The same as outer."),
    def<inner>("inner(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
               "Dot products along the last dimensions."),
    def<linear>("linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", kNN | kOut, "x Wᵀ + b."),
    def<bilinear>("bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor",
                  kNN | kFunction, "x₁ W x₂ + b."),
    def<kron>("kron(Tensor self, Tensor other) -> Tensor", kBoth | kOut, "The Kronecker product."),
    def<chain_matmul>("_chain_matmul(Tensor[] matrices) -> Tensor", kHidden | kOut,
                      "A product of matrices in the cheapest order."),
    def<multi_dot>("multi_dot(Tensor[] tensors) -> Tensor", kLinalg | kOut,
                   "A product of matrices in the cheapest order."),
    def<matrix_power>("matrix_power(Tensor self, int n) -> Tensor", kBoth | kOut,
                      "A to the power n, for square matrices."),
    def<matrix_power>("matrix_power(Tensor A, int n) -> Tensor", kLinalg | kOut),
};

}  // namespace adjoint
