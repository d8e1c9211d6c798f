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
    low = item(reduce_all_raw(Reduction::Min, x, x->dtype)).to_double();
    high = item(reduce_all_raw(Reduction::Max, x, x->dtype)).to_double();
  }
  if (low == high) low -= 1, high += 1;
  check(std::isfinite(low) && std::isfinite(high), "torch.histc: range of [", low, ", ", high,
        "] is not finite");
  check(low < high, "torch.histc: max must be larger than min");
  return {low, high};
}

template <class T> Tensor counted(const Tensor& x, int64_t bins, Range r) {
  HostTensor<T> y(Dims{bins});
  std::fill_n(y.data(), bins, T(0));
  const T low = T(r.low), high = T(r.high);
  for (T v : HostElements<T>(x)) {
    if (!(v >= low && v <= high)) continue;
    T place = (v - low) * T(bins) / (high - low);
    if (!(place < T(bins)))  // the last edge, or a product or a span that overflows
      place = std::isfinite(place) ? T(bins) : (v / 2 - low / 2) / (high / 2 - low / 2) * T(bins);
    y[std::min(int64_t(place), bins - 1)] += 1;
  }
  return y.on(x->device);
}

Tensor histc(const Tensor& x, int64_t bins, const Scalar& min, const Scalar& max) {
  if (!is_floating(x->dtype)) fail_dtype("histogram_cpu", x->dtype);
  check(bins > 0, "torch.histogram(): bins must be > 0, but got ", bins, " for dimension 0");
  if (!has_values(x)) return empty(Dims{bins}, x->dtype, x->device);
  Range r = range_of(x, min.to_double(), max.to_double());
  Dtype work = x->dtype == Dtype::F64 ? Dtype::F64 : Dtype::F32;
  Tensor c = raw::cast(x, work);
  return raw::cast(work == Dtype::F32 ? counted<float>(c, bins, r) : counted<double>(c, bins, r), x->dtype);
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
  HostElements<int64_t> v(raw::cast(x, Dtype::I64));
  int64_t n = v.size(), bins = 0;
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
  auto add_up = [&]<class T>(T*, auto&& weight) {
    HostTensor<T> y(Dims{bins});
    std::fill_n(y.data(), bins, T(0));
    for (int64_t i = 0; i < n; ++i) y[v[i]] += weight(i);
    return y.on(x->device);
  };
  if (!weights) return add_up((int64_t*)nullptr, [](int64_t) { return 1; });
  auto weighted = [&]<class T>(T* tag) {
    HostElements<T> w(raw::cast(weights, dtype_of<T>));
    return add_up(tag, [&](int64_t i) { return w[i]; });
  };
  Tensor y = weights->dtype == Dtype::F32 ? weighted((float*)nullptr) : weighted((double*)nullptr);
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
