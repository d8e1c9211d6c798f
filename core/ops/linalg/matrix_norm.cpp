// Norms of matrices: Frobenius's, sums of rows or columns, and those of singular values; norm, which takes them all; cond.
#include <cmath>
#include "ops/linalg/batch.h"
#include "ops/linalg/orthogonal.h"
#include "ops/linalg/solve.h"
#include "ops/linalg/spectral.h"
#include "ops/reduce/norm.h"

namespace adjoint {

namespace {

using OptInts = std::optional<Ints>;
using OptDtype = std::optional<Dtype>;
using OptScalar = std::optional<Scalar>;
constexpr int64_t kLastTwo[2] = {-2, -1}, kLast = -1;
const Ints kMatrix(kLastTwo, 2);

void check_types(const Tensor& x, const OptDtype& d) {
  constexpr const char* kName = "linalg.matrix_norm";
  check(is_differentiable(x->dtype), kName, ": Expected a floating point or complex tensor as input. Got ",
        label_of(x->dtype));
  if (!d) return;
  check(is_differentiable(*d), kName, ": dtype should be floating point or complex, but got ", label_of(*d));
  check(is_complex(*d) == is_complex(x->dtype), kName, ": dtype should be ",
        is_complex(x->dtype) ? "complex" : "real", " for ", is_complex(x->dtype) ? "complex" : "real",
        " inputs, but got ", label_of(*d));
  check(promote(*d, x->dtype) == *d, kName, ": the dtype of the input (", label_of(x->dtype),
        ") should be convertible without narrowing to the specified dtype (", label_of(*d), ")");
}

void check_dims(const Tensor& x, Ints dims, const OptDtype& d) {
  check(x->ndim >= 2, "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
  check_types(x, d);
  check(dims.size() == 2, "linalg.matrix_norm: dim must be a 2-tuple. Got ", dims);
  const int64_t a = wrap_dim(dims[0], x->ndim), b = wrap_dim(dims[1], x->ndim);
  check(a != b, "linalg.matrix_norm: dims must be different. Got (", dims[0], ", ", dims[1], ")");
}

// f(singular values [..., k]) for the matrices in two dimensions of x.
template <class F>
Tensor by_singular_values(const Tensor& x, Ints dims, bool keepdim, const OptDtype& d, F f) {
  check(!is_reduced(x->dtype), "linalg.matrix_norm: Low precision dtypes not supported. Got ",
        label_of(x->dtype));
  const int64_t a = wrap_dim(dims[0], x->ndim), b = wrap_dim(dims[1], x->ndim);
  const bool last = a == x->ndim - 2 && b == x->ndim - 1;
  const Tensor m = d ? ops::to(x, *d) : x;
  const Tensor y = f(ops::svdvals(last ? m : ops::movedim(m, Dims{a, b}, kMatrix)));
  return keepdim ? ops::movedim(ops::unsqueeze(ops::unsqueeze(y, -1), -1), kMatrix, Dims{a, b}) : y;
}

Tensor nuclear(const Tensor& x, Ints dims, bool keepdim, const OptDtype& d) {
  return by_singular_values(x, dims, keepdim, d,
                            [](const Tensor& s) { return ops::sum(s, Ints(&kLast, 1)); });
}

Tensor extreme(const Tensor& x, bool largest, Ints dims, bool keepdim = false) {
  return largest ? ops::amax(x, dims, keepdim) : ops::amin(x, dims, keepdim);
}

Tensor matrix_norm_number(const Tensor& x, const Scalar& ord, Ints dims, bool keepdim, OptDtype d) {
  check_dims(x, dims, d);
  check(!ord.is_complex(), "linalg.matrix_norm: Order must be a real number.");
  const double p = ord.to_double(), size = std::fabs(p);
  check(size == 1 || size == 2 || std::isinf(p), "linalg.matrix_norm: Order ",
        ord.is_integral() ? str(ord.to_int()) : str(p), " not supported.");
  if (size == 2)
    return by_singular_values(x, dims, keepdim, d, [&](const Tensor& s) {
      if (p > 0 && s->size(s->ndim - 1) == 0) return ops::sum(s, Ints(&kLast, 1));  // 0, of nothing
      return extreme(s, p > 0, Ints(&kLast, 1));
    });
  int64_t rows = wrap_dim(dims[0], x->ndim), cols = wrap_dim(dims[1], x->ndim);
  if (std::isinf(p)) std::swap(rows, cols);
  if (!keepdim && rows < cols) --cols;
  const Tensor sums = vector_norm(x, 1, Ints(&rows, 1), keepdim, d);
  if (p > 0 && sums->numel == 0 && sums->size(int(cols)) == 0) return ops::sum(sums, Ints(&cols, 1), keepdim);
  return extreme(sums, p > 0, Ints(&cols, 1), keepdim);
}

Tensor matrix_norm_named(const Tensor& x, std::string_view ord, Ints dims, bool keepdim, OptDtype d) {
  check_dims(x, dims, d);
  check(ord == "fro" || ord == "nuc", "linalg.matrix_norm: Order ", ord, " not supported.");
  return ord == "fro" ? vector_norm(x, 2, dims, keepdim, d) : nuclear(x, dims, keepdim, d);
}

// --- norm: of vectors or of matrices ---

void check_norm(const Tensor& x, const OptInts& dims, bool ord) {
  if (dims)
    check(dims->size() == 1 || dims->size() == 2,
          "linalg.norm: If dim is specified, it must be of length 1 or 2. Got ", *dims);
  else if (ord)
    check(x->ndim == 1 || x->ndim == 2,
          "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ", int(x->ndim),
          "D.");
}

Tensor linalg_norm_number(const Tensor& x, OptScalar ord, OptInts dims, bool keepdim, OptDtype d) {
  check_norm(x, dims, ord.has_value());
  if (ord && ((dims && dims->size() == 2) || (!dims && x->ndim == 2)))
    return matrix_norm_number(x, *ord, dims.value_or(kMatrix), keepdim, d);
  return vector_norm(x, ord ? ord->to_double() : 2, dims, keepdim, d);
}

Tensor linalg_norm_named(const Tensor& x, std::string_view ord, OptInts dims, bool keepdim, OptDtype d) {
  check_norm(x, dims, true);
  return matrix_norm_named(x, ord, dims.value_or(kMatrix), keepdim, d);
}

// torch.norm: "fro" means the vector norm of order 2 over whatever dimensions are given.
Tensor norm_number(const Tensor& x, OptScalar p, OptInts dims, bool keepdim, OptDtype d) {
  if (dims && dims->empty()) dims = {};
  return vector_norm(x, p ? p->to_double() : 2, dims, keepdim, d);
}
Tensor norm_named(const Tensor& x, std::string_view p, OptInts dims, bool keepdim, OptDtype d) {
  if (dims && dims->empty()) dims = {};
  if (p == "fro" && (!dims || dims->size() <= 2)) return vector_norm(x, 2, dims, keepdim, d);
  if (dims || p != "nuc") return matrix_norm_named(x, p, dims.value_or(kMatrix), keepdim, d);
  Dims all;
  for (int i = 0; i < x->ndim; ++i) all.push_back(i);
  return matrix_norm_named(x, p, all, keepdim, d);
}

Tensor nuclear_norm(const Tensor& x, bool keepdim) {
  return matrix_norm_named(x, "nuc", kMatrix, keepdim, {});
}
Tensor nuclear_norm_dims(const Tensor& x, Ints dims, bool keepdim) {
  return matrix_norm_named(x, "nuc", dims, keepdim, {});
}

// --- cond ---

constexpr const char* kInvalid = "linalg.cond got an invalid norm type: ";

void check_cond(const Tensor& x) {
  check(x->ndim >= 2, "linalg.cond: The input tensor must have at least 2 dimensions.");
  check(is_differentiable(x->dtype), "linalg.svd: Expected a floating point or complex tensor as input. Got ",
        label_of(x->dtype));
  if (is_reduced(x->dtype)) fail_dtype("linalg_svd_cpu", x->dtype);
}

template <class Norm> Tensor cond_by_inverse(const Tensor& a, const std::string& ord, Norm norm) {
  check_square(a, ("linalg.cond(ord=" + ord + ")").c_str());
  const auto [inverse, info] = ops::inv_ex(a);
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const Tensor singular = ops::unsqueeze(ops::unsqueeze(ops::gt(info, 0), -1), -1);
  const Tensor y = ops::mul(norm(a), norm(ops::masked_fill(inverse, singular, kInf)));
  return ops::masked_fill(y, ops::isnan(y), kInf);  // 0 · inf
}

Tensor cond_number(const Tensor& a, OptScalar ord) {
  check_cond(a);
  const double p = ord ? ord->to_double() : 2;
  check(std::fabs(p) == 1 || std::fabs(p) == 2 || std::isinf(p), kInvalid,
        ord && ord->is_integral() ? str(ord->to_int()) : str(p));
  if (a->numel == 0) return zeros(batch_sizes(*a), real_of(a->dtype), a->device);
  if (std::fabs(p) != 2)
    return cond_by_inverse(a, str(p), [&](const Tensor& x) { return ops::matrix_norm(x, p); });
  const Tensor s = ops::svdvals(a), first = ops::select(s, -1, 0),
               last = ops::select(s, -1, s->size(s->ndim - 1) - 1);
  return p > 0 ? ops::div(first, last) : ops::div(last, first);
}

Tensor cond_named(const Tensor& a, std::string_view ord) {
  check_cond(a);
  check_square(a, str("linalg.cond(ord=", ord, ")").c_str());
  check(ord == "fro" || ord == "nuc", kInvalid, ord);
  if (a->numel == 0) return zeros(batch_sizes(*a), real_of(a->dtype), a->device);
  if (ord == "fro")
    return cond_by_inverse(a, "fro", [&](const Tensor& x) { return vector_norm(x, 2, kMatrix, false, {}); });
  const Tensor s = ops::svdvals(a);
  return ops::mul(ops::sum(s, Ints(&kLast, 1)), ops::sum(ops::reciprocal(s), Ints(&kLast, 1)));
}

}  // namespace

Tensor ops::matrix_norm(const Tensor& a, double ord) {
  return matrix_norm_number(a, ord, kMatrix, false, {});
}
Tensor ops::nuclear_norm(const Tensor& a) { return nuclear(a, kMatrix, false, {}); }

#define NORM_TAIL "int[1]? dim=None, bool keepdim=False, *, dtype? dtype=None) -> Tensor"
#define MATRIX_TAIL "int[] dim=[-2,-1], bool keepdim=False, *, dtype? dtype=None) -> Tensor"
#define MATRIX_DOC                                                                                                       \
  "A norm of each matrix: 'fro', the sum ('nuc'), the largest (2) or least (-2) of its singular values, the largest or " \
  "least sum of a column (1, -1) or a row (inf, -inf) of absolute values."
#define COND_DOC                                                                                                      \
  "The norm of A times that of its inverse; without p, or for 2, the largest singular value by the least. inf for a " \
  "singular A."
[[maybe_unused]] static const auto defs = {
    def<matrix_norm_number>("matrix_norm(Tensor A, Scalar ord, " MATRIX_TAIL, kLinalg | kOut, MATRIX_DOC),
    def<matrix_norm_named>("matrix_norm(Tensor A, str ord='fro', " MATRIX_TAIL, kLinalg | kOut, MATRIX_DOC),
    def<linalg_norm_number>("norm(Tensor A, Scalar? ord=None, " NORM_TAIL, kLinalg | kOut,
                            "A vector or matrix norm."),
    def<linalg_norm_named>("norm(Tensor A, str ord, " NORM_TAIL, kLinalg | kOut,
                           "A matrix norm: 'fro' or 'nuc'."),
    def<norm_named>(
        "norm(Tensor self, str p='fro', int[1]? dim=None, bool keepdim=False, dtype? dtype=None) -> Tensor",
        kBoth | kOut, "The norm of order p of all elements, or along dimensions."),
    def<norm_number>(
        "norm(Tensor self, Scalar? p, int[1]? dim=None, bool keepdim=False, dtype? dtype=None) -> Tensor",
        kBoth | kOut, "The norm of order p of all elements, or along dimensions."),
    def<nuclear_norm>("nuclear_norm(Tensor self, bool keepdim=False) -> Tensor", kFunction | kOut,
                      "linalg.matrix_norm of order 'nuc'."),
    def<nuclear_norm_dims>("nuclear_norm(Tensor self, int[2] dim, bool keepdim=False) -> Tensor",
                           kFunction | kOut, "linalg.matrix_norm of order 'nuc'."),
    def<cond_number>("cond(Tensor self, Scalar? p=None) -> Tensor", kLinalg | kOut, COND_DOC),
    def<cond_named>("cond(Tensor self, str p) -> Tensor", kLinalg | kOut, COND_DOC),
};
#undef NORM_TAIL
#undef MATRIX_TAIL
#undef MATRIX_DOC
#undef COND_DOC

}  // namespace adjoint
