// Convolutions of every type: which correlations they come to.
//
// 16-bit floats are computed as floats, from copies. A complex convolution is a real one with twice the channels: the
// real parts of a group, then its imaginary ones; its weights are [[re, -im], [im, re]].
#include "kernels/nn/conv.h"
#include <type_traits>
#include "kernels/convert.h"
#include "kernels/copy.h"
#include "kernels/gemm_detail.h"
#include "kernels/nn/conv_correlate.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

using namespace conv_detail;
using gemm_detail::Buffer;

// ---- real types -----------------------------------------------------------------------------------------------

template <class T> void forward(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y) {
  Correlation<T> c{{forward_axis(g, 0), forward_axis(g, 1), forward_axis(g, 2)},
                   g.batch,
                   g.groups,
                   g.out_channels,
                   g.in_channels,
                   x,
                   w,
                   bias,
                   y,
                   g.out_plane(),
                   0,
                   {g.out[1] * g.out[2], g.out[2], 1}};
  correlate(c);
}

// The weights of some taps with rows and channels exchanged: [group, in, out, taps]. Read some channels at a time, which
// lie side by side.
template <class T> void exchange(const ConvGeometry& g, const Axis* axis, const T* w, T* to) {
  constexpr int64_t kChannels = 16;
  std::vector<int64_t> taps;
  for (int64_t d = 0; d < axis[0].taps; d++)
    for (int64_t h = 0; h < axis[1].taps; h++)
      for (int64_t k = 0; k < axis[2].taps; k++)
        taps.push_back(((axis[0].first_tap + d * axis[0].tap_spacing) * g.kernel[1] + axis[1].first_tap +
                        h * axis[1].tap_spacing) *
                           g.kernel[2] +
                       axis[2].first_tap + k * axis[2].tap_spacing);
  const int64_t all = g.taps(), n = int64_t(taps.size()), blocks = ceil_div(g.in_channels, kChannels);
  parallel_chunks(g.groups * blocks, [&](int64_t i) {
    const int64_t group = i / blocks, low = i % blocks * kChannels,
                  high = std::min(g.in_channels, low + kChannels);
    for (int64_t o = 0; o < g.out_channels; o++)
      for (int64_t c = low; c < high; c++) {
        const T* from = w + ((group * g.out_channels + o) * g.in_channels + c) * all;
        T* row = to + ((group * g.in_channels + c) * g.out_channels + o) * n;
        for (int64_t t = 0; t < n; t++) row[t] = from[taps[size_t(t)]];
      }
  });
}

// One correlation for each remainder of x's places modulo the strides.
template <class T> void transposed(const ConvGeometry& g, const T* y, const T* w, const T* bias, T* x) {
  Buffer<T> weights(g.weight_numel());
  const int64_t strides[3] = {g.in[1] * g.in[2], g.in[2], 1};
  for (int64_t d = 0; d < std::min(g.stride[0], g.in[0]); d++)
    for (int64_t h = 0; h < std::min(g.stride[1], g.in[1]); h++)
      for (int64_t k = 0; k < std::min(g.stride[2], g.in[2]); k++) {
        Correlation<T> c{{transposed_axis(g, 0, d), transposed_axis(g, 1, h), transposed_axis(g, 2, k)},
                         g.batch,
                         g.groups,
                         g.in_channels,
                         g.out_channels,
                         y,
                         weights.get(),
                         bias,
                         x,
                         g.in_plane(),
                         d * strides[0] + h * strides[1] + k,
                         {strides[0] * g.stride[0], strides[1] * g.stride[1], g.stride[2]}};
        exchange(g, c.axis, w, weights.get());
        correlate(c);
      }
}

template <class T> void weight(const ConvGeometry& g, const T* x, const T* y, T* w) {
  correlate_all(Correlations<T>{{forward_axis(g, 0), forward_axis(g, 1), forward_axis(g, 2)},
                                g.batch,
                                g.groups,
                                g.out_channels,
                                g.in_channels,
                                x,
                                y,
                                w});
}

// ---- 16-bit floats --------------------------------------------------------------------------------------------

class Widened {
 public:
  Widened(Dtype dtype, const void* from, int64_t n) : room_(from ? n : 0), there_(from) {
    if (from)
      convert(reinterpret_cast<char*>(room_.get()), Dtype::F32, static_cast<const char*>(from), dtype, n);
  }
  const float* get() const { return there_ ? room_.get() : nullptr; }

 private:
  Buffer<float> room_;
  bool there_;
};
void narrow(Dtype dtype, const Buffer<float>& from, int64_t n, void* to) {
  convert(static_cast<char*>(to), dtype, reinterpret_cast<const char*>(from.get()), Dtype::F32, n);
}

// ---- complex --------------------------------------------------------------------------------------------------

ConvGeometry doubled(const ConvGeometry& g) {
  ConvGeometry d = g;
  d.in_channels *= 2, d.out_channels *= 2;
  return d;
}

// `outer` groups of n numbers: real parts, then imaginary ones; and back.
template <class T> void take_apart(const std::complex<T>* from, int64_t outer, int64_t n, T* to) {
  parallel_for(outer, 16384 / (n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++)
      for (int64_t i = 0; i < n; i++) {
        to[2 * o * n + i] = from[o * n + i].real();
        to[(2 * o + 1) * n + i] = from[o * n + i].imag();
      }
  });
}
template <class T> void put_together(const T* from, int64_t outer, int64_t n, std::complex<T>* to) {
  parallel_for(outer, 16384 / (n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++)
      for (int64_t i = 0; i < n; i++) to[o * n + i] = {from[2 * o * n + i], from[(2 * o + 1) * n + i]};
  });
}

// [[re, -im], [im, re]]; with the signs of the other corner for the transpose, which does not conjugate.
template <class T>
void complex_weights(const ConvGeometry& g, const std::complex<T>* w, bool transpose, T* to) {
  const int64_t taps = g.taps(), half = g.in_channels * taps;
  for (int64_t group = 0; group < g.groups; group++)
    for (int64_t o = 0; o < g.out_channels; o++) {
      const std::complex<T>* from = w + (group * g.out_channels + o) * half;
      T* re = to + (2 * group * g.out_channels + o) * 2 * half;
      T* im = re + g.out_channels * 2 * half;
      for (int64_t i = 0; i < half; i++) {
        re[i] = im[half + i] = from[i].real();
        re[half + i] = transpose ? from[i].imag() : -from[i].imag();
        im[i] = transpose ? -from[i].imag() : from[i].imag();
      }
    }
}

// x's and y's parts meet in four sums: re re - im im, re im + im re.
template <class T> void complex_sums(const ConvGeometry& g, const T* sums, std::complex<T>* w) {
  const int64_t half = g.in_channels * g.taps();
  for (int64_t group = 0; group < g.groups; group++)
    for (int64_t o = 0; o < g.out_channels; o++) {
      const T* re = sums + (2 * group * g.out_channels + o) * 2 * half;
      const T* im = re + g.out_channels * 2 * half;
      std::complex<T>* to = w + (group * g.out_channels + o) * half;
      for (int64_t i = 0; i < half; i++) to[i] = {re[i] - im[half + i], im[i] + re[half + i]};
    }
}

template <class T> using Map = void (*)(const ConvGeometry&, const T*, const T*, const T*, T*);

template <class T> void complex_map(const ConvGeometry& g, bool transpose, const std::complex<T>* from,
                                    const std::complex<T>* w, const std::complex<T>* bias,
                                    std::complex<T>* to) {
  const int64_t in = g.in_channels * g.in_plane(), out = g.out_channels * g.out_plane(),
                all = g.batch * g.groups;
  const int64_t n = transpose ? out : in, m = transpose ? in : out,
                channels = transpose ? g.in_channels : g.out_channels;
  Buffer<T> a(2 * all * n), b(2 * all * m), weights(4 * g.weight_numel()),
      biases(bias ? 2 * g.groups * channels : 0);
  take_apart(from, all, n, a.get());
  complex_weights(g, w, transpose, weights.get());
  if (bias) take_apart(bias, g.groups, channels, biases.get());
  (transpose ? transposed<T> : forward<T>)(doubled(g), a.get(), weights.get(), bias ? biases.get() : nullptr,
                                           b.get());
  put_together(b.get(), all, m, to);
}

template <class T> const T* as(const void* p) { return static_cast<const T*>(p); }

// forward or transposed, in any type.
void map(Dtype dtype, const ConvGeometry& g, bool transpose, const void* from, const void* w,
         const void* bias, void* to) {
  const int64_t n = transpose ? g.out_numel() : g.in_numel(), m = transpose ? g.in_numel() : g.out_numel();
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_same_v<T, bool>) {
      fail(ErrorKind::Internal, "convolution: no kernel for bool");
    } else if constexpr (is_reduced(dtype_of<T>)) {
      const int64_t channels = g.groups * (transpose ? g.in_channels : g.out_channels);
      const Widened a(dtype, from, n), b(dtype, w, g.weight_numel()), c(dtype, bias, channels);
      Buffer<float> result(m);
      (transpose ? transposed<float> : forward<float>)(g, a.get(), b.get(), c.get(), result.get());
      narrow(dtype, result, m, to);
    } else if constexpr (detail::is_std_complex<T>) {
      complex_map(g, transpose, as<T>(from), as<T>(w), as<T>(bias), static_cast<T*>(to));
    } else {
      (transpose ? transposed<T> : forward<T>)(g, as<T>(from), as<T>(w), as<T>(bias), static_cast<T*>(to));
    }
  });
}

}  // namespace

void conv_forward(Dtype dtype, const ConvGeometry& g, const void* x, const void* w, const void* bias,
                  void* y) {
  map(dtype, g, false, x, w, bias, y);
}

void conv_transposed(Dtype dtype, const ConvGeometry& g, const void* y, const void* w, const void* bias,
                     void* x) {
  map(dtype, g, true, y, w, bias, x);
}

void conv_weight(Dtype dtype, const ConvGeometry& g, const void* x, const void* y, void* w) {
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (is_reduced(dtype_of<T>)) {
      const Widened a(dtype, x, g.in_numel()), b(dtype, y, g.out_numel());
      Buffer<float> result(g.weight_numel());
      weight<float>(g, a.get(), b.get(), result.get());
      narrow(dtype, result, g.weight_numel(), w);
    } else if constexpr (detail::is_std_complex<T>) {
      using Real = typename T::value_type;
      const int64_t all = g.batch * g.groups;
      Buffer<Real> a(2 * g.in_numel()), b(2 * g.out_numel()), sums(4 * g.weight_numel());
      take_apart(as<T>(x), all, g.in_channels * g.in_plane(), a.get());
      take_apart(as<T>(y), all, g.out_channels * g.out_plane(), b.get());
      weight<Real>(doubled(g), a.get(), b.get(), sums.get());
      complex_sums(g, sums.get(), static_cast<T*>(w));
    } else if constexpr (std::is_floating_point_v<T>) {
      weight<T>(g, as<T>(x), as<T>(y), static_cast<T*>(w));
    } else {
      fail(ErrorKind::Internal, "convolution: no gradient for ", name_of(dtype));
    }
  });
}

}  // namespace adjoint
