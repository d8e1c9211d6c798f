// The CPU's Fourier transforms.
#include "device/fft.h"

#include <numeric>

#include "device/cpu/work.h"
#include "kernels/fft/fft.h"

namespace adjoint {
namespace cpu {
namespace {

using Ref = const TensorImpl&;

int64_t numbers(Ref x) { return is_complex(x.dtype) ? 2 : 1; }

// The other dimensions, those with the smallest strides last, so that lines which lie side by side follow one another.
fft::Axis axis_of(Ref x, int64_t dim, fft::Kind kind, bool inverse, int64_t n, double scale, Ref y) {
  const int64_t in = numbers(x), out = numbers(y);
  fft::Axis axis{kind, inverse, n, scale, x.stride(int(dim)) * in, y.stride(int(dim)) * out, {}, {}, {}};
  Dims order(x.ndim);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return x.stride(int(a)) > x.stride(int(b)); });
  for (int64_t d : order) {
    if (d == dim) continue;
    axis.batch.push_back(x.size(int(d)));
    axis.in_strides.push_back(x.stride(int(d)) * in), axis.out_strides.push_back(y.stride(int(d)) * out);
  }
  return axis;
}

template <class T> void run(const fft::Axis& axis, Ref x, Ref y) {
  const Tensor space = empty(Dims{fft::space_of<T>(axis)}, dtype_of<T>);
  const Work work(8 * std::max(x.numel, y.numel));
  fft::transform(axis, reinterpret_cast<const T*>(x.host()), reinterpret_cast<T*>(y.host()),
                 space->host_as<T>());
}
void run_any(const fft::Axis& axis, Ref x, Ref y) {
  real_of(x.dtype) == Dtype::F32 ? run<float>(axis, x, y) : run<double>(axis, x, y);
}

void c2c(Ref x, int64_t dim, bool forward, double scale, Ref y) {
  run_any(axis_of(x, dim, fft::Kind::Complex, !forward, x.size(int(dim)), scale, y), x, y);
}
void r2c(Ref x, int64_t dim, double scale, Ref y) {
  run_any(axis_of(x, dim, fft::Kind::FromReal, false, x.size(int(dim)), scale, y), x, y);
}
void c2r(Ref x, int64_t dim, double scale, Ref y) {
  run_any(axis_of(x, dim, fft::Kind::ToReal, true, y.size(int(dim)), scale, y), x, y);
}
void mirror(Ref y, Ints dims, int64_t dim) {
  if (y.size(int(dim)) < 3 || y.numel == 0) return;
  Dims strides(y.strides());
  for (int64_t& s : strides) s *= 2;
  const Work work(y.numel);
  y.dtype == Dtype::C64 ? fft::mirror(y.host_as<float>(), y.sizes(), strides, dims, dim)
                        : fft::mirror(y.host_as<double>(), y.sizes(), strides, dims, dim);
}

}  // namespace
}  // namespace cpu

const FftKernels cpu_fft = {cpu::c2c, cpu::r2c, cpu::c2r, cpu::mirror};

}  // namespace adjoint
