// Quantiles: sorted rows, read at fractional ranks.
#include "ops/pointwise_record.h"
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

void check_arguments(const Tensor& x, const Tensor& q, std::string_view mode) {
  check(x->numel > 0, "quantile() input tensor must be non-empty");
  check(q->ndim <= 1, "quantile() q must be a scalar or 1D tensor");
  check(x->dtype == Dtype::F32 || x->dtype == Dtype::F64,
        "quantile() input tensor must be either float or double dtype");
  check(x->dtype == q->dtype, "quantile() q tensor must be same dtype as the input tensor");
  bool known =
      mode == "linear" || mode == "lower" || mode == "higher" || mode == "midpoint" || mode == "nearest";
  check(known, "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got ",
        mode);
}

// Ranks [..., len(q)] among each sorted row; a row with a NaN is read at its end, where the NaN is.
Tensor ranks_of(const Tensor& sorted, const Tensor& q, bool ignore_nan) {
  int64_t last = sorted->ndim - 1, n = sorted->size(int(last));
  Tensor nan = ops::isnan(sorted);
  if (ignore_nan) {
    Tensor count = ops::to(ops::sum(ops::logical_not(nan), Ints(&last, 1), true), sorted->dtype);
    return ops::clamp(ops::mul(q, ops::sub(count, 1)), Operand(0), std::nullopt);
  }
  Tensor found = reduce_raw(Reduction::Any, nan, Mask::one(last), true);
  Dims sizes(found->sizes());
  sizes[last] = q->numel;
  Tensor rank = ops::expand(ops::mul(q, double(n - 1)), sizes);
  return ops::masked_fill(rank, found, double(n - 1));
}

Tensor read_at(const Tensor& sorted, Tensor rank, std::string_view mode) {
  int64_t last = sorted->ndim - 1;
  if (mode == "lower")
    rank = pointwise(formula<"floor">, {rank});
  else if (mode == "higher")
    rank = pointwise(formula<"ceil">, {rank});
  else if (mode == "nearest")
    rank = pointwise(formula<"round">, {rank});
  Tensor below = ops::to(rank, Dtype::I64), y = ops::gather(sorted, last, below);
  if (mode != "linear" && mode != "midpoint") return y;
  Tensor weight = mode == "midpoint" ? ops::full_like(rank, 0.5) : ops::sub(rank, below);
  Tensor above = ops::gather(sorted, last, ops::to(pointwise(formula<"ceil">, {rank}), Dtype::I64));
  return pointwise(formula<"lerp">, {y, above, weight});
}

Tensor quantile_of(const Tensor& x, const Tensor& q, std::optional<int64_t> dim, bool keepdim,
                   std::string_view mode, bool ignore_nan) {
  int64_t d = dim ? wrap_dim(*dim, x->ndim) : 0;
  check_arguments(x, q, mode);
  Tensor sorted;
  if (!dim || x->ndim == 0)
    sorted = ops::sort(ops::flatten(x)).first;
  else if (d == x->ndim - 1)
    sorted = ops::sort(x).first;
  else
    sorted = ops::sort(ops::transpose(ops::unsqueeze(x, -1), d, x->ndim)).first;
  const int64_t flat = q->numel;
  Tensor y = read_at(sorted, ranks_of(sorted, ops::reshape(q, Ints(&flat, 1)), ignore_nan), mode);
  // y: [kept..., len(q)], with a 1 in d's place unless d was the last.
  Dims sizes = reduced_sizes(*x, dim ? Mask::one(d) : Mask::all(x->ndim), keepdim);
  if (q->ndim == 0) return ops::reshape(ops::squeeze(y, -1), sizes);
  sizes.insert(0, flat);
  return ops::reshape(ops::movedim(y, Dims{-1}, Dims{0}), sizes);
}

template <bool kNan> Tensor quantile(const Tensor& x, const Tensor& q, std::optional<int64_t> dim,
                                     bool keepdim, std::string_view mode) {
  if (has_values(q) && q->numel) {
    NoGrad off;
    Tensor bad = ops::logical_or(ops::lt(q, 0), ops::gt(q, 1));
    check(!item(ops::any(bad)).to_bool(), "quantile() q values must be in the range [0, 1]");
  }
  return quantile_of(x, q, dim, keepdim, mode, kNan);
}
template <bool kNan> Tensor quantile_number(const Tensor& x, double q, std::optional<int64_t> dim,
                                            bool keepdim, std::string_view mode) {
  check(q >= 0 && q <= 1, "quantile() q must be in the range [0, 1] but got ", q);
  Dtype d = is_floating(x->dtype) ? x->dtype : default_dtype();
  return quantile_of(x, scalar_tensor(q, d, x->device), dim, keepdim, mode, kNan);
}

}  // namespace

#define QUANTILE_TAIL " q, int? dim=None, bool keepdim=False, *, str interpolation='linear') -> Tensor"
static const auto defs = {
    def<quantile<false>>("quantile(Tensor self, Tensor" QUANTILE_TAIL, kBoth | kOut,
                         "The q-th quantiles of the elements."),
    def<quantile_number<false>>("quantile(Tensor self, float" QUANTILE_TAIL, kBoth | kOut),
    def<quantile<true>>("nanquantile(Tensor self, Tensor" QUANTILE_TAIL, kBoth | kOut,
                        "The q-th quantiles of what is not NaN."),
    def<quantile_number<true>>("nanquantile(Tensor self, float" QUANTILE_TAIL, kBoth | kOut),
};
#undef QUANTILE_TAIL

}  // namespace adjoint
