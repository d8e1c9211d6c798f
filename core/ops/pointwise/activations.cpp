// Activation functions as torch.nn.functional signs them: defaults, `inplace`, checks.
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

// Where the result goes: over x when `inplace`.
Dest over(const Tensor& x, bool inplace, const char* name, const Dest& dest) {
  return inplace && !dest.tensor ? Dest{&x, true, name} : dest;
}

// Functions of x and nothing else.
#define ADJOINT_ACTIVATION(f)                                           \
  Tensor f(const Tensor& x, bool inplace, const Dest& dest) {           \
    return pointwise(formula<#f>, {x}, over(x, inplace, #f "_", dest)); \
  }
ADJOINT_ACTIVATION(relu)
ADJOINT_ACTIVATION(silu)
ADJOINT_ACTIVATION(mish)
ADJOINT_ACTIVATION(hardsigmoid)
ADJOINT_ACTIVATION(hardswish)
#undef ADJOINT_ACTIVATION

Tensor gelu(const Tensor& x, std::string_view approximate, const Dest& dest) {
  check(approximate == "none" || approximate == "tanh", "approximate argument must be either none or tanh.");
  return pointwise(approximate == "none" ? formula<"gelu"> : formula<"gelu_tanh">, {x}, dest);
}

Tensor softplus(const Tensor& x, const Scalar& beta, const Scalar& threshold, const Dest& dest) {
  return pointwise(formula<"softplus">, {x, beta, threshold}, dest);
}

Tensor leaky_relu(const Tensor& x, const Scalar& slope, bool inplace, const Dest& dest) {
  return pointwise(formula<"leaky_relu">, {x, slope}, over(x, inplace, "leaky_relu_", dest));
}

Tensor elu(const Tensor& x, const Scalar& alpha, bool inplace, const Dest& dest) {
  return pointwise(formula<"elu">, {x, alpha, 1.0, 1.0}, over(x, inplace, "elu_", dest));
}
// Scale and alpha that keep mean 0 and variance 1 (Klambauer et al. 2017).
Tensor selu(const Tensor& x, bool inplace, const Dest& dest) {
  return pointwise(formula<"elu">,
                   {x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0},
                   over(x, inplace, "selu_", dest));
}
Tensor celu(const Tensor& x, const Scalar& alpha, bool inplace, const Dest& dest) {
  check(!alpha.equals(0), "ZeroDivisionError: alpha cannot be 0 for CELU");
  return pointwise(formula_as<"elu", "CeluBackward0">, {x, alpha, 1.0, 1.0 / alpha.to_double()},
                   over(x, inplace, "celu_", dest));
}

Tensor hardtanh(const Tensor& x, const Scalar& low, const Scalar& high, bool inplace, const Dest& dest) {
  check_as(low.to_double() <= high.to_double(), ErrorKind::Value, "min_val cannot be greater than max_val");
  Dest to = over(x, inplace, "hardtanh_", dest);
  if (!is_integral(x->dtype)) return pointwise(formula<"hardtanh">, {x, low, high}, to);
  check(x->dtype != Dtype::U8 || (low.to_int() >= 0 && high.to_int() >= 0),
        "cannot do hardtanh on an unsigned type with negative limits");
  return pointwise(formula<"hardtanh">, {x, Scalar(low.to_int()), Scalar(high.to_int())}, to);
}
Tensor relu6(const Tensor& x, bool inplace, const Dest& dest) { return hardtanh(x, 0, 6, inplace, dest); }

Tensor threshold(const Tensor& x, const Scalar& bound, const Scalar& value, bool inplace, const Dest& dest) {
  Dest to = over(x, inplace, "threshold_", dest);
  if (!is_integral(x->dtype)) return pointwise(formula<"threshold">, {x, bound, value}, to);
  for (const Scalar* v : {&bound, &value}) check_scalar_fits(*v, x->dtype);
  return pointwise(formula<"threshold">, {x, Scalar(bound.to_int()), Scalar(value.to_int())}, to);
}

Tensor logsigmoid(const Tensor& x, const Dest& dest) { return pointwise(formula<"log_sigmoid">, {x}, dest); }
Tensor softsign(const Tensor& x) {
  // 1 + |x| may wrap in an integer type.
  Tensor size = ops::abs(is_integral(x->dtype) ? ops::to(x, default_dtype()) : x);
  return ops::div(x, ops::add(size, 1));
}
Tensor tanhshrink(const Tensor& x) { return ops::sub(x, pointwise(formula<"tanh">, {x})); }

Tensor hardshrink(const Tensor& x, const Scalar& lambd, const Dest& dest) {
  return pointwise(formula<"hardshrink">, {x, lambd}, dest);
}
Tensor softshrink(const Tensor& x, const Scalar& lambd, const Dest& dest) {
  check(lambd.to_double() >= 0 || !is_floating(x->dtype),
        "lambda must be in range [0, 3.40282e+38] for input dtype ", label_of(x->dtype), ", but found ",
        lambd.to_double());
  return pointwise(formula<"softshrink">, {x, lambd}, dest);
}

// One weight, or one for each channel (dimension 1).
Tensor prelu(const Tensor& x, const Tensor& weight) {
  check(x->dtype == weight->dtype, "prelu: Type promoting not supported. Got ", label_of(x->dtype), " and ",
        label_of(weight->dtype));
  if (weight->numel != 1) {
    check(x->ndim > 0, "Not allow zero-dim input tensor.");
    int64_t channels = x->ndim > 1 ? x->size(1) : 1;
    check(channels == weight->numel,
          "Mismatch of parameter numbers and input channel size. Found parameter numbers = ", weight->numel,
          " and channel size = ", channels, ".");
  }
  check(weight->ndim <= 1,
        "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = ", int(weight->ndim));
  Dims shape(x->ndim, 1);
  if (x->ndim > 1) shape[1] = weight->numel;
  return pointwise(formula<"prelu">,
                   {x, equal(weight->sizes(), shape) ? weight : ops::reshape(weight, shape)});
}

// torch.* forms without `inplace`; the names that end in _ write over their input.
Tensor selu_plain(const Tensor& x, const Dest& dest) { return selu(x, false, dest); }
Tensor celu_plain(const Tensor& x, const Scalar& alpha, const Dest& dest) {
  return celu(x, alpha, false, dest);
}
Tensor threshold_plain(const Tensor& x, const Scalar& t, const Scalar& v, const Dest& dest) {
  return threshold(x, t, v, false, dest);
}
Tensor relu_(const Tensor& x) { return relu(x, true, {}); }
Tensor selu_(const Tensor& x) { return selu(x, true, {}); }
Tensor celu_(const Tensor& x, const Scalar& alpha) { return celu(x, alpha, true, {}); }
Tensor elu_(const Tensor& x, const Scalar& alpha) { return elu(x, alpha, true, {}); }
Tensor leaky_relu_(const Tensor& x, const Scalar& slope) { return leaky_relu(x, slope, true, {}); }
Tensor hardtanh_(const Tensor& x, const Scalar& low, const Scalar& high) {
  return hardtanh(x, low, high, true, {});
}
Tensor threshold_(const Tensor& x, const Scalar& t, const Scalar& v) { return threshold(x, t, v, true, {}); }

[[maybe_unused]] const auto definitions = {
    def<relu>("relu(Tensor self, bool inplace=False) -> Tensor", kNN, "self where positive, else 0."),
    def<silu>("silu(Tensor self, bool inplace=False) -> Tensor", kNN, "self * sigmoid(self)"),
    def<mish>("mish(Tensor self, bool inplace=False) -> Tensor", kNN, "self * tanh(softplus(self))"),
    def<hardsigmoid>("hardsigmoid(Tensor self, bool inplace=False) -> Tensor", kNN,
                     "self / 6 + 1/2 held within [0, 1]."),
    def<hardswish>("hardswish(Tensor self, bool inplace=False) -> Tensor", kNN, "self * hardsigmoid(self)"),
    def<gelu>("gelu(Tensor self, *, str approximate='none') -> Tensor", kNN | kOut,
              "self * Φ(self), Φ the normal distribution."),
    def<softplus>("softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor", kNN | kOut,
                  "log(1 + exp(beta * self)) / beta; self itself where beta * self > threshold."),
    def<leaky_relu>("leaky_relu(Tensor self, Scalar negative_slope=0.01, bool inplace=False) -> Tensor", kNN,
                    "self where positive, else negative_slope * self."),
    def<elu>("elu(Tensor self, Scalar alpha=1.0, bool inplace=False) -> Tensor", kNN,
             "self where positive, else alpha * (exp(self) - 1)."),
    def<selu>("selu(Tensor self, bool inplace=False) -> Tensor", kNN,
              "elu scaled to keep mean 0 and variance 1."),
    def<celu>("celu(Tensor self, Scalar alpha=1.0, bool inplace=False) -> Tensor", kNN,
              "self where positive, else alpha * (exp(self / alpha) - 1)."),
    def<hardtanh>(
        "hardtanh(Tensor self, Scalar min_val=-1.0, Scalar max_val=1.0, bool inplace=False) -> Tensor", kNN,
        "self held within [min_val, max_val]."),
    def<relu6>("relu6(Tensor self, bool inplace=False) -> Tensor", kNN, "self held within [0, 6]."),
    def<threshold>("threshold(Tensor self, Scalar threshold, Scalar value, bool inplace=False) -> Tensor",
                   kNN, "self where above threshold, else value."),
    def<logsigmoid>("logsigmoid(Tensor self) -> Tensor", kNN | kOut, "log(sigmoid(self)), without overflow."),
    def<softsign>("softsign(Tensor self) -> Tensor", kNN, "self / (1 + |self|)"),
    def<tanhshrink>("tanhshrink(Tensor self) -> Tensor", kNN, "self - tanh(self)"),
    def<hardshrink>("hardshrink(Tensor self, Scalar lambd=0.5) -> Tensor", kNN | kBoth | kOut,
                    "0 within [-lambd, lambd], else self."),
    def<softshrink>("softshrink(Tensor self, Scalar lambd=0.5) -> Tensor", kNN | kOut,
                    "self moved by lambd towards 0."),
    def<prelu>("prelu(Tensor self, Tensor weight) -> Tensor", kNN | kBoth,
               "self where positive, else weight * self."),
    def<selu_plain>("selu(Tensor self) -> Tensor", kFunction, "elu scaled to keep mean 0 and variance 1."),
    def<celu_plain>("celu(Tensor self, Scalar alpha=1.0) -> Tensor", kFunction,
                    "self where positive, else alpha * (exp(self / alpha) - 1)."),
    def<threshold_plain>("threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor", kFunction | kOut,
                         "self where above threshold, else value."),
    // torch.relu_ is the in-place form of the pointwise record.
    def<relu_>("relu_(Tensor self) -> Tensor", kNN, "relu over its input."),
    def<selu_>("selu_(Tensor self) -> Tensor", kNN | kFunction, "selu over its input."),
    def<celu_>("celu_(Tensor self, Scalar alpha=1.0) -> Tensor", kNN | kFunction, "celu over its input."),
    def<elu_>("elu_(Tensor self, Scalar alpha=1.0) -> Tensor", kNN, "elu over its input."),
    def<leaky_relu_>("leaky_relu_(Tensor self, Scalar negative_slope=0.01) -> Tensor", kNN,
                     "leaky_relu over its input."),
    def<hardtanh_>("hardtanh_(Tensor self, Scalar min_val=-1.0, Scalar max_val=1.0) -> Tensor", kNN,
                   "hardtanh over its input."),
    def<threshold_>("threshold_(Tensor self, Scalar threshold, Scalar value) -> Tensor", kNN | kFunction,
                    "threshold over its input."),
};

}  // namespace
}  // namespace adjoint
