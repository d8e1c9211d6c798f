// Convolutions with few channels and rows in a group, depthwise ones above all: no product is worth packing for; each
// row of cells is summed from where a window has it.
#include "kernels/nn/conv_correlate.h"
#include "kernels/parallel.h"

namespace adjoint::conv_detail {
namespace {

thread_local Panels g_window, g_totals;

constexpr int64_t kCells = 4096;      // of a band, about
constexpr int64_t kWindow = 1 << 16;  // elements of a window, at most

int64_t plane_of(const Axis* axis) { return axis[0].source * axis[1].source * axis[2].source; }
int64_t grid_of(const Axis* axis) { return axis[0].grid * axis[1].grid * axis[2].grid; }

// A window of all channels of a group that shows the same band of one image after the other.
template <class T> class Seen {
 public:
  Seen(const Axis* axis, int64_t channels, const Band& band)
      : axis_(axis),
        channels_(channels),
        window_(Window::copied(axis, band, channels)),
        copy_(room<T>(g_window, window_.image + table<T>().lanes)) {
    const int64_t taps = axis[0].taps * axis[1].taps * axis[2].taps;
    for (int64_t c = 0; c < channels; c++)
      for (int64_t t = 0; t < taps; t++) starts_.push_back(c * window_.channel + window_.tap(t));
  }
  void look(const T* x) {  // at [channels, space...]; what lies outside of them stays 0
    for (int64_t c = 0; c < channels_; c++)
      window_.fill(x + c * plane_of(axis_), copy_ + c * window_.channel,
                   !std::exchange(filled_, c + 1 == channels_));
  }
  const T* plane(int64_t depth) const { return copy_ + window_.cell(depth, 0); }
  int64_t row_step() const { return window_.row_step(); }
  const int64_t* starts() const { return starts_.data(); }

 private:
  const Axis* axis_;
  int64_t channels_;
  Window window_;
  T* copy_;
  std::vector<int64_t> starts_;
  bool filled_ = false;
};

template <class T> class ThinSums {
 public:
  explicit ThinSums(const Correlation<T>& c)
      : c_(c), bands_(c.axis, 1, kCells), terms_(c.channels * c.taps()), straight_(c.strides[2] == 1) {}

  void run() const {
    const int64_t work = grid_of(c_.axis) * c_.rows * terms_;
    parallel_for(
        c_.batch * c_.groups, std::max<int64_t>(1, (1 << 18) / work), [&](int64_t begin, int64_t end) {
          for (int64_t b = 0; b < bands_.count(); b++) {
            const Band band = bands_.at(b);
            Seen<T> seen(c_.axis, c_.channels, band);
            std::vector<T> rows(straight_ ? 0 : size_t(c_.axis[2].grid * (band.high[1] - band.low[1])));
            for (int64_t i = begin; i < end; i++) {  // a group of an image
              seen.look(c_.source + i * c_.channels * plane_of(c_.axis));
              for (int64_t r = 0; r < c_.rows; r++)
                sum(seen, band, i * c_.rows + r, i % c_.groups * c_.rows + r, rows.data());
            }
          }
        });
  }

 private:
  // A band of the plane of results, which belongs to a row of weights.
  void sum(const Seen<T>& seen, const Band& band, int64_t plane, int64_t row, T* rows) const {
    const int64_t n = c_.axis[2].grid, height = band.high[1] - band.low[1];
    for (int64_t d = band.low[0]; d < band.high[0]; d++) {
      T* to = c_.result + plane * c_.plane + c_.first + d * c_.strides[0] + band.low[1] * c_.strides[1];
      table<T>().sum_rows(seen.plane(d - band.low[0]), seen.starts(), c_.weights + row * terms_, terms_,
                          c_.bias ? c_.bias[row] : T(0), height, seen.row_step(), n, straight_ ? to : rows,
                          straight_ ? c_.strides[1] : n);
      if (straight_) continue;
      for (int64_t h = 0; h < height; h++)
        for (int64_t w = 0; w < n; w++) to[h * c_.strides[1] + w * c_.strides[2]] = rows[h * n + w];
    }
  }

  const Correlation<T>& c_;
  Bands bands_;
  int64_t terms_;
  bool straight_;
};

template <class T> class ThinWeightSums {
 public:
  explicit ThinWeightSums(const Correlations<T>& c)
      : c_(c), bands_(c.axis, 1, kCells), terms_(c.channels * c.taps()) {
    shares_ = shares_of(c.batch, c.groups, c.groups * c.rows * terms_);
  }
  void run() const {
    const int64_t size = c_.groups * c_.rows * terms_;
    Lent lent(g_totals);
    T* results = shares_ == 1 ? c_.weights : room<T>(lent, shares_ * size);
    parallel_chunks(c_.groups * shares_, [&](int64_t i) {
      const int64_t group = i / shares_, share = i % shares_;
      sum_group(group, c_.batch * share / shares_, c_.batch * (share + 1) / shares_,
                results + share * size + group * c_.rows * terms_);
    });
    if (shares_ > 1) add_shares(results, shares_, size, c_.weights);
  }

 private:
  void sum_group(int64_t group, int64_t image, int64_t end, T* result) const {
    const Table<T>& t = table<T>();
    std::vector<T> sums(size_t(c_.rows * terms_ * t.lanes));
    for (int64_t b = 0; b < bands_.count(); b++) {
      const Band band = bands_.at(b);
      Seen<T> seen(c_.axis, c_.channels, band);
      for (int64_t i = image; i < end; i++) {
        seen.look(c_.source + (i * c_.groups + group) * c_.channels * plane_of(c_.axis));
        for (int64_t r = 0; r < c_.rows; r++)
          add(seen, band, (i * c_.groups + group) * c_.rows + r, sums.data() + r * terms_ * t.lanes);
      }
    }
    for (int64_t i = 0; i < c_.rows * terms_; i++) result[i] = t.total(sums.data() + i * t.lanes);
  }
  void add(const Seen<T>& seen, const Band& band, int64_t plane, T* sums) const {
    const int64_t n = c_.axis[2].grid;
    for (int64_t d = band.low[0]; d < band.high[0]; d++) {
      const T* other = c_.other + plane * grid_of(c_.axis) + (d * c_.axis[1].grid + band.low[1]) * n;
      table<T>().add_products(seen.plane(d - band.low[0]), seen.starts(), terms_, other, n,
                              band.high[1] - band.low[1], seen.row_step(), n, sums);
    }
  }

  const Correlations<T>& c_;
  Bands bands_;
  int64_t terms_, shares_;
};

// A window of one image's band holds all channels of a group.
bool fits(const Axis* axis, int64_t channels) {
  return Window::copied(axis, Bands(axis, 1, kCells).largest(), channels).image <= kWindow;
}

}  // namespace

template <class T> void add_shares(T* shares, int64_t count, int64_t size, T* to) {
  parallel_for(size, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t step = 1; step < count; step *= 2)
      for (int64_t i = 0; i + step < count; i += 2 * step) {
        T *sum = shares + i * size, *part = sum + step * size;
        for (int64_t j = begin; j < end; j++) sum[j] += part[j];
      }
    std::copy(shares + begin, shares + end, to + begin);
  });
}

template <class T> bool correlate_thin(const Correlation<T>& c) {
  if (c.rows > 2 || c.channels > 64 || !fits(c.axis, c.channels)) return false;
  ThinSums<T>(c).run();
  return true;
}

template <class T> bool correlate_all_thin(const Correlations<T>& c) {
  if (c.rows * c.channels > 4 || !fits(c.axis, c.channels)) return false;
  ThinWeightSums<T>(c).run();
  return true;
}

template void add_shares(float*, int64_t, int64_t, float*);
template void add_shares(double*, int64_t, int64_t, double*);
template bool correlate_thin(const Correlation<float>&);
template bool correlate_thin(const Correlation<double>&);
template bool correlate_all_thin(const Correlations<float>&);
template bool correlate_all_thin(const Correlations<double>&);

}  // namespace adjoint::conv_detail
