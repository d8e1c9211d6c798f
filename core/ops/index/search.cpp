// Finding values among others: searchsorted, bucketize, isin.
#include <algorithm>
#include <vector>
#include "device/backend.h"
#include "device/host_values.h"
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/promotion.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

using MaybeSide = std::optional<std::string_view>;

void check_searchable(const Tensor& t) {
  check_as(t->dtype != Dtype::Bool && !is_complex(t->dtype), ErrorKind::NotImplemented,
           "\"searchsorted_out_cpu\" not implemented for '", label_of(t->dtype), "'");
}

// Every type is compared as one that keeps its order.
Dtype work_type(Dtype a, Dtype b) {
  const Dtype wide = is_integral(a) && is_integral(b) ? Dtype::I64 : Dtype::F64;
  if (a != b || a == wide) return wide;
  return wide == Dtype::I64 ? Dtype::I32 : Dtype::F32;
}

bool upper_side(bool right, const MaybeSide& side, const char* name) {
  if (!side) return right;
  check(*side == "left" || *side == "right", name, "(): side can only be 'left' or 'right' but got ",
        std::string(*side));
  check(!right || *side == "right", name,
        "(): side and right can't be set to opposites, got side of left while right was True");
  return *side == "right";
}

void check_shapes(const Tensor& sorted, const Tensor& x) {
  check(sorted->ndim != 0,
        "searchsorted(): input value can be a 0-dim scalar, boundaries tensor should have ",
        "positive dimension, but got 0 dimension");
  if (sorted->ndim == 1) return;
  check(x->ndim != 0,
        "searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got ",
        "boundaries tensor dim(", int(sorted->ndim), ") and input value's dim(0) numel(", x->numel, ")");
  bool same = sorted->ndim == x->ndim;
  for (int d = 0; same && d + 1 < x->ndim; ++d) same = sorted->size(d) == x->size(d);
  check(same,
        "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries ",
        "tensor and input value tensor must match, but we got boundaries tensor ", sorted->sizes(),
        " and input value tensor ", x->sizes());
}

Tensor search(const Tensor& sorted, const Tensor& x, bool upper, bool int32) {
  check_searchable(sorted);
  check_searchable(x);
  Tensor y = adjoint::empty(x->sizes(), Dtype::I64, x->device);
  int64_t n = sorted->size(sorted->ndim - 1);
  check(!int32 || n <= INT32_MAX,
        "searchsorted(): the size of boundaries' last dimension should be less than INT_MAX");
  Dtype work = work_type(sorted->dtype, x->dtype);
  Tensor s = raw::contiguous(raw::cast(sorted, work)), v = raw::contiguous(raw::cast(x, work));
  backend(x).search_rows(*s, *v, upper, *y);
  return raw::cast(y, int32 ? Dtype::I32 : Dtype::I64);
}

void check_same_type(const Tensor& sorted, const Tensor& x) {
  check(sorted->dtype == x->dtype,
        "searchsorted(): boundary tensor and input value tensor should have same dtype, but got boundary "
        "tensor ",
        "dtype ", label_of(sorted->dtype), " and input value tensor dtype ", label_of(x->dtype));
}

Tensor in_order(const Tensor& sequence, const Tensor& sorter) {
  if (!sorter) return sequence;
  check(equal(sorter->sizes(), sequence->sizes()),
        "searchsorted(): boundary and sorter must have the same size, "
        "but got boundary tensor ",
        sequence->sizes(), " and got sorter tensor ", sorter->sizes());
  check(sorter->dtype == Dtype::I64, "searchsorted(): sorter must be a tensor of long dtype but got dtype ",
        label_of(sorter->dtype));
  return gather(sequence, -1, sorter);
}

Tensor searchsorted(const Tensor& sequence, const Tensor& x, bool int32, bool right, MaybeSide side,
                    const Tensor& sorter) {
  NoGrad off;
  check_shapes(sequence, x);
  check_same_type(sequence, x);
  bool upper = upper_side(right, side, "torch.searchsorted");
  return search(in_order(sequence, sorter), x, upper, int32);
}
Tensor searchsorted_number(const Tensor& sequence, const Scalar& v, bool int32, bool right, MaybeSide side,
                           const Tensor& sorter) {
  NoGrad off;
  Tensor x = scalar_tensor(v, dtype_for(v), sequence->device);
  check_shapes(sequence, x);
  bool upper = upper_side(right, side, "torch.searchsorted");
  return search(in_order(sequence, sorter), x, upper, int32);
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool int32, bool right) {
  NoGrad off;
  check(boundaries->ndim == 1, "bucketize(): boundaries tensor must be 1 dimension, but got dim(",
        int(boundaries->ndim), ")");
  check_same_type(boundaries, x);
  return search(boundaries, x, right, int32);
}
Tensor bucketize_number(const Scalar& v, const Tensor& boundaries, bool int32, bool right) {
  NoGrad off;
  check(boundaries->ndim == 1, "bucketize(): boundaries tensor must be 1 dimension, but got dim(",
        int(boundaries->ndim), ")");
  return search(boundaries, scalar_tensor(v, dtype_for(v), boundaries->device), right, int32);
}

// Integers of a narrow range: a table has a place for each.
std::optional<Tensor> among_few(const Tensor& x, const Tensor& others, bool invert) {
  HostElements<int64_t> set(others), at(x);
  const auto [low, high] = std::minmax_element(set.begin(), set.end());
  const uint64_t span = set.size() ? uint64_t(*high) - uint64_t(*low) : 0;
  if (span >= uint64_t(std::max<int64_t>(1024, 4 * (set.size() + at.size())))) return {};
  std::vector<uint8_t> table(size_t(span) + 2, 0);  // the last: of all that are outside
  const uint64_t first = set.size() ? uint64_t(*low) : 0;
  for (int64_t v : set) table[uint64_t(v) - first] = 1;
  HostTensor<bool> y(x->sizes());
  for (int64_t i = 0; i < at.size(); ++i)
    y[i] = bool(table[std::min(uint64_t(at[i]) - first, span + 1)]) != invert;
  return y.on(x->device);
}
// Each looks for its place among the others in order, and at who is there.
Tensor among_sorted(const Tensor& x, const Tensor& others, bool invert) {
  const int64_t n = others->numel;
  if (n == 0) return adjoint::full(x->sizes(), Scalar(invert), Dtype::Bool, x->device);
  Tensor set = adjoint::empty(Dims{n}, others->dtype, others->device);
  Tensor unread = adjoint::empty(Dims{0}, Dtype::I64, others->device);
  backend(set).sort_rows(*raw::contiguous(others), n, false, *set, *unread, Ties::Stable);
  Tensor at = adjoint::empty(x->sizes(), Dtype::I64, x->device), v = raw::contiguous(x);
  backend(x).search_rows(*set, *v, false, *at);
  Tensor found = index_select(set, 0, reshape(clamp(at, std::nullopt, Operand(Scalar(n - 1))), Dims{-1}));
  found = reshape(found, x->sizes());
  return invert ? ne(found, Operand(v)) : eq(found, Operand(v));
}

// Are the elements among the others? NaN is not, for it equals nothing.
Tensor among(const Tensor& x, const Tensor& others, Dtype type, bool invert) {
  check(!is_complex(x->dtype) && !is_complex(others->dtype),
        "Unsupported input type encountered for isin(): ",
        label_of(is_complex(x->dtype) ? x->dtype : others->dtype));
  if (!has_values(x)) return adjoint::empty(x->sizes(), Dtype::Bool, x->device);
  Dtype work = is_integral(type) || type == Dtype::Bool ? Dtype::I64 : work_type(type, type);
  Tensor a = raw::cast(raw::cast(x, type), work), b = raw::cast(raw::cast(others, type), work);
  if (work == Dtype::I64)
    if (std::optional<Tensor> y = among_few(a, b, invert)) return *y;
  return among_sorted(a, b, invert);
}
Dtype type_with(const Tensor& x, const Scalar& v) {
  return v.category() <= category_of(x->dtype) ? x->dtype : dtype_for(v);
}
// The number beside x: of x's own floating type, where its digits are kept.
Tensor beside(const Tensor& x, const Scalar& v) {
  return scalar_tensor(v, is_floating(x->dtype) ? type_with(x, v) : dtype_for(v), x->device);
}
Tensor isin(const Tensor& x, const Tensor& others, bool, bool invert) {
  NoGrad off;
  return among(x, others, promote(x->dtype, others->dtype), invert);
}
Tensor isin_number(const Tensor& x, const Scalar& v, bool, bool invert) {
  NoGrad off;
  return among(x, beside(x, v), type_with(x, v), invert);
}
Tensor number_isin(const Scalar& v, const Tensor& others, bool, bool invert) {
  NoGrad off;
  return among(beside(others, v), others, type_with(others, v), invert);
}

#define TAIL ", *, bool assume_unique=False, bool invert=False) -> Tensor"
[[maybe_unused]] const auto defs = {
    def<searchsorted>(
        "searchsorted(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool "
        "right=False, str? side=None, Tensor? sorter=None) -> Tensor",
        kFunction | kOut,
        "Where each element would go into the sorted rows: before equals, or after them (right)."),
    def<searchsorted_number>(
        "searchsorted(Tensor sorted_sequence, Scalar self, *, bool out_int32=False, bool "
        "right=False, str? side=None, Tensor? sorter=None) -> Tensor",
        kFunction | kOut),
    def<bucketize>(
        "bucketize(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor",
        kFunction | kOut, "The number of the bucket between sorted boundaries in which each element lies."),
    def<bucketize_number>(
        "bucketize(Scalar self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor",
        kFunction),
    def<isin>("isin(Tensor elements, Tensor test_elements" TAIL, kFunction | kOut,
              "Is each element among the test elements?"),
    def<isin_number>("isin(Tensor elements, Scalar test_element" TAIL, kFunction | kOut),
    def<number_isin>("isin(Scalar element, Tensor test_elements" TAIL, kFunction | kOut),
};
#undef TAIL

}  // namespace

}  // namespace adjoint::ops
