// cat, stack and the stacks named after directions: tensors joined along a dimension.
#include <optional>
#include "autograd/door.h"
#include "device/backend.h"
#include "ops/layout.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

// PyTorch lets an empty 1-d tensor stand beside tensors of any shape.
bool skipped(const Tensor& x) { return x->ndim == 1 && x->numel == 0; }

Tensor cotangent_as(Tensor g, Dtype dtype) {
  if (is_complex(g->dtype) && !is_complex(dtype)) g = real(g);
  return to(g, dtype);
}

struct Cat {
  static constexpr const char *name = "cat", *node = "CatBackward0";
  int64_t dim;
  struct Part {
    int64_t length;  // -1: an empty tensor that was skipped
    Dtype dtype;
  };
  std::vector<Part> parts = {};
  void note(Tensors xs) {
    for (const Tensor& x : xs) parts.push_back({skipped(x) ? -1 : x->size(int(dim)), x->dtype});
  }
  static constexpr const char* rule = "gxᵢ = the part of g where xᵢ lies";
  void vjp(Backward& b) {
    int64_t start = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      int64_t n = std::max<int64_t>(parts[i].length, 0);
      if (b.needs(int(i)))
        b.gx[i] = parts[i].length < 0 ? adjoint::zeros(Dims{0}, parts[i].dtype, b.grad()->device)
                                      : cotangent_as(narrow(b.grad(), dim, start, n), parts[i].dtype);
      start += n;
    }
  }
  void fields(auto& f) { f("dim", dim); }
};

struct Stack {
  static constexpr const char *name = "stack", *node = "StackBackward0";
  int64_t dim;
  std::vector<Dtype> dtypes = {};
  void note(Tensors xs) {
    for (const Tensor& x : xs) dtypes.push_back(x->dtype);
  }
  static constexpr const char* rule = "gxᵢ = select(g, dim, i)";
  void vjp(Backward& b) {
    for (size_t i = 0; i < dtypes.size(); ++i)
      if (b.needs(int(i))) b.gx[i] = cotangent_as(select(b.grad(), dim, int64_t(i)), dtypes[i]);
  }
  void fields(auto& f) { f("dim", dim); }
};

MemoryFormat common_format(Tensors xs) {
  std::optional<MemoryFormat> f;
  for (const Tensor& x : xs) {
    if (skipped(x)) continue;
    MemoryFormat own = suggested_format(*x);
    if (own == MemoryFormat::Contiguous || (f && *f != own)) return MemoryFormat::Contiguous;
    f = own;
  }
  return f.value_or(MemoryFormat::Contiguous);
}

Dims joined_shape(Tensors xs, int64_t& dim) {
  const Tensor* first = nullptr;
  for (size_t i = 0; i < xs.size(); ++i) {
    check(xs[i]->ndim > 0, "zero-dimensional tensor (at position ", i, ") cannot be concatenated");
    if (!first && !skipped(xs[i])) first = &xs[i];
  }
  if (!first) {
    dim = wrap_dim(dim, 1);
    return Dims{0};
  }
  dim = wrap_dim(dim, (*first)->ndim);
  Dims shape((*first)->sizes());
  shape[dim] = 0;
  for (size_t i = 0; i < xs.size(); ++i) {
    const Tensor& x = xs[i];
    if (skipped(x)) continue;
    check(x->ndim == shape.size(), "Tensors must have same number of dimensions: got ", shape.size(), " and ",
          int(x->ndim));
    for (int d = 0; d < x->ndim; ++d)
      check(d == dim || x->size(d) == shape[d], "Sizes of tensors must match except in dimension ", dim,
            ". Expected size ", shape[d], " but got size ", x->size(d), " for tensor number ", i,
            " in the list.");
    shape[dim] += x->size(int(dim));
  }
  return shape;
}

Dtype joined_dtype(Tensors xs) {
  bool same = true;
  for (const Tensor& x : xs) same &= x->dtype == xs[0]->dtype;
  if (same) return xs[0]->dtype;
  ResultType r;
  for (const Tensor& x : xs) r.add(x);
  return r.get();
}

bool all_contiguous(Tensors xs) {
  bool all = true;
  for (const Tensor& x : xs) all &= x->contiguous();
  return all;
}

Tensor join(Tensors xs, int64_t dim, Ints shape, Dtype dtype) {
  MemoryFormat f = all_contiguous(xs) ? MemoryFormat::Contiguous : common_format(xs);
  Tensor y = f == MemoryFormat::Contiguous
                 ? adjoint::empty(shape, dtype, xs[0]->device)
                 : adjoint::empty_strided(shape, format_strides(shape, f), dtype, xs[0]->device);
  backend(y).join(*y, dim, xs);
  return apply_many(Cat{dim}, xs, y);
}

}  // namespace

Tensor cat(Tensors xs, int64_t dim) {
  check_as(!xs.empty(), ErrorKind::Value, "torch.cat(): expected a non-empty list of Tensors");
  Dims shape = joined_shape(xs, dim);
  return join(xs, dim, shape, joined_dtype(xs));
}

static Tensor cat_op(Tensors xs, int64_t dim, Dest dest) {
  if (!dest.tensor) return cat(xs, dim);
  const Tensor& out = *dest.tensor;
  if (!xs.empty())
    check_as(can_cast(joined_dtype(xs), out->dtype), ErrorKind::Type,
             "torch.cat(): input types can't be cast to the desired output type ", label_of(out->dtype));
  for (const Tensor& x : xs)
    check(overlap(*out, *x) == Overlap::None,
          "unsupported operation: the input tensors cannot refer to any of the output memory locations. "
          "Found overlap "
          "in input tensor ",
          int64_t(&x - xs.data()));
  return write_out(out, cat(xs, dim), "cat");
}

Tensor stack(Tensors xs, int64_t dim) {
  check(!xs.empty(), "stack expects a non-empty TensorList");
  dim = wrap_dim(dim, xs[0]->ndim + 1);
  for (size_t i = 1; i < xs.size(); ++i)
    check(same_sizes(*xs[0], *xs[i]), "stack expects each tensor to be equal size, but got ", xs[0]->sizes(),
          " at entry 0 and ", xs[i]->sizes(), " at entry ", i);
  Dims shape(xs[0]->sizes());
  shape.insert(dim, int64_t(xs.size()));
  Tensor y = adjoint::empty(shape, joined_dtype(xs), xs[0]->device);
  std::vector<Tensor> rows;
  Dims one = shape;
  one[dim] = 1;
  for (const Tensor& x : xs) {
    Dims strides(x->strides());
    strides.insert(dim, dim < x->ndim ? x->size(int(dim)) * x->stride(int(dim)) : 1);
    rows.push_back(adjoint::alias(x, one, strides, x->byte_offset));
  }
  backend(y).join(*y, dim, rows);
  return apply_many(Stack{dim}, xs, y);
}

namespace {

template <auto F> std::vector<Tensor> at_least(Tensors xs, const char* name) {
  check(!xs.empty(), name, " expects a non-empty TensorList");
  std::vector<Tensor> ys;
  for (const Tensor& x : xs) ys.push_back(F(x));
  return ys;
}
Tensor hstack(Tensors xs) {
  std::vector<Tensor> ys = at_least<atleast_1d>(xs, "hstack");
  return cat(ys, ys[0]->ndim == 1 ? 0 : 1);
}
Tensor vstack(Tensors xs) { return cat(at_least<atleast_2d>(xs, "vstack"), 0); }
Tensor dstack(Tensors xs) { return cat(at_least<atleast_3d>(xs, "dstack"), 2); }
Tensor as_column(const Tensor& x) { return x->ndim <= 1 ? reshape(x, Dims{x->numel, 1}) : x; }
Tensor column_stack(Tensors xs) {
  std::vector<Tensor> ys = at_least<as_column>(xs, "column_stack");
  return hstack(ys);
}

struct BlockDiag {
  static constexpr const char *name = "block_diag", *node = "BlockDiagBackward0";
  std::vector<Dims> shapes;
  std::vector<Dtype> dtypes;
  void note(Tensors xs) {
    for (const Tensor& x : xs) {
      shapes.push_back(x->sizes());
      dtypes.push_back(x->dtype);
    }
  }
  static constexpr const char* rule = "gxᵢ = the block of g where xᵢ lies";
  void vjp(Backward& b) {
    int64_t row = 0, col = 0;
    for (size_t i = 0; i < shapes.size(); ++i) {
      const Dims& s = shapes[i];
      int64_t n = s.size() == 2 ? s[0] : 1, m = s.size() == 2 ? s[1] : s.size() == 1 ? s[0] : 1;
      if (b.needs(int(i)))
        b.gx[i] = cotangent_as(reshape(narrow(narrow(b.grad(), 0, row, n), 1, col, m), s), dtypes[i]);
      row += n;
      col += m;
    }
  }
};

Tensor block_diag(Tensors xs) {
  if (xs.empty()) return adjoint::empty(Dims{1, 0}, default_dtype());
  int64_t rows = 0, cols = 0;
  std::vector<Tensor> blocks;
  for (size_t i = 0; i < xs.size(); ++i) {
    const Tensor& x = xs[i];
    check(x->ndim <= 2, "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ", i, " has ",
          int(x->ndim), " dimensions");
    Dims shape{x->ndim == 2 ? x->size(0) : 1, x->ndim == 2 ? x->size(1) : x->ndim == 1 ? x->size(0) : 1};
    blocks.push_back(raw::contiguous(x));
    blocks.back() =
        adjoint::alias(blocks.back(), shape, contiguous_strides(shape), blocks.back()->byte_offset);
    rows += shape[0];
    cols += shape[1];
  }
  Tensor y = adjoint::zeros(Dims{rows, cols}, joined_dtype(xs), xs[0]->device);
  int64_t row = 0, col = 0;
  for (const Tensor& x : blocks) {
    int64_t offset = (row * cols + col) * int64_t(y->itemsize());
    raw::copy(adjoint::alias(y, x->sizes(), y->strides(), offset), x);
    row += x->size(0);
    col += x->size(1);
  }
  return apply_many(BlockDiag{}, xs, y);
}

}  // namespace

[[maybe_unused]] static const auto defs = {
    def<cat_op>("cat(Tensor[] tensors, int dim=0) -> Tensor", kFunction | kOut,
                "The tensors one after the other along a dimension."),
    def<cat_op>("concat(Tensor[] tensors, int dim=0) -> Tensor", kFunction | kOut, "Alias of cat."),
    def<cat_op>("concatenate(Tensor[] tensors, int dim=0) -> Tensor", kFunction | kOut, "Alias of cat."),
    def<stack>("stack(Tensor[] tensors, int dim=0) -> Tensor", kFunction | kOut,
               "The tensors side by side along a new dimension."),
    def<hstack>("hstack(Tensor[] tensors) -> Tensor", kFunction | kOut, "Joins columns."),
    def<vstack>("vstack(Tensor[] tensors) -> Tensor", kFunction | kOut, "Joins rows."),
    def<vstack>("row_stack(Tensor[] tensors) -> Tensor", kFunction | kOut, "Alias of vstack."),
    def<dstack>("dstack(Tensor[] tensors) -> Tensor", kFunction | kOut, "Joins along the third dimension."),
    def<column_stack>("column_stack(Tensor[] tensors) -> Tensor", kFunction | kOut,
                      "Vectors become columns."),
    def<block_diag>("block_diag(Tensor[] tensors) -> Tensor", kHidden,
                    "The matrix with the tensors along its diagonal."),
};

}  // namespace adjoint::ops
