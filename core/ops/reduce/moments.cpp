// Variances and standard deviations, alone or with the mean.
#include <cmath>
#include <complex>
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

struct Moments {
  Tensor mean, var;
};

void warn_degrees(bool too_few, const char* name) {
  if (too_few && host.warn)
    host.warn(
        str(name,
            "(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel)."));
}

Moments moments(const Tensor& x, Mask m, double correction, bool keepdim, bool root, const char* name) {
  Dims sizes = reduced_sizes(*x, m, keepdim);
  Dtype real = real_of(x->dtype);
  double count = double(reduced_count(*x, m));
  Dtype acc = reduced_dtype(Reduction::Sum, x->dtype);
  Tensor mean = empty(sizes, acc, x->device), y = empty(sizes, real_of(acc), x->device);
  warn_degrees(y->numel && count - correction <= 0, name);
  if (y->numel) {
    Layout l = layout_of(x, m, true);
    backend(x).reduce_deviation(*l.x, l.view, std::max(0.0, count - correction), root, *mean, *y);
  }
  return {raw::cast(mean, x->dtype), raw::cast(y, real)};
}

double correction_of(const std::optional<Scalar>& c) { return c ? c->to_double() : 1; }

// What the four operations keep, and their rules.
struct Spread {
  Mask mask;
  double correction;
  bool keepdim;
  SavedTensor x_ = {}, std_ = {};
  double degrees(const Tensor& x) const {
    return std::max(0.0, double(reduced_count(*x, mask)) - correction);
  }
  Tensor wide(const Tensor& t, const Tensor& x) const { return restore_dims(t, mask, x->ndim, keepdim); }
  Tensor centred(const Tensor& x) const {
    return ops::sub(x, x->ndim ? ops::mean(x, dims_of(mask, x->ndim), true) : ops::mean(x));
  }
  Tensor var_rule(const Tensor& g, const Tensor& x) const {
    return ops::mul(ops::mul(wide(g, x), 2.0 / degrees(x)), centred(x));
  }
  // The deviations are divided by std first: g / std alone may leave the type's range.
  Tensor std_rule(const Tensor& g, const Tensor& x, const Tensor& std) const {
    Tensor s = wide(std, x), unit = ops::masked_fill(ops::div(centred(x), s), ops::eq(s, 0), 0);
    return ops::mul(ops::mul(wide(g, x), 1.0 / degrees(x)), unit);
  }
  template <bool kRoot> void keep(auto& f, const char* result) {
    f("correction", correction);
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("self", x_, input(0));
    if constexpr (kRoot) f(result, std_, output(0));
  }
  Tensor mean_rule(const Tensor& g, const Tensor& x) const {
    return spread(ops::div(g, double(reduced_count(*x, mask))), mask, x->sizes(), keepdim);
  }
};

template <bool kRoot> struct Deviation : Spread {
  static constexpr const char *name = kRoot ? "std" : "var", *node = kRoot ? "StdBackward0" : "VarBackward0";
  Tensor forward(const Tensor& x) { return moments(x, mask, correction, keepdim, kRoot, name).var; }
  void fields(auto& f) { keep<kRoot>(f, "result"); }
  static constexpr const char* rule =
      kRoot ? "gx = g·(x − mean(x))/((n − correction)·y)" : "gx = 2·g·(x − mean(x))/(n − correction)";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node);
    b.gx[0] = kRoot ? std_rule(b.grad(), x, std_.get(b.node)) : var_rule(b.grad(), x);
  }
};

template <bool kRoot> struct DeviationMean : Spread {
  static constexpr const char *name = kRoot ? "std_mean" : "var_mean",
                              *node = kRoot ? "StdMeanBackward0" : "VarMeanBackward0";
  void fields(auto& f) { keep<kRoot>(f, "result0"); }
  static constexpr const char* rule = kRoot ? "gx = g₀·(x − mean(x))/((n − correction)·y₀) + g₁/n"
                                            : "gx = 2·g₀·(x − mean(x))/(n − correction) + g₁/n";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node), total;
    if (b.g[0]) total = kRoot ? std_rule(b.g[0], x, std_.get(b.node)) : var_rule(b.g[0], x);
    if (b.g[1]) {
      Tensor m = mean_rule(b.g[1], x);
      total = total ? ops::add(total, m) : m;
    }
    b.gx[0] = total;
  }
};

void check_type(const Tensor& x, const char* name) {
  check(is_differentiable(x->dtype), name, " only support floating point and complex dtypes");
}

template <bool kRoot>
Tensor deviation(const Tensor& x, std::optional<Ints> dims, double correction, bool keepdim) {
  check_type(x, "std and var");
  return apply(Deviation<kRoot>{{mask_of(dims, x->ndim), correction, keepdim}}, x);
}
template <bool kRoot> std::tuple<Tensor, Tensor> deviation_mean(const Tensor& x, std::optional<Ints> dims,
                                                                double correction, bool keepdim) {
  const char* name = DeviationMean<kRoot>::name;
  check_type(x, name);
  Mask mask = mask_of(dims, x->ndim);
  Moments m = moments(x, mask, correction, keepdim, kRoot, name);
  auto [var, mean] = apply_multi(DeviationMean<kRoot>{{mask, correction, keepdim}}, std::span(&x, 1),
                                 std::array{m.var, m.mean}, 2);
  return {var, mean};
}

using OptInts = std::optional<Ints>;
using OptScalar = std::optional<Scalar>;
template <bool kRoot> Tensor unbiased_all(const Tensor& x, bool unbiased) {
  return deviation<kRoot>(x, {}, unbiased, false);
}
template <bool kRoot> Tensor unbiased_dims(const Tensor& x, OptInts dims, bool unbiased, bool keepdim) {
  return deviation<kRoot>(x, dims, unbiased, keepdim);
}
template <bool kRoot> Tensor corrected(const Tensor& x, OptInts dims, OptScalar c, bool keepdim) {
  return deviation<kRoot>(x, dims, correction_of(c), keepdim);
}
template <bool kRoot> auto unbiased_all_mean(const Tensor& x, bool unbiased) {
  return deviation_mean<kRoot>(x, {}, unbiased, false);
}
template <bool kRoot> auto unbiased_dims_mean(const Tensor& x, OptInts dims, bool unbiased, bool keepdim) {
  return deviation_mean<kRoot>(x, dims, unbiased, keepdim);
}
template <bool kRoot> auto corrected_mean(const Tensor& x, OptInts dims, OptScalar c, bool keepdim) {
  return deviation_mean<kRoot>(x, dims, correction_of(c), keepdim);
}

}  // namespace

// The overloads that name their dimensions come first, then `unbiased` alone, then the keyword form.
static const auto defs = {
    def<unbiased_dims<false>>(
        "var(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor", kBoth | kOut,
        "The variance: Σ|x - mean|² / (n - correction)."),
    def<corrected<false>>(
        "var(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor",
        kBoth | kOut),
    def<unbiased_all<false>>("var(Tensor self, bool unbiased=True) -> Tensor", kBoth),
    def<unbiased_dims<true>>(
        "std(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor", kBoth | kOut,
        "The standard deviation: the root of the variance."),
    def<corrected<true>>(
        "std(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> Tensor",
        kBoth | kOut),
    def<unbiased_all<true>>("std(Tensor self, bool unbiased=True) -> Tensor", kBoth),
    def<unbiased_dims_mean<false>>(
        "var_mean(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)",
        kFunction, "The variance and the mean."),
    def<corrected_mean<false>>("var_mean(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool "
                               "keepdim=False) -> (Tensor, Tensor)",
                               kFunction),
    def<unbiased_all_mean<false>>("var_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)", kFunction),
    def<unbiased_dims_mean<true>>(
        "std_mean(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> (Tensor, Tensor)",
        kFunction, "The standard deviation and the mean."),
    def<corrected_mean<true>>("std_mean(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool "
                              "keepdim=False) -> (Tensor, Tensor)",
                              kFunction),
    def<unbiased_all_mean<true>>("std_mean(Tensor self, bool unbiased=True) -> (Tensor, Tensor)", kFunction),
};

}  // namespace adjoint
