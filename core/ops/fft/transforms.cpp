// Discrete Fourier transforms over dimensions: complex to complex, and where one side is real its half.
#include "ops/fft/transforms.h"

#include <cmath>
#include <numeric>
#include "autograd/door.h"
#include "device/fft.h"
#include "ops/ops.h"
#include "ops/raw.h"

namespace adjoint::ops {

namespace {

// PyTorch's layout of a result: the other dimensions by falling strides of x, then `dims`, as if contiguous.
Tensor result_of(const Tensor& x, Ints dims, Ints sizes, Dtype dtype) {
  Dims order;
  for (int64_t d = 0; d < x->ndim; ++d)
    if (!Dims(dims).contains(d)) order.push_back(d);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return x->stride(int(a)) > x->stride(int(b)); });
  for (int64_t d : dims) order.push_back(d);
  Dims permuted, strides(int64_t(x->ndim));
  for (int64_t d : order) permuted.push_back(sizes[size_t(d)]);
  const Dims dense = contiguous_strides(permuted);
  for (int64_t i = 0; i < order.size(); ++i) strides[order[i]] = dense[i];
  return empty_strided(sizes, strides, dtype, x->device);
}
// The first `count` of dims by falling strides of x.
Dims by_stride(const Tensor& x, Ints dims, size_t count) {
  Dims sorted(dims);
  std::stable_sort(sorted.begin(), sorted.begin() + count,
                   [&](int64_t a, int64_t b) { return x->stride(int(a)) > x->stride(int(b)); });
  return sorted;
}

double scale_of(Ints sizes, Ints dims, FftNorm norm) {
  double n = 1;
  for (int64_t d : dims) n *= double(sizes[size_t(d)]);
  return norm == FftNorm::None ? 1 : norm == FftNorm::Root ? 1 / std::sqrt(n) : 1 / n;
}

// y = scale · transform of x over dims, in an order that no stride changes, lest bits change with it.
void transform(const Tensor& x, Ints unsorted, bool forward, double scale, const Tensor& y) {
  const auto& kernels = *backend(y).fft;
  Dims dims(unsorted);
  std::sort(dims.begin(), dims.end());
  for (int64_t i = dims.size(); i-- > 0;)
    kernels.c2c(i + 1 == dims.size() ? *x : *y, dims[i], forward, i == 0 ? scale : 1, *y);
}

struct FftC2C {
  static constexpr const char *name = "_fft_c2c", *node = "FftC2CBackward0";
  Dims dims;
  FftNorm norm;
  bool forward_;
  Tensor forward(const Tensor& x) {
    const Dims sorted = by_stride(x, dims, size_t(dims.size()));
    Tensor y = result_of(x, sorted, x->sizes(), x->dtype);
    if (y->numel) transform(x, sorted, forward_, scale_of(x->sizes(), dims, norm), y);
    return y;
  }
  static constexpr const char* rule = "gx = the transform of g in the other direction, unscaled but for norm";
  void vjp(Backward& b) { b.gx[0] = fft_c2c(b.grad(), dims, norm, !forward_); }
  void fields(auto& f) { f("dim", dims), f("forward", forward_), f("normalization", int64_t(norm)); }
};

struct FftR2C {
  static constexpr const char *name = "_fft_r2c", *node = "FftR2CBackward0";
  Dims dims;
  FftNorm norm;
  bool onesided;
  int64_t last = 0;
  Tensor forward(const Tensor& x) {
    const size_t others = size_t(dims.size()) - 1;
    const Dims sorted = by_stride(x, dims, others);
    const int64_t dim = dims.back();
    last = x->size(int(dim));
    Dims sizes(x->sizes()), half(sizes);
    half[dim] = last / 2 + 1;
    Tensor y = result_of(x, sorted, onesided ? half : sizes, complex_of(x->dtype));
    if (!y->numel) return y;
    const double scale = scale_of(x->sizes(), dims, norm);
    backend(y).fft->r2c(*x, dim, others ? 1 : scale, *y);
    const Tensor lower = adjoint::alias(y, half, y->strides(), y->byte_offset);
    transform(lower, Ints(sorted).first(others), true, scale, lower);
    if (!onesided) backend(y).fft->mirror(*y, dims, dim);
    return y;
  }
  static constexpr const char* rule =
      "gx = the real part of g's inverse transform, unscaled but for norm, with zeros for what is left out";
  // Of the half g it is the real inverse transform, in which all but the ends count twice.
  void vjp(Backward& b) {
    const Tensor g = b.grad();
    if (!onesided) return void(b.gx[0] = real(fft_c2c(g, dims, norm, false)));
    const int64_t dim = dims.back(), inner = last - g->size(int(dim));
    std::vector<Tensor> parts = {narrow(g, dim, 0, 1)};
    if (inner > 0) parts.push_back(mul(narrow(g, dim, 1, inner), 0.5));
    if (1 + inner < g->size(int(dim)))
      parts.push_back(narrow(g, dim, 1 + inner, g->size(int(dim)) - 1 - inner));
    b.gx[0] = fft_c2r(cat(parts, dim), dims, norm, last);
  }
  void fields(auto& f) {
    f("dim", dims), f("normalization", int64_t(norm)), f("onesided", onesided), f(nullptr, last);
  }
};

struct FftC2R {
  static constexpr const char *name = "_fft_c2r", *node = "FftC2RBackward0";
  Dims dims;
  FftNorm norm;
  int64_t last;
  Tensor forward(const Tensor& x) {
    const int64_t dim = dims.back();
    const Dims others(dims.begin(), dims.end() - 1);
    Tensor z = x;
    if (!others.empty()) {
      const Dims sorted = by_stride(x, others, size_t(others.size()));
      z = result_of(x, sorted, x->sizes(), x->dtype);
      if (z->numel) transform(x, sorted, false, 1, z);
    }
    Dims sizes(x->sizes());
    sizes[dim] = last;
    Tensor y = result_of(z, Dims{dim}, sizes, real_of(x->dtype));
    if (y->numel) backend(y).fft->c2r(*z, dim, scale_of(sizes, dims, norm), *y);
    return y;
  }
  static constexpr const char* rule =
      "gx = the half transform of g, unscaled but for norm, all but its ends twice";
  void vjp(Backward& b) {
    const Tensor g = fft_r2c(b.grad(), dims, norm, true);
    const int64_t dim = dims.back(), size = g->size(int(dim)), inner = last - size;
    if (inner <= 0) return void(b.gx[0] = g);
    std::vector<Tensor> parts = {narrow(g, dim, 0, 1), mul(narrow(g, dim, 1, inner), 2)};
    if (1 + inner < size) parts.push_back(narrow(g, dim, 1 + inner, size - 1 - inner));
    b.gx[0] = cat(parts, dim);
  }
  void fields(auto& f) { f("dim", dims), f("last_dim_size", last), f("normalization", int64_t(norm)); }
};

Dims checked_dims(const Tensor& x, Ints dims, bool some) {
  check(x->ndim > 0 || dims.empty(), "Dimension specified as ", dims.empty() ? 0 : dims[0],
        " but tensor has no dimensions");
  check(!some || !dims.empty(), "a transform that is real on one side needs a dimension");
  return wrap_dims(dims, x->ndim);
}
void check_precision(const Tensor& x, bool complex) {
  if (complex) return check(is_complex(x->dtype), "expected a complex tensor, but got ", label_of(x->dtype));
  check(x->dtype == Dtype::F32 || x->dtype == Dtype::F64, "Unsupported dtype ", label_of(x->dtype));
}
FftNorm checked_norm(int64_t norm) {
  check(norm >= 0 && norm <= 2, "normalization is 0, 1 or 2, but got ", norm);
  return FftNorm(norm);
}

Tensor c2c(const Tensor& x, Ints dim, int64_t norm, bool forward) {
  check_precision(x, true);
  return fft_c2c(x, checked_dims(x, dim, false), checked_norm(norm), forward);
}
Tensor r2c(const Tensor& x, Ints dim, int64_t norm, bool onesided) {
  check_precision(x, false);
  return fft_r2c(x, checked_dims(x, dim, true), checked_norm(norm), onesided);
}
Tensor c2r(const Tensor& x, Ints dim, int64_t norm, int64_t last) {
  check_precision(x, true);
  const Dims dims = checked_dims(x, dim, true);
  check(last >= 1 && last / 2 + 1 == x->size(int(dims.back())),
        "Expected last_dim_size / 2 + 1 elements along dimension ", dims.back(), ", but got ",
        x->size(int(dims.back())), " for last_dim_size=", last);
  return fft_c2r(x, dims, checked_norm(norm), last);
}

[[maybe_unused]] const auto defs = {
    def<c2c>("_fft_c2c(Tensor self, int[] dim, int normalization, bool forward) -> Tensor", kFunction | kOut,
             "y[k] = Σ x[j] exp(∓2πi jk / n) over the dimensions; normalization 1 divides by √n, 2 by n."),
    def<r2c>("_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor", kFunction | kOut,
             "The same of real numbers; onesided: k <= n / 2 along the last dimension."),
    def<c2r>("_fft_c2r(Tensor self, int[] dim, int normalization, int last_dim_size) -> Tensor",
             kFunction | kOut,
             "Back to real numbers from k <= n / 2 along the last dimension, whose n is last_dim_size."),
};

}  // namespace

Tensor fft_c2c(const Tensor& x, Ints dims, FftNorm norm, bool forward) {
  if (dims.empty()) return clone(x);
  return apply(FftC2C{dims, norm, forward}, x);
}
Tensor fft_r2c(const Tensor& x, Ints dims, FftNorm norm, bool onesided) {
  return apply(FftR2C{dims, norm, onesided}, x);
}
Tensor fft_c2r(const Tensor& x, Ints dims, FftNorm norm, int64_t last) {
  return apply(FftC2R{dims, norm, last}, x);
}

}  // namespace adjoint::ops
