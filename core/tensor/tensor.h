// TensorImpl and its smart pointer Tensor: dtype, shape, strides, storage, and the autograd links.
#pragma once
#include <utility>
#include "tensor/dims.h"
#include "tensor/dtype.h"
#include "tensor/error.h"
#include "tensor/scalar.h"
#include "tensor/storage.h"

namespace adjoint {

struct Node;
struct AutogradMeta;
class Tensor;

namespace detail {
inline constinit int64_t g_live_tensors = 0;  // for leak checks
}
// The flags that every tensor with memory of its own starts with: Inference inside inference mode, else none.
inline constinit thread_local uint8_t fresh_flags = 0;

enum class Device : uint8_t { Cpu, Meta };
inline const char* name_of(Device d) { return d == Device::Cpu ? "cpu" : "meta"; }

// Note [The big lock] (tensor/alloc.h): reference counts are plain integers.
struct TensorImpl {
  uint32_t refs = 1;
  uint8_t ndim = 0;
  Dtype dtype = Dtype::F32;
  Device device = Device::Cpu;
  uint8_t flags = 0;
  int64_t numel = 1;
  Storage* storage = nullptr;
  int64_t byte_offset = 0;
  Node* grad_fn = nullptr;       // strong; null on leaves
  AutogradMeta* meta = nullptr;  // owned; leaves' gradients, hooks, view details: absent on most tensors
  TensorImpl* base = nullptr;    // strong; the tensor that this one is a differentiable view of
  void* pyobj = nullptr;         // the Python wrapper: weak, or owned once only C++ holds the tensor
  int64_t* dims = inline_dims;   // sizes, then strides
  uint32_t output_nr = 0;        // which output of grad_fn
  uint32_t view_version = 0;     // version at which grad_fn of a view was made
  uint32_t version_bias = 0;     // lets `x.data = y` count as a change
  uint32_t leaf_edges = 0;       // edges of the graph that end here
  uint32_t cut = 0;              // why it has no history though its inputs had: see autograd/cuts.h
  static constexpr int kInlineDims = 5;
  int64_t inline_dims[2 * kInlineDims];

  enum : uint8_t {
    RequiresGrad = 1,
    Contiguous = 2,
    Inference = 4,
    ViewNoGrad = 8,
    ViewMulti = 16,
    PyOwned = 32,
    ViewInference = 64,
    ViewCustom = 128
  };

  Ints sizes() const { return {dims, ndim}; }
  Ints strides() const { return {dims + ndim, ndim}; }
  int64_t size(int i) const { return dims[i]; }
  int64_t stride(int i) const { return dims[ndim + i]; }
  // Where the elements begin: for the kernels of the tensor's own device.
  char* address() const { return storage->data + byte_offset; }
  // The same for who reads or writes them here. An Error on other devices.
  char* host() const {
    if (__builtin_expect(device != Device::Cpu, 0)) refuse_host();
    return address();
  }
  template <class T> T* host_as() const { return reinterpret_cast<T*>(host()); }
  int64_t storage_offset() const { return byte_offset / int64_t(item_size(dtype)); }
  size_t itemsize() const { return item_size(dtype); }
  // A view requires grad when its base does, also when it was made before the base did.
  bool requires_grad() const { return (flags & RequiresGrad) || (base && base->requires_grad()); }
  bool contiguous() const { return flags & Contiguous; }
  bool inference() const { return flags & Inference; }
  bool meta_device() const { return device == Device::Meta; }
  bool is_leaf() const { return grad_fn == nullptr; }
  uint32_t version() const { return storage->version + version_bias; }
  void bump_version() { ++storage->version; }

  void retain() { ++refs; }
  void release() {
    if (--refs == 0) destroy();
  }
  // Both set numel and the contiguity flag.
  void set_contiguous(Ints sizes);
  // On a fresh tensor: the same sizes, and strides of its own or the same.
  void set_contiguous_like(const TensorImpl& model);
  void copy_geometry(const TensorImpl& model);
  void set_geometry(Ints sizes, Ints strides);

  static TensorImpl* make() {
    ++detail::g_live_tensors;
    return new (pool_alloc(sizeof(TensorImpl))) TensorImpl;
  }

 private:
  friend class Tensor;
  TensorImpl() = default;
  ~TensorImpl() = default;
  void reserve_dims(int n);
  [[noreturn, gnu::cold]] void refuse_host() const;
  void destroy();  // autograd/meta.cpp: it lets go of the graph, too
};

class Tensor {
 public:
  Tensor() = default;
  static Tensor steal(TensorImpl* p) {
    Tensor t;
    t.p_ = p;
    return t;
  }
  static Tensor share(TensorImpl* p) {
    if (p) p->retain();
    return steal(p);
  }
  Tensor(const Tensor& o) : p_(o.p_) {
    if (p_) p_->retain();
  }
  Tensor(Tensor&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Tensor& operator=(Tensor o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Tensor() {
    if (p_) p_->release();
  }
  explicit operator bool() const { return p_ != nullptr; }
  TensorImpl* operator->() const { return p_; }
  TensorImpl& operator*() const { return *p_; }
  TensorImpl* get() const { return p_; }
  TensorImpl* take() { return std::exchange(p_, nullptr); }
  void reset() { Tensor().swap(*this); }
  void swap(Tensor& o) noexcept { std::swap(p_, o.p_); }
  bool same(const Tensor& o) const { return p_ == o.p_; }

 private:
  TensorImpl* p_ = nullptr;
};

inline bool requires_grad(const Tensor& x) { return x && x->requires_grad(); }

// --- making tensors (no autograd) ---
Tensor empty(Ints sizes, Dtype dtype, Device device = Device::Cpu);
Tensor empty_strided(Ints sizes, Ints strides, Dtype dtype, Device device = Device::Cpu);
// The same on the CPU, with the shape of a tensor that exists: nearly every result begins here.
inline Tensor empty_shaped(const TensorImpl& model, Dtype dtype);
inline Tensor empty_like(const Tensor& x) { return empty(x->sizes(), x->dtype, x->device); }
Tensor empty_like_strides(const Tensor& x,
                          Dtype dtype);  // keeps a dense permuted layout, as PyTorch's preserve_format
// Those with values, and item() below: device/host_values.cpp.
Tensor zeros(Ints sizes, Dtype dtype, Device device = Device::Cpu);
Tensor full(Ints sizes, const Scalar& value, Dtype dtype, Device device = Device::Cpu);
Tensor scalar_tensor(const Scalar& value, Dtype dtype, Device device = Device::Cpu);
Tensor from_storage(Storage* shared, int64_t byte_offset, Ints sizes, Ints strides, Dtype dtype);
// The same elements with another geometry: no history, no base. The raw half of every view operation.
Tensor alias(const Tensor& x);
Tensor alias(const Tensor& x, Ints sizes, Ints strides, int64_t byte_offset);
Tensor alias_contiguous(const Tensor& x, Ints sizes);  // of a contiguous x: another shape of as many elements

// --- geometry ---
// Strides that show x with `sizes` without copying; false if there are none.
bool view_strides(const Tensor& x, Ints sizes, Dims& strides);
bool is_dense(const TensorImpl& x);  // non-overlapping and dense: some permutation is contiguous
// --- memory that two indices or two tensors share (tensor/overlap.cpp) ---
bool overlaps_itself(const TensorImpl& x);   // two indices reach one element (expanded)
enum class Overlap { None, Full, Partial };  // Full: the same elements under the same indices
Overlap overlap(const TensorImpl& a, const TensorImpl& b);
[[gnu::cold]] void refuse_self_overlap(const TensorImpl& x);
// PyTorch's errors, for whoever writes into x, or writes x while it reads y.
inline void check_no_self_overlap(const Tensor& x) {
  if (__builtin_expect(!x->contiguous(), 0)) refuse_self_overlap(*x);
}
void check_no_partial_overlap(const TensorImpl& written, const TensorImpl& read);

std::string describe(const TensorImpl& x);                     // "float32[2, 2]"
[[noreturn]] void fail_dtype(const char* kernel, Dtype d);     // NotImplementedError in PyTorch's words
Scalar item_at(const TensorImpl& x, int64_t byte_offset = 0);  // one element as a number
Scalar item(const Tensor& x);                                  // RuntimeError unless x has one element
inline bool same_sizes(const TensorImpl& a, const TensorImpl& b) { return equal(a.sizes(), b.sizes()); }

// All its elements are one and the same in memory: an expanded number, such as the gradient of a sum.
inline bool is_spread(const TensorImpl& x) {
  if (x.contiguous()) return false;
  for (int i = 0; i < x.ndim; ++i)
    if (x.size(i) != 1 && x.stride(i) != 0) return false;
  return true;
}

// --- inline parts ---
inline void TensorImpl::set_contiguous_like(const TensorImpl& model) {
  const int n = model.ndim;
  if (__builtin_expect(n > kInlineDims || model.numel == 0, 0)) return set_contiguous(model.sizes());
  ndim = uint8_t(n);
  int64_t count = 1;
  for (int i = n - 1; i >= 0; --i) {
    dims[i] = model.dims[i];
    dims[n + i] = count;
    count *= model.dims[i];
  }
  numel = count;
  flags |= Contiguous;
}
inline void TensorImpl::copy_geometry(const TensorImpl& model) {
  if (__builtin_expect(model.ndim > kInlineDims, 0)) return set_geometry(model.sizes(), model.strides());
  ndim = model.ndim;
  numel = model.numel;
  for (int i = 0; i < 2 * model.ndim; ++i) dims[i] = model.dims[i];
  flags |= model.flags & Contiguous;
}
inline Tensor empty_shaped(const TensorImpl& model, Dtype dtype) {
  Storage* s = Storage::make(size_t(model.numel) * item_size(dtype));
  Tensor t = Tensor::steal(TensorImpl::make());
  t->flags = fresh_flags;
  t->storage = s;
  t->dtype = dtype;
  t->set_contiguous_like(model);
  return t;
}

}  // namespace adjoint
