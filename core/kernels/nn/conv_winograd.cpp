// Results by Winograd's transforms: a band's tiles are transformed into panels, multiplied by the transformed weights,
// and transformed back, some rows at a time.
#include "kernels/nn/conv_winograd.h"
#include <atomic>
#include "kernels/gemm_detail.h"
#include "kernels/isa.h"
#include "kernels/nn/conv_winograd_table.h"
#include "kernels/parallel.h"

namespace adjoint::conv_detail {

ADJOINT_PICK_TABLE(WinogradTable, winograd)
const WinogradTable& winograd_table() { return winograd(); }

namespace {

thread_local Panels g_weights, g_work;

constexpr int64_t kTaskBytes = 5 << 19;  // of transformed tiles, and of sums: more than that comes from afar
// Depth of a product: shorter sums in a chain err less, and cost no more.
int64_t block_of(int64_t channels) { return std::min<int64_t>(128, gemm_detail::block_of(channels)); }

bool three(const Axis& a) { return a.taps == 3 && a.step == 1 && std::abs(a.spacing) == 1; }
bool flat(const Axis& a) { return a.grid == 1 && a.source == 1 && a.taps == 1 && a.offset(0) == 0; }

// The weights as panels of rows: [xi][block of channels][panel][channel][row].
class Weights {
 public:
  explicit Weights(const Correlation<float>& c)
      : c_(c), panels_(ceil_div(c.rows, t_.rows)), step_(panels_ * t_.a_width * c.channels + kPad) {
    data_ = room<float>(lent_, c.groups * kXi * step_);
    const int64_t block = block_of(c.channels), blocks = ceil_div(c.channels, block);
    parallel_chunks(c.groups * blocks * panels_, [&](int64_t i) {
      const int64_t g = i / panels_ / blocks, k = i / panels_ % blocks * block, row = i % panels_ * t_.rows;
      const int64_t n = std::min(block, c.channels - k), rows = std::min<int64_t>(t_.rows, c.rows - row);
      winograd_table().weights(c.weights + ((g * c.rows + row) * c.channels + k) * 9, c.channels * 9, rows, n,
                               c.axis[2].spacing < 0, at(g, 0, k, n, row), t_.a_width, step_);
    });
  }
  // The panel of `row` in the block of n channels from k on.
  float* at(int64_t group, int64_t xi, int64_t k, int64_t n, int64_t row) const {
    return data_ + (group * kXi + xi) * step_ + (k * panels_ + row / t_.rows * n) * t_.a_width;
  }

 private:
  const Correlation<float>& c_;
  const gemm_detail::Table<float>& t_ = gemm_detail::table<float>();
  Lent lent_{g_weights};
  int64_t panels_, step_;
  float* data_;
};

class TileSums {
 public:
  TileSums(const Correlation<float>& c, const Weights& weights, const Axis* tiles, int64_t group,
           const Band& band)
      : c_(c),
        weights_(weights),
        axis_(tiles),
        group_(group),
        band_(band),
        window_(Window::copied(tiles, band, std::min(c.channels, kChannels))),
        block_(block_of(c.channels)) {
    tiles_ = band.images * band.rows() * tiles[2].grid, panels_ = ceil_div(tiles_, int64_t(t_.cols));
    width_ = panels_ * t_.cols;
    rows_ = std::max<int64_t>(8, kTaskBytes / (kXi * 4 * width_ * t_.rows)) * t_.rows;
    source_step_ = c.channels * width_ + kPad, sum_step_ = rows_ * width_ + kPad;
    const int64_t copied = (band.images * window_.image + 47) / 16 * 16;
    copy_ = room<float>(g_work, copied + kXi * (source_step_ + sum_step_) + kPad);
    transformed_ = copy_ + copied, sums_ = transformed_ + kXi * source_step_ + kPad;
    place();
  }

  // The rows [begin, end); false where a result is not finite.
  bool run(int64_t begin, int64_t end) {
    for (int64_t c = 0; c < c_.channels; c += kChannels) transform(c, std::min(kChannels, c_.channels - c));
    bool finite = true;
    for (int64_t r = begin; r < end; r += rows_) {
      const int64_t m = std::min(rows_, end - r);
      multiply(r, m);
      for (int64_t i = 0; i < m; i++) finite &= put(r + i, sums_ + i * width_);
    }
    return finite;
  }

 private:
  static constexpr int64_t kChannels = 32;  // in a window

  void place() {
    pieces_.resize(size_t(panels_));
    int64_t tile = 0;
    const int64_t row = axis_[2].grid, lanes = winograd_table().lanes;
    for (int64_t i = 0; i < band_.images; i++)
      for (int64_t h = 0; h < band_.high[1] - band_.low[1]; h++, tile += row) {
        const int64_t from = i * window_.image + window_.cell(0, h), cell = 2 * (band_.low[1] + h);
        for (int64_t w = 0; w < row;) {
          const int64_t at = tile + w, room_left = t_.cols - at % t_.cols;
          const int64_t count = std::min(std::min(lanes, room_left), row - w);
          pieces_[size_t(at / t_.cols)].push_back({from + w, at % t_.cols, count});
          w += count;
        }
        runs_.push_back(
            {tile, row,
             ((band_.image + i) * c_.groups + group_) * c_.rows * c_.plane + cell * c_.axis[2].grid,
             c_.axis[2].grid, std::min<int64_t>(2, c_.axis[1].grid - cell)});
      }
    for (int64_t k = 0; k < kXi; k++) places_[k] = window_.tap(k);
  }

  void transform(int64_t channel, int64_t n) {
    const int64_t plane = c_.axis[1].source * c_.axis[2].source;
    const float* source = c_.source + ((band_.image * c_.groups + group_) * c_.channels + channel) * plane;
    for (int64_t i = 0; i < band_.images; i++)
      for (int64_t c = 0; c < n; c++)
        window_.fill(source + (i * c_.groups * c_.channels + c) * plane,
                     copy_ + i * window_.image + c * window_.channel, channel == 0);
    for (int64_t done = 0; done < n;) {  // within blocks of channels
      const int64_t k = (channel + done) / block_ * block_, in_block = channel + done - k;
      const int64_t depth = std::min(block_, c_.channels - k), some = std::min(n - done, depth - in_block);
      for (int64_t p = 0; p < panels_; p++) {
        const std::vector<TilePiece>& pieces = pieces_[size_t(p)];
        winograd_table().source(copy_ + done * window_.channel, places_, some, window_.channel, pieces.data(),
                                int64_t(pieces.size()), panel(0, k, depth, p) + in_block * t_.cols, t_.cols,
                                source_step_);
      }
      done += some;
    }
  }
  float* panel(int64_t xi, int64_t k, int64_t depth, int64_t p) const {
    return transformed_ + xi * source_step_ + k * width_ + p * depth * t_.cols;
  }

  void multiply(int64_t row, int64_t m) {
    for (int64_t xi = 0; xi < kXi; xi++)
      for (int64_t k = 0; k < c_.channels; k += block_) {
        const int64_t n = std::min(block_, c_.channels - k);
        t_.packed(m, tiles_, n, 1, weights_.at(group_, xi, k, n, row), panel(xi, k, n, 0),
                  sums_ + xi * sum_step_, width_, k > 0);
      }
  }
  bool put(int64_t row, const float* sums) const {
    return winograd_table().result(sums, sum_step_, c_.bias ? c_.bias[group_ * c_.rows + row] : 0,
                                   runs_.data(), int64_t(runs_.size()), c_.result + row * c_.plane,
                                   c_.axis[2].grid);
  }

  const Correlation<float>& c_;
  const Weights& weights_;
  const Axis* axis_;
  const gemm_detail::Table<float>& t_ = gemm_detail::table<float>();
  int64_t group_;
  Band band_;
  Window window_;
  int64_t block_, tiles_ = 0, panels_ = 0, width_ = 0, rows_ = 0, source_step_ = 0, sum_step_ = 0;
  int64_t places_[kXi] = {};
  float *copy_ = nullptr, *transformed_ = nullptr, *sums_ = nullptr;
  std::vector<std::vector<TilePiece>> pieces_;
  std::vector<TileRun> runs_;
};

}  // namespace

Bands tile_bands(const Axis* tiles, int64_t batch, int64_t least, int64_t most) {
  auto waste = [&](int64_t cells) {
    const Band b = Bands(tiles, batch, cells).largest();
    const int64_t n = b.images * b.rows() * tiles[2].grid;
    return double(ceil_div(n, 16) * 16) / double(n);
  };
  int64_t best = most;
  for (int64_t cells = most; cells >= least; cells -= 16)
    if (waste(cells) < waste(best)) best = cells;
  return Bands(tiles, batch, best);
}

bool winograd_axes(const Axis* axis) { return flat(axis[0]) && three(axis[1]) && three(axis[2]); }

int64_t tiles_of(const Axis* axis, int64_t batch) {
  return batch * ceil_div(axis[1].grid, 2) * ceil_div(axis[2].grid, 2);
}

bool winograd_fits(const Correlation<float>& c) {
  return winograd_axes(c.axis) && c.strides[2] == 1 && c.channels >= 16 && c.rows >= 16 &&
         tiles_of(c.axis, c.batch) >= 64;
}

std::vector<GroupBand> winograd(const Correlation<float>& c) {
  const Weights weights(c);
  const Axis tiles[3] = {tile_axis(c.axis[0]), tile_axis(c.axis[1]), tile_axis(c.axis[2])};
  const int64_t most = std::clamp<int64_t>(kTaskBytes / (kXi * 4 * c.channels), 64, 400);
  const Bands bands = tile_bands(tiles, c.batch, most * 2 / 3, most);
  const int64_t count = bands.count(), tasks = c.groups * count, unit = gemm_detail::table<float>().rows;
  const int64_t units = ceil_div(c.rows, unit), parts = std::min(units, ceil_div(num_threads(), tasks));
  std::vector<std::atomic<bool>> bad(static_cast<size_t>(tasks));
  parallel_chunks(tasks * parts, [&](int64_t i) {
    const int64_t task = i / parts, begin = units * (i % parts) / parts * unit,
                  end = std::min(c.rows, units * (i % parts + 1) / parts * unit);
    if (!TileSums(c, weights, tiles, task / count, bands.at(task % count)).run(begin, end))
      bad[size_t(task)] = true;
  });
  std::vector<GroupBand> found;
  for (int64_t task = 0; task < tasks; task++) {
    if (!bad[size_t(task)]) continue;
    Band b = bands.at(task % count);
    b.low[1] *= 2, b.high[1] = std::min(2 * b.high[1], c.axis[1].grid);
    found.push_back({task / count, b});
  }
  return found;
}

}  // namespace adjoint::conv_detail
