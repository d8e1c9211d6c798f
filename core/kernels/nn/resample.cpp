// Separable resampling: rows first, then columns, then slices; a block of a plane's rows at a time, so that what lies
// between two axes stays in the cache.
#include "kernels/nn/resample.h"
#include <algorithm>
#include <memory>
#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/nn/resample_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(ResampleTable, resample_table)

namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kBlock = 65536;  // elements of a block's results

template <class T> const ResampleLoops<T>& resample_loops() {
  if constexpr (sizeof(T) == 4)
    return resample_table().f32;
  else
    return resample_table().f64;
}

// A band and, where rows go by it, its taps side by side.
template <class T> class Axis {
 public:
  Axis(const ResamplePlan& p, const ResampleAxis& a, bool rows)
      : band_(make_band<T>(p.how, p.align_corners, a)) {
    if (p.transposed) band_ = band_.transposed();
    identity_ = band_.identity();
    if (rows && band_.taps <= kFewTaps && std::max(band_.from, band_.to) <= INT32_MAX / kFewTaps) place();
  }
  bool identity() const { return identity_; }
  int64_t results() const { return band_.to; }
  int64_t elements() const { return band_.from; }
  BandView<T> view() const {
    return {band_.to,
            band_.from,
            band_.taps,
            band_.first.data(),
            band_.count.data(),
            band_.weight.data(),
            place_.empty() ? nullptr : place_.data(),
            number_.data(),
            share_.data()};
  }
  // The elements that results [from, to) read: [first, second).
  std::pair<int64_t, int64_t> read_by(int64_t from, int64_t to) const {
    int64_t low = band_.from, high = 0;
    for (int64_t o = from; o < to; ++o) {
      if (!band_.count[size_t(o)]) continue;
      low = std::min(low, band_.first[size_t(o)]);
      high = std::max(high, band_.first[size_t(o)] + band_.count[size_t(o)]);
    }
    return {std::min(low, high), high};
  }

 private:
  void place() {
    const int64_t n = band_.to;
    place_.assign(size_t(n * band_.taps), 0);
    share_.assign(size_t(n * band_.taps), T(0));
    number_.resize(size_t(n));
    for (int64_t o = 0; o < n; ++o) {
      number_[size_t(o)] = int32_t(band_.count[size_t(o)]);
      for (int64_t t = 0; t < band_.count[size_t(o)]; ++t) {
        place_[size_t(t * n + o)] = int32_t(band_.first[size_t(o)] + t);
        share_[size_t(t * n + o)] = band_.weight[size_t(o * band_.taps + t)];
      }
    }
  }
  Band<T> band_;
  bool identity_ = false;
  std::vector<int32_t> place_, number_;
  std::vector<T> share_;
};

template <class T> class Image {
 public:
  explicit Image(const ResamplePlan& p)
      : channels_(p.channels),
        d_(p, p.axis[0], false),
        h_(p, p.axis[1], false),
        w_(p, p.axis[2], p.channels == 1) {}
  bool flat() const { return d_.identity(); }
  int64_t depth() const { return d_.elements(); }
  int64_t slice_in() const { return h_.elements() * w_.elements() * channels_; }
  int64_t slice_out() const { return h_.results() * w_.results() * channels_; }
  int64_t rows() const { return h_.results(); }
  int64_t block_rows() const {
    return std::clamp<int64_t>(kBlock / std::max<int64_t>(1, w_.results() * channels_), 16, 512);
  }

  // Rows [from, to) of a slice's results.
  void slice(const T* x, int64_t from, int64_t to, T* y) const {
    const int64_t width = w_.results() * channels_;
    if (h_.identity()) return along_rows(x + from * w_.elements() * channels_, to - from, y);
    const auto [low, high] = h_.read_by(from, to);
    const T* lines = x + low * w_.elements() * channels_;
    std::unique_ptr<T[]> between;
    if (!w_.identity()) {
      between.reset(new T[size_t((high - low) * width)]);
      along_rows(lines, high - low, between.get());
      lines = between.get();
    }
    resample_loops<T>().lines(h_.view(), from, to, low, width, lines, y);
  }
  // A whole volume.
  void volume(const T* x, T* y) const {
    std::unique_ptr<T[]> between(new T[size_t(d_.elements() * slice_out())]);
    for (int64_t d = 0; d < d_.elements(); ++d)
      slice(x + d * slice_in(), 0, rows(), between.get() + d * slice_out());
    resample_loops<T>().lines(d_.view(), 0, d_.results(), 0, slice_out(), between.get(), y);
  }

 private:
  void along_rows(const T* x, int64_t rows, T* y) const {
    if (w_.identity()) {
      std::copy_n(x, rows * w_.elements() * channels_, y);
    } else if (channels_ == 1) {
      resample_loops<T>().rows(w_.view(), rows, x, y);
    } else {
      for (int64_t r = 0; r < rows; ++r)
        resample_loops<T>().lines(w_.view(), 0, w_.results(), 0, channels_, x + r * w_.elements() * channels_,
                                  y + r * w_.results() * channels_);
    }
  }
  int64_t channels_;
  Axis<T> d_, h_, w_;
};

// Units of work depend on the plan alone.
template <class T> void resample_as(const T* x, const ResamplePlan& p, T* y) {
  const Image<T> image(p);
  const int64_t in = image.slice_in(), out = image.slice_out(), depth = image.depth();
  if (!image.flat()) {
    int64_t whole_in = in * depth, whole_out = out * (p.transposed ? p.axis[0].in : p.axis[0].out);
    return parallel_for(p.planes, std::max<int64_t>(1, kGrain / (whole_in + whole_out)),
                        [&](int64_t begin, int64_t end) {
                          for (int64_t i = begin; i < end; ++i)
                            image.volume(x + i * whole_in, y + i * whole_out);
                        });
  }
  const int64_t block = image.block_rows(), blocks = (image.rows() + block - 1) / block;
  parallel_for(p.planes * depth * blocks, std::max<int64_t>(1, kGrain * blocks / (in + out)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t slice = i / blocks, from = i % blocks * block,
                                 to = std::min(image.rows(), from + block);
                   image.slice(x + slice * in, from, to, y + slice * out + from * (out / image.rows()));
                 }
               });
}

int64_t sizes(const ResamplePlan& p, int64_t ResampleAxis::* side) {
  int64_t n = p.channels;
  for (const ResampleAxis& a : p.axis) n *= a.*side;
  return n;
}

}  // namespace

void resample(Dtype dtype, const void* x, const ResamplePlan& p, void* y) {
  if (dtype == Dtype::F32) return resample_as(static_cast<const float*>(x), p, static_cast<float*>(y));
  if (dtype == Dtype::F64) return resample_as(static_cast<const double*>(x), p, static_cast<double*>(y));
  if (dtype == Dtype::U8 && p.how > Resampling::NearestExact)
    return resample_bytes(static_cast<const uint8_t*>(x), p, static_cast<uint8_t*>(y));
  const auto from = p.transposed ? &ResampleAxis::out : &ResampleAxis::in,
             to = p.transposed ? &ResampleAxis::in : &ResampleAxis::out;
  const int64_t n = sizes(p, from) * p.planes, m = sizes(p, to) * p.planes;
  std::unique_ptr<float[]> wide(new float[size_t(n)]), result(new float[size_t(m)]);
  convert(reinterpret_cast<char*>(wide.get()), Dtype::F32, static_cast<const char*>(x), dtype, n);
  resample_as(wide.get(), p, result.get());
  convert(static_cast<char*>(y), dtype, reinterpret_cast<const char*>(result.get()), Dtype::F32, m);
}

// --- bytes ---
namespace {

// Weights as integers, with as many binary places as 16 bits hold.
struct Integers {
  Band<double> band;
  std::vector<int32_t> weight;
  int places = 0;
  Integers(const ResamplePlan& p, const ResampleAxis& a)
      : band(make_band<double>(p.how, p.align_corners, a)) {
    const double most = *std::max_element(band.weight.begin(), band.weight.end());
    while (places < 22 && int(0.5 + most * (1 << (places + 1))) < (1 << 15)) ++places;
    for (double w : band.weight) {
      const double v = w * (1 << places);
      weight.push_back(int32_t(v < 0 ? v - 0.5 : v + 0.5));
    }
  }
  // Along the middle one of [outer, elements, inner].
  void apply(int64_t outer, int64_t inner, const uint8_t* x, uint8_t* y) const {
    parallel_for(outer * band.to, std::max<int64_t>(1, kGrain / (inner * band.taps)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; ++r) {
                     const int64_t o = r % band.to, count = band.count[size_t(o)];
                     const uint8_t* from = x + (r / band.to * band.from + band.first[size_t(o)]) * inner;
                     const int32_t* w = weight.data() + o * band.taps;
                     for (int64_t i = 0; i < inner; ++i) {
                       int32_t sum = places ? 1 << (places - 1) : 0;
                       for (int64_t t = 0; t < count; ++t) sum += w[t] * from[t * inner + i];
                       y[r * inner + i] = uint8_t(std::clamp(sum >> places, 0, 255));
                     }
                   }
                 });
  }
};

}  // namespace

void resample_bytes(const uint8_t* x, const ResamplePlan& p, uint8_t* y) {
  const int64_t n = sizes(p, &ResampleAxis::out) * p.planes;
  std::unique_ptr<uint8_t[]> held;
  int64_t outer = p.planes, inner = p.channels;
  for (const ResampleAxis& a : p.axis) outer *= a.in;
  const uint8_t* from = x;
  for (int k = 2; k >= 0; --k) {  // rows first
    const ResampleAxis& a = p.axis[k];
    outer /= a.in;
    if (a.in != a.out) {
      const Integers integers(p, a);
      std::unique_ptr<uint8_t[]> next(new uint8_t[size_t(outer * a.out * inner)]);
      integers.apply(outer, inner, from, next.get());
      held = std::move(next);
      from = held.get();
    }
    inner *= a.out;
  }
  std::copy_n(from, n, y);
}

}  // namespace adjoint
