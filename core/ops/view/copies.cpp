// The views as copies: narrow_copy, permute_copy and their kin, and splits whose parts may be changed in
// place.
#include "autograd/door.h"
#include "ops/flags.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

// The rule of a view's node under its copy's name. The view's own edges are cut: the copy's lead on.
struct ViewCopy {
  const char* name;
  std::string node;
  NodeRef view;
  const char* rule() const { return view->rule(); }
  void vjp(Backward& b) { view->vjp(b); }
  void fields(auto& f) { f(view); }
};
ViewCopy copy_of(const Tensor& view, const char* node) {
  NodeRef n = NodeRef::share(view->grad_fn);
  for (uint32_t i = 0; i < n->inputs; ++i) n->edges[i].reset();
  return {n->operation(), node ? node : n->name() + "_copy", n};
}

Tensor dense(const Tensor& view) { return clone(view, MemoryFormat::Contiguous); }

// A contiguous copy of a view of x. `node`: its name, where PyTorch has one of its own.
Tensor copied(const Tensor& x, const Tensor& view, const char* node = nullptr) {
  if (!view->grad_fn) return dense(view);
  return apply_from(copy_of(view, node), dense(detach(view)), x);
}
std::vector<Tensor> copied(const Tensor& x, const std::vector<Tensor>& views) {
  std::vector<Tensor> ys;
  if (views.empty() || !views[0]->grad_fn) {
    for (const Tensor& v : views) ys.push_back(dense(v));
    return ys;
  }
  for (const Tensor& v : views) ys.push_back(dense(detach(v)));
  const size_t n = ys.size();
  return apply_multi(copy_of(views[0], nullptr), Tensors(&x, 1), std::move(ys), n);
}

[[maybe_unused]] const auto defs = {
    def<[](const Tensor& x) { return copied(x, alias_view(x)); }>("alias_copy(Tensor self) -> Tensor",
                                                                  kFunction | kOut, "A copy."),
    def<[](const Tensor& x, Ints size, Ints stride, std::optional<int64_t> offset) {
      return copied(x, as_strided(x, size, stride, offset));
    }>("as_strided_copy(Tensor self, int[] size, int[] stride, int? storage_offset=None) -> Tensor",
       kFunction | kOut, "as_strided, copied."),
    def<[](const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
      return copied(x, diagonal(x, offset, dim1, dim2));
    }>("diagonal_copy(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor", kFunction | kOut,
       "The diagonal, copied."),
    def<[](const Tensor& x, Ints size, bool) { return copied(x, expand(x, size)); }>(
        "expand_copy(Tensor self, int[] size, *, bool implicit=False) -> Tensor", kFunction | kOut,
        "expand, copied."),
    def<[](const Tensor& x, int64_t dim, int64_t start, int64_t length) {
      return copied(x, narrow(x, dim, start, length), "NarrowCopyBackward0");
    }>("narrow_copy(Tensor self, int dim, int start, int length) -> Tensor", kBoth | kOut, "narrow, copied."),
    def<[](const Tensor& x, Ints dims) { return copied(x, permute(x, dims)); }>(
        "permute_copy(Tensor self, int[] dims) -> Tensor", kFunction | kOut, "permute, copied."),
    def<[](const Tensor& x, int64_t a, int64_t b) { return copied(x, transpose(x, a, b)); }>(
        "transpose_copy(Tensor self, int dim0, int dim1) -> Tensor", kFunction | kOut, "transpose, copied."),
    def<[](const Tensor& x) { return copied(x, t(x)); }>("t_copy(Tensor self) -> Tensor", kFunction | kOut,
                                                         "t, copied."),
    def<[](const Tensor& x) { return copied(x, squeeze(x)); }>("squeeze_copy(Tensor self) -> Tensor",
                                                               kFunction | kOut, "squeeze, copied."),
    def<[](const Tensor& x, int64_t dim) { return copied(x, squeeze(x, dim)); }>(
        "squeeze_copy(Tensor self, int dim) -> Tensor", kFunction | kOut),
    def<[](const Tensor& x, Ints dims) { return copied(x, squeeze(x, dims)); }>(
        "squeeze_copy(Tensor self, int[] dim) -> Tensor", kFunction | kOut),
    def<[](const Tensor& x, int64_t dim) { return copied(x, unsqueeze(x, dim)); }>(
        "unsqueeze_copy(Tensor self, int dim) -> Tensor", kFunction | kOut, "unsqueeze, copied."),
    def<[](const Tensor& x, int64_t dim, int64_t size, int64_t step) {
      return copied(x, unfold(x, dim, size, step));
    }>("unfold_copy(Tensor self, int dimension, int size, int step) -> Tensor", kFunction | kOut,
       "unfold, copied."),
    def<[](const Tensor& x, Ints size) { return copied(x, reshape(x, size), "ViewBackward0_copy"); }>(
        "view_copy(Tensor self, int[] size) -> Tensor", kFunction | kOut,
        "view, copied; of layouts that have no such view, too."),
    def<[](const Tensor& x, int64_t dim) { return copied(x, unbind(x, dim)); }>(
        "unbind_copy(Tensor self, int dim=0) -> Tensor[]", kFunction | kOut, "unbind, copied."),
    def<[](const Tensor& x, Ints sizes, int64_t dim) { return copied(x, split_with_sizes(x, sizes, dim)); }>(
        "split_with_sizes_copy(Tensor self, int[] split_sizes, int dim=0) -> Tensor[]", kFunction | kOut,
        "split_with_sizes, copied."),
};

}  // namespace

}  // namespace adjoint::ops
