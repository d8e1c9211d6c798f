// Counting: histc and bincount.
#include <algorithm>
#include <cmath>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

struct Range {
  double low, high;
};
Range range_of(const Tensor& x, double low, double high) {
  if (low == high && x->numel > 0) {
    low = item_at(*reduce_all_raw(Reduction::Min, x, x->dtype)).to_double();
    high = item_at(*reduce_all_raw(Reduction::Max, x, x->dtype)).to_double();
  }
  if (low == high) low -= 1, high += 1;
  check(std::isfinite(low) && std::isfinite(high), "torch.histc: range of [", low, ", ", high,
        "] is not finite");
  check(low < high, "torch.histc: max must be larger than min");
  return {low, high};
}

Tensor histc(const Tensor& x, int64_t bins, const Scalar& min, const Scalar& max) {
  if (!is_floating(x->dtype)) fail_dtype("histogram_cpu", x->dtype);
  check(bins > 0, "torch.histogram(): bins must be > 0, but got ", bins, " for dimension 0");
  if (x->meta_device()) return empty(Dims{bins}, x->dtype, x->device);
  Range r = range_of(x, min.to_double(), max.to_double());
  Dtype work = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  Tensor c = raw::contiguous(raw::cast(x, work)), y = zeros(Dims{bins}, work);
  auto count = [&]<class T>(const T* v, T* out) {
    T low = T(r.low), high = T(r.high);
    for (int64_t i = 0; i < c->numel; ++i) {
      if (!(v[i] >= low && v[i] <= high)) continue;
      T place = (v[i] - low) * T(bins) / (high - low);
      if (!(place < T(bins)))  // the last edge, or a product or a span that overflows
        place = std::isfinite(place) ? T(bins) : (v[i] / 2 - low / 2) / (high / 2 - low / 2) * T(bins);
      out[std::min(int64_t(place), bins - 1)] += 1;
    }
  };
  if (work == Dtype::F32)
    count(c->host_as<float>(), y->host_as<float>());
  else
    count(c->host_as<double>(), y->host_as<double>());
  return raw::cast(y, x->dtype);
}

struct Bincount {
  static constexpr const char *name = "bincount", *node = "BincountBackward0";
  void vjp(Backward&) {
    fail(ErrorKind::NotImplemented, "the derivative for 'bincount' is not implemented.");
  }
};

Tensor bincount(const Tensor& x, const Tensor& weights, int64_t minlength) {
  if (!is_integral(x->dtype)) fail_dtype("bincount_cpu", x->dtype);
  check(minlength >= 0, "minlength should be >= 0");
  Tensor c = raw::contiguous(raw::cast(x, Dtype::I64));
  const auto* v = c->host_as<int64_t>();
  int64_t n = c->numel, bins = 0;
  bool ok = x->ndim == 1;
  for (int64_t i = 0; ok && i < n; ++i) {
    ok = v[i] >= 0;
    bins = std::max(bins, v[i]);
  }
  check(ok, "bincount only supports 1-d non-negative integral inputs.");
  check(bins < INT64_MAX, "maximum value of input overflowed, it should be < ", INT64_MAX, " but got ", bins);
  bins += n > 0;
  check(!weights || (weights->ndim == 1 && weights->numel == n),
        "weights should be 1-d and have the same length as input");
  bins = std::max(bins, minlength);
  if (!weights) {
    Tensor y = zeros(Dims{bins}, Dtype::I64);
    for (int64_t i = 0; i < n; ++i) ++y->host_as<int64_t>()[v[i]];
    return y;
  }
  Dtype d = weights->dtype == Dtype::F32 ? Dtype::F32 : Dtype::F64;
  Tensor w = raw::contiguous(raw::cast(weights, d)), y = zeros(Dims{bins}, d);
  for (int64_t i = 0; i < n; ++i) {
    if (d == Dtype::F32)
      y->host_as<float>()[v[i]] += w->host_as<float>()[i];
    else
      y->host_as<double>()[v[i]] += w->host_as<double>()[i];
  }
  return apply_from(Bincount{}, std::move(y), weights);
}

}  // namespace

static const auto defs = {
    def<histc>("histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor", kBoth | kOut,
               "How many elements fall in each of `bins` equal parts of [min, max]."),
    def<bincount>("bincount(Tensor self, Tensor? weights=None, int minlength=0) -> Tensor", kBoth,
                  "How often each non-negative integer occurs, or the sum of its weights."),
};

}  // namespace adjoint
