// Where a mask is true, or a flat index points: masked_select, masked_scatter, nonzero, take, put.
#include "autograd/door.h"
#include "device/backend.h"
#include "device/host_values.h"
#include "ops/index/offsets.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint::ops {
namespace {

Tensor selected(const Tensor& x, const Tensor& mask) {
  NoGrad no_grad;
  Dims both = broadcast_shapes(x->sizes(), mask->sizes());
  Tensor m[1] = {raw::cast(expand(mask, both), Dtype::Bool)};
  Tensor full = expand(x, both);
  if (both.empty()) {
    full = unsqueeze(full, 0);
    m[0] = unsqueeze(m[0], 0);
  }
  return index(full, m);
}

Tensor masked_scatter_(const Tensor& x, const Tensor& mask, const Tensor& source);

struct MaskedSelect {
  static constexpr const char *name = "masked_select", *node = "MaskedSelectBackward0";
  SavedTensor mask;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return selected(x, mask.raw()); }
  static constexpr const char* rule = "gx = zeros with the elements of g where mask";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor m = mask.get(b.node);
    Dims both = broadcast_shapes(shape, m->sizes());
    Tensor zero = adjoint::zeros(both, g->dtype, g->device);
    b.gx[0] = sum_to(masked_scatter_(zero, expand(raw::cast(m, Dtype::Bool), both), g), shape);
  }
  void fields(auto& f) {
    f("mask", mask);
    f(nullptr, shape, input(0));
  }
};

// x.reshape(-1)[at] = values, or += with accumulate, in x's own memory where it lies flat.
void put_flat(const Tensor& x, const Tensor& at, const Tensor& values, bool accumulate) {
  Tensor y = x->contiguous() ? x : raw::clone(x);
  Tensor flat = adjoint::alias(y, Dims{y->numel}, Dims{1}, y->byte_offset);
  Tensor v = raw::contiguous(overlap(*flat, *values) != Overlap::None ? raw::clone(values) : values);
  backend(flat).put(*flat, resolve(flat, std::span(&at, 1)).positions(), *v, accumulate);
  if (!y.same(x)) raw::copy(x, y);
}

Tensor mask_positions(const Tensor& mask) {  // flat positions of the true elements
  NoGrad no_grad;
  Tensor flat = reshape(raw::contiguous(raw::cast(mask, Dtype::Bool)), Dims{-1});
  return reshape(nonzero(flat), Dims{-1});
}

struct MaskedScatter {
  static constexpr const char *name = "masked_scatter", *node = "MaskedScatterBackward0";
  SavedTensor mask;
  Dims source_shape;
  Dtype source_dtype;
  static constexpr const char* rule =
      "gx = g with 0 where mask; gsource = the elements of g where mask, then zeros";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor full = raw::cast(expand(mask.get(b.node), g->sizes()), Dtype::Bool);
    if (b.needs(0)) b.gx[0] = masked_fill(g, full, 0);
    if (!b.needs(1)) return;
    Tensor m[1] = {full};
    Tensor chosen = g->ndim == 0 ? reshape(g, Dims{1}) : index(g, m);
    Tensor flat = adjoint::zeros(Dims{numel_of(source_shape)}, g->dtype, g->device);
    Tensor head = arange(0, int64_t(chosen->numel), 1, Dtype::I64, g->device);
    Tensor at[1] = {head};
    b.gx[1] = to(reshape(index_put_(flat, at, chosen), source_shape), source_dtype);
  }
  void fields(auto& f) {
    f("mask", mask);
    f("source_sym_sizes", source_shape);
  }
};

Tensor masked_scatter_(const Tensor& x, const Tensor& mask, const Tensor& source) {
  check(mask->dtype == Dtype::Bool, "masked_scatter_ only supports boolean masks, but got mask with dtype ",
        label_of(mask->dtype));
  check(x->dtype == source->dtype, "masked_scatter: expected self and source to have same dtypes but got ",
        label_of(x->dtype), " and ", label_of(source->dtype));
  Tensor where_true = mask_positions(expand(mask, x->sizes()));
  check(where_true->numel <= source->numel,
        "masked_scatter: expected self to have number of elements <= number of ones in mask: the source has ",
        source->numel, " elements, the mask ", where_true->numel, " ones");
  auto write = [&] {
    NoGrad no_grad;
    put_flat(x, where_true, narrow(reshape(source, Dims{-1}), 0, 0, where_true->numel), false);
  };
  return apply_inplace(MaskedScatter{mask, source->sizes(), source->dtype}, x, "masked_scatter_", write,
                       source);
}

Tensor flat_index(const Tensor& index, int64_t n) {
  check(index->dtype == Dtype::I64, "take(): Expected a long tensor for index, but got ",
        label_of(index->dtype));
  Tensor i = raw::contiguous(index);
  if (auto bad = backend(i).outside(*i, -n, n))
    fail(ErrorKind::Index, "out of range: tried to access index ", *bad, " on a tensor of ", n, " elements.");
  return i;
}

struct Take {
  static constexpr const char *name = "take", *node = "TakeBackward0";
  SavedTensor index;
  Dims shape = {};
  Tensor forward(const Tensor& x) {
    NoGrad no_grad;
    Tensor at[1] = {flat_index(index.raw(), x->numel)};
    return ops::index(reshape(x, Dims{-1}), at);
  }
  static constexpr const char* rule = "gx = zeros with g added at index";
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor at[1] = {index.get(b.node)};
    Tensor flat = adjoint::zeros(Dims{numel_of(shape)}, g->dtype, g->device);
    b.gx[0] = reshape(index_put_(flat, at, g, true), shape);
  }
  void fields(auto& f) {
    f("index", index);
    f(nullptr, shape, input(0));
  }
};

Tensor take(const Tensor& x, const Tensor& index) { return apply(Take{index}, x); }

struct Put {
  static constexpr const char *name = "put", *node = "PutBackward0";
  SavedTensor index;
  bool accumulate;
  Dims source_shape;
  const char* rule() const {
    return accumulate ? "gx = g; gsource = take(g, index)"
                      : "gx = g with 0 at index; gsource = take(g, index)";
  }
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    Tensor at[1] = {reshape(index.get(b.node), Dims{-1})};
    if (b.needs(0)) {
      if (accumulate)
        b.gx[0] = g;
      else
        b.gx[0] = reshape(index_put_(reshape(clone(g, MemoryFormat::Contiguous), Dims{-1}), at,
                                     scalar_tensor(0, g->dtype, g->device)),
                          g->sizes());
    }
    if (b.needs(1)) b.gx[1] = reshape(ops::index(reshape(g, Dims{-1}), at), source_shape);
  }
  void fields(auto& f) {
    f("accumulate", accumulate);
    f("index", index);
  }
};

Tensor put_(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate) {
  check(x->dtype == source->dtype,
        "put_(): self and source expected to have the same dtype, but got self.dtype = ", label_of(x->dtype),
        " and source.dtype = ", label_of(source->dtype));
  check_as(index->numel == source->numel, ErrorKind::Index,
           "put_(): Expected source and index to have the same number of elements, but got source.numel() = ",
           source->numel, ", index.numel() = ", index->numel);
  Tensor i = flat_index(index, x->numel);
  auto write = [&] {
    NoGrad no_grad;
    put_flat(x, reshape(i, Dims{-1}), reshape(source, Dims{-1}), accumulate);
  };
  return apply_inplace(Put{index, accumulate, source->sizes()}, x, "put_", write, source);
}

std::vector<Tensor> nonzero_tuple(const Tensor& x) {
  if (x->ndim == 0) return nonzero_tuple(unsqueeze(x, 0));
  return unbind(nonzero(x), 1);
}

Tensor argwhere(const Tensor& x) {
  if (x->ndim) return nonzero(x);
  return adjoint::empty(Dims{item(x).to_bool() ? 1 : 0, 0}, Dtype::I64, x->device);
}

}  // namespace

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check(mask->dtype == Dtype::Bool || mask->dtype == Dtype::U8,
        "masked_select: expected BoolTensor for mask");
  return apply(MaskedSelect{mask}, x);
}

Tensor nonzero(const Tensor& x) {
  check(has_values(x), "nonzero: a meta tensor has no values, so the shape of the result is not known");
  Tensor m = raw::contiguous(raw::cast(x, Dtype::Bool));
  Tensor places = places_of(m);  // PyTorch's layout, too, is by dimension
  const int64_t count = places->size(1);
  return alias(places, Dims{count, x->ndim}, Dims{1, count}, places->byte_offset);
}

namespace {
[[maybe_unused]] const auto defs = {
    def<masked_select>("masked_select(Tensor self, Tensor mask) -> Tensor", kBoth | kOut,
                       "The elements of self where mask is true, as a vector."),
    def<[](const Tensor& x, const Tensor& mask, const Tensor& source) {
      return masked_scatter_(
          clone(expand(x, broadcast_shapes(x->sizes(), mask->sizes())), MemoryFormat::Contiguous), mask,
          source);
    }>("masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor", kBoth,
       "Copies source's elements, in order, to where mask is true."),
    def<masked_scatter_>("masked_scatter_(Tensor self, Tensor mask, Tensor source) -> Tensor", kMethod,
                         "masked_scatter in place."),
    def<nonzero>("nonzero(Tensor self) -> Tensor", kBoth | kOut,
                 "The indices of the elements that are not zero, one row each."),
    def<[](const Tensor& x, bool as_tuple) {
      return as_tuple ? nonzero_tuple(x) : std::vector<Tensor>{nonzero(x)};
    }>("_nonzero(Tensor self, bool as_tuple) -> Tensor[]", kHidden, "nonzero(as_tuple=...)."),
    def<argwhere>("argwhere(Tensor self) -> Tensor", kBoth, "nonzero, also for 0-d tensors."),
    def<take>("take(Tensor self, Tensor index) -> Tensor", kBoth | kOut, "self.reshape(-1)[index]."),
    def<[](const Tensor& x, const Tensor& i, const Tensor& s, bool accumulate) {
      return put_(clone(x), i, s, accumulate);
    }>("put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor", kBoth,
       "self.reshape(-1)[index] = source."),
    def<put_>("put_(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor", kMethod,
              "put in place."),
};
}  // namespace

}  // namespace adjoint::ops
