// Advanced indexing: x[i, j, ...] with tensors, and assignment to it.
#include <cstring>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/index/offsets.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {
namespace {

Tensor take_values(const Tensor& x, const Advanced& a) {
  Tensor y = empty(a.result_shape(), x->dtype, x->device);
  backend(x).take(*x, a.positions(), *y);
  return y;
}

Tensor fit_values(const Advanced& a, const Tensor& values) {
  Dims shape = a.result_shape();
  // Leading dimensions of one may be dropped, as in x[i] = v with v of shape [1, 2].
  Tensor v = values;
  while (v->ndim > shape.size() && v->size(0) == 1) v = select(v, 0, 0);
  bool fits = v->ndim <= shape.size();
  for (int d = 1; fits && d <= v->ndim; ++d)
    fits = v->size(v->ndim - d) == 1 || v->size(v->ndim - d) == shape[shape.size() - d];
  check(fits, "shape mismatch: value tensor of shape ", values->sizes(),
        " cannot be broadcast to indexing result of shape ", shape);
  return expand(v, shape);
}

// One value for the places of one mask: what PyTorch does as masked_fill, by whose rule any type will do.
bool is_fill(Tensors indices, const TensorImpl& value) {
  int masks = 0, others = 0;
  for (const Tensor& i : indices)
    if (i) ++(i->dtype == Dtype::Bool || i->dtype == Dtype::U8 ? masks : others);
  return masks == 1 && others == 0 && value.numel == 1 && value.device != Device::Meta;
}

// The mask of such an assignment, as one that broadcasts against x; null where x is not indexed from its first dimension.
Tensor fill_mask(const Tensor& x, Tensors indices) {
  const Tensor& mask = indices[0];
  if (!mask || mask->device != x->device || mask->ndim > x->ndim) return {};
  Dims sizes(mask->sizes());
  for (int d = 0; d < x->ndim; ++d) {
    if (d >= mask->ndim)
      sizes.push_back(1);
    else if (mask->size(d) != x->size(d))
      return {};
  }
  return reshape(raw::cast(detach(mask), Dtype::Bool), sizes);
}

struct Index {
  static constexpr const char *name = "index", *node = "IndexBackward0";
  SavedTensors indices;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return take_values(x, resolve(x, indices.given())); }
  static constexpr const char* rule = "gx = zeros with g added at the indices";
  void vjp(Backward& b) {
    Tensor zero = adjoint::zeros(shape, b.grad()->dtype, b.grad()->device);
    b.gx[0] = index_put_(zero, indices.get(b.node), b.grad(), true);
  }
  void fields(auto& f) {
    f("indices[]", indices);
    f("self_sym_sizes", shape, input(0));
  }
};

struct IndexPut {
  static constexpr const char *name = "index_put", *node = "IndexPutBackward0";
  SavedTensors indices;
  Dims value_shape;
  Dtype value_dtype;
  bool accumulate;
  const char* rule() const {
    return accumulate ? "gx = g; gvalues = g at the indices"
                      : "gx = g with 0 at the indices; gvalues = g at the indices";
  }
  void vjp(Backward& b) {
    const Tensor& g = b.grad();
    std::vector<Tensor> at = indices.get(b.node);
    if (b.needs(0))
      b.gx[0] = accumulate ? g : index_put_(clone(g), at, scalar_tensor(0, g->dtype, g->device));
    if (b.needs(1)) b.gx[1] = to(sum_to(index(g, at), value_shape), value_dtype);
  }
  void fields(auto& f) {
    f("accumulate", accumulate);
    f("indices[]", indices);
  }
};

}  // namespace

Tensor index(const Tensor& x, Tensors indices) { return apply(Index{indices}, x); }

Tensor index_put_(const Tensor& x, Tensors indices, const Tensor& values, bool accumulate) {
  Tensor v = values;
  Tensor mask = !accumulate && has_values(x) && is_fill(indices, *v) ? fill_mask(x, indices) : Tensor();
  Advanced a = mask ? Advanced{} : resolve(x, indices);
  if (v->ndim || v->device != Device::Cpu) {
    CommonDevice device;
    device.add(*x);
    device.add(*v);
  }
  if (v->dtype != x->dtype) {
    if (!mask) fit_values(a, detach(v));
    check(!accumulate && is_fill(indices, *v),
          "Index put requires the source and destination dtypes match, got ", label_of(x->dtype),
          " for the destination and ", label_of(v->dtype), " for the source.");
    check_scalar_fits(item(v), x->dtype);
    v = to(v, x->dtype);
  }
  auto write = [&] {
    NoGrad no_grad;
    if (mask) return raw::copy(x, pointwise(formula<"where">, {mask, reshape(v, Dims{}), x}));
    Tensor full = fit_values(a, v);
    if (overlap(*x, *full) != Overlap::None) full = raw::clone(full);
    backend(x).put(*x, a.positions(), *raw::contiguous(full), accumulate);
  };
  return apply_inplace(IndexPut{indices, v->sizes(), v->dtype, accumulate}, x, "index_put_", write, v);
}

namespace {
Tensor index_put(const Tensor& x, Tensors indices, const Tensor& values, bool accumulate) {
  return index_put_(clone(x), indices, values, accumulate);
}
[[maybe_unused]] const auto defs = {
    def<index>("_index(Tensor self, Tensor?[] indices) -> Tensor", kHidden | kAcrossDevices,
               "x[indices] with index tensors."),
    def<index_put>(
        "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
        kBoth | kAcrossDevices, "A copy of self with self[indices] = values (or += with accumulate)."),
    def<index_put_>(
        "index_put_(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
        kBoth | kAcrossDevices, "self[indices] = values in place; with accumulate equal indices add up."),
};
}  // namespace

}  // namespace adjoint::ops
