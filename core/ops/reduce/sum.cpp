// Sums and means, with or without NaNs, and sum_to, which undoes a broadcast.
#include "kernels/careful.h"
#include "ops/reduce/plan.h"

namespace adjoint {
namespace {

Dtype sum_dtype(const Tensor& x, const std::optional<Dtype>& d) {
  return d ? *d : category_of(x->dtype) <= Category::Integer ? Dtype::I64 : x->dtype;
}

struct Sum {  // Σ x
  static constexpr const char *name = "sum", *node = "SumBackward0";
  Dtype out, in = Dtype::F32;
  Dims sizes = {};
  Tensor forward(const Tensor& x) {
    return reduce_all_raw(Reduction::Sum, operand_of(Reduction::Sum, x, out), out);
  }
  static constexpr const char* rule = "gx = expand(g)";
  void vjp(Backward& b) { b.gx[0] = ops::expand(ops::to(b.grad(), in), sizes); }
  void fields(auto& f) {
    f("self_sym_sizes", sizes, input(0));
    f(nullptr, in, input(0));
  }
};

struct SumDims {  // Σ over some dimensions
  static constexpr const char *name = "sum", *node = "SumBackward1";
  Mask mask;
  bool keepdim;
  Dtype out, in = Dtype::F32;
  Dims sizes = {};
  Tensor forward(const Tensor& x) {
    return reduce_raw(Reduction::Sum, operand_of(Reduction::Sum, x, out), mask, keepdim, out);
  }
  static constexpr const char* rule = "gx = expand(g)";
  void vjp(Backward& b) { b.gx[0] = spread(ops::to(b.grad(), in), mask, sizes, keepdim); }
  void fields(auto& f) {
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("self_sym_sizes", sizes, input(0));
    f(nullptr, in, input(0));
  }
};

struct SumTo {  // Σ over what a broadcast repeated
  static constexpr const char *name = "sum_to_size", *node = "SumBackward1";
  Dims target, sizes = {};
  Tensor forward(const Tensor& x) {
    Mask m;
    int64_t lead = x->ndim - target.size();
    for (int64_t i = 0; i < x->ndim; ++i)
      if (i < lead || target[i - lead] != x->size(int(i))) m.bits |= Mask::one(i).bits;
    Tensor y = reduce_raw(Reduction::Sum, x, m, true, x->dtype);
    return lead ? alias(y, target, contiguous_strides(target), y->byte_offset) : y;
  }
  static constexpr const char* rule = "gx = expand(g)";
  void vjp(Backward& b) { b.gx[0] = ops::expand(b.grad(), sizes); }
  void fields(auto& f) { f("self_sym_sizes", sizes, input(0)); }
};

struct NanSum {  // Σ of what is not NaN
  static constexpr const char *name = "nansum", *node = "NansumBackward0";
  Mask mask;
  bool keepdim;
  Dtype out;
  SavedTensor x_ = {};
  Tensor forward(const Tensor& x) {
    Tensor c = x->dtype == out ? x : raw::cast(x, out);
    NoGrad off;
    return reduce_raw(Reduction::Sum, ops::masked_fill(c, ops::isnan(c), 0), mask, keepdim, out);
  }
  static constexpr const char* rule = "gx = expand(g) with 0 where x is NaN";
  void vjp(Backward& b) {
    Tensor x = x_.get(b.node);
    Tensor g = spread(ops::to(b.grad(), x->dtype), mask, x->sizes(), keepdim);
    b.gx[0] = ops::masked_fill(g, ops::isnan(x), 0);
  }
  void fields(auto& f) {
    f("self", x_, input(0));
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
  }
};

Dtype mean_dtype(const Tensor& x, const std::optional<Dtype>& d) {
  Dtype out = d.value_or(x->dtype);
  if (!is_differentiable(out)) {
    const char* what = d ? "Optional dtype" : "Input dtype";
    fail("mean(): could not infer output dtype. ", what,
         " must be either a floating point or complex dtype. Got: ", label_of(out));
  }
  return out;
}

// The mean from the sum, in x's type. Where a sum left the type's range: anew, scaled.
Tensor mean_raw(const Tensor& x, Mask m, Tensor sum) {
  int64_t n = reduced_count(*x, m);
  if (!backend(sum).divide(*sum, double(n)) && n > 0) {
    Layout l = layout_of(x, m, true);
    backend(sum).careful_means(*l.x, l.view, *sum);
  }
  return raw::cast(sum, x->dtype);
}

struct Mean {  // Σ x / n
  static constexpr const char *name = "mean", *node = "MeanBackward0";
  Dtype out, in = Dtype::F32;
  Dims sizes = {};
  Tensor forward(const Tensor& x) {
    Tensor c = x->dtype == out ? x : raw::cast(x, out);
    return mean_raw(c, Mask::all(x->ndim), reduce_all_raw(Reduction::Sum, c));
  }
  static constexpr const char* rule = "gx = expand(g)/n";
  void vjp(Backward& b) {
    Tensor g = ops::expand(ops::to(b.grad(), in), sizes);
    b.gx[0] = ops::div(g, double(numel_of(sizes)));
  }
  void fields(auto& f) {
    f("self_sym_numel", [&] { return numel_of(sizes); });
    f("self_sym_sizes", sizes, input(0));
    f(nullptr, in, input(0));
  }
};

struct MeanDims {
  static constexpr const char *name = "mean", *node = "MeanBackward1";
  Mask mask;
  bool keepdim;
  Dtype out, in = Dtype::F32;
  Dims sizes = {};
  int64_t count = 1;
  Tensor forward(const Tensor& x) {
    Tensor c = x->dtype == out ? x : raw::cast(x, out);
    count = reduced_count(*x, mask);
    return mean_raw(c, mask, reduce_raw(Reduction::Sum, c, mask, keepdim));
  }
  static constexpr const char* rule = "gx = expand(g)/n";
  void vjp(Backward& b) {
    // Divided first: the cotangent is smaller than the input.
    b.gx[0] = spread(ops::div(ops::to(b.grad(), in), double(count)), mask, sizes, keepdim);
  }
  void fields(auto& f) {
    f("dim", [&] { return dims_of(mask); });
    f("keepdim", keepdim);
    f("self_sym_numel", [&] { return numel_of(sizes); });
    f("self_sym_sizes", sizes, input(0));
    f(nullptr, in, input(0));
  }
};

Tensor sum_all(const Tensor& x, std::optional<Dtype> d) { return apply(Sum{sum_dtype(x, d)}, x); }
Tensor sum_dims(const Tensor& x, Mask m, bool keepdim, const std::optional<Dtype>& d) {
  return apply(SumDims{m, keepdim, sum_dtype(x, d)}, x);
}
Tensor mean_dims(const Tensor& x, Mask m, bool keepdim, const std::optional<Dtype>& d) {
  return apply(MeanDims{m, keepdim, mean_dtype(x, d)}, x);
}

Tensor nansum(const Tensor& x, std::optional<Ints> dims, bool keepdim, std::optional<Dtype> d) {
  refuse_complex(*x, "nansum");
  Mask m = mask_of(dims, x->ndim);
  if (!is_floating(x->dtype)) return sum_dims(x, m, keepdim, d);
  return apply(NanSum{m, keepdim, sum_dtype(x, d)}, x);
}

Tensor nanmean(const Tensor& x, std::optional<Ints> dims, bool keepdim, std::optional<Dtype> d) {
  check(is_floating(x->dtype), "nanmean(): expected input to have floating point or complex dtype but got ",
        label_of(x->dtype));
  check(!d || is_differentiable(*d),
        "nanmean(): could not infer output dtype. Optional dtype must be either a floating point or complex "
        "dtype. Got: ",
        label_of(d.value_or(x->dtype)));
  Mask m = mask_of(dims, x->ndim);
  Tensor total = nansum(x, dims, keepdim, d);
  Tensor count = sum_dims(ops::logical_not(ops::isnan(x)), m, keepdim, {});  // booleans: nothing is recorded
  return ops::div(total, count);
}

Tensor sum_to_size(const Tensor& x, Ints sizes) {
  int64_t lead = x->ndim - int64_t(sizes.size());
  bool ok = lead >= 0;
  for (size_t i = 0; ok && i < sizes.size(); ++i)
    ok = sizes[i] == x->size(int(lead) + int(i)) || sizes[i] == 1;
  check(ok, "size {", sizes, "} is not expandable to size {", x->sizes(), "}.");
  if (sizes.empty()) return sum_all(x, {});
  if (equal(x->sizes(), sizes)) return x;
  Mask m;  // summed in place first, as the public operation's node says; the leading ones then go by a view
  for (int64_t i = 0; i < x->ndim; ++i)
    if (i < lead || (sizes[size_t(i - lead)] == 1 && x->size(int(i)) != 1)) m.bits |= Mask::one(i).bits;
  Tensor y = sum_dims(x, m, true, {});
  return lead ? ops::view(y, sizes) : y;
}

}  // namespace

namespace ops {
Tensor sum(const Tensor& x) { return sum_all(x, {}); }
Tensor sum(const Tensor& x, Ints dims, bool keepdim, std::optional<Dtype> d) {
  return sum_dims(x, mask_of(dims, x->ndim), keepdim, d);
}
Tensor mean(const Tensor& x) { return apply(Mean{mean_dtype(x, {})}, x); }
Tensor mean(const Tensor& x, Ints dims, bool keepdim) {
  return mean_dims(x, mask_of(dims, x->ndim), keepdim, {});
}
Tensor sum_to(const Tensor& g, Ints sizes) {
  return equal(g->sizes(), sizes) ? g : apply(SumTo{Dims(sizes)}, g);
}
}  // namespace ops

static const auto defs = {
    def<sum_all>("sum(Tensor self, *, dtype? dtype=None) -> Tensor", kBoth | kOut,
                 "The sum of all elements."),
    def<[](const Tensor& x, std::optional<Ints> dims, bool keepdim, std::optional<Dtype> d) {
      return sum_dims(x, mask_of(dims, x->ndim), keepdim, d);
    }>("sum(Tensor self, int[1]? dim, bool keepdim=False, *, dtype? dtype=None) -> Tensor", kBoth | kOut,
       "The sum over the dimensions `dim`."),
    def<[](const Tensor& x, std::optional<Dtype> d) { return apply(Mean{mean_dtype(x, d)}, x); }>(
        "mean(Tensor self, *, dtype? dtype=None) -> Tensor", kBoth | kOut, "The mean of all elements."),
    def<[](const Tensor& x, std::optional<Ints> dims, bool keepdim, std::optional<Dtype> d) {
      return mean_dims(x, mask_of(dims, x->ndim), keepdim, d);
    }>("mean(Tensor self, int[1]? dim, bool keepdim=False, *, dtype? dtype=None) -> Tensor", kBoth | kOut,
       "The mean over the dimensions `dim`."),
    def<nansum>("nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, dtype? dtype=None) -> Tensor",
                kBoth | kOut, "The sum, with NaN taken as zero."),
    def<nanmean>("nanmean(Tensor self, int[1]? dim=None, bool keepdim=False, *, dtype? dtype=None) -> Tensor",
                 kBoth | kOut, "The mean of the elements that are not NaN."),
    def<sum_to_size>(
        "sum_to_size(Tensor self, int[] size) -> Tensor", kMethod,
        "Sums over dimensions until the result has the given size: what a broadcast's gradient needs."),
};

}  // namespace adjoint
