// diagonal, diag, diag_embed, diagflat: between matrices and their diagonals.
#include <optional>
#include "ops/ops.h"
#include "ops/scalar_fits.h"
#include "ops/view/pick.h"

namespace adjoint {

Tensor DiagonalPick::operator()(const Tensor& x) const {
  int d1 = int(dim1), d2 = int(dim2);
  int64_t length =
      offset >= 0 ? std::min(x->size(d1), x->size(d2) - offset) : std::min(x->size(d1) + offset, x->size(d2));
  length = std::max<int64_t>(length, 0);
  int64_t shift = length == 0 ? 0 : offset >= 0 ? offset * x->stride(d2) : -offset * x->stride(d1);
  Dims sizes, strides;
  for (int i = 0; i < x->ndim; ++i)
    if (i != d1 && i != d2) {
      sizes.push_back(x->size(i));
      strides.push_back(x->stride(i));
    }
  sizes.push_back(length);
  strides.push_back(x->stride(d1) + x->stride(d2));
  return alias(x, sizes, strides, x->byte_offset + shift * int64_t(x->itemsize()));
}

DiagonalPick diagonal_pick(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  int64_t d1 = wrap_dim(dim1, x->ndim), d2 = wrap_dim(dim2, x->ndim);
  check(d1 != d2, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  return {offset, d1, d2};
}

namespace ops {
namespace {

// diagonal_copy: what `diag` of a matrix gives, fresh memory.
struct DiagonalCopy {
  static constexpr const char *name = "diag", *node = "DiagonalBackward0_copy";
  DiagonalPick picker;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return raw::clone(picker(x)); }
  static constexpr const char* rule = "gx = zeros with g on the diagonal";
  void vjp(Backward& b) { b.gx[0] = apply(Embed<DiagonalPick>{picker, shape}, b.grad()); }
  void fields(auto& f) {
    picker.fields(f);
    f("self_sym_sizes", shape, input(0));
  }
};

struct DiagEmbed {
  static constexpr const char *name = "diag_embed", *node = "DiagEmbedBackward0";
  DiagonalPick picker;
  Dims shape;
  Tensor forward(const Tensor& x) {
    Tensor y = zeros(shape, x->dtype, x->device);
    raw::copy(picker(y), x);
    return y;
  }
  static constexpr const char* rule = "gx = diagonal(g)";
  void vjp(Backward& b) { b.gx[0] = diagonal(b.grad(), picker.offset, picker.dim1, picker.dim2); }
  void fields(auto& f) { picker.fields(f); }
};

}  // namespace

Tensor diagonal(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  return apply_view(PickView<DiagonalPick>{diagonal_pick(x, offset, dim1, dim2)}, x);
}

Tensor diag_embed(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  int64_t n = x->ndim + 1;
  int64_t d1 = wrap_dim(dim1, n), d2 = wrap_dim(dim2, n);
  check(d1 != d2, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  check_as(x->ndim > 0, ErrorKind::Index,
           "Dimension out of range (expected to be in range of [-1, 0], but got -1)");
  int64_t side = x->size(x->ndim - 1) + std::abs(offset);
  Dims shape(Ints(x->dims, size_t(x->ndim - 1)));
  shape.insert(std::min(d1, d2), side);
  shape.insert(std::max(d1, d2), side);
  return apply(DiagEmbed{{offset, d1, d2}, shape}, x);
}

static Tensor diag(const Tensor& x, int64_t offset) {
  check(x->ndim == 1 || x->ndim == 2, "diag(): Supports 1D or 2D tensors. Got ", int(x->ndim), "D");
  if (x->ndim == 1) return diag_embed(x, offset);
  return apply(DiagonalCopy{{offset, 0, 1}}, x);
}

static Tensor diagflat(const Tensor& x, int64_t offset) { return diag_embed(reshape(x, Dims{-1}), offset); }

// The elements (i, i, ...) of x; of a tall matrix again below each full block if `wrap`.
static Tensor fill_diagonal_(const Tensor& x, const Scalar& value, bool wrap) {
  check(x->ndim >= 2, "dimensions must larger than 1");
  check_no_self_overlap(x);
  int64_t step = 0, rows = x->size(0), cols = x->size(1), n = rows;
  for (int d = 0; d < x->ndim; ++d) {
    check(x->ndim == 2 || x->size(d) == rows, "all dimensions of input must be of equal length");
    step += x->stride(d);
    n = std::min(n, x->size(d));
  }
  check_scalar_fits(value, x->dtype);
  int64_t offset = x->byte_offset / int64_t(x->itemsize());
  fill_(as_strided(x, Dims{n}, Dims{step}, offset), value);
  if (wrap && x->ndim == 2 && rows > cols + 1) {
    int64_t from = x->stride(0) * (cols + 1), left = (x->numel - (cols + 1) * cols + cols) / (cols + 1);
    fill_(as_strided(x, Dims{left}, Dims{step}, offset + from), value);
  }
  return x;
}

[[maybe_unused]] static const auto defs = {
    def<fill_diagonal_>("fill_diagonal_(Tensor self, Scalar fill_value, bool wrap=False) -> Tensor", kMethod,
                        "Writes one number to the diagonal, in place."),
    def<diagonal>(
        "diagonal(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor", kBoth,
        "View of the diagonal of the matrices that dimensions `dim1` and `dim2` span; it becomes the last "
        "dimension."),
    def<diagonal>("diagonal(Tensor A, *, int offset=0, int dim1=-2, int dim2=-1) -> Tensor", kLinalg,
                  "View of the diagonal of matrices; it becomes the last dimension."),
    def<diag_embed>("diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor", kBoth,
                    "Matrices whose diagonals are the last dimension of `self`."),
    def<diag>("diag(Tensor self, int diagonal=0) -> Tensor", kBoth | kOut,
              "The diagonal of a matrix, or the matrix with a vector as its diagonal; a copy."),
    def<diagflat>("diagflat(Tensor self, int offset=0) -> Tensor", kBoth,
                  "The matrix with the flattened `self` as its diagonal."),
};

}  // namespace ops
}  // namespace adjoint
