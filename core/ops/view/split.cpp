// split, chunk, unbind and their kin: several views at once. Those that come from one node (split, unbind)
// refuse in-place changes; tensor_split and the h/v/d splits are separate slices, as in PyTorch.
#include <optional>
#include "autograd/door.h"
#include "device/host_values.h"
#include "ops/ops.h"
#include "ops/view/pick.h"

namespace adjoint::ops {

namespace {

struct Part {  // what a missing cotangent stands for
  Dims shape;
  Dtype dtype;
  Device device;
};

std::vector<Tensor> gathered(Backward& b, const Part& whole, Ints lengths, int64_t dim) {
  std::vector<Tensor> gs;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (b.g[i]) {
      gs.push_back(b.g[i]);
      continue;
    }
    Dims shape = whole.shape;
    shape[dim] = lengths[i];
    gs.push_back(zeros(shape, whole.dtype, whole.device));
  }
  return gs;
}

// Note [Unsafe splits]: their parts share memory but are no views, so each may be changed in place; that the
// others and the whole are not read afterwards is the caller's word. So that writing into one does not count as
// a change of its neighbours, each has a storage of its own over the same bytes, which keeps the whole alive and
// in its place.
Tensor over_own_storage(Tensor y) {
  if (!has_values(y)) return y;
  Storage* whole = y->storage;  // whose reference goes over to the part's
  whole->flags |= Storage::Exported;
  y->storage = Storage::make_foreign(
      whole->data, whole->nbytes, [](void* s) { static_cast<Storage*>(s)->release(); }, whole);
  y->storage->flags |= whole->flags & Storage::ReadOnly;
  return y;
}
enum class Kind { Views, Unsafe };
template <bool Sizes, Kind kind> struct Split {
  static constexpr const char* name = "split";
  static constexpr const char* node = kind == Kind::Unsafe
                                          ? Sizes ? "UnsafeSplitWithSizesBackward0" : "UnsafeSplitBackward0"
                                      : Sizes ? "SplitWithSizesBackward0"
                                              : "SplitBackward0";
  int64_t dim;
  Dims lengths;
  Part whole;
  static constexpr const char* rule = "gx = cat(g₀, g₁, …)";
  void vjp(Backward& b) { b.gx[0] = cat(gathered(b, whole, lengths, dim), dim); }
  void fields(auto& f) {
    f("dim", dim);
    f("self_sym_sizes", whole.shape);
    if constexpr (Sizes)
      f("split_sizes", lengths);
    else
      f("split_size", lengths[0]);
  }
};

struct Unbind {
  static constexpr const char *name = "unbind", *node = "UnbindBackward0";
  int64_t dim;
  Part whole;
  static constexpr const char* rule = "gx = stack(g₀, g₁, …)";
  void vjp(Backward& b) {
    int64_t n = whole.shape[dim];
    Dims shape = whole.shape;
    shape.erase(dim);
    std::vector<Tensor> gs;
    for (int64_t i = 0; i < n; ++i) gs.push_back(b.g[i] ? b.g[i] : zeros(shape, whole.dtype, whole.device));
    b.gx[0] = stack(gs, dim);
  }
  void fields(auto& f) { f("dim", dim); }
};

Part part_of(const Tensor& x) { return {x->sizes(), x->dtype, x->device}; }

template <bool Sizes, Kind kind> std::vector<Tensor> split_at(const Tensor& x, Dims lengths, int64_t dim) {
  std::vector<Tensor> ys;
  int64_t start = 0;
  for (int64_t n : lengths) {
    Tensor y = SlicePick{dim, start, start + n, 1}(x);
    ys.push_back(kind == Kind::Unsafe ? over_own_storage(std::move(y)) : std::move(y));
    start += n;
  }
  Split<Sizes, kind> op{dim, std::move(lengths), part_of(x)};
  if constexpr (kind == Kind::Views) return apply_views(std::move(op), x, std::move(ys));
  const size_t n = ys.size();
  return apply_multi(std::move(op), Tensors(&x, 1), std::move(ys), n);
}

template <Kind kind> std::vector<Tensor> split_evenly(const Tensor& x, int64_t size, int64_t dim) {
  check(x->ndim != 0, "split expects at least a 1-dimensional tensor");
  check(size >= 0, "split expects split_size be non-negative, but got split_size=", size);
  dim = wrap_dim(dim, x->ndim);
  int64_t all = x->size(int(dim));
  check(size > 0 || all == 0, "split_size can only be 0 if dimension size is 0, but got dimension size of ",
        all);
  int64_t n = size ? std::max<int64_t>((all + size - 1) / size, 1) : 1;
  Dims lengths(n, size);
  lengths[n - 1] = all - size * (n - 1);
  return split_at<false, kind>(x, std::move(lengths), dim);
}

template <Kind kind> std::vector<Tensor> split_by_sizes(const Tensor& x, Ints sizes, int64_t dim) {
  check(x->ndim != 0, "split expects at least a 1-dimensional tensor");
  dim = wrap_dim(dim, x->ndim);
  int64_t total = 0;
  for (int64_t s : sizes) {
    check(s >= 0,
          "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=", sizes);
    total += s;
  }
  check(total == x->size(int(dim)), "split_with_sizes expects split_sizes to sum exactly to ",
        x->size(int(dim)), " (input tensor's size at dimension ", dim, "), but got split_sizes=", sizes);
  return split_at<true, kind>(x, Dims(sizes), dim);
}

template <Kind kind> std::vector<Tensor> split_in_chunks(const Tensor& x, int64_t chunks, int64_t dim) {
  check(x->ndim > 0, "chunk expects at least a 1-dimensional tensor");
  check(chunks > 0, "chunk expects `chunks` to be greater than 0, got: ", chunks);
  dim = wrap_dim(dim, x->ndim);
  int64_t all = x->size(int(dim)), size = (all + chunks - 1) / chunks;
  if (size == 0 && all == 0) return split_by_sizes<kind>(x, Dims(chunks), dim);
  return split_evenly<kind>(x, size, dim);
}

std::vector<Tensor> sections(const Tensor& x, int64_t n, int64_t dim) {
  check(n > 0, "number of sections must be larger than 0, got ", n);
  int64_t size = x->size(int(dim)), at = 0;
  std::vector<Tensor> ys;
  ys.reserve(checked_count(size_t(n)));  // an absurd number fails here, at once
  for (int64_t i = 0; i < n; ++i) {
    int64_t length = size / n + (i < size % n);
    ys.push_back(slice(x, dim, at, at + length));
    at += length;
  }
  return ys;
}
std::vector<Tensor> cut_at(const Tensor& x, Ints indices, int64_t dim) {
  std::vector<Tensor> ys;
  int64_t at = 0, size = x->size(int(dim));
  for (int64_t i : indices) {
    ys.push_back(slice(x, dim, at, i));
    at = i;
  }
  ys.push_back(slice(x, dim, at, size));
  return ys;
}

}  // namespace

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim) {
  return split_evenly<Kind::Views>(x, size, dim);
}
std::vector<Tensor> split_with_sizes(const Tensor& x, Ints sizes, int64_t dim) {
  return split_by_sizes<Kind::Views>(x, sizes, dim);
}
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim) {
  return split_in_chunks<Kind::Views>(x, chunks, dim);
}

std::vector<Tensor> unbind(const Tensor& x, int64_t dim) {
  check_as(x->ndim > 0, ErrorKind::Index, "Dimension specified as 0 but tensor has no dimensions");
  dim = wrap_dim(dim, x->ndim);
  std::vector<Tensor> ys;
  ys.reserve(checked_count(size_t(x->size(int(dim)))));
  for (int64_t i = 0; i < x->size(int(dim)); ++i) ys.push_back(SelectPick{dim, i}(x));
  return apply_views(Unbind{dim, part_of(x)}, x, std::move(ys));
}

static std::vector<Tensor> tensor_split(const Tensor& x, int64_t n, int64_t dim) {
  check(x->ndim > 0, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims");
  return sections(x, n, wrap_dim(dim, x->ndim));
}
static std::vector<Tensor> tensor_split_at(const Tensor& x, Ints indices, int64_t dim) {
  check(x->ndim > 0, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims");
  return cut_at(x, indices, wrap_dim(dim, x->ndim));
}
static std::vector<Tensor> tensor_split_tensor(const Tensor& x, const Tensor& where, int64_t dim) {
  check(x->ndim > 0, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims");
  check(where->dtype == Dtype::I64,
        "tensor_split expected tensor_indices_or_sections to have dtype of long, but got ",
        label_of(where->dtype));
  check(where->ndim <= 1,
        "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional "
        "tensor, but got "
        "a tensor with ",
        int(where->ndim), " dims");
  if (where->ndim == 0) return tensor_split(x, item(where).to_int(), dim);
  Dims at;
  for (int64_t i = 0; i < where->numel; ++i) at.push_back(item_at(*where, i * where->stride(0) * 8).to_int());
  return tensor_split_at(x, at, dim);
}

// hsplit, vsplit, dsplit: the dimension they cut and the least number of dimensions they take.
struct Axis {
  const char* name;
  int least;
  int dim;
};
static constexpr Axis kHsplit{"hsplit", 1, 1}, kVsplit{"vsplit", 2, 0}, kDsplit{"dsplit", 3, 2};
static int64_t axis_dim(const Axis& a, const Tensor& x) {
  check(x->ndim >= a.least, "torch.", a.name, " requires a tensor with at least ", a.least,
        " dimension"
        ", but got a tensor with ",
        int(x->ndim), " dimensions!");
  return x->ndim == 1 ? 0 : a.dim;
}
template <const Axis& A> std::vector<Tensor> axis_split(const Tensor& x, int64_t n) {
  int64_t dim = axis_dim(A, x);
  check(n != 0 && x->size(int(dim)) % n == 0, "torch.", A.name, " attempted to split along dimension ", dim,
        ", but the size of the dimension ", x->size(int(dim)), " is not divisible by the split_size ", n,
        "!");
  return tensor_split(x, n, dim);
}
template <const Axis& A> std::vector<Tensor> axis_split_at(const Tensor& x, Ints indices) {
  return tensor_split_at(x, indices, axis_dim(A, x));
}

[[maybe_unused]] static const auto defs = {
    def<split>("split(Tensor self, int split_size, int dim=0) -> Tensor[]", kBoth,
               "Views of at most `split_size` elements of a dimension."),
    def<split_with_sizes>("split(Tensor self, int[] split_size, int dim=0) -> Tensor[]", kBoth,
                          "Views with the given lengths along a dimension."),
    def<split_with_sizes>("split_with_sizes(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]", kBoth,
                          "Views with the given lengths along a dimension."),
    def<chunk>("chunk(Tensor self, int chunks, int dim=0) -> Tensor[]", kBoth,
               "At most `chunks` views of equal length (the last may be shorter)."),
    def<split_evenly<Kind::Unsafe>>(
        "unsafe_split(Tensor self, int split_size, int dim=0) -> Tensor[]", kBoth,
        "split without views: each part may be changed in place, if nothing else of the memory is read after."),
    def<split_by_sizes<Kind::Unsafe>>(
        "unsafe_split_with_sizes(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]", kBoth,
        "split_with_sizes without views: each part may be changed in place, if nothing else of the memory is "
        "read after."),
    def<split_in_chunks<Kind::Unsafe>>(
        "unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]", kBoth,
        "chunk without views: each part may be changed in place, if nothing else of the memory is read after."),
    def<unbind>("unbind(Tensor self, int dim=0) -> Tensor[]", kBoth, "All slices along a dimension."),
    def<tensor_split>("tensor_split(Tensor self, int sections, int dim=0) -> Tensor[]", kBoth,
                      "`sections` views whose lengths differ by at most one."),
    def<tensor_split_at>("tensor_split(Tensor self, int[] indices, int dim=0) -> Tensor[]", kBoth,
                         "Views cut at the given indices."),
    def<tensor_split_tensor>(
        "tensor_split(Tensor self, Tensor tensor_indices_or_sections, int dim=0) -> Tensor[]", kBoth,
        "Sections or indices given as a tensor."),
    def<axis_split<kHsplit>>("hsplit(Tensor self, int sections) -> Tensor[]", kBoth, "Splits columns."),
    def<axis_split_at<kHsplit>>("hsplit(Tensor self, int[] indices) -> Tensor[]", kBoth,
                                "Cut at the given columns."),
    def<axis_split<kVsplit>>("vsplit(Tensor self, int sections) -> Tensor[]", kBoth, "Splits rows."),
    def<axis_split_at<kVsplit>>("vsplit(Tensor self, int[] indices) -> Tensor[]", kBoth,
                                "Cut at the given rows."),
    def<axis_split<kDsplit>>("dsplit(Tensor self, int sections) -> Tensor[]", kBoth,
                             "Splits the third dimension."),
    def<axis_split_at<kDsplit>>("dsplit(Tensor self, int[] indices) -> Tensor[]", kBoth,
                                "Cut at the given indices of the third dimension."),
};

}  // namespace adjoint::ops
