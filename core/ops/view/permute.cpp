// permute, transpose and their names: the dimensions in another order.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

Tensor swapped(const Tensor& x, int64_t d0, int64_t d1) {
  Tensor y = adjoint::alias(x);
  if (d0 == d1) return y;
  int n = x->ndim;
  std::swap(y->dims[d0], y->dims[d1]);
  std::swap(y->dims[n + d0], y->dims[n + d1]);
  y->set_geometry(Dims(y->sizes()), Dims(y->strides()));
  return y;
}

struct Transpose {
  static constexpr const char *name = "transpose", *node = "TransposeBackward0";
  int64_t dim0, dim1;
  Tensor forward(const Tensor& x) { return swapped(x, dim0, dim1); }
  static constexpr const char* rule = "gx = transpose(g)";
  void vjp(Backward& b) { b.gx[0] = transpose(b.grad(), dim0, dim1); }
  void fields(auto& f) {
    f("dim0", dim0);
    f("dim1", dim1);
  }
};
struct TransposeInplace : Transpose {
  static constexpr const char* node = "TransposeBackward1";
};

struct T {
  static constexpr const char *name = "t", *node = "TBackward0";
  Tensor forward(const Tensor& x) { return x->ndim < 2 ? adjoint::alias(x) : swapped(x, 0, 1); }
  static constexpr const char* rule = "gx = gᵀ";
  void vjp(Backward& b) { b.gx[0] = t(b.grad()); }
};
struct TInplace : T {
  static constexpr const char* node = "TBackward1";
};

struct Permute {
  static constexpr const char *name = "permute", *node = "PermuteBackward0";
  Dims dims;
  Tensor forward(const Tensor& x) {
    int64_t n = dims.size();
    Dims sizes(n), strides(n);
    for (int64_t i = 0; i < n; ++i) {
      sizes[i] = x->size(int(dims[i]));
      strides[i] = x->stride(int(dims[i]));
    }
    return adjoint::alias(x, sizes, strides, x->byte_offset);
  }
  static constexpr const char* rule = "gx = permute(g) by the inverse of dims";
  void vjp(Backward& b) {
    Dims inverse(dims.size());
    for (int64_t i = 0; i < dims.size(); ++i) inverse[dims[i]] = i;
    b.gx[0] = permute(b.grad(), inverse);
  }
  void fields(auto& f) { f("dims", dims); }
};

void check_t(const Tensor& x, const char* name) {
  check(x->ndim <= 2, name, "() expects a tensor with <= 2 dimensions, but self is ", int(x->ndim), "D");
}

}  // namespace

Tensor transpose(const Tensor& x, int64_t d0, int64_t d1) {
  return apply_view(Transpose{wrap_dim(d0, x->ndim), wrap_dim(d1, x->ndim)}, x);
}

Tensor t(const Tensor& x) {
  check_t(x, "t");
  return apply_view(T{}, x);
}

Tensor permute(const Tensor& x, Ints dims) {
  check(int64_t(dims.size()) == x->ndim,
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the "
        "desired "
        "ordering of dimensions i.e. input.dim() = " +
            std::to_string(x->ndim) + " is not equal to len(dims) = ",
        int64_t(dims.size()));
  Dims order(int64_t(dims.size()));
  uint64_t seen = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t d = wrap_dim(dims[i], x->ndim);
    check(!(seen >> d & 1), "permute(): duplicate dims are not allowed.");
    seen |= uint64_t(1) << d;
    order[int64_t(i)] = d;
  }
  return apply_view(Permute{std::move(order)}, x);
}

Tensor movedim(const Tensor& x, Ints source, Ints destination) {
  check(source.size() == destination.size(), "movedim: Invalid source or destination dims: source (", source,
        " dims) should contain the same number of "
        "dims as destination (",
        destination, " dims)");
  int64_t n = x->ndim;
  Dims from, to, order(n, -1);
  for (int64_t d : source) from.push_back(wrap_dim(d, n));
  for (int64_t d : destination) to.push_back(wrap_dim(d, n));
  auto distinct = [](Dims d) {
    std::sort(d.begin(), d.end());
    return std::adjacent_find(d.begin(), d.end()) == d.end();
  };
  check(distinct(from), "movedim: repeated dim in `source` (", source, ")");
  check(distinct(to), "movedim: repeated dim in `destination` (", destination, ")");
  if (n == 0) return alias_view(x);
  for (int64_t i = 0; i < from.size(); ++i) order[to[i]] = from[i];
  int64_t next = 0;
  for (int64_t& d : order) {
    if (d >= 0) continue;
    while (from.contains(next)) ++next;
    d = next++;
  }
  return permute(x, order);
}

static Tensor move_one(const Tensor& x, int64_t source, int64_t destination) {
  return movedim(x, Ints(&source, 1), Ints(&destination, 1));
}

namespace {
void deprecated(const char* text) {
  if (host.warn) host.warn(text);
}
// A number is its own transpose, with PyTorch's warning; a vector has none.
bool number_to_transpose(const Tensor& x, const char* name) {
  check(x->ndim >= 2 || x->ndim == 0, "tensor.", name,
        " is only supported on matrices or batches of matrices. Got ", int(x->ndim), "-D tensor.");
  if (x->ndim) return false;
  deprecated(str(name == std::string_view("adjoint()") ? "" : "Tensor.", name,
                 " is deprecated on 0-D tensors. ",
                 name == std::string_view("mT") ? "This function is the identity in these cases."
                                                : "Consider using x.conj().")
                 .c_str());
  return true;
}
Tensor conj_if_complex(const Tensor& x) { return is_complex(x->dtype) ? conj(x) : x; }
Tensor adjoint_of(const Tensor& x, const char* name) {
  return conj_if_complex(number_to_transpose(x, name) ? x : transpose(x, -2, -1));
}
}  // namespace

Tensor numpy_T(const Tensor& x) {
  int n = x->ndim;
  if (n == 0)
    deprecated("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.");
  else if (n > 2)
    deprecated(
        "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it "
        "will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
        "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.");
  Dims order(n);
  for (int i = 0; i < n; ++i) order[i] = n - 1 - i;
  return permute(x, order);
}
Tensor mT(const Tensor& x) { return number_to_transpose(x, "mT") ? x : transpose(x, -2, -1); }
Tensor mH(const Tensor& x) { return adjoint_of(x, "mH"); }
Tensor matrix_H(const Tensor& x) {
  check(x->ndim == 2 || x->ndim == 0, "tensor.H is only supported on matrices (2-D tensors). Got ",
        int(x->ndim), "-D tensor.", x->ndim > 2 ? " For batches of matrices, consider using tensor.mH" : "");
  return adjoint_of(x, "H");
}

static Tensor transpose_(const Tensor& x, int64_t d0, int64_t d1) {
  TransposeInplace op{{wrap_dim(d0, x->ndim), wrap_dim(d1, x->ndim)}};
  return apply_view_inplace(op, x, "transpose_");
}
static Tensor t_(const Tensor& x) {
  check_t(x, "t_");
  return apply_view_inplace(TInplace{}, x, "t_");
}

[[maybe_unused]] static const auto defs = {
    def<transpose>("transpose(Tensor self, int dim0, int dim1) -> Tensor", kBoth,
                   "View with two dimensions swapped."),
    def<transpose>("swapaxes(Tensor self, int axis0, int axis1) -> Tensor", kBoth, "Alias of transpose."),
    def<transpose>("swapdims(Tensor self, int dim0, int dim1) -> Tensor", kBoth, "Alias of transpose."),
    def<t>("t(Tensor self) -> Tensor", kBoth, "Transposes a matrix; a vector or number stays."),
    def<permute>("permute(Tensor self, int[] dims) -> Tensor", kBoth,
                 "View with the dimensions in the given order."),
    def<move_one>("movedim(Tensor self, int source, int destination) -> Tensor", kBoth,
                  "Moves a dimension; the others keep their order."),
    def<movedim>("movedim(Tensor self, int[] source, int[] destination) -> Tensor", kBoth,
                 "Moves dimensions; the others keep their order."),
    def<move_one>("moveaxis(Tensor self, int source, int destination) -> Tensor", kBoth, "Alias of movedim."),
    def<movedim>("moveaxis(Tensor self, int[] source, int[] destination) -> Tensor", kBoth,
                 "Alias of movedim."),
    def<[](const Tensor& x) { return adjoint_of(x, "adjoint()"); }>(
        "adjoint(Tensor self) -> Tensor", kBoth, "The conjugate of the last two dimensions swapped."),
    def<transpose_>("transpose_(Tensor self, int dim0, int dim1) -> Tensor", kMethod, "transpose in place."),
    def<transpose_>("swapaxes_(Tensor self, int axis0, int axis1) -> Tensor", kMethod, "transpose in place."),
    def<transpose_>("swapdims_(Tensor self, int dim0, int dim1) -> Tensor", kMethod, "transpose in place."),
    def<t_>("t_(Tensor self) -> Tensor", kMethod, "t in place."),
};

}  // namespace adjoint::ops
