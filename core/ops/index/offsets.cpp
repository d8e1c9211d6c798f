#include "ops/index/offsets.h"
#include "ops/raw.h"
#include "ops/reduce/plan.h"

namespace adjoint::ops {

Dims Advanced::result_shape() const {
  Dims s(before);
  for (int64_t n : index_shape) s.push_back(n);
  for (int64_t n : after) s.push_back(n);
  return s;
}

Dims without(Ints sizes, int64_t dim) {
  Dims s(sizes);
  if (!s.empty()) s.erase(dim);
  return s;
}

Tensor as_index(const Tensor& index, const char* op) {
  check(index->dtype == Dtype::I64 || index->dtype == Dtype::I32, op,
        "(): Expected dtype int32/int64 for index");
  return raw::contiguous(raw::cast(index, Dtype::I64));
}

Tensor places_of(const Tensor& mask) {
  const int64_t count = item(reduce_all_raw(Reduction::CountNonzero, mask)).to_int();
  Tensor places = adjoint::empty(Dims{mask->ndim, count}, Dtype::I64, mask->device);
  backend(mask).nonzero(*mask, *places);
  return places;
}

static void check_mask(const Tensor& x, const Tensor& mask, int64_t at) {
  for (int d = 0; d < mask->ndim; ++d)
    check_as(at + d < x->ndim && mask->size(d) == x->size(int(at + d)), ErrorKind::Index,
             "The shape of the mask ", mask->sizes(), " at index ", d,
             " does not match the shape of the indexed tensor ", x->sizes(), " at index ", at + d);
}
static bool is_mask(const Tensor& i) { return i->dtype == Dtype::Bool || i->dtype == Dtype::U8; }

// One tensor of coordinates for each of the mask's dimensions.
static void push_mask(const Tensor& x, const Tensor& mask, std::vector<Tensor>& out) {
  check_mask(x, mask, int64_t(out.size()));
  Tensor places = places_of(raw::contiguous(raw::cast(mask, Dtype::Bool)));
  for (int d = 0; d < mask->ndim; ++d) out.push_back(select(places, 0, d));
}

// Bool and byte masks become index tensors (nonzero); the others become int64.
static std::vector<Tensor> expand_masks(const Tensor& x, Tensors indices) {
  std::vector<Tensor> out;
  for (const Tensor& i : indices) {
    if (!i) {
      out.emplace_back();
      continue;
    }
    check(i->device == x->device || i->device == Device::Cpu,
          "indices should be either on cpu or on the same device as the indexed tensor (", name_of(x->device),
          ")");
    check_as(is_integral(i->dtype) || i->dtype == Dtype::Bool, ErrorKind::Index,
             "tensors used as indices must be long, int, byte or bool tensors");
    check_as(i->dtype != Dtype::I8 && i->dtype != Dtype::I16, ErrorKind::Index,
             "tensors used as indices must be long, int, byte or bool tensors");
    if (is_mask(i))
      push_mask(x, i, out);
    else
      out.push_back(raw::cast(i, Dtype::I64));
  }
  check_as(int64_t(out.size()) <= x->ndim, ErrorKind::Index, "too many indices for tensor of dimension ",
           int(x->ndim));
  return out;
}

static Dims common_shape(const std::vector<Tensor>& idx) {
  Dims shape;
  std::string all;
  for (const Tensor& i : idx)
    if (i) all += (all.empty() ? "" : ", ") + text_of(i->sizes());
  for (const Tensor& i : idx) {
    if (!i) continue;
    try {
      shape = broadcast_shapes(shape, i->sizes());
    } catch (const Error&) {
      fail(ErrorKind::Index, "shape mismatch: indexing tensors could not be broadcast together with shapes ",
           all);
    }
  }
  return shape;
}

// A mask over the first dimensions of x, which lie like one in memory: flat places, not coordinates.
static bool resolve_flat(const Tensor& x, Tensors indices, Advanced& a) {
  if (indices.size() != 1 || !indices[0] || !is_mask(indices[0]) || indices[0]->device != x->device)
    return false;
  const Tensor& mask = indices[0];
  const int n = mask->ndim;
  if (n == 0 || n > x->ndim) return false;
  for (int d = 0; d + 1 < n; ++d)
    if (x->stride(d) != x->stride(d + 1) * x->size(d + 1)) return false;
  check_mask(x, mask, 0);
  Tensor m = raw::contiguous(raw::cast(mask, Dtype::Bool));
  Tensor places = places_of(adjoint::alias(m, Dims{m->numel}, Dims{1}, m->byte_offset));
  a.index_shape = Dims{places->numel};
  for (int d = n; d < x->ndim; ++d) {
    a.after.push_back(x->size(d));
    a.after_strides.push_back(x->stride(d));
  }
  a.held.push_back(places);
  a.indices.push_back({places.get(), 0, m->numel, x->stride(n - 1)});
  return true;
}

Advanced resolve(const Tensor& x, Tensors indices) {
  if (Advanced flat; resolve_flat(x, indices, flat)) return flat;
  std::vector<Tensor> idx = expand_masks(x, indices);
  idx.resize(size_t(x->ndim));
  Advanced a;
  a.index_shape = common_shape(idx);
  int first = -1, last = -1, count = 0;
  for (int d = 0; d < x->ndim; ++d)
    if (idx[size_t(d)]) {
      if (first < 0) first = d;
      last = d;
      ++count;
    }
  bool adjacent = count && last - first + 1 == count;
  for (int d = 0; d < x->ndim; ++d) {
    if (idx[size_t(d)]) continue;
    bool ahead = adjacent && d < first;
    (ahead ? a.before : a.after).push_back(x->size(d));
    (ahead ? a.before_strides : a.after_strides).push_back(x->stride(d));
  }
  for (int d = 0; d < x->ndim; ++d) {
    if (!idx[size_t(d)]) continue;
    a.held.push_back(raw::contiguous(expand(idx[size_t(d)], a.index_shape)));
    a.indices.push_back({a.held.back().get(), d, x->size(d), x->stride(d)});
  }
  return a;
}

}  // namespace adjoint::ops
