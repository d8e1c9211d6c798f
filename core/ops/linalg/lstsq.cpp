// lstsq: X that makes |A X - B| least, by four of LAPACK's drivers.
#include <algorithm>
#include "device/host_values.h"
#include "device/linalg/orthogonal.h"
#include "ops/linalg/batch.h"
#include "ops/linalg/orthogonal.h"

namespace adjoint {

namespace {

using Text = std::optional<std::string_view>;
using Results = std::array<Tensor, 4>;  // solution, residuals, rank, singular values

int64_t rows(const Tensor& x) { return x->size(x->ndim - 2); }
int64_t cols(const Tensor& x) { return x->size(x->ndim - 1); }

LstsqDriver driver_of(const Text& name) {
  constexpr std::pair<const char*, LstsqDriver> all[] = {{"gels", LstsqDriver::Gels},
                                                         {"gelsy", LstsqDriver::Gelsy},
                                                         {"gelsd", LstsqDriver::Gelsd},
                                                         {"gelss", LstsqDriver::Gelss}};
  if (!name) return LstsqDriver::Gelsy;
  for (const auto& [text, driver] : all)
    if (*name == text) return driver;
  fail("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)");
}

// --- the rule ---

// X = A⁺ B with the derivative of the pseudo-inverse (Golub & Pereyra 1973). With K = A⁺ᴴ gX, which is gB, and what is
// left over, r = B - A X:   gA = -K Xᴴ + r (A⁺ K)ᴴ + A⁺ᴴ X (gX - Aᴴ K)ᴴ.
// The residuals ‖r‖² of an A of full rank, whose range r is orthogonal to, add 2 r g to gB and -2 r g Xᴴ to gA.
struct Lstsq {
  static constexpr const char *name = "linalg_lstsq", *node = "LinalgLstsqBackward0";
  bool vector;
  double rcond;
  SavedTensor a_ = {}, b_ = {}, x_ = {};
  static constexpr const char* rule =
      "g self = −K·Xᴴ + r·(A⁺·K)ᴴ + A⁺ᴴ·X·(g − Aᴴ·K)ᴴ; g b = K, with K = A⁺ᴴ·g and r = b − A·X";
  void vjp(Backward& w) {
    const Tensor a = a_.get(w.node);
    const auto matrix = [&](const Tensor& t) { return t && vector ? ops::unsqueeze(t, -1) : t; };
    const Tensor b = matrix(b_.get(w.node)), x = matrix(x_.get(w.node)), g = matrix(w.g[0]);
    const Tensor left = ops::sub(b, ops::matmul(a, x));
    Tensor ga, gb;
    const auto add = [](Tensor& to, const Tensor& t) { to = to ? ops::add(to, t) : t; };
    if (g) {
      const Tensor p = ops::pinv(a, 0, rcond), ph = ops::mH(p), k = ops::matmul(ph, g);
      gb = k;
      ga = ops::sub(ops::matmul(left, ops::mH(ops::matmul(p, k))), ops::matmul(k, ops::mH(x)));
      const Tensor outside = ops::sub(g, ops::matmul(ops::mH(a), k));
      add(ga, ops::matmul(ops::matmul(ph, x), ops::mH(outside)));
    }
    if (w.g[1] && w.g[1]->numel) {
      const Tensor weighted = ops::mul(ops::mul(left, ops::unsqueeze(w.g[1], -2)), 2);
      add(gb, weighted);
      add(ga, ops::neg(ops::matmul(weighted, ops::mH(x))));
    }
    if (w.needs(0)) w.gx[0] = ga;
    if (w.needs(1) && gb) w.gx[1] = vector ? ops::squeeze(gb, -1) : gb;
  }
  void fields(auto& f) {
    f("self", a_, input(0));
    f("b", b_, input(1));
    f("solution", x_, output(0));
  }
};

// --- values ---

bool full_rank(const Tensor& rank, int64_t n) {
  if (!has_values(rank)) return true;
  const HostElements<int64_t> found(rank);
  return std::all_of(found.begin(), found.end(), [&](int64_t r) { return r == n; });
}

// Σ|·|² of each column of the solver's b below the solution.
Tensor residuals_of(const Tensor& sides, int64_t n) {
  const int64_t dim = -2;
  const Tensor rest = ops::abs(ops::narrow(sides, -2, n, rows(sides) - n));
  return ops::sum(ops::mul(rest, rest), Ints(&dim, 1));
}

Results solve(const Tensor& a, const Tensor& b, bool vector, double rcond, LstsqDriver driver) {
  NoGrad off;
  const int64_t m = rows(a), n = cols(a), sides = vector ? 1 : cols(b);
  const Dims batch = batch_sizes(*a);
  const bool svd = driver == LstsqDriver::Gelsd || driver == LstsqDriver::Gelss,
             ranked = driver != LstsqDriver::Gels;
  const Tensor y = empty_column_major(joined(batch, {std::max(m, n), sides}), a->dtype, a->device);
  raw::zero(y);
  raw::copy(ops::narrow(y, -2, 0, m), vector ? ops::unsqueeze(alias(b), -1) : b);
  const Dtype real = real_of(a->dtype);
  Results out = {Tensor(), empty(Dims{0}, real, a->device),
                 zeros(ranked ? batch : Dims{0}, Dtype::I64, a->device),
                 zeros(svd ? joined(batch, {std::min(m, n)}) : Dims{0}, real, a->device)};
  const Tensor info = zeros(batch, Dtype::I32, a->device);
  if (a->numel)
    backend(a).orthogonal->lstsq(driver, *column_major(a), *y, rcond, ranked ? &*out[2] : nullptr,
                                 svd ? &*out[3] : nullptr, *info);
  check_info(info, "torch.linalg.lstsq", LinalgFailure::LeastSquares);
  if (m > n && driver != LstsqDriver::Gelsy && (!svd || full_rank(out[2], n))) out[1] = residuals_of(y, n);
  out[0] = ops::narrow(y, -2, 0, n);
  if (vector) out[0] = ops::squeeze(out[0], -1);
  out[0] = alias(out[0]);
  return out;
}

// --- checks ---

// b holds vectors where it has one dimension less, and batches of A's shape.
bool is_vector(const Tensor& a, const Tensor& b) {
  const Dims batch = batch_sizes(*a, 1);
  return a->ndim - 1 == b->ndim && equal(b->sizes(), batch);
}

void check_types(const Tensor& a, const Tensor& b) {
  check(a->dtype == b->dtype,
        "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype ",
        label_of(a->dtype), " and other's dtype ", label_of(b->dtype));
  check(is_differentiable(a->dtype) && !is_reduced(a->dtype),
        "This function doesn't handle types other than float and double");
}

Results lstsq(const Tensor& a, const Tensor& b0, std::optional<double> rcond, Text driver_name) {
  check(a->ndim >= 2, "torch.linalg.lstsq: input must have at least 2 dimensions.");
  check(b0->ndim >= 1, "torch.linalg.lstsq: other must have at least 1 dimension.");
  const int more = a->ndim - b0->ndim;
  check(more >= 0 && more <= 1,
        "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and (input.dim() - "
        "other.dim()) <= 1");
  const bool vector = is_vector(a, b0);
  const int64_t m = rows(a);
  check((more && vector ? cols(b0)
         : b0->ndim > 1 ? rows(b0)
                        : cols(b0)) == m,
        "torch.linalg.lstsq: input.size(-2) should match other.size(-2)");
  check_types(a, b0);
  const LstsqDriver driver = driver_of(driver_name);
  const double eps = real_of(a->dtype) == Dtype::F32 ? 0x1p-23 : 0x1p-52;
  const double cut = rcond.value_or(eps * double(std::max(m, cols(a))));
  Tensor x = a, b = b0;
  if (!vector && b->ndim > 1) {  // batches go together
    const Dims batch = broadcast_batches(batch_sizes(*a), batch_sizes(*b));
    x = ops::expand(x, joined(batch, {m, cols(a)}));
    b = ops::expand(b, joined(batch, {m, cols(b)}));
  }
  const Tensor inputs[2] = {x, b};
  return apply_multi(Lstsq{vector, cut}, std::span(inputs), solve(x, b, vector, cut, driver), 2);
}

}  // namespace

[[maybe_unused]] static const auto defs = {
    def<lstsq>(
        "lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None) -> (Tensor solution, Tensor residuals, "
        "Tensor rank, Tensor singular_values)",
        kLinalg | kOut,
        "X that makes ‖self X - b‖ least, of those the smallest. driver: 'gels' (full rank), 'gelsy' (the default: QR "
        "with pivots), 'gelsd' or 'gelss' (singular values). rank where it is found; residuals ‖self X - b‖² where self "
        "is tall and of full rank, not of 'gelsy'. Derivative: Golub & Pereyra (1973)."),
};

}  // namespace adjoint
