// layer_norm and rms_norm: over the last dimensions, each element of which has a weight of its own.
#include <limits>
#include "ops/nn/norm.h"

namespace adjoint {
namespace {

struct LayerNames {
  static constexpr const char *name = "layer_norm", *node = "NativeLayerNormBackward0";
  static constexpr bool centred = true;
};
struct RmsNames {
  static constexpr const char *name = "rms_norm", *node = "FusedRmsNormBackward0";
  static constexpr bool centred = false;
};

std::string shape_with_star(Ints shape) {
  std::string s = "[*";
  for (int64_t n : shape) s += ", " + std::to_string(n);
  return s + "]";
}

void check_shapes(const Tensor& x, Ints shape, const Tensor& w, const Tensor& b) {
  check(
      !shape.empty(),
      "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
      "normalized_shape = ",
      shape);
  check(!w || equal(w->sizes(), shape),
        "Expected weight to be of same shape as normalized_shape, but got weight of shape ",
        w ? w->sizes() : Ints(), " and normalized_shape = ", shape);
  check(!b || equal(b->sizes(), shape),
        "Expected bias to be of same shape as normalized_shape, but got bias of shape ",
        b ? b->sizes() : Ints(), " and normalized_shape = ", shape);
  const size_t n = size_t(x->ndim);
  if (n < shape.size() || !equal(x->sizes().subspan(n - shape.size()), shape))
    fail("Given normalized_shape=", shape, ", expected input with shape ", shape_with_star(shape),
         ", but got input of size", x->sizes());
}

NormLayout layout_of(const Tensor& x, Ints shape, double eps, bool centred) {
  const int64_t n = numel_of(shape),
                rows = n ? x->numel / n : numel_of(x->sizes().first(size_t(x->ndim) - shape.size()));
  NormPlan p{.rows = rows,
             .segments = 1,
             .length = n,
             .row_stride = n,
             .segment_stride = n,
             .weight = WeightOf::Element,
             .eps = eps,
             .centred = centred};
  return {p, shape};
}

Tensor fresh_statistics(const NormLayout& l, const Tensor& x) {
  return empty(Dims{2, l.plan.rows}, Dtype::F64, x->device);
}

// Of a row's statistics: one for each, with ones for what they are over.
Dims statistic_sizes(const Tensor& x, Ints shape) {
  Dims sizes(x->sizes());
  for (size_t i = 0; i < shape.size(); ++i) sizes[sizes.size() - 1 - int64_t(i)] = 1;
  return sizes;
}
// In the parameters' type where that is another, else x's.
Dtype statistic_dtype(const Tensor& x, std::initializer_list<const Tensor*> parameters) {
  for (const Tensor* t : parameters)
    if (*t) return (*t)->dtype;
  return x->dtype;
}

Tensor layer_norm(const Tensor& x, Ints shape, const Tensor& w, const Tensor& b, double eps) {
  check_shapes(x, shape, w, b);
  check_norm_types(x, {&w, &b}, "LayerNormKernelImpl");
  const NormLayout l = layout_of(x, shape, eps, true);
  return apply_norm<LayerNames>(l, norm_raw(l, x, w, b, fresh_statistics(l, x)), x, w, b);
}

std::array<Tensor, 3> native_layer_norm(const Tensor& x, Ints shape, const Tensor& w, const Tensor& b,
                                        double eps) {
  check_shapes(x, shape, w, b);
  check_norm_types(x, {&w, &b}, "LayerNormKernelImpl");
  const NormLayout l = layout_of(x, shape, eps, true);
  NormResult r = norm_raw(l, x, w, b, fresh_statistics(l, x));
  const Dims sizes = statistic_sizes(x, shape);
  const Dtype type = statistic_dtype(x, {&w, &b});
  return {apply_norm<LayerNames>(l, r, x, w, b), statistic(r.statistics, 0, sizes, type),
          statistic(r.statistics, 1, sizes, type)};
}

// rms_norm of complex numbers is what PyTorch's formula makes of them: by the root of the mean of squares, which are
// complex, too.
Tensor complex_rms(const Tensor& x, Ints shape, const Tensor& w, double eps) {
  Dims over(int64_t(shape.size()));
  for (int64_t i = 0; i < over.size(); ++i) over[i] = x->ndim - 1 - i;
  Tensor y = ops::mul(x, ops::pow(ops::add(ops::mean(ops::square(x), over, true), eps), -0.5));
  return ops::to(w ? ops::mul(y, w) : y, x->dtype);
}

Tensor rms_norm(const Tensor& x, Ints shape, const Tensor& w, std::optional<double> eps) {
  check_shapes(x, shape, w, {});
  if (!is_differentiable(x->dtype)) fail_dtype("rms_norm", x->dtype);
  const double e =
      eps.value_or(real_of(x->dtype) == Dtype::F64 ? std::numeric_limits<double>::epsilon()
                                                   : double(std::numeric_limits<float>::epsilon()));
  if (is_complex(x->dtype) || (w && is_complex(w->dtype))) return complex_rms(x, shape, w, e);
  if (w && w->dtype != x->dtype && is_reduced(x->dtype) && host.warn)
    host.warn(str("Mismatch dtype between input and weight: input dtype = ", name_of(x->dtype),
                  ", weight dtype = ", name_of(w->dtype), ", Cannot dispatch to fused implementation."));
  const NormLayout l = layout_of(x, shape, e, false);
  return apply_norm<RmsNames>(l, norm_raw(l, x, w, {}, fresh_statistics(l, x)), x, w, {});
}

}  // namespace

static const auto defs = {
    def<[](const Tensor& x, Ints shape, const Tensor& w, const Tensor& b, double eps, bool) {
      return layer_norm(x, shape, w, b, eps);
    }>("layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, "
       "bool cudnn_enable=True) -> Tensor",
       kFunction,
       "(x - mean(x)) / sqrt(var(x) + eps) * weight + bias over the last dimensions, which are `normalized_shape`."),
    def<layer_norm>(
        "layer_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, Tensor? bias=None, "
        "float eps=1e-05) -> Tensor",
        kNN),
    def<native_layer_norm>(
        "native_layer_norm(Tensor input, int[] normalized_shape, Tensor? weight, Tensor? bias, "
        "float eps) -> (Tensor, Tensor, Tensor)",
        kFunction, "layer_norm, the means and the reciprocal deviations."),
    def<rms_norm>(
        "rms_norm(Tensor input, int[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor",
        kFunction | kNN,
        "x / sqrt(mean(x²) + eps) * weight over the last dimensions, which are `normalized_shape`; eps is "
        "the float type's when it is None."),
};

}  // namespace adjoint
