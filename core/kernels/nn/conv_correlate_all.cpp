// The gradient of a convolution's weights: for each block of channels and taps (columns), a band of cells is gathered in
// lines along the cells, and multiplied by the other side's cells, transposed into panels.
#include "kernels/gemm_detail.h"
#include "kernels/nn/conv_winograd.h"
#include "kernels/parallel.h"
#include "kernels/panels.h"

namespace adjoint::conv_detail {
namespace {

thread_local Panels g_room, g_shares;
constexpr int64_t kCells = gemm_detail::kLongestBlock, kLine = kCells + 16;

int64_t even(int64_t n, int64_t most) { return ceil_div(n, ceil_div(n, std::max<int64_t>(1, most))); }

template <class T> class WeightSums {
 public:
  explicit WeightSums(const Correlations<T>& c)
      : c_(c), t_(gemm_detail::table<T>()), direct_(Window::direct(c.axis, c.groups * c.channels)) {
    const int64_t columns = c.channels * c.taps();
    rows_ = std::min(c.rows, even(ceil_div(c.rows, t_.cols), kRows / t_.cols) * t_.cols);
    channels_ = even(c.channels, std::max(kColumns, kSums / rows_) / c.taps());
    blocks_ = ceil_div(c.channels, channels_), row_blocks_ = ceil_div(c.rows, rows_);
    const int64_t tasks = c.groups * blocks_ * row_blocks_, size = c.groups * c.rows * columns;
    shares_ = shares_of(c.batch, tasks, size);
    inside_ = c.axis[2].step == 1 && c.axis[0].inside() && c.axis[1].inside() && c.axis[2].inside();
  }

  void run() const {
    const int64_t size = c_.groups * c_.rows * c_.channels * c_.taps();
    Lent lent(g_shares);
    T* results = shares_ == 1 ? c_.weights : room<T>(lent, shares_ * size);
    parallel_chunks(c_.groups * blocks_ * row_blocks_ * shares_, [&](int64_t i) {
      const int64_t share = i % shares_, block = i / shares_ % blocks_,
                    rows = i / shares_ / blocks_ % row_blocks_;
      task(i / shares_ / blocks_ / row_blocks_, block * channels_,
           std::min(c_.channels, (block + 1) * channels_), rows * rows_,
           std::min(c_.rows, (rows + 1) * rows_), share, results + share * size);
    });
    if (shares_ > 1) add_shares(results, shares_, size, c_.weights);
  }

 private:
  static constexpr int64_t kColumns = 256, kRows = 256, kSums = 96 << 10;
  static constexpr int64_t kLines = 28;  // gathered at a time, so that they stay in the first-level cache

  struct Task {
    int64_t group, channel, channels, row, rows;
    int64_t lanes;  // of a line of sums
    T *copy, *lines, *panels, *sums;
    bool more = false;
  };

  void task(int64_t group, int64_t channel, int64_t channel_end, int64_t row, int64_t row_end, int64_t share,
            T* result) const {
    const int64_t image = c_.batch * share / shares_, images = c_.batch * (share + 1) / shares_ - image;
    const Bands bands(c_.axis, images, kCells);
    Task t{group, channel, channel_end - channel, row, row_end - row, 0, nullptr, nullptr, nullptr, nullptr};
    const int64_t columns = t.channels * c_.taps();
    t.lanes = ceil_div(t.rows, t_.cols) * t_.cols;
    const Band largest = bands.largest();
    const int64_t copy = (largest.images * Window::copied(c_.axis, largest, t.channels).image + 47) / 16 * 16;
    t.copy = room<T>(g_room, copy + kLines * kLine + 16 + kCells * t.lanes + columns * t.lanes);
    t.lines = t.copy + copy, t.panels = t.lines + kLines * kLine + 16, t.sums = t.panels + kCells * t.lanes;
    for (int64_t i = 0; i < bands.count(); i++) {
      Band b = bands.at(i);
      b.image += image;
      band(t, b);
    }
    for (int64_t r = 0; r < t.rows; r++) {
      T* to = result + ((group * c_.rows + row + r) * c_.channels + channel) * c_.taps();
      for (int64_t j = 0; j < columns; j++) to[j] = t.sums[j * t.lanes + r];
    }
  }

  void band(Task& t, const Band& b) const {
    const bool direct = inside_ && b.image + b.images < c_.batch;
    const Window window = direct ? direct_ : Window::copied(c_.axis, b, t.channels);
    const int64_t source_plane = c_.axis[0].source * c_.axis[1].source * c_.axis[2].source;
    const T* source = c_.source + ((b.image * c_.groups + t.group) * c_.channels + t.channel) * source_plane;
    if (direct) {
      source += direct_.cell(b.low[0], b.low[1]);
    } else {
      for (int64_t i = 0; i < b.images; i++)
        for (int64_t ch = 0; ch < t.channels; ch++)
          window.fill(source + (i * c_.groups * c_.channels + ch) * source_plane,
                      t.copy + i * window.image + ch * window.channel);
      source = t.copy;
    }
    const int64_t cells = b.images * b.rows() * c_.axis[2].grid;
    for (int64_t cell = 0; cell < cells; cell += kCells) {
      cut(t, b, window, source, cell, std::min(kCells, cells - cell));
      t.more = true;
    }
  }

  // Adds the products of some cells of a band.
  void cut(const Task& t, const Band& b, const Window& window, const T* source, int64_t cell,
           int64_t n) const {
    pack(t, b, cell, n);
    const std::vector<Piece> pieces = place(b, window, cell, n);
    int64_t starts[kLines];
    const int64_t columns = t.channels * c_.taps(), taps = c_.taps();
    const int64_t some = even(columns, kLines);
    for (int64_t j = 0; j < columns; j += some) {
      const int64_t m = std::min(some, columns - j);
      for (int64_t i = 0; i < m; i++)
        starts[i] = (j + i) / taps * window.channel + window.tap((j + i) % taps);
      table<T>().gather(source, starts, m, pieces.data(), int64_t(pieces.size()), t.lines, kLine);
      for (int64_t r = 0; r < t.lanes; r += t_.cols)
        t_.direct(false, false, m, std::min<int64_t>(t_.cols, t.lanes - r), n, T(1), t.lines, kLine,
                  t.panels + r * n, t_.cols, t.sums + j * t.lanes + r, t.lanes, t.more, nullptr);
    }
  }

  // The other side's cells, as panels: those of a band lie side by side in an image.
  void pack(const Task& t, const Band& b, int64_t cell, int64_t n) const {
    const int64_t plane = c_.axis[0].grid * c_.axis[1].grid * c_.axis[2].grid,
                  in_image = b.rows() * c_.axis[2].grid;
    const int64_t start = (b.low[0] * c_.axis[1].grid + b.low[1]) * c_.axis[2].grid;
    for (int64_t k = 0; k < n;) {
      const int64_t i = (cell + k) / in_image, at = (cell + k) % in_image,
                    length = std::min(n - k, in_image - at);
      const T* from =
          c_.other + (((b.image + i) * c_.groups + t.group) * c_.rows + t.row) * plane + start + at;
      for (int64_t r = 0; r < t.rows; r += t_.cols)
        t_.pack(true, from + r * plane, plane, std::min<int64_t>(t_.cols, t.rows - r), t_.cols, length,
                t.panels + r * n + k * t_.cols, t_.cols);
      k += length;
    }
  }

  std::vector<Piece> place(const Band& b, const Window& window, int64_t cell, int64_t n) const {
    std::vector<Piece> pieces;
    const int64_t row = c_.axis[2].grid, high = b.high[1] - b.low[1], lanes = table<T>().lanes;
    int64_t line = cell / row, w = cell % row;
    for (int64_t at = 0; at < n; line++, w = 0) {
      const int64_t h = line % high, d = line / high % (b.high[0] - b.low[0]), i = line / b.rows();
      const int64_t length = std::min(n - at, row - w), from = i * window.image + window.cell(d, h) + w;
      for (int64_t j = 0; j < length; j += lanes) pieces.push_back({from + j, at + j});
      at += length;
    }
    return pieces;
  }

  const Correlations<T>& c_;
  const gemm_detail::Table<T>& t_;
  Window direct_;
  int64_t channels_, rows_, blocks_, row_blocks_, shares_;
  bool inside_;
};

}  // namespace

int64_t shares_of(int64_t batch, int64_t tasks, int64_t size) {
  constexpr int64_t kTasks = 16, kMost = 1 << 21;
  int64_t shares = 1;
  while (shares * tasks < kTasks && 2 * shares <= batch && 2 * shares * size <= kMost) shares *= 2;
  return shares;
}

template <class T> void correlate_all(const Correlations<T>& c) {
  const int64_t size = c.groups * c.rows * c.channels * c.taps();
  if (size == 0) return;
  if (c.batch * c.axis[0].grid * c.axis[1].grid * c.axis[2].grid == 0) {
    std::fill_n(c.weights, size, T(0));
    return;
  }
  if (correlate_all_thin(c)) return;
  if constexpr (std::is_same_v<T, float>)
    if (winograd_fits(c) && winograd(c)) return;
  WeightSums<T>(c).run();
}

template void correlate_all(const Correlations<float>&);
template void correlate_all(const Correlations<double>&);

}  // namespace adjoint::conv_detail
