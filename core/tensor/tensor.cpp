// Geometry of tensors, and the ways to make one. No autograd here: see autograd/door.h.
#include "tensor/tensor.h"
#include <cmath>
#include <numeric>
#include "tensor/devices.h"
#include "tensor/geometry.h"

namespace adjoint {

void TensorImpl::reserve_dims(int n) {
  check(n <= 64, "tensors of more than 64 dimensions are not supported, got ", n);
  if (dims != inline_dims) {
    delete[] dims;
    dims = inline_dims;
  }
  if (n > kInlineDims) dims = new int64_t[2 * size_t(n)];
  ndim = uint8_t(n);
}

void TensorImpl::refuse_host() const {
  fail(ErrorKind::NotImplemented,
       "the elements of a tensor on another device cannot be reached here: ", *this);
}

void TensorImpl::set_contiguous(Ints sizes) {
  int n = int(sizes.size());
  reserve_dims(n);
  int64_t count = 1;
  bool over = false;
  for (int i = n - 1; i >= 0; --i) {
    dims[i] = sizes[size_t(i)];
    dims[n + i] = count;
    over |= __builtin_mul_overflow(count, sizes[size_t(i)], &count);
  }
  if (__builtin_expect(over || count == 0, 0)) {
    count = numel_of(sizes);
    Dims strides = contiguous_strides(sizes);
    std::copy(strides.begin(), strides.end(), dims + n);
  }
  numel = count;
  flags |= Contiguous;
}

void TensorImpl::set_geometry(Ints sizes, Ints strides) {
  int n = int(sizes.size());
  reserve_dims(n);
  int64_t count = 1, expect = 1;
  bool contiguous = true, over = false;
  for (int i = n - 1; i >= 0; --i) {
    int64_t s = sizes[size_t(i)], st = strides[size_t(i)];
    dims[i] = s;
    dims[n + i] = st;
    if (s != 1) {
      contiguous &= st == expect;
      expect *= s;
    }
    over |= __builtin_mul_overflow(count, s, &count);
  }
  if (__builtin_expect(over || count == 0, 0)) count = numel_of(sizes);
  numel = count;
  flags = uint8_t(contiguous || count == 0 ? flags | Contiguous : flags & ~Contiguous);
}

static int64_t bytes_of(Ints sizes, Dtype dtype) {
  int64_t n = 1;
  bool over = false;
  for (int64_t s : sizes) {
    check(s >= 0, "Trying to create tensor with negative dimension ", s, ": ", sizes);
    over |= __builtin_mul_overflow(n, s, &n);
  }
  over |= __builtin_mul_overflow(n, int64_t(item_size(dtype)), &n);
  check(!over, "Storage size calculation overflowed with sizes=", sizes);
  return n;
}

Tensor empty(Ints sizes, Dtype dtype, Device device) {
  const int64_t bytes = bytes_of(sizes, dtype);
  Storage* s = device == Device::Cpu ? Storage::make(size_t(bytes)) : Storage::make_meta(size_t(bytes));
  Tensor t = Tensor::steal(TensorImpl::make());
  t->flags = fresh_flags;
  t->storage = s;
  t->dtype = dtype;
  t->device = device;
  t->set_contiguous(sizes);
  return t;
}

// Bytes from the first to one past the last element that the geometry reaches.
static size_t extent_bytes(Ints sizes, Ints strides, size_t item) {
  int64_t last = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    check(sizes[i] >= 0, "Trying to create tensor with negative dimension ", sizes[i], ": ", sizes);
    if (sizes[i] == 0) return 0;
    int64_t step;
    bool over = __builtin_mul_overflow(sizes[i] - 1, strides[i], &step);
    over |= __builtin_add_overflow(last, step, &last);
    check(!over, "Storage size calculation overflowed with sizes=", sizes, " and strides=", strides);
  }
  int64_t bytes;
  check(!__builtin_mul_overflow(last + 1, int64_t(item), &bytes),
        "Storage size calculation overflowed with sizes=", sizes, " and strides=", strides);
  return size_t(bytes);
}

Tensor empty_strided(Ints sizes, Ints strides, Dtype dtype, Device device) {
  check(sizes.size() == strides.size(), "mismatch in length of strides and shape");
  for (int64_t s : strides)
    check(s >= 0, "as_strided: Negative strides are not supported at the moment, got strides: ", strides);
  size_t bytes = extent_bytes(sizes, strides, item_size(dtype));
  Storage* s = device == Device::Cpu ? Storage::make(bytes) : Storage::make_meta(bytes);
  Tensor t = Tensor::steal(TensorImpl::make());
  t->flags = fresh_flags;
  t->storage = s;
  t->dtype = dtype;
  t->device = device;
  t->set_geometry(sizes, strides);
  return t;
}

Tensor empty_like_strides(const Tensor& x, Dtype dtype) {
  if (x->contiguous()) return empty(x->sizes(), dtype, x->device);
  if (is_dense(*x)) return empty_strided(x->sizes(), x->strides(), dtype, x->device);
  // Expanded or gapped: the order of the dimensions is kept, packed.
  const Dims strides(x->strides());
  return empty_strided(x->sizes(), strides_in_order(x->sizes(), {&strides, 1}), dtype, x->device);
}

Dims strides_in_order(Ints sizes, std::span<const Dims> tensors) {
  const int n = int(sizes.size());
  // Does dimension a lie inside of b (1), or outside (-1)?
  auto compare = [&](int64_t a, int64_t b) {
    for (const Dims& strides : tensors) {
      if (strides[a] == 0 || strides[b] == 0) continue;
      if (strides[a] != strides[b]) return strides[a] < strides[b] ? 1 : -1;
      if (sizes[size_t(a)] < sizes[size_t(b)]) return 1;
    }
    return 0;
  };
  // Inserted one by one, from the last: what nothing tells apart stays row-major. (No order to sort by: it is not
  // transitive.)
  Dims inner(n), strides(n);  // the dimensions, the innermost first
  for (int i = 0; i < n; ++i) {
    inner[i] = n - 1 - i;
    for (int k = i, j = i - 1; j >= 0; --j) {
      const int order = compare(inner[k], inner[j]);
      if (order > 0) std::swap(inner[j], inner[k]), k = j;
      if (order < 0) break;
    }
  }
  int64_t step = 1;
  for (int64_t d : inner) {
    strides[d] = step;
    step *= std::max<int64_t>(sizes[size_t(d)], 1);
  }
  return strides;
}

Tensor from_storage(Storage* shared, int64_t byte_offset, Ints sizes, Ints strides, Dtype dtype) {
  Tensor t = Tensor::steal(TensorImpl::make());
  t->flags = fresh_flags;
  shared->retain();
  t->storage = shared;
  t->byte_offset = byte_offset;
  t->dtype = dtype;
  t->device = shared->meta() ? Device::Meta : Device::Cpu;
  t->set_geometry(sizes, strides);
  return t;
}

// A tensor on x's storage, without a geometry yet.
static Tensor on_storage_of(const Tensor& x, int64_t byte_offset) {
  Tensor t = Tensor::steal(TensorImpl::make());
  x->storage->retain();
  t->storage = x->storage;
  t->byte_offset = byte_offset;
  t->dtype = x->dtype;
  t->device = x->device;
  return t;
}
Tensor alias(const Tensor& x) {
  Tensor t = on_storage_of(x, x->byte_offset);
  t->copy_geometry(*x);
  return t;
}
Tensor alias(const Tensor& x, Ints sizes, Ints strides, int64_t byte_offset) {
  Tensor t = on_storage_of(x, byte_offset);
  t->set_geometry(sizes, strides);
  return t;
}
Tensor alias_contiguous(const Tensor& x, Ints sizes) {
  Tensor t = on_storage_of(x, x->byte_offset);
  t->set_contiguous(sizes);
  return t;
}

bool view_strides(const Tensor& x, Ints sizes, Dims& strides) {
  int n = int(sizes.size());
  strides.resize(n);
  if (x->contiguous() || x->numel == 0) {
    strides = contiguous_strides(sizes);
    return true;
  }
  // Walk both shapes from the back; a run of old dimensions that is contiguous in itself can be cut anew.
  int64_t chunk_stride = x->ndim ? x->stride(x->ndim - 1) : 1;
  int64_t old_count = 1, new_count = 1;
  int v = n - 1;
  for (int d = x->ndim - 1; d >= 0; --d) {
    old_count *= x->size(d);
    bool ends = d == 0 || (x->size(d - 1) != 1 && x->stride(d - 1) != old_count * chunk_stride);
    if (!ends) continue;
    while (v >= 0 && (new_count < old_count || sizes[size_t(v)] == 1)) {
      strides[v] = new_count * chunk_stride;
      new_count *= sizes[size_t(v)];
      --v;
    }
    if (new_count != old_count) return false;
    if (d > 0) {
      chunk_stride = x->stride(d - 1);
      old_count = new_count = 1;
    }
  }
  if (x->ndim == 0)
    for (; v >= 0; --v) strides[v] = 1;
  return v == -1;
}

bool is_dense(const TensorImpl& x) {
  if (x.contiguous()) return true;
  Dims order(x.ndim);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    if (x.size(int(a)) < 2) return false;
    if (x.size(int(b)) < 2) return true;
    return x.stride(int(a)) < x.stride(int(b));
  });
  int64_t expect = 1;
  for (int64_t d : order) {
    if (x.size(int(d)) < 2) return true;
    if (x.stride(int(d)) != expect) return false;
    expect *= x.size(int(d));
  }
  return true;
}

std::string detail::text(const TensorImpl& x) { return describe(x); }

std::string describe(const TensorImpl& x) {
  std::string s = std::string(name_of(x.dtype)) + text_of(x.sizes());
  return x.device == Device::Cpu ? s : s + " on " + name_of(x.device);
}

void CommonDevice::refuse(Device a, Device b) {
  fail("Expected all tensors to be on the same device, but found at least two devices, ", name_of(a), " and ",
       name_of(b), "!");
}

void fail_dtype(const char* kernel, Dtype d) {
  fail(ErrorKind::NotImplemented, '"', kernel, "\" not implemented for '", label_of(d), "'");
}

}  // namespace adjoint
