// batch_norm and instance_norm: over everything but the channels, or of each sample apart, with running statistics.
#include "ops/nn/norm.h"

namespace adjoint {
namespace {

struct BatchNames {
  static constexpr const char *name = "batch_norm", *node = "NativeBatchNormBackward0";
  static constexpr bool centred = true;
};

// The parameters of both, as torch.batch_norm has them.
struct Parts {
  const Tensor &weight, &bias, &mean, &var;
};

void check_vectors(const Parts& t, int64_t channels) {
  auto check_size = [&](const Tensor& v, const char* name) {
    check(!v || v->numel == channels, name, " should contain ", channels, " elements not ", v ? v->numel : 0);
  };
  check_size(t.mean, "running_mean");
  check_size(t.var, "running_var");
  check_size(t.weight, "weight");
  check_size(t.bias, "bias");
}
void check_running(const Parts& t) {
  auto check_leaf = [](const Tensor& v, const char* name) {
    check(!requires_grad(v),
          "The function 'native_batch_norm' is not differentiable with respect to argument '", name,
          "'. This input cannot have requires_grad True.");
  };
  check_leaf(t.mean, "running_mean");
  check_leaf(t.var, "running_var");
}

NormLayout batch_layout(const Tensor& x, double eps, bool given) {
  const int64_t n = x->size(0), channels = x->size(1), inner = numel_of(x->sizes().subspan(2));
  NormPlan p{.rows = channels,
             .segments = n,
             .length = inner,
             .row_stride = inner,
             .segment_stride = channels * inner,
             .weight = WeightOf::Row,
             .groups = channels,
             .eps = eps,
             .given = given};
  const MemoryFormat format = suggested_format(*x);
  if (inner == 1 || format != MemoryFormat::Contiguous) {
    p.segments = 1, p.length = n * inner, p.segment_stride = n * inner * channels;
    p.row_stride = 1, p.step = channels;
  }
  return {p, Dims{channels}, format};
}
// A sample's channels apart: groups of one channel.
NormLayout instance_layout(const Tensor& x, double eps) {
  const int64_t channels = x->size(1), inner = numel_of(x->sizes().subspan(2));
  NormPlan p{.rows = x->size(0) * channels,
             .segments = 1,
             .length = inner,
             .row_stride = inner,
             .segment_stride = inner,
             .weight = WeightOf::Segment,
             .groups = channels,
             .eps = eps};
  return {p, Dims{channels}};
}

// Moves running statistics towards those of a batch, whose variances are of `count` numbers each.
void track(const Parts& t, const Tensor& statistics, int64_t count, double momentum) {
  auto move = [&](const Tensor& running, int which, double factor) {
    Tensor dense = raw::contiguous(running),
           values = statistic(statistics, which, Dims{statistics->size(1)}, Dtype::F64);
    backend(running).norm->track(*dense, *values, momentum, factor);
    if (!dense.same(running)) raw::copy(running, dense);
    bumped(running, "batch_norm");
  };
  move(t.mean, 0, 1);
  move(t.var, 2, double(count) / double(count - 1));
}

NormResult normalised(const NormLayout& l, const Tensor& x, const Parts& t, double momentum) {
  const bool tracked = !l.plan.given && t.mean && x->numel;
  Tensor statistics = empty(Dims{tracked ? 3 : 2, l.plan.rows}, Dtype::F64, x->device);
  if (l.plan.given) {
    Tensor mean = raw::contiguous(t.mean), var = raw::contiguous(t.var);
    backend(x).norm->recall(*mean, *var, l.plan.eps, *statistics);
  }
  NormResult r = norm_raw(l, x, t.weight, t.bias, statistics);
  if (tracked) track(t, statistics, l.plan.count(), momentum);
  return r;
}

struct Normalised {
  Tensor y, statistics;
};
Normalised batch_norm_of(const Tensor& x, const Parts& t, bool training, double momentum, double eps) {
  if (x->ndim == 1 && x->numel == 0) {  // PyTorch takes it
    check_vectors(t, 0);
    return {ops::clone(x), {}};
  }
  check_as(x->ndim >= 2, ErrorKind::Index,
           "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  const int64_t channels = x->size(1);
  check(training || t.mean, "running_mean must be defined in evaluation mode");
  check(training || t.var, "running_var must be defined in evaluation mode");
  check_as(bool(t.mean) == bool(t.var), ErrorKind::Value,
           "running_mean and running_var must either both be None or neither be None");
  check_vectors(t, channels);
  check_running(t);
  check_norm_types(x, {&t.weight, &t.bias, &t.mean, &t.var}, "batch_norm");
  const NormLayout l = batch_layout(x, eps, !training);
  NormResult r = normalised(l, x, t, momentum);
  return {apply_norm<BatchNames>(l, r, x, t.weight, t.bias), r.statistics};
}

Tensor batch_norm(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& mean, const Tensor& var,
                  bool training, double momentum, double eps, bool) {
  return batch_norm_of(x, {w, b, mean, var}, training, momentum, eps).y;
}

std::array<Tensor, 3> native_batch_norm(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& mean,
                                        const Tensor& var, bool training, double momentum, double eps) {
  Normalised r = batch_norm_of(x, {w, b, mean, var}, training, momentum, eps);
  const Tensor* first = w ? &w : b ? &b : mean ? &mean : &x;
  const Dtype type = (*first)->dtype;
  const Dims sizes{training && r.statistics ? x->size(1) : 0};
  if (!training || !r.statistics) return {r.y, empty(sizes, type, x->device), empty(sizes, type, x->device)};
  return {r.y, statistic(r.statistics, 0, sizes, type), statistic(r.statistics, 1, sizes, type)};
}

// As Python writes it.
std::string float_text(double v) {
  std::string s = str(v);
  return s.find_first_not_of("-0123456789") == std::string::npos ? s + ".0" : s;
}
std::string torch_size(Ints sizes) { return "torch.Size(" + text_of(sizes) + ")"; }

Tensor nn_batch_norm(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& w, const Tensor& b,
                     bool training, double momentum, double eps) {
  if (training && x->ndim > 0) {
    Dims seen(x->sizes());
    if (seen.size() > 1) seen.erase(1);
    if (numel_of(seen) == 1)
      fail(ErrorKind::Value, "Expected more than 1 value per channel when training, got input size ",
           torch_size(x->sizes()));
  }
  check_as(!training || eps > 0, ErrorKind::Value,
           "batch_norm eps must be positive during training, but got ", float_text(eps));
  check_as(eps >= 0, ErrorKind::Value, "batch_norm eps must be non-negative, but got ", float_text(eps));
  return batch_norm(x, w, b, mean, var, training, momentum, eps, true);
}

Tensor instance_norm(const Tensor& x, const Tensor& w, const Tensor& b, const Tensor& mean, const Tensor& var,
                     bool use_input_stats, double momentum, double eps, bool) {
  check(use_input_stats || (mean && var),
        "Expected running_mean and running_var to be defined when use_input_stats is false");
  const Parts t{w, b, mean, var};
  if (!use_input_stats) return batch_norm_of(x, t, false, momentum, eps).y;
  check_as(x->ndim >= 2, ErrorKind::Index,
           "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  check_as(bool(mean) == bool(var), ErrorKind::Value,
           "running_mean and running_var must either both be None or neither be None");
  check_vectors(t, x->size(1));
  check_running(t);
  check_norm_types(x, {&w, &b, &mean, &var}, "batch_norm");
  const NormLayout l = instance_layout(x, eps);
  return apply_norm<BatchNames>(l, normalised(l, x, t, momentum), x, w, b);
}

Tensor nn_instance_norm(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& w,
                        const Tensor& b, bool use_input_stats, double momentum, double eps) {
  if (use_input_stats && numel_of(x->sizes().subspan(size_t(std::min<int>(2, x->ndim)))) == 1)
    fail(ErrorKind::Value, "Expected more than 1 spatial element when training, got input size ",
         torch_size(x->sizes()));
  return instance_norm(x, w, b, mean, var, use_input_stats, momentum, eps, true);
}

}  // namespace

static const auto defs = {
    def<batch_norm>(
        "batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? "
        "running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor",
        kFunction,
        "(x - mean(x)) / sqrt(var(x) + eps) * weight + bias for each channel; by the running statistics "
        "where it is not training, which moves them by `momentum`."),
    def<nn_batch_norm>(
        "batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight=None, "
        "Tensor? bias=None, bool training=False, float momentum=0.1, float eps=1e-05) -> Tensor",
        kNN),
    def<native_batch_norm>(
        "native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, "
        "Tensor? running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
        kFunction | kOut, "batch_norm, the means and the reciprocal deviations."),
    def<instance_norm>(
        "instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? "
        "running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor",
        kFunction, "(x - mean(x)) / sqrt(var(x) + eps) * weight + bias for each channel of each sample."),
    def<nn_instance_norm>(
        "instance_norm(Tensor input, Tensor? running_mean=None, Tensor? running_var=None, Tensor? "
        "weight=None, Tensor? bias=None, bool use_input_stats=True, float momentum=0.1, float "
        "eps=1e-05) -> Tensor",
        kNN),
};

}  // namespace adjoint
