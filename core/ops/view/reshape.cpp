// view, reshape and their kin: the same elements in the same order under another shape. A reshape whose
// strides allow no view copies first.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

// Both hold the wanted geometry only during forward; recording needs the input's sizes.
struct View {
  static constexpr const char *name = "view", *node = "ViewBackward0";
  Ints sizes, strides;  // no strides: x is contiguous, and so is the view
  Dims shape = {};
  Tensor forward(const Tensor& x) {
    return strides.data() || sizes.empty() ? adjoint::alias(x, sizes, strides, x->byte_offset)
                                           : adjoint::alias_contiguous(x, sizes);
  }
  static constexpr const char* rule = "gx = reshape(g)";
  void vjp(Backward& b) { b.gx[0] = reshape(b.grad(), shape); }
  void fields(auto& f) { f("self_sym_sizes", shape, input(0)); }
};

struct ReshapeAlias : View {  // reshape of what is not contiguous
  static constexpr const char *name = "reshape", *node = "ReshapeAliasBackward0";
};

// A view of a copy that nobody else sees: not linked to it, so writing into it is free.
struct UnsafeView {
  static constexpr const char *name = "reshape", *node = "UnsafeViewBackward0";
  Ints sizes;
  Dims shape = {};
  Tensor forward(const Tensor& x) {
    return adjoint::alias(x, sizes, contiguous_strides(sizes), x->byte_offset);
  }
  static constexpr const char* rule = "gx = reshape(g)";
  void vjp(Backward& b) { b.gx[0] = reshape(b.grad(), shape); }
  void fields(auto& f) { f("self_sym_sizes", shape, input(0)); }
};

// Fills in the one size given as -1, and checks that the count of elements stays.
void infer_size(Ints wanted, int64_t numel, Dims& sizes) {
  sizes = wanted;
  int64_t hole = -1, known = 1;
  for (int64_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      check(hole < 0, "only one dimension can be inferred");
      hole = i;
    } else {
      check(sizes[i] >= 0, "invalid shape dimension ", sizes[i], " at index ", i, " of shape ", wanted);
      check(!__builtin_mul_overflow(known, sizes[i], &known), "shape '", wanted,
            "' is invalid for input of size ", numel);
    }
  }
  if (hole < 0 && known == numel) return;
  if (hole >= 0 && known > 0 && numel % known == 0) {
    sizes[hole] = numel / known;
    return;
  }
  check(!(hole >= 0 && known == 0 && numel == 0), "cannot reshape tensor of 0 elements into shape ", wanted,
        " because the unspecified dimension size -1 can be any value and is ambiguous");
  fail("shape '", wanted, "' is invalid for input of size ", numel);
}

}  // namespace

Tensor view(const Tensor& x, Ints wanted) {
  Dims sizes, strides;
  infer_size(wanted, x->numel, sizes);
  if (x->contiguous()) return apply_view(View{sizes, {}}, x);
  check(view_strides(x, sizes, strides),
        "view size is not compatible with input tensor's size and stride (at least one dimension spans "
        "across two "
        "contiguous subspaces). Use .reshape(...) instead.");
  return apply_view(View{sizes, strides}, x);
}

// The sizes as given fit: none to be inferred.
static bool fits(Ints wanted, int64_t numel) {
  int64_t n = 1;
  for (int64_t s : wanted)
    if (s < 0 || __builtin_mul_overflow(n, s, &n)) return false;
  return n == numel;
}

Tensor reshape(const Tensor& x, Ints wanted) {
  if (x->contiguous() && fits(wanted, x->numel)) return apply_view(View{wanted, {}}, x);
  Dims sizes, strides;
  infer_size(wanted, x->numel, sizes);
  if (__builtin_expect(x->contiguous(), 1)) return apply_view(View{sizes, {}}, x);
  if (view_strides(x, sizes, strides)) return apply_view(ReshapeAlias{{sizes, strides}}, x);
  return apply(UnsafeView{sizes}, clone(x, MemoryFormat::Contiguous));
}

Tensor flatten(const Tensor& x, int64_t start_dim, int64_t end_dim) {
  int64_t start = wrap_dim(start_dim, x->ndim), end = wrap_dim(end_dim, x->ndim);
  check(start <= end, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (x->ndim == 0) return reshape(x, Dims{1});
  if (start == end) return x;
  Dims sizes;
  int64_t joined = 1;
  for (int64_t i = 0; i < x->ndim; ++i) {
    if (i >= start && i <= end) joined *= x->size(int(i));
    if (i < start || i > end)
      sizes.push_back(x->size(int(i)));
    else if (i == end)
      sizes.push_back(joined);
  }
  return reshape(x, sizes);
}

static Tensor unflatten(const Tensor& x, int64_t dim, Ints sizes) {
  check(!sizes.empty(), "unflatten: sizes must be non-empty");
  dim = wrap_dim(dim, x->ndim);
  int64_t size = x->ndim ? x->size(int(dim)) : 1, hole = -1, known = 1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      check(hole < 0, "only one dimension can be inferred");
      hole = int64_t(i);
    } else {
      check(sizes[i] >= 0, "invalid shape dimension ", sizes[i], " at index ", i, " of shape ", sizes);
      known *= sizes[i];
    }
  }
  bool fits = hole < 0 ? known == size : known > 0 && size % known == 0;
  if (!fits)
    fail("unflatten: Provided sizes ", sizes, " don't multiply up to the size of dim ", dim, " (", size,
         ") in the input tensor");
  Dims shape(x->sizes());
  if (x->ndim) shape.erase(dim);
  for (size_t i = 0; i < sizes.size(); ++i)
    shape.insert(dim + int64_t(i), int64_t(i) == hole ? size / known : sizes[i]);
  return view(x, shape);
}

static Tensor ravel(const Tensor& x) { return view(contiguous(x), Dims{-1}); }
static Tensor view_as(const Tensor& x, const Tensor& other) { return view(x, other->sizes()); }
static Tensor reshape_as(const Tensor& x, const Tensor& other) { return reshape(x, other->sizes()); }

// The bytes read as another type: no gradient. A change of the element's size happens in the last dimension.
Tensor view_dtype(const Tensor& x, Dtype dtype) {
  int64_t from = int64_t(x->itemsize()), to = int64_t(item_size(dtype));
  Dims sizes(x->sizes()), strides(x->strides());
  if (from != to) {
    check(x->ndim > 0, "self.dim() cannot be 0 to view ", label_of(x->dtype), " as ", label_of(dtype),
          " (different element sizes)");
    check(strides.back() == 1, "self.stride(-1) must be 1 to view ", label_of(x->dtype), " as ",
          label_of(dtype), " (different element sizes), but got ", strides.back());
    int64_t up = to / from;
    if (from < to) {
      check(sizes.back() % up == 0, "self.size(-1) must be divisible by ", up, " to view ",
            label_of(x->dtype), " as ", label_of(dtype), " (different element sizes), but got ",
            sizes.back());
      check(x->storage_offset() % up == 0, "self.storage_offset() must be divisible by ", up, " to view ",
            label_of(x->dtype), " as ", label_of(dtype), " (different element sizes), but got ",
            x->storage_offset());
      for (int i = 0; i + 1 < x->ndim; ++i)
        check(strides[i] % up == 0, "self.stride(", i, ") must be divisible by ", up, " to view ",
              label_of(x->dtype), " as ", label_of(dtype), " (different element sizes), but got ",
              strides[i]);
    }
    for (int64_t& s : strides) s = s * from / to;
    strides.back() = 1;
    sizes.back() = sizes.back() * from / to;
  }
  Tensor y = adjoint::alias(x);
  y->dtype = dtype;
  y->set_geometry(sizes, strides);
  return y;  // of no base: what a base's change would mean for its gradient nobody can say
}

Tensor atleast_1d(const Tensor& x) { return x->ndim ? x : reshape(x, Dims{1}); }
Tensor atleast_2d(const Tensor& x) {
  return x->ndim == 0 ? reshape(x, Dims{1, 1}) : x->ndim == 1 ? unsqueeze(x, 0) : x;
}
Tensor atleast_3d(const Tensor& x) {
  if (x->ndim == 0) return reshape(x, Dims{1, 1, 1});
  return x->ndim == 1 ? unsqueeze(unsqueeze(x, 0), -1) : x->ndim == 2 ? unsqueeze(x, -1) : x;
}
template <auto F> std::vector<Tensor> each(Tensors xs) {
  std::vector<Tensor> ys;
  for (const Tensor& x : xs) ys.push_back(F(x));
  return ys;
}

[[maybe_unused]] static const auto defs = {
    def<view>("view(Tensor self, int[] size) -> Tensor", kMethod,
              "The elements under another shape, without copying; one size may be -1."),
    def<view_dtype>("view(Tensor self, dtype dtype) -> Tensor", kMethod, "The bytes read as another type."),
    def<reshape>("reshape(Tensor self, int[] shape) -> Tensor", kBoth,
                 "The elements under another shape: a view where strides allow one, else a copy."),
    def<view_as>("view_as(Tensor self, Tensor other) -> Tensor", kMethod | kAcrossDevices,
                 "self.view(other.size())"),
    def<reshape_as>("reshape_as(Tensor self, Tensor other) -> Tensor", kMethod | kAcrossDevices,
                    "self.reshape(other.size())"),
    def<flatten>("flatten(Tensor self, int start_dim=0, int end_dim=-1) -> Tensor", kBoth,
                 "Joins dimensions start_dim ... end_dim into one."),
    def<unflatten>("unflatten(Tensor self, int dim, int[] sizes) -> Tensor", kBoth,
                   "Cuts one dimension into several; one size may be -1."),
    def<ravel>("ravel(Tensor self) -> Tensor", kBoth, "All elements as one contiguous dimension."),
    def<atleast_1d>("atleast_1d(Tensor self) -> Tensor", kHidden, "A 0-d tensor gets a dimension."),
    def<each<atleast_1d>>("atleast_1d(Tensor[] tensors) -> Tensor[]", kHidden,
                          "The same for each of the tensors."),
    def<atleast_2d>("atleast_2d(Tensor self) -> Tensor", kHidden, "Dimensions in front until there are two."),
    def<each<atleast_2d>>("atleast_2d(Tensor[] tensors) -> Tensor[]", kHidden,
                          "The same for each of the tensors."),
    def<atleast_3d>("atleast_3d(Tensor self) -> Tensor", kHidden, "Dimensions around until there are three."),
    def<each<atleast_3d>>("atleast_3d(Tensor[] tensors) -> Tensor[]", kHidden,
                          "The same for each of the tensors."),
};

}  // namespace adjoint::ops
