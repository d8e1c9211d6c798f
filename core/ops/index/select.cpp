// index_select and its inverse operations: whole slices chosen by a vector of indices.
#include <cstring>
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/index/offsets.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {
namespace {

std::vector<Tensor> at_dim(const Tensor& index, int64_t dim) {
  std::vector<Tensor> v(size_t(dim) + 1);
  v.back() = index;
  return v;
}
// A 0-d tensor counts as one slice of one element.
Tensor lifted(const Tensor& x) { return x->ndim == 0 ? unsqueeze(x, 0) : x; }

Tensor checked_index(const char* op, const Tensor& index) {
  check_as(index->ndim <= 1, ErrorKind::Index, op, "(): Index is supposed to be a vector");
  check(index->dtype == Dtype::I64 || index->dtype == Dtype::I32, op,
        "(): Expected dtype int32 or int64 for index");
  Tensor i = as_index(index, op);
  return i->ndim == 0 ? adjoint::alias(i, Dims{1}, Dims{1}, i->byte_offset) : i;
}
// PyTorch's class differs: RuntimeError for index_add of two dimensions or more, IndexError for the others.
void check_bounds(const Tensor& index, int64_t dim, int64_t n, ErrorKind kind = ErrorKind::Index) {
  if (auto bad = backend(index).outside(*index, 0, n)) [[unlikely]]
    fail_with(str("index ", *bad, " is out of bounds for dimension ", dim, " with size ", n,
                  *bad < 0 && *bad >= -n ? "; negative ones are not taken here" : ""),
              kind, "index out of range in self");
}

// Slices of a contiguous x along dim.
Tensor select_slices(const Tensor& x, int64_t dim, const Tensor& index) {
  Dims sizes(x->sizes());
  sizes[dim] = index->numel;
  Tensor y = empty(sizes, x->dtype, x->device);
  backend(x).select(*x, dim, *index, *y);
  return y;
}

Tensor selected(const Tensor& x, int64_t dim, const Tensor& index) {
  NoGrad no_grad;
  check_bounds(index, dim, x->ndim ? x->size(int(dim)) : 1);
  if (x->ndim == 0) return raw::clone(x);
  return x->contiguous() && x->numel ? select_slices(x, dim, index) : ops::index(x, at_dim(index, dim));
}

struct IndexSelect {
  static constexpr const char *name = "index_select", *node = "IndexSelectBackward0";
  int64_t dim;
  SavedTensor index;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return selected(x, dim, checked_index(name, index.raw())); }
  static constexpr const char* rule = "gx = index_add(zeros, dim, index, g)";
  void vjp(Backward& b) {
    Tensor zero = adjoint::zeros(shape, b.grad()->dtype, b.grad()->device);
    b.gx[0] = index_add(zero, dim, index.get(b.node), b.grad());
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
    f("self_sym_sizes", shape, input(0));
  }
};

struct IndexAdd {
  static constexpr const char *name = "index_add", *node = "IndexAddBackward0";
  int64_t dim;
  SavedTensor index;
  Scalar alpha;
  Dims source_shape;
  static constexpr const char* rule = "gx = g; gsource = alpha·index_select(g, dim, index)";
  void vjp(Backward& b) {
    if (b.needs(0)) b.gx[0] = b.grad();
    if (!b.needs(1)) return;
    Tensor g = index_select(b.grad(), dim, index.get(b.node));
    if (!equal(g->sizes(), source_shape)) g = reshape(g, source_shape);
    b.gx[1] = alpha.equals(1) ? g : mul(g, alpha.conj());
  }
  void fields(auto& f) {
    f("alpha", alpha);
    f("dim", dim);
    f("index", index, kGiven.if_edge(1));
  }
};
struct IndexCopy {
  static constexpr const char *name = "index_copy", *node = "IndexCopyBackward0";
  int64_t dim;
  SavedTensor index;
  Dims source_shape;
  static constexpr const char* rule = "gx = g with 0 at index; gsource = index_select(g, dim, index)";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor i = index.get(b.node);
    if (b.needs(0))
      b.gx[0] = index_put_(lifted(clone(g)), at_dim(i, dim), scalar_tensor(0, g->dtype, g->device));
    if (b.needs(0) && g->ndim == 0) b.gx[0] = reshape(b.gx[0], Dims{});
    if (b.needs(1)) {
      Tensor s = index_select(g, dim, i);
      b.gx[1] = equal(s->sizes(), source_shape) ? s : reshape(s, source_shape);
    }
  }
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
  }
};
struct IndexFill {
  static constexpr const char* name = "index_fill";
  const char* node;
  int64_t dim;
  SavedTensor index;
  static constexpr const char* rule = "gx = g with 0 at index; gvalue = the sum of g at index";
  void fields(auto& f) {
    f("dim", dim);
    f("index", index);
  }
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor kept = clone(g);  // what the value did not overwrite; an index may stand twice
    index_put_(lifted(kept), at_dim(index.get(b.node), dim), scalar_tensor(0, g->dtype, g->device));
    if (b.needs(0)) b.gx[0] = kept;
    if (b.needs(1)) b.gx[1] = sum(sub(g, Operand(kept)));
  }
};

Tensor index_add_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                  const Scalar& alpha) {
  dim = wrap_dim(dim, x->ndim);
  Tensor i = checked_index("index_add", index);
  check(x->dtype == source->dtype, "index_add_(): self (", label_of(x->dtype), ") and source (",
        label_of(source->dtype), ") must have the same scalar type");
  const Tensor& s = source;
  int64_t given = s->ndim == 0 ? 1 : s->size(int(dim < s->ndim ? dim : 0));
  check(i->numel == given, "index_add_(): Number of indices (", i->numel,
        ") should be equal to source.size(dim): (", given, "), for dim: ", dim);
  check(x->ndim == s->ndim && equal(without(x->sizes(), dim), without(s->sizes(), dim)),
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape "
        "= ",
        x->sizes(), " source.shape = ", s->sizes());
  check_bounds(i, dim, x->ndim ? x->size(int(dim)) : 1, x->ndim > 1 ? ErrorKind::Runtime : ErrorKind::Index);
  auto write = [&] {
    NoGrad no_grad;
    Tensor v = alpha.equals(1) ? s : mul(s, alpha);
    Tensor target = x->ndim == 0 ? adjoint::alias(x, Dims{1}, Dims{1}, x->byte_offset) : adjoint::alias(x);
    index_put_(target, at_dim(i, dim), v->ndim == 0 ? reshape(v, Dims{1}) : v, true);
  };
  return apply_inplace(IndexAdd{dim, index, alpha, s->sizes()}, x, "index_add_", write, s);
}

Tensor index_copy_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  dim = wrap_dim(dim, x->ndim);
  check_as(
      x->ndim == 0 || source->ndim == 0 || x->ndim == source->ndim, ErrorKind::Index,
      "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
      "dimensionality (",
      int(source->ndim), "), destination dimensionality (", int(x->ndim), ")");
  Tensor i = checked_index("index_copy_", index);
  check(x->dtype == source->dtype,
        "index_copy_(): self and source expected to have the same dtype, but got (self) ", label_of(x->dtype),
        " and (source) ", label_of(source->dtype));
  Dims slice = without(x->sizes(), dim), part = without(source->sizes(), dim);
  check(equal(slice, part),
        "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: ",
        Ints(slice), " at dimension ", dim, " and source slice shape: ", Ints(part), " at dimension 0.");
  check_as(source->ndim == 0 || source->size(int(dim)) == i->numel, ErrorKind::Index,
           "index_copy_(): Number of indices (", i->numel, ") should be equal to source.size(dim) (",
           source->ndim ? source->size(int(dim)) : 1, ")");
  check_bounds(i, dim, x->ndim ? x->size(int(dim)) : 1);
  auto write = [&] {
    NoGrad no_grad;
    Tensor target = x->ndim == 0 ? adjoint::alias(x, Dims{1}, Dims{1}, x->byte_offset) : adjoint::alias(x);
    index_put_(target, at_dim(i, dim), source->ndim == 0 ? reshape(source, Dims{1}) : source);
  };
  return apply_inplace(IndexCopy{dim, index, source->sizes()}, x, "index_copy_", write, source);
}

Tensor index_fill_(const Tensor& x, int64_t dim, const Tensor& index, const Operand& value) {
  dim = wrap_dim(dim, x->ndim);
  check(index->ndim <= 1, "Index has to be a vector/scalar");
  Tensor i = checked_index("index_fill_", index);
  if (!value.is_tensor()) check_scalar_fits(value.scalar, x->dtype);
  Tensor v = value.is_tensor() ? *value.tensor : scalar_tensor(value.scalar, x->dtype, x->device);
  check(v->ndim == 0, "index_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
        int(v->ndim), " dimension(s).");
  v = to(v, x->dtype);
  auto write = [&] {
    NoGrad no_grad;
    Tensor target = x->ndim == 0 ? adjoint::alias(x, Dims{1}, Dims{1}, x->byte_offset) : adjoint::alias(x);
    index_put_(target, at_dim(i, dim), v);
  };
  const char* node = value.is_tensor() ? "IndexFillBackward1" : "IndexFillBackward0";
  return apply_inplace(IndexFill{node, dim, index}, x, "index_fill_", write, v);
}

}  // namespace

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, x->ndim);
  return apply(IndexSelect{dim, index}, x);
}
Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return index_add_(clone(x), dim, index, source, 1);
}

namespace {
[[maybe_unused]] const auto defs = {
    def<index_select>("index_select(Tensor self, int dim, Tensor index) -> Tensor", kBoth | kOut,
                      "The slices of self along dim that index names."),
    def<[](const Tensor& x, int64_t dim, const Tensor& i, const Tensor& s, const Scalar& alpha) {
      return index_add_(clone(x), dim, i, s, alpha);
    }>("index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor",
       kBoth | kOut, "self[index] += alpha · source along dim; equal indices add up."),
    def<index_add_>(
        "index_add_(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor", kMethod,
        "index_add in place."),
    def<[](const Tensor& x, int64_t dim, const Tensor& i, const Tensor& s) {
      return index_copy_(clone(x), dim, i, s);
    }>("index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor", kBoth | kOut,
       "self[index] = source along dim."),
    def<index_copy_>("index_copy_(Tensor self, int dim, Tensor index, Tensor source) -> Tensor", kMethod,
                     "index_copy in place."),
    def<[](const Tensor& x, int64_t dim, const Tensor& i, const Operand& v) {
      return index_fill_(clone(x), dim, i, v);
    }>("index_fill(Tensor self, int dim, Tensor index, Number value) -> Tensor", kBoth,
       "self[index] = value along dim."),
    def<index_fill_>("index_fill_(Tensor self, int dim, Tensor index, Number value) -> Tensor", kMethod,
                     "index_fill in place."),
};
}  // namespace

}  // namespace adjoint::ops
