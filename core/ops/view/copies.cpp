// The views as copies: narrow_copy, permute_copy and their kin, and splits whose parts may be changed in
// place.
#include "ops/flags.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

// A contiguous copy that depends on x like the view.
Tensor dense(const Tensor& view) { return clone(view, MemoryFormat::Contiguous); }
std::vector<Tensor> dense(std::vector<Tensor> views) {
  for (Tensor& v : views) v = dense(v);
  return views;
}

[[maybe_unused]] const auto defs = {
    def<[](const Tensor& x) { return dense(x); }>("alias_copy(Tensor self) -> Tensor", kFunction | kOut,
                                                  "A copy."),
    def<[](const Tensor& x, Ints size, Ints stride, std::optional<int64_t> offset) {
      return dense(as_strided(x, size, stride, offset));
    }>("as_strided_copy(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
       kFunction | kOut, "as_strided, copied."),
    def<[](const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
      return dense(diagonal(x, offset, dim1, dim2));
    }>("diagonal_copy(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor", kFunction | kOut,
       "The diagonal, copied."),
    def<[](const Tensor& x, Ints size, bool) { return dense(expand(x, size)); }>(
        "expand_copy(Tensor self, int[] size, *, bool implicit=False) -> Tensor", kFunction | kOut,
        "expand, copied."),
    def<[](const Tensor& x, int64_t dim, int64_t start, int64_t length) {
      return dense(narrow(x, dim, start, length));
    }>("narrow_copy(Tensor self, int dim, int start, int length) -> Tensor", kBoth | kOut, "narrow, copied."),
    def<[](const Tensor& x, Ints dims) { return dense(permute(x, dims)); }>(
        "permute_copy(Tensor self, int[] dims) -> Tensor", kFunction | kOut, "permute, copied."),
    def<[](const Tensor& x, int64_t a, int64_t b) { return dense(transpose(x, a, b)); }>(
        "transpose_copy(Tensor self, int dim0, int dim1) -> Tensor", kFunction | kOut, "transpose, copied."),
    def<[](const Tensor& x) { return dense(t(x)); }>("t_copy(Tensor self) -> Tensor", kFunction | kOut,
                                                     "t, copied."),
    def<[](const Tensor& x) { return dense(squeeze(x)); }>("squeeze_copy(Tensor self) -> Tensor",
                                                           kFunction | kOut, "squeeze, copied."),
    def<[](const Tensor& x, int64_t dim) { return dense(squeeze(x, dim)); }>(
        "squeeze_copy(Tensor self, int dim) -> Tensor", kFunction | kOut),
    def<[](const Tensor& x, Ints dims) { return dense(squeeze(x, dims)); }>(
        "squeeze_copy(Tensor self, int[] dim) -> Tensor", kFunction | kOut),
    def<[](const Tensor& x, int64_t dim) { return dense(unsqueeze(x, dim)); }>(
        "unsqueeze_copy(Tensor self, int dim) -> Tensor", kFunction | kOut, "unsqueeze, copied."),
    def<[](const Tensor& x, int64_t dim, int64_t size, int64_t step) {
      return dense(unfold(x, dim, size, step));
    }>("unfold_copy(Tensor self, int dimension, int size, int step) -> Tensor", kFunction | kOut,
       "unfold, copied."),
    def<[](const Tensor& x, Ints size) { return dense(view(x, size)); }>(
        "view_copy(Tensor self, int[] size) -> Tensor", kFunction | kOut, "view, copied."),
    def<[](const Tensor& x, int64_t dim) { return dense(unbind(x, dim)); }>(
        "unbind_copy(Tensor self, int dim=0) -> Tensor[]", kFunction, "unbind, copied."),
    def<[](const Tensor& x, Ints sizes, int64_t dim) { return dense(split_with_sizes(x, sizes, dim)); }>(
        "split_with_sizes_copy(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]", kFunction,
        "split_with_sizes, copied."),
};

}  // namespace

}  // namespace adjoint::ops
