// Determinants, and their logarithms.
//
// Note [Cofactors]: the derivative of a determinant is the matrix of cofactors, det(A) A⁻ᵀ where A is regular, finite
// everywhere. Near a singular matrix the quotient has lost its digits, so it is computed by blocks: complete pivoting
// brings a regular block A₁₁ of all but the last two rows and columns to the front, and det A = det A₁₁ · det S with Schur's
// complement S, 2 x 2, of which cofactors are numbers of S itself. All of it are operations, so that derivatives of any
// order exist down to rank n - 2; below that, the first and the second one are 0.
#include <cmath>
#include <limits>
#include "device/host_values.h"
#include "ops/linalg/solve.h"

namespace adjoint {
namespace {

Tensor identity(int64_t n, Dtype dtype, Device device) {
  Tensor eye = zeros(Dims{n, n}, dtype, device);
  const int64_t size = n, stride = n + 1;
  if (n) raw::fill(alias(eye, Ints(&size, 1), Ints(&stride, 1), 0), 1);
  return eye;
}
Tensor as_matrix(const Tensor& number) { return ops::unsqueeze(ops::unsqueeze(number, -1), -1); }
Tensor part(const Tensor& x, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  return ops::slice(ops::slice(x, -2, row, row + rows), -1, col, col + cols);
}

// The cofactors of 1 x 1 and 2 x 2 matrices, and their determinants.
Tensor small_cofactors(const Tensor& s, int64_t n) {
  if (n == 1) return ops::ones_like(s);
  const int64_t both[2] = {-2, -1};
  HostTensor<double> signs(Dims{2, 2});
  signs[0] = signs[3] = 1, signs[1] = signs[2] = -1;
  return ops::mul(ops::flip(s, Ints(both, 2)), raw::cast(signs.on(s->device), s->dtype));
}
Tensor small_det(const Tensor& s, const Tensor& cofactors, int64_t n) {
  const int64_t last[1] = {-1};
  return ops::sum(ops::mul(part(s, 0, 1, 0, n), part(cofactors, 0, 1, 0, n)), Ints(last, 1), true);
}

// Rows and columns in the order of complete pivoting, and the sign of both permutations.
struct Orders {
  Tensor rows, columns, sign;
};
Orders orders_of(const Tensor& a) {
  NoGrad off;
  const Dims sizes(a->sizes().first(size_t(a->ndim) - 1)), batch = batch_sizes(*a);
  Orders o{empty(sizes, Dtype::I64, a->device), empty(sizes, Dtype::I64, a->device), {}};
  backend(a).solve->complete_pivots(*column_major(a), *o.rows, *o.columns);
  HostTensor<double> sign(batch);
  const int64_t n = a->size(a->ndim - 1);
  const HostElements<int64_t> rows(o.rows), columns(o.columns);
  auto inversions = [n](const int64_t* p) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < i; ++j) count += p[j] > p[i];
    return count;
  };
  for (int64_t b = 0; b < batch_count(*a); ++b)
    sign[b] = (inversions(rows.data() + b * n) + inversions(columns.data() + b * n)) % 2 ? -1 : 1;
  o.sign = raw::cast(sign.on(a->device), a->dtype);
  return o;
}
// x[rows[i], columns[j]].
Tensor ordered(const Tensor& x, const Tensor& rows, const Tensor& columns) {
  const Tensor r = ops::expand(ops::unsqueeze(rows, -1), x->sizes()),
               c = ops::expand(ops::unsqueeze(columns, -2), x->sizes());
  return ops::gather(ops::gather(x, -2, r), -1, c);
}
Tensor inverse_order(const Tensor& order) {
  NoGrad off;
  return ops::sort(order, -1).second;
}

Tensor cofactors_by_blocks(const Tensor& a) {
  const Orders o = orders_of(a);
  const int64_t n = a->size(a->ndim - 1), k = std::min<int64_t>(n, 2), r = n - k;
  const Tensor x = ordered(a, o.rows, o.columns);
  Tensor cofactors;
  if (r == 0) {
    cofactors = small_cofactors(x, k);
  } else {
    const Tensor a11 = part(x, 0, r, 0, r), a12 = part(x, 0, r, r, k), a21 = part(x, r, k, 0, r);
    const Tensor d = ops::det(a11), singular = as_matrix(ops::eq(alias(d), 0));
    const Tensor regular = ops::where(singular, identity(r, a->dtype, a->device), a11);
    // Solved, not multiplied by the inverse: where A₁₁ is singular but for rounding, that keeps what is noise small.
    const Tensor front = ops::inv(regular), right = ops::solve(regular, a12),
                 left = ops::solve(regular, a21, false);
    const Tensor s = ops::sub(part(x, r, k, r, k), ops::matmul(a21, right)), c = small_cofactors(s, k);
    const Tensor lc = ops::neg(ops::matmul(ops::mT(left), c)), rt = ops::neg(ops::mT(right));
    const Tensor c11 = ops::add(ops::mul(small_det(s, c, k), ops::mT(front)), ops::matmul(lc, rt));
    const Tensor top = ops::cat(std::array{c11, lc}, -1),
                 bottom = ops::cat(std::array{ops::matmul(c, rt), c}, -1);
    cofactors =
        ops::mul(ops::cat(std::array{top, bottom}, -2), ops::masked_fill(as_matrix(d), singular, Scalar(0)));
  }
  return ops::mul(ordered(cofactors, inverse_order(o.rows), inverse_order(o.columns)), as_matrix(o.sign));
}

// Whether the diagonal of U spans more than 1 / least, or has a 0.
bool nearly_singular(const Tensor& lu, double least) {
  if (!has_values(lu) || lu->numel == 0) return false;
  NoGrad off;
  const int64_t last[1] = {-1};
  const Tensor u = ops::abs(ops::diagonal(lu, 0, -2, -1));
  const Tensor low = ops::amin(u, Ints(last, 1)), high = ops::amax(u, Ints(last, 1));
  return item(ops::any(ops::le(low, ops::mul(high, least)))).to_bool();
}

struct Determinant {
  static constexpr const char *name = "linalg_det", *node = "LinalgDetBackward0";
  SavedTensor lu_ = {}, pivots_ = {}, a_ = {}, y_ = {};
  static constexpr const char* rule = "gA = g·conj(cofactors(A)), which is g·conj(y)·A⁻ᴴ where A is regular";
  void vjp(Backward& w) {
    const Tensor a = a_.get(w.node), lu = lu_.get(w.node), &g = w.grad();
    const int64_t n = a->size(a->ndim - 1);
    const double epsilon = real_of(a->dtype) == Dtype::F64 ? std::numeric_limits<double>::epsilon()
                                                           : double(std::numeric_limits<float>::epsilon());
    // A recorded pass divides by small pivots once more with each order, and keeps more distance.
    if (nearly_singular(lu, modes.grad ? std::sqrt(std::sqrt(epsilon)) : epsilon * double(n))) {
      w.gx[0] = ops::mul(as_matrix(g), conj_of(cofactors_by_blocks(a)));
      return;
    }
    const Tensor c = as_matrix(ops::mul(g, conj_of(y_.get(w.node))));
    w.gx[0] = modes.grad ? ops::mul(c, ops::mH(ops::inv(a)))
                         : ops::lu_solve(lu, pivots_.get(w.node),
                                         ops::mul(c, identity(n, a->dtype, a->device)), true, true);
  }
  void fields(auto& f) {
    f("A", a_, input(0));
    f("LU", lu_);
    f("pivots", pivots_);
    f("result", y_, output(0));
  }
};

struct LogDeterminant {
  static constexpr const char *name = "linalg_slogdet", *node = "LinalgSlogdetBackward0";
  SavedTensor lu_ = {}, pivots_ = {}, a_ = {}, sign_ = {};
  static constexpr const char* rule = "gA = (glogabsdet − i·Im(conj(gsign)·sign))·A⁻ᴴ";
  void vjp(Backward& w) {
    const Tensor a = a_.get(w.node), &gs = w.grad(0), &gl = w.grad(1);
    Tensor c = gl ? ops::to(gl, a->dtype) : Tensor();
    if (gs && is_complex(a->dtype)) {
      const Tensor turn = ops::imag(ops::mul(ops::conj(gs), sign_.get(w.node)));
      const Tensor part = ops::mul(ops::to(turn, a->dtype), Scalar(std::complex<double>(0, -1)));
      c = c ? ops::add(c, part) : part;
    }
    if (!c) {
      w.gx[0] = ops::zeros_like(a);
      return;
    }
    c = as_matrix(c);
    const int64_t n = a->size(a->ndim - 1);
    w.gx[0] = modes.grad ? ops::mul(c, ops::mH(ops::inv_ex(a).first))
                         : ops::lu_solve(lu_.get(w.node), pivots_.get(w.node),
                                         ops::mul(c, identity(n, a->dtype, a->device)), true, true);
  }
  void fields(auto& f) {
    f("A", a_, input(0));
    f("LU", lu_);
    f("pivots", pivots_);
    f("sign", sign_, output(0));
  }
};

void check_determinant(const Tensor& a, const char* name) {
  check_square(a, name);
  check_linalg_dtype(a, name);
}

std::tuple<Tensor, Tensor> slogdet(const Tensor& a) {
  check_determinant(a, "linalg.slogdet");
  const LuFactors f = lu_factors(a);
  const Dims batch = batch_sizes(*a);
  std::array<Tensor, 2> y{empty(batch, a->dtype, a->device), empty(batch, real_of(a->dtype), a->device)};
  backend(a).solve->log_determinant(*f.lu, *f.pivots, *y[0], *y[1]);
  y = apply_multi(LogDeterminant{f.lu, f.pivots}, std::span(&a, 1), y, 2);
  return {y[0], y[1]};
}

Tensor logdet(const Tensor& a) {
  check_determinant(a, "logdet");
  auto [sign, log] = slogdet(a);
  if (is_complex(a->dtype)) return ops::add(ops::log(sign), log);
  return ops::where(ops::eq(sign, -1), Scalar(double(NAN)), log);
}

}  // namespace

namespace ops {

Tensor det(const Tensor& a) {
  check_square(a, "linalg.det");
  check_linalg_dtype(a, "linalg.det", true);
  const LuFactors f = lu_factors(a);
  const Tensor y = empty(batch_sizes(*a), a->dtype, a->device);
  backend(a).solve->determinant(*f.lu, *f.pivots, *y);
  return apply_from(Determinant{f.lu, f.pivots}, y, a);
}
std::pair<Tensor, Tensor> slogdet(const Tensor& a) {
  auto [sign, log] = adjoint::slogdet(a);
  return {sign, log};
}

}  // namespace ops

static constexpr const char kDetDoc[] =
    "The determinant, by LU factors. Its derivative is the matrix of cofactors, also where A is singular.";
static constexpr const char kSlogdetDoc[] =
    "The determinant as sign · exp(logabsdet), which neither overflows nor vanishes. Derivative: A⁻ᴴ (Giles 2008).";

static const auto defs = {
    def<ops::det>("det(Tensor A) -> Tensor", kLinalg | kOut, kDetDoc),
    def<ops::det>("det(Tensor self) -> Tensor", kBoth, kDetDoc),
    def<slogdet>("slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)", kLinalg | kOut, kSlogdetDoc),
    def<slogdet>("slogdet(Tensor self) -> (Tensor sign, Tensor logabsdet)", kBoth | kOut, kSlogdetDoc),
    def<logdet>("logdet(Tensor self) -> Tensor", kBoth, "log(det(self)); NaN where that is negative."),
};

}  // namespace adjoint
