// Choosing and mixing: where, clamp, masked_fill, lerp, addcmul, nan_to_num, rounding to decimals, and the
// functions of two numbers that take a plain number on one side.
#include <limits>
#include "ops/not_differentiable.h"
#include "ops/ops.h"
#include "ops/pointwise_record.h"
#include "ops/promotion.h"
#include "ops/scalar_fits.h"

namespace adjoint {
namespace {

// PyTorch writes C++ type names into some messages.
const char* cpp_name(Dtype d) {
  constexpr const char* names[kDtypes] = {
      "bool",  "unsigned char", "signed char",         "short int",
      "int",   "long int",      "c10::Half",           "c10::BFloat16",
      "float", "double",        "c10::complex<float>", "c10::complex<double>"};
  return names[int(d)];
}

// A number beside a tensor takes the tensor's type if that is of its kind, and must fit it.
Dtype type_beside(const Scalar& s, Dtype d) {
  return s.category() <= category_of(d) ? d : is_complex(d) || !s.is_complex() ? dtype_for(s) : complex_of(d);
}
void check_beside(const Operand& v, Dtype d) {
  if (!v.is_tensor()) check_scalar_fits(v.scalar, type_beside(v.scalar, d));
}

// --- where ---

Tensor where(const Tensor& condition, Operand a, Operand b, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("where");
  check(condition->dtype == Dtype::Bool || condition->dtype == Dtype::U8,
        "where expected condition to be a boolean tensor, but got a tensor with dtype ",
        label_of(condition->dtype));
  if (a.is_tensor()) check_beside(b, (*a.tensor)->dtype);
  if (b.is_tensor()) check_beside(a, (*b.tensor)->dtype);
  return pointwise(op, {condition, a, b}, dest);
}
std::vector<Tensor> where_indices(const Tensor& condition) {
  return ops::unbind(ops::nonzero(condition->ndim ? condition : ops::unsqueeze(condition, 0)), 1);
}

// The value takes the tensor's type: a number must fit it.
Tensor masked_fill(const Tensor& x, const Tensor& mask, Operand value, const Dest& dest) {
  static const PointwiseOp by_number = renamed("where", "MaskedFillBackward0", kWrapsNumbers),
                           by_tensor = renamed("where", "MaskedFillBackward1", kWrapsNumbers);
  check(mask->dtype == Dtype::Bool, "masked_fill_ only supports boolean masks, but got mask with dtype ",
        cpp_name(mask->dtype));
  if (value.is_tensor()) {
    const Tensor& v = *value.tensor;
    check(v->ndim == 0, "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
          int(v->ndim), " dimension(s).");
    return pointwise(by_tensor, {mask, ops::to(v, x->dtype), x}, dest);
  }
  check_scalar_fits(value.scalar, x->dtype);
  Scalar v = x->dtype == Dtype::Bool ? Scalar(value.scalar.to_bool())
             : is_integral(x->dtype) ? Scalar(value.scalar.to_int())
                                     : value.scalar;
  return pointwise(by_number, {mask, v, x}, dest);
}

// --- clamp ---

void check_bound(const Tensor& x, const Operand& bound) {
  check_beside(bound, x->dtype);
  check_as(x->dtype != Dtype::Bool || bound.is_tensor() || !bound.scalar.is_bool(), ErrorKind::NotImplemented,
           "\"clamp_scalar_kernel_impl\" not implemented for 'Bool'");
}

Tensor clamp(const Tensor& x, std::optional<Operand> low, std::optional<Operand> high, const Dest& dest) {
  static const PointwiseOp& both = find_pointwise("clamp");
  static const PointwiseOp both_tensors = renamed("clamp", "ClampBackward0");
  static const PointwiseOp below = renamed("clamp_min", "ClampBackward1"),
                           below_tensor = renamed("clamp_min", "ClampBackward0");
  static const PointwiseOp above = renamed("clamp_max", "ClampBackward1"),
                           above_tensor = renamed("clamp_max", "ClampBackward0");
  check(low || high, "torch.clamp: At least one of 'min' or 'max' must not be None");
  check_as(!is_complex(x->dtype), ErrorKind::NotImplemented, "clamp is not supported for complex types");
  if (low) check_bound(x, *low);
  if (high) check_bound(x, *high);
  bool tensors = (low && low->is_tensor()) || (high && high->is_tensor());
  if (low && high) return pointwise(tensors ? both_tensors : both, {x, *low, *high}, dest);
  if (low) return pointwise(tensors ? below_tensor : below, {x, *low}, dest);
  return pointwise(tensors ? above_tensor : above, {x, *high}, dest);
}
Tensor clamp_min(const Tensor& x, Operand low, const Dest& dest) {
  static const PointwiseOp number = renamed("clamp_min", "ClampMinBackward0"),
                           tensor = renamed("clamp_min", "ClampMinBackward1");
  check_bound(x, low);
  return pointwise(low.is_tensor() ? tensor : number, {x, low}, dest);
}
Tensor clamp_max(const Tensor& x, Operand high, const Dest& dest) {
  static const PointwiseOp number = renamed("clamp_max", "ClampMaxBackward0"),
                           tensor = renamed("clamp_max", "ClampMaxBackward1");
  check_bound(x, high);
  return pointwise(high.is_tensor() ? tensor : number, {x, high}, dest);
}
Tensor maximum(const Tensor& a, const Tensor& b, const Dest& dest) {
  return pointwise(find_pointwise("maximum"), {a, b}, dest);
}
Tensor minimum(const Tensor& a, const Tensor& b, const Dest& dest) {
  return pointwise(find_pointwise("minimum"), {a, b}, dest);
}

// --- mixing ---

PointwiseOp lerp_by_number() {
  PointwiseOp op = renamed("lerp", "LerpBackward0");
  op.kernel = "lerp_kernel_scalar";
  return op;
}
Tensor lerp(const Tensor& a, const Tensor& b, Operand weight, const Dest& dest) {
  static const PointwiseOp& by_tensor = find_pointwise("lerp");
  static const PointwiseOp by_number = lerp_by_number();
  check(a->dtype == b->dtype, "expected dtype ", cpp_name(a->dtype), " for `end` but got dtype ",
        cpp_name(b->dtype));
  if (!weight.is_tensor()) return pointwise(by_number, {a, b, weight}, dest);
  const Tensor& w = *weight.tensor;
  check(w->dtype == a->dtype || w->ndim == 0, "expected dtype ", cpp_name(a->dtype),
        " for `weight` but got dtype ", cpp_name(w->dtype));
  return pointwise(by_tensor, {a, b, w->ndim ? w : ops::to(w, a->dtype)}, dest);
}

Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("addcmul");
  Operand operands[] = {x, a, b};
  if (Dtype d = result_type(operands); is_integral(d)) check_scalar_fits(value, d);
  return pointwise(op, {x, a, b, value}, dest);
}
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("addcdiv");
  check(is_differentiable(a->dtype) || is_differentiable(b->dtype),
        "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform "
        "a true division of tensor1 and "
        "tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / "
        "tensor2)).to(input.dtype) for "
        "integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv "
        "behavior is just the latter "
        "implementation: (input + value * tensor1 / tensor2), for all dtypes.");
  return pointwise(op, {x, a, b, value}, dest);
}

// --- special values ---

double largest(Dtype d) {
  switch (real_of(d)) {
    case Dtype::F16: return 65504;
    case Dtype::BF16: return 3.3895313892515355e38;
    case Dtype::F64: return std::numeric_limits<double>::max();
    default: return std::numeric_limits<float>::max();
  }
}
Tensor nan_to_num(const Tensor& x, std::optional<double> nan, std::optional<double> high,
                  std::optional<double> low, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("nan_to_num");
  if (!is_differentiable(x->dtype)) {
    if (!dest.tensor) return ops::clone(x);
    return dest.inplace ? x : write_out(*dest.tensor, x, "nan_to_num");
  }
  double most = largest(x->dtype);
  return pointwise(op, {x, nan.value_or(0), high.value_or(most), low.value_or(-most)}, dest);
}

Tensor heaviside(const Tensor& x, const Tensor& values, const Dest& dest) {
  check(!is_complex(x->dtype) && !is_complex(values->dtype),
        "heaviside is not yet implemented for complex tensors.");
  check(x->dtype == values->dtype, "heaviside is not yet implemented for tensors with different dtypes.");
  return without_derivative("heaviside", find_pointwise("heaviside"), {x, values}, dest);
}

PointwiseOp round_floats() {
  PointwiseOp op = renamed("round", "RoundBackward1");
  op.types = kFloats;
  return op;
}
Tensor round_decimals(const Tensor& x, int64_t decimals, const Dest& dest) {
  static const PointwiseOp plain = round_floats();
  static const PointwiseOp &places = find_pointwise("round_decimals"), &tens = find_pointwise("round_tens");
  if (decimals == 0) return pointwise(plain, {x}, dest);
  double scale = 1;
  for (int64_t i = std::abs(decimals); i > 0 && scale < 1e300; --i) scale *= 10;
  return pointwise(decimals > 0 ? places : tens, {x, scale}, dest);
}

// --- two numbers ---

Tensor copysign(const Tensor& x, Operand sign, const Dest& dest) {
  static const PointwiseOp& by_tensor = find_pointwise("copysign");
  static const PointwiseOp by_number = renamed("copysign", "CopysignBackward1");
  return pointwise(sign.is_tensor() ? by_tensor : by_number, {x, sign}, dest);
}
// Which operand is a number shows in the node's name: ...Backward1 for the first, ...Backward2 for the
// second.
struct Family {
  const PointwiseOp& both;
  PointwiseOp first, second;
  Family(const char* name, const std::string& node)
      : both(find_pointwise(name)),
        first(renamed(name, (node + "1").c_str())),
        second(renamed(name, (node + "2").c_str())) {}
  const PointwiseOp& pick(const Operand& a, const Operand& b) const {
    return !a.is_tensor() ? first : !b.is_tensor() ? second : both;
  }
};
Tensor xlogy(Operand a, Operand b, const Dest& dest) {
  static const Family family("xlogy", "XlogyBackward");
  return pointwise(family.pick(a, b), {a, b}, dest);
}
Tensor xlog1py(Operand a, Operand b, const Dest& dest) {
  static const Family family("xlog1py", "SpecialXlog1PyBackward");
  return pointwise(family.pick(a, b), {a, b}, dest);
}

Tensor zeta(Operand a, Operand b, const Dest& dest) {
  static const Family family("zeta", "SpecialZetaBackward");
  return pointwise(family.pick(a, b), {a, b}, dest);
}

int64_t width(const Operand& a, const Operand& b) {
  Operand xs[] = {a, b};
  return int64_t(item_size(result_type(xs))) * 8;
}
Tensor left_shift(Operand a, Operand b, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("left_shift");
  return pointwise(op, {a, b, Scalar(width(a, b))}, dest);
}
Tensor right_shift(Operand a, Operand b, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("right_shift");
  return pointwise(op, {a, b, Scalar(width(a, b))}, dest);
}

Tensor logit(const Tensor& x, std::optional<double> eps, const Dest& dest) {
  static const PointwiseOp &plain = find_pointwise("logit"), &held = find_pointwise("logit_eps");
  return eps && *eps >= 0 ? pointwise(held, {x, *eps}, dest) : pointwise(plain, {x}, dest);
}

Tensor polygamma(int64_t n, const Tensor& x, const Dest& dest) {
  static const PointwiseOp& op = find_pointwise("polygamma");
  check(n >= 0, "polygamma(n, x) does not support negative n.");
  return pointwise(op, {Scalar(n), x}, dest);
}
// log Γ_p(x) = p(p-1)/4 log π + Σ log Γ(x + (1-j)/2)
Tensor mvlgamma(const Tensor& x, int64_t p) {
  static const PointwiseOp& lgamma = find_pointwise("lgamma");
  check(x->dtype != Dtype::Bool, "The input tensor may not be a boolean tensor.");
  check(p >= 1, "p has to be greater than or equal to 1");
  check(p <= 1 << 24, "mvlgamma: p = ", p, " would need as many terms; at most 2^24 are taken");
  Tensor sum;
  for (int64_t j = 1; j <= p; ++j) {
    if (j % 1024 == 0 && host.check_interrupt) host.check_interrupt();
    Tensor term = pointwise(lgamma, {ops::add(x, 0.5 * double(1 - j))});
    sum = sum ? ops::add(sum, term) : term;
  }
  return ops::add(sum, double(p * (p - 1)) * 0.25 * 1.144729885849400174);
}

// --- conjugates ---

Tensor conj(const Tensor& x) { return ops::conj(x); }
Tensor conj_physical(const Tensor& x, const Dest& dest) {
  static const PointwiseOp op = renamed("conj", "ConjPhysicalBackward0");
  if (!is_complex(x->dtype) && !dest.tensor) return x;
  return pointwise(op, {x}, dest);
}
Tensor resolved(const Tensor& x) { return x; }

[[maybe_unused]] const auto definitions = {
    def<where_indices>("where(Tensor condition) -> Tensor[]", kFunction,
                       "The indices of true elements, one tensor a dimension."),
    plain("where", def<where>("where(Tensor condition, Number self, Number other) -> Tensor", kBoth | kOut,
                              "self where condition holds, else other.")),
    def<masked_fill>("masked_fill(Tensor self, Tensor mask, Number value) -> Tensor", kBoth | kInplace,
                     "value where mask holds, else self."),
    def<clamp>("clamp(Tensor self, Number? min=None, Number? max=None) -> Tensor", kAll | kInplaceFunction,
               "self held within [min, max]."),
    def<clamp>("clip(Tensor self, Number? min=None, Number? max=None) -> Tensor", kAll | kInplaceFunction,
               "self held within [min, max]."),
    def<clamp_min>("clamp_min(Tensor self, Number min) -> Tensor", kAll | kInplaceFunction,
                   "self, or min where self is less."),
    def<clamp_max>("clamp_max(Tensor self, Number max) -> Tensor", kAll | kInplaceFunction,
                   "self, or max where self is greater."),
    def<maximum>("max(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
                 "The greater of the two; like maximum."),
    def<minimum>("min(Tensor self, Tensor other) -> Tensor", kBoth | kOut,
                 "The smaller of the two; like minimum."),
    def<lerp>("lerp(Tensor self, Tensor end, Number weight) -> Tensor", kAll, "self + weight * (end - self)"),
    def<addcmul>("addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", kAll,
                 "self + value * tensor1 * tensor2"),
    def<addcdiv>("addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor", kAll,
                 "self + value * tensor1 / tensor2"),
    def<nan_to_num>(
        "nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor",
        kAll | kInplaceFunction,
        "NaN and infinities replaced: by 0 and the type's largest numbers, or those given."),
    def<heaviside>("heaviside(Tensor self, Tensor values) -> Tensor", kAll,
                   "0 below zero, 1 above, values at zero."),
    def<round_decimals>("round(Tensor self, *, int decimals) -> Tensor", kAll | kInplaceFunction,
                        "self rounded to that many decimals."),
    def<round_decimals>("round(Tensor self, *, int decimals=0) -> Tensor", kSpecial | kOut,
                        "self rounded to that many decimals."),
    def<copysign>("copysign(Tensor self, Number other) -> Tensor", kAll,
                  "The magnitude of self with the sign of other."),
    def<xlogy>("xlogy(Number self, Number other) -> Tensor", kAll | kInplaceFunction | kSpecial,
               "self * log(other), and 0 where self is 0."),
    def<xlog1py>("xlog1py(Number self, Number other) -> Tensor", kSpecial | kOut,
                 "self * log1p(other), and 0 where self is 0."),
    def<left_shift>("bitwise_left_shift(Number self, Number other) -> Tensor", kAll, "self << other"),
    def<right_shift>("bitwise_right_shift(Number self, Number other) -> Tensor", kAll, "self >> other"),
    def<left_shift>("__lshift__(Tensor self, Number other) -> Tensor", kMethod, "self << other"),
    def<right_shift>("__rshift__(Tensor self, Number other) -> Tensor", kMethod, "self >> other"),
    def<zeta>("zeta(Number self, Number other) -> Tensor", kSpecial | kOut,
              "The Hurwitz zeta function, Σ (k + other)^-self over k = 0, 1, 2 ..."),
    def<logit>("logit(Tensor self, float? eps=None) -> Tensor", kAll | kInplaceFunction | kSpecial,
               "log(self / (1 - self)), self held within [eps, 1 - eps]."),
    def<polygamma>("polygamma(int n, Tensor self) -> Tensor", kAll | kSpecial,
                   "The n-th derivative of digamma."),
    def<mvlgamma>("mvlgamma(Tensor self, int p) -> Tensor", kAll,
                  "The logarithm of the multivariate gamma function."),
    def<mvlgamma>("multigammaln(Tensor self, int p) -> Tensor", kSpecial | kOut,
                  "The logarithm of the multivariate gamma function."),
    def<conj>("conj(Tensor self) -> Tensor", kBoth,
              "The complex conjugate; a real tensor is returned as it is."),
    def<conj_physical>("conj_physical(Tensor self) -> Tensor", kAll,
                       "The complex conjugate in memory of its own."),
    def<resolved>("resolve_conj(Tensor self) -> Tensor", kBoth,
                  "self: conjugates are always in memory here."),
    def<resolved>("resolve_neg(Tensor self) -> Tensor", kBoth, "self: negatives are always in memory here."),
};

}  // namespace

namespace ops {
Tensor where(const Tensor& c, const Operand& a, const Operand& b) { return adjoint::where(c, a, b, {}); }
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Operand& value) {
  return adjoint::masked_fill(x, mask, value, {});
}
Tensor clamp(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
  return adjoint::clamp(x, min, max, {});
}
Tensor conj(const Tensor& x) {
  static const PointwiseOp& op = find_pointwise("conj");
  return is_complex(x->dtype) ? pointwise(op, {x}) : x;
}
}  // namespace ops
}  // namespace adjoint
