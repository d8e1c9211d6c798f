// expand, squeeze, unsqueeze: dimensions of size one come, go and grow.
#include <bit>
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

struct Expand {
  static constexpr const char *name = "expand", *node = "ExpandBackward0";
  Ints sizes, strides;
  Dims shape = {};
  Tensor forward(const Tensor& x) { return adjoint::alias(x, sizes, strides, x->byte_offset); }
  static constexpr const char* rule = "gx = the sum of g over the repeats";
  void vjp(Backward& b) { b.gx[0] = sum_to(b.grad(), shape); }
  void fields(auto& f) { f("self_sym_sizes", shape, input(0)); }
};

// The three squeezes differ in name only: the dimensions in `drop` (a bit each) go if their size is one.
struct SqueezeBase {
  uint64_t drop = 0;
  Dims shape = {};
  Tensor forward(const Tensor& x) {
    Dims sizes, strides;
    for (int i = 0; i < x->ndim; ++i) {
      if (x->size(i) == 1 && (drop >> i & 1)) continue;
      sizes.push_back(x->size(i));
      strides.push_back(x->stride(i));
    }
    return adjoint::alias(x, sizes, strides, x->byte_offset);
  }
  static constexpr const char* rule = "gx = unsqueeze(g)";
  void vjp(Backward& b) {
    Tensor g = b.grad();
    for (int64_t i = 0; i < shape.size(); ++i)
      if (shape[i] == 1 && (drop >> i & 1)) g = unsqueeze(g, i);
    b.gx[0] = std::move(g);
  }
  void fields(auto& f) { f("self_sym_sizes", shape, input(0)); }
};
template <int N> struct Squeeze : SqueezeBase {
  static constexpr const char* name = "squeeze";
  static constexpr const char* names[] = {"SqueezeBackward0", "SqueezeBackward1", "SqueezeBackward2",
                                          "SqueezeBackward3", "SqueezeBackward4", "SqueezeBackward5"};
  static constexpr const char* node = names[N];
  void fields(auto& f) {
    if constexpr (N % 3 == 1) f("dim", [&] { return int64_t(std::countr_zero(drop)); });
    if constexpr (N % 3 == 2)
      f("dim", [&] {
        Dims dims;
        for (int64_t i = 0; i < 64; ++i)
          if (drop >> i & 1) dims.push_back(i);
        return dims;
      });
    SqueezeBase::fields(f);
  }
};

struct Unsqueeze {
  static constexpr const char *name = "unsqueeze", *node = "UnsqueezeBackward0";
  int64_t dim;
  Tensor forward(const Tensor& x) {
    int n = x->ndim;
    Dims sizes(x->sizes()), strides(x->strides());
    int64_t stride = dim < n ? x->size(int(dim)) * x->stride(int(dim)) : 1;
    sizes.insert(dim, 1);
    strides.insert(dim, stride);
    return adjoint::alias(x, sizes, strides, x->byte_offset);
  }
  static constexpr const char* rule = "gx = squeeze(g)";
  void vjp(Backward& b) { b.gx[0] = squeeze(b.grad(), dim); }
  void fields(auto& f) { f("dim", dim); }
};
struct UnsqueezeInplace : Unsqueeze {
  static constexpr const char* node = "UnsqueezeBackward1";
};

uint64_t bits_of(Ints dims, int n) {
  uint64_t bits = 0;
  for (int64_t d : wrap_dims(dims, n)) bits |= uint64_t(1) << d;
  return bits;
}
template <int N> Tensor squeeze_as(const Tensor& x, uint64_t drop) {
  return apply_view(Squeeze<N>{{drop}}, x);
}
template <int N> Tensor squeeze_inplace(const Tensor& x, uint64_t drop) {
  return apply_view_inplace(Squeeze<N>{{drop}}, x, "squeeze_");
}

}  // namespace

Tensor expand(const Tensor& x, Ints wanted) {
  int64_t n = int64_t(wanted.size()), lead = n - x->ndim;
  check(lead >= 0, "expand(torch.", label_of(x->dtype), "Tensor{", x->sizes(), "}, size=", wanted,
        "): the number of sizes provided (", n,
        ") must be greater or equal to the number of dimensions in the tensor (", int(x->ndim), ")");
  Dims sizes(n), strides(n);
  // A number's strides are all 0, as in PyTorch, where a new dimension of size one otherwise continues the
  // next.
  for (int64_t i = n - 1; i >= 0; --i) {
    int d = int(i - lead);
    int64_t size = d >= 0 ? x->size(d) : 1, target = wanted[size_t(i)];
    int64_t stride = d >= 0 ? x->stride(d) : i + 1 < n ? sizes[i + 1] * strides[i + 1] : 1;
    if (target == -1) {
      check(d >= 0,
            "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ", i);
      target = size;
    }
    if (size != target) {
      check(size == 1 && (d < 0 || target >= 0), "The expanded size of the tensor (", target,
            ") must match the existing size (", size, ") at non-singleton dimension ", i,
            ".  Target sizes: ", wanted, ".  Tensor sizes: ", x->sizes());
      check(target >= 0, "The expanded size of the tensor (", target,
            ") isn't allowed in a leading, non-existing "
            "dimension ",
            i);
      stride = 0;
    }
    sizes[i] = target;
    strides[i] = x->ndim ? stride : 0;
  }
  return apply_view(Expand{sizes, strides}, x);
}

Tensor squeeze(const Tensor& x) { return squeeze_as<0>(x, ~uint64_t(0)); }
Tensor squeeze(const Tensor& x, int64_t dim) {
  return squeeze_as<1>(x, uint64_t(1) << wrap_dim(dim, x->ndim));
}
Tensor squeeze(const Tensor& x, Ints dims) { return squeeze_as<2>(x, bits_of(dims, x->ndim)); }
Tensor unsqueeze(const Tensor& x, int64_t dim) {
  return apply_view(Unsqueeze{wrap_dim(dim, x->ndim + 1)}, x);
}

static Tensor squeeze_(const Tensor& x) { return squeeze_inplace<3>(x, ~uint64_t(0)); }
static Tensor squeeze_dim_(const Tensor& x, int64_t dim) {
  return squeeze_inplace<4>(x, uint64_t(1) << wrap_dim(dim, x->ndim));
}
static Tensor squeeze_dims_(const Tensor& x, Ints dims) {
  return squeeze_inplace<5>(x, bits_of(dims, x->ndim));
}
static Tensor unsqueeze_(const Tensor& x, int64_t dim) {
  return apply_view_inplace(UnsqueezeInplace{{wrap_dim(dim, x->ndim + 1)}}, x, "unsqueeze_");
}

static Tensor expand_method(const Tensor& x, Ints size, bool) { return expand(x, size); }
static Tensor expand_as(const Tensor& x, const Tensor& other) { return expand(x, other->sizes()); }

std::vector<Tensor> broadcast_tensors(Tensors xs) {
  Dims shape = {};
  for (const Tensor& x : xs) shape = broadcast_shapes(shape, x->sizes());
  std::vector<Tensor> ys;
  for (const Tensor& x : xs) ys.push_back(equal(x->sizes(), shape) ? x : expand(x, shape));
  return ys;
}

[[maybe_unused]] static const auto defs = {
    def<expand_method>(
        "expand(Tensor self, int[] size, *, bool implicit=False) -> Tensor", kMethod,
        "Dimensions of size one are repeated to the wanted size without copying; -1 keeps one."),
    def<expand_as>("expand_as(Tensor self, Tensor other) -> Tensor", kMethod | kAcrossDevices,
                   "self.expand(other.size())"),
    def<expand>("broadcast_to(Tensor self, int[] size) -> Tensor", kBoth, "Alias of expand."),
    def<broadcast_tensors>("broadcast_tensors(Tensor[] tensors) -> Tensor[]", kHidden,
                           "The tensors expanded to their common shape."),
    def<[](const Tensor& x) { return squeeze(x); }>("squeeze(Tensor self) -> Tensor", kBoth,
                                                    "View without the dimensions of size one."),
    def<[](const Tensor& x, int64_t dim) { return squeeze(x, dim); }>(
        "squeeze(Tensor self, int dim) -> Tensor", kBoth,
        "View without the given dimensions where their size is one."),
    def<[](const Tensor& x, Ints dims) { return squeeze(x, dims); }>(
        "squeeze(Tensor self, int[] dim) -> Tensor", kBoth,
        "View without the given dimensions where their size is one."),
    def<unsqueeze>("unsqueeze(Tensor self, int dim) -> Tensor", kBoth,
                   "View with a dimension of size one at `dim`."),
    def<squeeze_>("squeeze_(Tensor self) -> Tensor", kMethod, "squeeze in place."),
    def<squeeze_dim_>("squeeze_(Tensor self, int dim) -> Tensor", kMethod, "squeeze in place."),
    def<squeeze_dims_>("squeeze_(Tensor self, int[] dim) -> Tensor", kMethod, "squeeze in place."),
    def<unsqueeze_>("unsqueeze_(Tensor self, int dim) -> Tensor", kMethod, "unsqueeze in place."),
};

}  // namespace adjoint::ops
