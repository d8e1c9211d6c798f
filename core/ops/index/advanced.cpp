// Advanced indexing: x[i, j, ...] with tensors, and assignment to it.
#include <cstring>
#include "autograd/door.h"
#include "ops/index/offsets.h"
#include "ops/index/saved_index.h"
#include "ops/promotion.h"
#include "ops/raw.h"
#include "ops/scalar_fits.h"

namespace adjoint::ops {
namespace {

// Calls f(offset in x in elements, position in the dense result, block elements) for every run of the result.
template <class F> void each_block(const Advanced& a, F&& f) {
  int64_t block = numel_of(a.after), blocks = a.blocks(), k = 0;
  Dims at(a.before.size());
  for (int64_t b = 0; b < blocks; ++b) {
    int64_t base = 0;
    for (int64_t d = 0; d < at.size(); ++d) base += at[d] * a.before_strides[d];
    for (int64_t o : a.offsets) {
      f(base + o, k);
      k += block;
    }
    for (int64_t d = at.size() - 1; d >= 0 && ++at[d] == a.before[d]; --d) at[d] = 0;
  }
}
// Offsets in x of the elements of one block.
std::vector<int64_t> block_offsets(const Advanced& a) {
  int64_t n = numel_of(a.after);
  std::vector<int64_t> v(size_t(n), 0);
  Dims at(a.after.size());
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t d = 0; d < at.size(); ++d) v[size_t(i)] += at[d] * a.after_strides[d];
    for (int64_t d = at.size() - 1; d >= 0 && ++at[d] == a.after[d]; --d) at[d] = 0;
  }
  return v;
}
bool dense(const std::vector<int64_t>& block) {
  return block.empty() ||
         (block.back() == int64_t(block.size()) - 1 && block[0] == 0 && (block.size() < 2 || block[1] == 1));
}

template <size_t N> struct Bytes {
  char b[N];
};
template <class F> void by_size(size_t item, F&& f) {
  switch (item) {
    case 1: return f(Bytes<1>());
    case 2: return f(Bytes<2>());
    case 4: return f(Bytes<4>());
    case 8: return f(Bytes<8>());
    default: return f(Bytes<16>());
  }
}

Tensor take_values(const Tensor& x, const Advanced& a) {
  Tensor y = empty(a.result_shape(), x->dtype, x->device);
  if (y->numel == 0 || x->meta_device()) return y;
  std::vector<int64_t> block = block_offsets(a);
  bool flat = dense(block);
  Unlocked unlocked(y->numel > 65536);
  by_size(x->itemsize(), [&]<class T>(T) {
    const T* src = reinterpret_cast<const T*>(x->host());
    T* dst = reinterpret_cast<T*>(y->host());
    each_block(a, [&](int64_t from, int64_t to) {
      if (flat)
        std::memcpy(dst + to, src + from, block.size() * sizeof(T));
      else
        for (size_t i = 0; i < block.size(); ++i) dst[to + int64_t(i)] = src[from + block[i]];
    });
  });
  return y;
}

void put_values(const Tensor& x, const Advanced& a, const Tensor& values, bool accumulate) {
  if (x->meta_device() || numel_of(a.result_shape()) == 0) return;
  Tensor v = raw::contiguous(values);
  std::vector<int64_t> block = block_offsets(a);
  if (!accumulate) {
    by_size(x->itemsize(), [&]<class T>(T) {
      T* dst = reinterpret_cast<T*>(x->host());
      const T* src = reinterpret_cast<const T*>(v->host());
      each_block(a, [&](int64_t to, int64_t from) {
        for (size_t i = 0; i < block.size(); ++i) dst[to + block[i]] = src[from + int64_t(i)];
      });
    });
    return;
  }
  visit(x->dtype, [&]<class T>(T*) {
    T* dst = x->host_as<T>();
    const T* src = v->host_as<T>();
    each_block(a, [&](int64_t to, int64_t from) {
      for (size_t i = 0; i < block.size(); ++i) {
        T& d = dst[to + block[i]];
        d = T(d + src[from + int64_t(i)]);
      }
    });
  });
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
  return masks == 1 && others == 0 && value.numel == 1 && !value.meta_device();
}

struct Index {
  static constexpr const char *name = "index", *node = "IndexBackward0";
  SavedIndices indices;
  Dims shape;
  static constexpr const char* rule = "gx = zeros with g added at the indices";
  void vjp(Backward& b) {
    Tensor zero = adjoint::zeros(shape, b.grad()->dtype, b.grad()->device);
    b.gx[0] = index_put_(zero, indices.get(b.node), b.grad(), true);
  }
  void release() { indices.reset(); }
  void visit(SavedVisitor& v) { indices.visit(v), v.ints("self_sym_sizes", shape); }
};

struct IndexPut {
  static constexpr const char *name = "index_put", *node = "IndexPutBackward0";
  SavedIndices indices;
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
  void release() { indices.reset(); }
  void visit(SavedVisitor& v) { v.value("accumulate", accumulate), indices.visit(v); }
};

}  // namespace

Tensor index(const Tensor& x, Tensors indices) {
  return apply_from(Index{SavedIndices(indices, needs_record(x)), x->sizes()},
                    take_values(x, resolve(x, indices)), x);
}

Tensor index_put_(const Tensor& x, Tensors indices, const Tensor& values, bool accumulate) {
  Advanced a = resolve(x, indices);
  Tensor v = values;
  if (v->dtype != x->dtype) {
    fit_values(a, detach(v));
    check(!accumulate && is_fill(indices, *v),
          "Index put requires the source and destination dtypes match, got ", label_of(x->dtype),
          " for the destination and ", label_of(v->dtype), " for the source.");
    check_scalar_fits(item_at(*v), x->dtype);
    v = to(v, x->dtype);
  }
  IndexPut op{SavedIndices(indices, needs_record(x, v)), v->sizes(), v->dtype, accumulate};
  auto write = [&] {
    NoGrad no_grad;
    Tensor full = fit_values(a, v);
    if (overlap(*x, *full) != Overlap::None) full = raw::clone(full);
    put_values(x, a, full, accumulate);
  };
  return apply_inplace(std::move(op), x, "index_put_", write, v);
}

namespace {
Tensor index_put(const Tensor& x, Tensors indices, const Tensor& values, bool accumulate) {
  return index_put_(clone(x), indices, values, accumulate);
}
[[maybe_unused]] const auto defs = {
    def<index>("_index(Tensor self, Tensor?[] indices) -> Tensor", kHidden, "x[indices] with index tensors."),
    def<index_put>(
        "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor", kBoth,
        "A copy of self with self[indices] = values (or += with accumulate)."),
    def<index_put_>(
        "index_put_(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor", kBoth,
        "self[indices] = values in place; with accumulate equal indices add up."),
};
}  // namespace

}  // namespace adjoint::ops
