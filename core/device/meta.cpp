// The device without memory: shapes and types only, so no kernel does anything.
#include "device/backend.h"

namespace adjoint {
namespace {

template <class R, class... A> using Entry = R (*)(A...);
struct Nothing {
  template <class R, class... A> constexpr operator Entry<R, A...>() const {
    return [](A...) -> R { return R(); };
  }
};
constexpr Nothing nothing;

}  // namespace

const Backend meta_backend = {
    .pointwise = nothing,
    .copy = nothing,
    .fill = nothing,
    .join = nothing,
    .sequence = nothing,
    .triangle = nothing,
    .reduce = nothing,
    .reduce_arg = nothing,
    .reduce_deviation = nothing,
    .divide = nothing,
    .root = nothing,
    .careful_means = nothing,
    .careful_norms = nothing,
    .scan = nothing,
    .recurrence = nothing,
    .scan_extremum = nothing,
    .softmax = nothing,
    .softmax_backward = nothing,
    .sort_rows = nothing,
    .topk_rows = nothing,
    .kth_rows = nothing,
    .median_rows = nothing,
    .mode_rows = nothing,
    .search_rows = nothing,
    .gemm = nothing,
    .dot = nothing,
    .gather = nothing,
    .scatter = nothing,
    .select = nothing,
    .take = nothing,
    .put = nothing,
    .add_overlapping = nothing,
    .share_overlapping = nothing,
    .outside = nothing,
    .any_outside = nothing,
    .find_outside = nothing,
    .pick = nothing,
    .place = nothing,
    .nonzero = nothing,
    .draw = nothing,
};

}  // namespace adjoint
