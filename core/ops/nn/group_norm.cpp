// group_norm: over the channels of a group and all that lies behind them.
#include "ops/nn/norm.h"

namespace adjoint {
namespace {

struct GroupNames {
  static constexpr const char *name = "group_norm", *node = "NativeGroupNormBackward0";
  static constexpr bool centred = true;
};

NormLayout layout_of(int64_t n, int64_t channels, int64_t inner, int64_t groups, double eps) {
  const int64_t own = channels / groups, count = own * inner;
  NormPlan p{.rows = n * groups,
             .segments = own,
             .length = inner,
             .row_stride = count,
             .segment_stride = inner,
             .weight = WeightOf::Segment,
             .groups = groups,
             .eps = eps};
  if (inner == 1) p.segments = 1, p.length = own, p.segment_stride = own, p.weight = WeightOf::Element;
  return {p, Dims{channels}};
}

void check_groups(const Tensor& x, int64_t channels, const Tensor& w, const Tensor& b, int64_t groups) {
  check(groups > 0, "Expected num groups to be greater than 0, got ", groups);
  check(channels % groups == 0,
        "Expected number of channels in input to be divisible by num_groups, but got input of shape ",
        x->sizes(), " and num_groups=", groups);
  auto check_vector = [&](const Tensor& t, const char* name) {
    check(!t || (t->ndim == 1 && t->numel == channels), "Expected ", name,
          " to be a vector of size equal to the number of channels in input, but got ", name, " of shape ",
          t ? t->sizes() : Ints(), " and input of shape ", x->sizes());
  };
  check_vector(w, "weight");
  check_vector(b, "bias");
}

struct Result {
  Tensor y, statistics;
};
Result group_norm_of(const Tensor& x, int64_t n, int64_t channels, int64_t inner, int64_t groups,
                     const Tensor& w, const Tensor& b, double eps) {
  check_norm_types(x, {&w, &b}, "GroupNormKernelImpl");
  const NormLayout l = layout_of(n, channels, inner, groups, eps);
  NormResult r = norm_raw(l, x, w, b, empty(Dims{2, l.plan.rows}, Dtype::F64, x->device));
  const MemoryFormat format = suggested_format(*x);
  if (format != MemoryFormat::Contiguous) {
    Tensor y = empty_format(x, x->dtype, x->device, format);
    raw::copy(y, r.y);
    r.y = y;
  }
  return {apply_norm<GroupNames>(l, r, x, w, b), r.statistics};
}

Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& w, const Tensor& b, double eps, bool) {
  check_as(x->ndim >= 2, ErrorKind::Index,
           "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  const int64_t n = x->size(0), channels = x->size(1);
  check_groups(x, channels, w, b, groups);
  return group_norm_of(x, n, channels, numel_of(x->sizes().subspan(2)), groups, w, b, eps).y;
}

// nn.functional's: a group with one value has no deviation.
Tensor nn_group_norm(const Tensor& x, int64_t groups, const Tensor& w, const Tensor& b, double eps) {
  check(x->ndim >= 2, "Expected at least 2 dimensions for input tensor but received ", int(x->ndim));
  check(groups > 0, "Expected num groups to be greater than 0, got ", groups);
  const int64_t n = x->size(0), channels = x->size(1);
  Dims seen{n * channels / groups, groups};
  for (int i = 2; i < x->ndim; ++i) seen.push_back(x->size(i));
  if (seen[0] * numel_of(x->sizes().subspan(2)) == 1)
    fail(ErrorKind::Value, "Expected more than 1 value per channel when training, got input size ", seen);
  return group_norm(x, groups, w, b, eps, true);
}

// The means and reciprocal deviations of rows, with a history.
std::pair<Tensor, Tensor> statistics_of(const Tensor& x, Ints sizes, double eps) {
  const int64_t last = 2;
  Tensor rows = ops::reshape(ops::to(x, norm_dtype(x->dtype)), sizes),
         mean = ops::mean(rows, Ints(&last, 1), true),
         squares = ops::mean(ops::square(ops::sub(rows, mean)), Ints(&last, 1));
  return {ops::squeeze(mean, last), ops::pow(ops::add(squares, eps), -0.5)};
}

std::array<Tensor, 3> native_group_norm(const Tensor& x, const Tensor& w, const Tensor& b, int64_t n,
                                        int64_t channels, int64_t inner, int64_t groups, double eps) {
  check(n >= 0 && channels >= 0 && inner >= 0, "Trying to create tensor with negative dimension");
  check_groups(x, channels, w, b, groups);
  check(x->numel == numel_of(Dims{n, channels, inner}),
        "Expected X.numel() == N * C * HxW to be true, but got false.");
  Result r = group_norm_of(x, n, channels, inner, groups, w, b, eps);
  const Dims sizes{n, groups};
  const Dtype type = w ? w->dtype : b ? b->dtype : x->dtype;
  if (needs_record(x) && x->numel) {
    auto [mean, scale] = statistics_of(x, Dims{n, groups, x->numel / (n * groups)}, eps);
    return {r.y, ops::to(mean, type), ops::to(scale, type)};
  }
  return {r.y, statistic(r.statistics, 0, sizes, type), statistic(r.statistics, 1, sizes, type)};
}

}  // namespace

static const auto defs = {
    def<group_norm>(
        "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float "
        "eps=1e-05, bool cudnn_enabled=True) -> Tensor",
        kFunction,
        "(x - mean(x)) / sqrt(var(x) + eps) * weight + bias over each of `num_groups` groups of channels."),
    def<nn_group_norm>(
        "group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float "
        "eps=1e-05) -> Tensor",
        kNN),
    def<native_group_norm>(
        "native_group_norm(Tensor input, Tensor? weight, Tensor? bias, int N, int C, int HxW, int "
        "group, float eps) -> (Tensor, Tensor, Tensor)",
        kFunction, "group_norm, the means and the reciprocal deviations."),
};

}  // namespace adjoint
