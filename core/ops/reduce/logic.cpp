// any, all and count_nonzero: reductions that ask a question.
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

// uint8 was PyTorch's boolean once: it stays uint8.
template <Reduction kOp> Tensor ask(const Tensor& x, Mask m, bool keepdim) {
  return reduce_raw(kOp, x, m, keepdim, x->dtype == Dtype::U8 ? Dtype::U8 : Dtype::Bool);
}
template <Reduction kOp> Tensor ask_all(const Tensor& x) { return ask<kOp>(x, Mask::all(x->ndim), false); }
template <Reduction kOp> Tensor ask_dim(const Tensor& x, int64_t dim, bool keepdim) {
  return ask<kOp>(x, mask_of(dim, x->ndim), keepdim);
}
template <Reduction kOp> Tensor ask_dims(const Tensor& x, std::optional<Ints> dims, bool keepdim) {
  if (dims && dims->empty())  // an empty list reduces nothing here
    return raw::cast(raw::cast(x, Dtype::Bool), x->dtype == Dtype::U8 ? Dtype::U8 : Dtype::Bool);
  return ask<kOp>(x, mask_of(dims, x->ndim), keepdim);
}

Tensor count_nonzero(const Tensor& x, Ints dims) {
  return reduce_raw(Reduction::CountNonzero, x, mask_of(dims, x->ndim), false, Dtype::I64);
}

}  // namespace

namespace ops {
Tensor any(const Tensor& x) { return ask_all<Reduction::Any>(x); }
Tensor all(const Tensor& x) { return ask_all<Reduction::All>(x); }
}  // namespace ops

static const auto defs = {
    def<ask_all<Reduction::Any>>("any(Tensor self) -> Tensor", kBoth | kOut,
                                 "Whether any element is not zero."),
    def<ask_dim<Reduction::Any>>("any(Tensor self, int dim, bool keepdim=False) -> Tensor", kBoth | kOut),
    def<ask_dims<Reduction::Any>>("any(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor",
                                  kBoth | kOut),
    def<ask_all<Reduction::All>>("all(Tensor self) -> Tensor", kBoth | kOut,
                                 "Whether all elements are not zero."),
    def<ask_dim<Reduction::All>>("all(Tensor self, int dim, bool keepdim=False) -> Tensor", kBoth | kOut),
    def<ask_dims<Reduction::All>>("all(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor",
                                  kBoth | kOut),
    def<[](const Tensor& x, std::optional<int64_t> dim) {
      return dim ? count_nonzero(x, Ints(&*dim, 1)) : count_nonzero(x, {});
    }>("count_nonzero(Tensor self, int? dim=None) -> Tensor", kBoth | kOut,
       "How many elements are not zero."),
    def<count_nonzero>("count_nonzero(Tensor self, int[] dim) -> Tensor", kBoth | kOut),
};

}  // namespace adjoint
