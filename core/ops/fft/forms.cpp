// The functions of torch.fft: which sizes and dimensions, padded or trimmed, then one of the three transforms.
#include <optional>
#include "ops/fft/transforms.h"
#include "ops/ops.h"
#include "ops/promotion.h"

namespace adjoint::ops {

namespace {

using MaybeInt = std::optional<int64_t>;
using MaybeInts = std::optional<Ints>;
using MaybeNorm = std::optional<std::string_view>;

FftNorm norm_of(const MaybeNorm& norm, bool forward) {
  if (!norm || *norm == "backward") return forward ? FftNorm::None : FftNorm::All;
  if (*norm == "forward") return forward ? FftNorm::All : FftNorm::None;
  check(*norm == "ortho", "Invalid normalization mode: \"", *norm, "\"");
  return FftNorm::Root;
}

Tensor promoted(const Tensor& x, bool to_complex) {
  const Dtype d = float_type(x->dtype);
  check(is_complex(d) || d == Dtype::F32 || d == Dtype::F64, "Unsupported dtype ", label_of(d));
  return to(x, to_complex ? complex_of(d) : d);
}
void check_real(const Tensor& x, const char* name, const char* what) {
  check(!is_complex(x->dtype), name, " expects a ", what, " input tensor, but got ", label_of(x->dtype));
}
void check_points(int64_t n) { check(n >= 1, "Invalid number of data points (", n, ") specified"); }
int64_t wrapped(int64_t dim, const Tensor& x) {
  check_as(x->ndim > 0, ErrorKind::Index, "Dimension specified as ", dim, " but tensor has no dimensions");
  return wrap_dim(dim, x->ndim);
}

// x with sizes[i] elements along dims[i]: cut, or filled up with zeros.
Tensor resized(Tensor x, Ints dims, Ints sizes) {
  Dims pad(2 * int64_t(x->ndim));
  bool more = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t d = dims[i], has = x->size(int(d));
    if (has > sizes[i]) x = narrow(x, d, 0, sizes[i]);
    if (has < sizes[i]) pad[2 * (x->ndim - 1 - d) + 1] = sizes[i] - has, more = true;
  }
  return more ? constant_pad(x, pad) : x;
}
Tensor resized(const Tensor& x, int64_t dim, MaybeInt n) { return n ? resized(x, Dims{dim}, Dims{*n}) : x; }

// --- one dimension ---

Tensor one_c2r(const Tensor& self, MaybeInt n, int64_t at, const MaybeNorm& norm, bool forward) {
  Tensor x = promoted(self, true);
  const int64_t dim = wrapped(at, x), size = n ? *n : 2 * (x->size(int(dim)) - 1);
  check_points(size);
  if (n) x = resized(x, dim, size / 2 + 1);
  const FftNorm mode = norm_of(norm, forward);
  return fft_c2r(forward ? conj(x) : x, Dims{dim}, mode, size);
}
Tensor one_r2c(const Tensor& self, MaybeInt n, int64_t at, const MaybeNorm& norm, bool forward, bool onesided,
               const char* name) {
  check_real(self, name, "real");
  Tensor x = promoted(self, false);
  const int64_t dim = wrapped(at, x);
  check_points(n ? *n : x->size(int(dim)));
  const Tensor y = fft_r2c(resized(x, dim, n), Dims{dim}, norm_of(norm, forward), onesided);
  return forward ? y : conj(y);
}
Tensor one_c2c(const Tensor& x, MaybeInt n, int64_t at, const MaybeNorm& norm, bool forward) {
  const int64_t dim = wrapped(at, x);
  check_points(n ? *n : x->size(int(dim)));
  return fft_c2c(resized(x, dim, n), Dims{dim}, norm_of(norm, forward), forward);
}

Tensor fft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return is_complex(x->dtype) ? one_c2c(x, n, dim, norm, true) : one_r2c(x, n, dim, norm, true, false, "fft");
}
Tensor ifft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return is_complex(x->dtype) ? one_c2c(x, n, dim, norm, false)
                              : one_r2c(x, n, dim, norm, false, false, "ifft");
}
Tensor rfft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return one_r2c(x, n, dim, norm, true, true, "rfft");
}
Tensor ihfft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return one_r2c(x, n, dim, norm, false, true, "ihfft");
}
Tensor irfft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return one_c2r(x, n, dim, norm, false);
}
Tensor hfft(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm) {
  return one_c2r(x, n, dim, norm, true);
}

// --- several ---

struct Shape {
  Dims sizes, dims;
  Ints others() const { return Ints(dims).first(size_t(dims.size()) - 1); }
};
Dims wrapped_dims(Ints dims, const Tensor& x) {
  Dims w;
  for (int64_t d : dims) w.push_back(wrapped(d, x));
  Dims sorted(w);
  std::sort(sorted.begin(), sorted.end());
  check(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "FFT dims must be unique");
  return w;
}
Shape shape_of(const Tensor& x, const MaybeInts& s, const MaybeInts& dim) {
  Shape shape;
  if (dim) shape.dims = wrapped_dims(*dim, x);
  if (s) {
    const int64_t n = int64_t(s->size());
    check(!dim || dim->size() == s->size(), "When given, dim and shape arguments must have the same length");
    check(n <= x->ndim, "Got shape with ", n, " values but input tensor only has ", int(x->ndim),
          " dimensions.");
    if (!dim)
      for (int64_t i = 0; i < n; ++i) shape.dims.push_back(x->ndim - n + i);
    for (int64_t i = 0; i < n; ++i)
      shape.sizes.push_back((*s)[size_t(i)] == -1 ? x->size(int(shape.dims[i])) : (*s)[size_t(i)]);
  } else {
    if (!dim)
      for (int64_t d = 0; d < x->ndim; ++d) shape.dims.push_back(d);
    for (int64_t d : shape.dims) shape.sizes.push_back(x->size(int(d)));
  }
  for (int64_t n : shape.sizes) check_points(n);
  return shape;
}
void check_some(const Shape& shape, const char* name) {
  check(!shape.dims.empty(), name, " must transform at least one axis");
}
// Of the halved side; `last` is the size of the other one.
Shape half_shape(const Tensor& x, const MaybeInts& s, const MaybeInts& dim, const char* name, int64_t& last) {
  Shape shape = shape_of(x, s, dim);
  check_some(shape, name);
  last = !s || s->back() == -1 ? 2 * (x->size(int(shape.dims.back())) - 1) : shape.sizes.back();
  check_points(last);
  shape.sizes.back() = last / 2 + 1;
  return shape;
}

Tensor many_c2c(const Tensor& self, const MaybeInts& s, const MaybeInts& dim, const MaybeNorm& norm,
                bool forward) {
  const Shape shape = shape_of(self, s, dim);
  const Tensor x = resized(promoted(self, true), shape.dims, shape.sizes);
  return fft_c2c(x, shape.dims, norm_of(norm, forward), forward);
}
Tensor fftn(const Tensor& x, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  return many_c2c(x, s, dim, norm, true);
}
Tensor ifftn(const Tensor& x, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  return many_c2c(x, s, dim, norm, false);
}
Tensor rfftn(const Tensor& self, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  check_real(self, "rfftn", "real-valued");
  const Shape shape = shape_of(self, s, dim);
  check_some(shape, "rfftn");
  const Tensor x = resized(promoted(self, false), shape.dims, shape.sizes);
  return fft_r2c(x, shape.dims, norm_of(norm, true), true);
}
Tensor irfftn(const Tensor& self, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  int64_t last;
  const Shape shape = half_shape(self, s, dim, "irfftn", last);
  const Tensor x = resized(promoted(self, true), shape.dims, shape.sizes);
  return fft_c2r(x, shape.dims, norm_of(norm, false), last);
}
Tensor hfftn(const Tensor& self, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  int64_t last;
  const Shape shape = half_shape(self, s, dim, "hfftn", last);
  Tensor x = resized(promoted(self, true), shape.dims, shape.sizes);
  const FftNorm mode = norm_of(norm, true);
  if (shape.dims.size() > 1) x = fft_c2c(x, shape.others(), mode, true);
  return fft_c2r(conj(x), Dims{shape.dims.back()}, mode, last);
}
Tensor ihfftn(const Tensor& self, MaybeInts s, MaybeInts dim, MaybeNorm norm) {
  check_real(self, "ihfftn", "real-valued");
  const Shape shape = shape_of(self, s, dim);
  check_some(shape, "ihfftn");
  const Tensor x = resized(promoted(self, false), shape.dims, shape.sizes);
  const FftNorm mode = norm_of(norm, false);
  const Tensor y = conj(fft_r2c(x, Dims{shape.dims.back()}, mode, true));
  return shape.dims.size() == 1 ? y : fft_c2c(y, shape.others(), mode, false);
}

// Where the result goes, of complex or of real numbers, and who says so otherwise.
Tensor put(const Tensor& y, const Dest& dest) {
  return dest.tensor ? write_out(*dest.tensor, y, dest.name) : y;
}
template <bool kReal> void check_out(const Dest& dest) {
  if (!dest.tensor) return;
  const Dtype d = (*dest.tensor)->dtype;
  check(kReal ? is_floating(d) : is_complex(d), dest.name,
        kReal ? " expects a floating point" : " expects a complex", " output tensor, but got ", label_of(d));
}
template <Tensor (*F)(const Tensor&, MaybeInt, int64_t, MaybeNorm), bool kReal = false>
Tensor one(const Tensor& x, MaybeInt n, int64_t dim, MaybeNorm norm, const Dest& dest) {
  check_out<kReal>(dest);
  return put(F(x, n, dim, norm), dest);
}
template <Tensor (*F)(const Tensor&, MaybeInts, MaybeInts, MaybeNorm), bool kReal = false>
Tensor many(const Tensor& x, MaybeInts s, MaybeInts dim, MaybeNorm norm, const Dest& dest) {
  check_out<kReal>(dest);
  return put(F(x, s, dim, norm), dest);
}

#define ONE(name) name "(Tensor self, int? n=None, int dim=-1, str? norm=None) -> Tensor", kFft | kOut
#define TWO(name) \
  name "(Tensor self, int[1]? s=None, int[1] dim=[-2, -1], str? norm=None) -> Tensor", kFft | kOut
#define MANY(name) \
  name "(Tensor self, int[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor", kFft | kOut

[[maybe_unused]] const auto defs = {
    def<one<fft>>(ONE("fft"),
                  "y[k] = Σ x[j] exp(-2πi jk / n); norm says who divides by n: 'backward' (ifft), "
                  "'forward' (fft), or both by √n: 'ortho'."),
    def<one<ifft>>(ONE("ifft"), "y[j] = 1/n Σ x[k] exp(2πi jk / n)"),
    def<one<rfft>>(ONE("rfft"), "fft of real numbers: k <= n / 2, as y[n - k] = conj(y[k])."),
    def<one<irfft, true>>(ONE("irfft"), "The inverse of rfft, of n real numbers; without n, 2(m - 1) of m."),
    def<one<hfft, true>>(ONE("hfft"),
                         "fft of x with x[n - j] = conj(x[j]), given for j <= n / 2: n real numbers."),
    def<one<ihfft>>(ONE("ihfft"), "The inverse of hfft: ifft of real numbers, j <= n / 2."),
    def<many<fftn>>(TWO("fft2"), "fft over two dimensions."),
    def<many<ifftn>>(TWO("ifft2"), "ifft over two dimensions."),
    def<many<rfftn>>(TWO("rfft2"), "rfft over the last of two dimensions, fft over the other."),
    def<many<irfftn, true>>(TWO("irfft2"), "The inverse of rfft2."),
    def<many<hfftn, true>>(TWO("hfft2"), "fft over the first of two dimensions, hfft over the last."),
    def<many<ihfftn>>(TWO("ihfft2"), "The inverse of hfft2."),
    def<many<fftn>>(MANY("fftn"), "fft over all of `dim` (default: every dimension, or the last len(s))."),
    def<many<ifftn>>(MANY("ifftn"), "ifft over all of `dim`."),
    def<many<rfftn>>(MANY("rfftn"), "rfft over the last of `dim`, fft over the others."),
    def<many<irfftn, true>>(MANY("irfftn"), "The inverse of rfftn."),
    def<many<hfftn, true>>(MANY("hfftn"), "hfft over the last of `dim`, after fft over the others."),
    def<many<ihfftn>>(MANY("ihfftn"), "The inverse of hfftn."),
};

}  // namespace

}  // namespace adjoint::ops
