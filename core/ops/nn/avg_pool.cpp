// Average pooling in one to three dimensions: by windows, and adaptive.
#include "autograd/door.h"
#include "ops/nn/pool.h"
#include "ops/ops.h"
#include "tensor/checked.h"

namespace adjoint::pool {
namespace {

constexpr const char* kNodes[2][3] = {
    {"AvgPool1DBackward0", "AvgPool2DBackward0", "AvgPool3DBackward0"},
    {"AdaptiveAvgPool1DBackward0", "AdaptiveAvgPool2DBackward0", "AdaptiveAvgPool3DBackward0"}};

Tensor average(const Tensor& x, const Pooled& p, const char* node);

struct AvgPoolBackward {
  static constexpr const char *name = "avg_pool_backward", *node = "AvgPoolBackwardBackward0";
  Pooled pooled;
  const char* forward_node;
  Tensor forward(const Tensor& g) {
    Tensor from = laid(g, pooled.last), gx = empty_laid(pooled.from, g->dtype, g->device, pooled.last);
    backend(gx).pool->average_backward(*from, pooled.plan, *gx);
    return gx;
  }
  static constexpr const char* rule = "gx = the average of g in each window";
  void vjp(Backward& b) { b.gx[0] = average(b.grad(), pooled, forward_node); }
};

struct AvgPool {
  static constexpr const char* name = "avg_pool";
  const char* node;
  Pooled pooled;
  Tensor forward(const Tensor& x) {
    Tensor from = laid(x, pooled.last), y = empty_laid(pooled.to, x->dtype, x->device, pooled.last);
    backend(y).pool->average(*from, pooled.plan, *y);
    return y;
  }
  static constexpr const char* rule = "gx = g/divisor, added to each element of its window";
  void vjp(Backward& b) { b.gx[0] = apply(AvgPoolBackward{pooled, node}, b.grad()); }
};

Tensor average(const Tensor& x, const Pooled& p, const char* node) { return apply(AvgPool{node, p}, x); }

template <int N> Tensor avg_pool(const Tensor& x, Ints kernel_size, std::optional<Ints> stride, Ints padding,
                                 bool ceil_mode, bool count_include_pad,
                                 std::optional<int64_t> divisor_override) {
  constexpr const char* names[3] = {"avg_pool1d", "avg_pool2d", "avg_pool3d"};
  const int64_t dilation = 1;
  check(divisor_override.value_or(1) != 0, "divisor must be not zero");
  Pooled p = regular(x, {names[N - 1], N, kernel_size, stride, padding, Ints(&dilation, 1), ceil_mode});
  int64_t size = 1;  // of a window
  for (const PoolAxis& a : p.plan.axis) size = checked_mul(size, a.kernel);
  p.plan.count_pad = count_include_pad;
  p.plan.divisor = divisor_override.value_or(0);
  if (!is_floating(x->dtype) && !is_integral(x->dtype)) fail_dtype(names[N < 3 ? 1 : 2], x->dtype);
  return average(x, p, node(kNodes[0], N));
}
Tensor avg_pool1d(const Tensor& x, Ints kernel_size, std::optional<Ints> stride, Ints padding, bool ceil_mode,
                  bool count_include_pad) {
  return avg_pool<1>(x, kernel_size, stride, padding, ceil_mode, count_include_pad, {});
}

template <int N> Tensor adaptive_avg_pool(const Tensor& x, Ints output_size) {
  constexpr const char* names[3] = {"adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"};
  Pooled p = adaptive(x, N, output_size, names[N - 1]);
  bool one = true;
  for (int64_t n : Ints(p.to).subspan(size_t(x->ndim - N))) {
    one &= n == 1;
    check(n >= 0, names[N - 1], ": elements of output_size must be greater than or equal to 0 but received ",
          output_size);
  }
  if (one && is_complex(x->dtype)) {
    const int64_t dims[3] = {-1, -2, -3};
    return ops::mean(x, Ints(dims, N), true);
  }
  if (!is_floating(x->dtype)) fail_dtype(N < 3 ? "adaptive_avg_pool2d" : "adaptive_avg_pool3d_cpu", x->dtype);
  return average(x, p, one ? "MeanBackward1" : node(kNodes[1], N));  // of everything: PyTorch takes mean
}

constexpr const char* kDoc =
    "The average of each window: its sum divided by its size, padding and all (by what of it lies in the image where "
    "count_include_pad is False), or by `divisor_override`.";
constexpr const char* kAdaptiveDoc =
    "The average of each of `output_size` windows that cover the image: window i of m is [⌊i·n/m⌋, ⌈(i+1)·n/m⌉).";

const auto defs = {
    def<avg_pool1d>("avg_pool1d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
                    "bool ceil_mode=False, bool count_include_pad=True) -> Tensor",
                    kFunction | kNN, kDoc),
    def<avg_pool<2>>(
        "avg_pool2d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
        "bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor",
        kNN | kOut, kDoc),
    def<avg_pool<3>>(
        "avg_pool3d(Tensor self, int[1] kernel_size, int[1]? stride=None, int[1] padding=0, "
        "bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor",
        kNN | kOut, kDoc),
    def<adaptive_avg_pool<1>>("adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor",
                              kFunction | kNN, kAdaptiveDoc),
    def<adaptive_avg_pool<2>>("adaptive_avg_pool2d(Tensor self, int[1] output_size) -> Tensor", kHidden,
                              kAdaptiveDoc),
    def<adaptive_avg_pool<3>>("adaptive_avg_pool3d(Tensor self, int[1] output_size) -> Tensor", kHidden,
                              kAdaptiveDoc),
};

}  // namespace
}  // namespace adjoint::pool
