// Gradients of weights by Winograd's transforms: Gᵀ[Σ (A g Aᵀ) ⊙ (Bᵀ d B)]G, the sum over tiles being sixteen products of
// matrices: channels of the source in lines along the tiles, rows of the other side in panels.
#include <atomic>
#include "kernels/gemm_detail.h"
#include "kernels/nn/conv_winograd.h"
#include "kernels/nn/conv_winograd_table.h"
#include "kernels/parallel.h"

namespace adjoint::conv_detail {
namespace {

thread_local Panels g_work, g_shares;

constexpr int64_t kTiles = 128, kLine = kTiles + 16;  // at a time
constexpr int64_t kDepth = 64;                        // of a product: shorter sums in a chain err less

int64_t even(int64_t n, int64_t most) { return ceil_div(n, ceil_div(n, most)); }

// The gradients of some rows and channels of a group, summed over some images.
class GradientSums {
 public:
  struct Block {
    int64_t group, channel, channels, row, rows, image, images;
  };
  GradientSums(const Correlations<float>& c, const Axis* tiles, const Block& block)
      : c_(c),
        axis_(tiles),
        b_(block),
        bands_(tile_bands(tiles, block.images, kTiles * 2 / 3, kTiles)),
        panels_(ceil_div(block.rows, int64_t(t_.cols))) {
    lanes_ = panels_ * t_.cols;
    line_step_ = b_.channels * kLine + kPad, cell_step_ = kTiles * lanes_ + kPad,
    sum_step_ = b_.channels * lanes_ + kPad;
    const Band largest = bands_.largest();
    const Window window = Window::copied(tiles, largest, std::min(kChannels, b_.channels));
    const int64_t copied = (largest.images * window.image + 47) / 16 * 16,
                  packed = (4 * kTiles + 2 * c.axis[2].grid) * t_.cols;
    copy_ = room<float>(g_work, copied + packed + kXi * (line_step_ + cell_step_ + sum_step_) + kPad);
    packed_ = copy_ + copied, lines_ = packed_ + packed, cells_ = lines_ + kXi * line_step_,
    sums_ = cells_ + kXi * cell_step_;
  }

  // False where one is not finite.
  bool run(float* result) {
    for (int64_t i = 0; i < bands_.count(); i++) {
      Band band = bands_.at(i);
      band.image += b_.image;
      transform_source(band);
      for (int64_t p = 0; p < panels_; p++) transform_other(band, p);
      multiply(band.images * band.rows() * axis_[2].grid, i > 0);
    }
    bool finite = true;
    for (int64_t i = 0; i < b_.channels; i++)
      finite &= winograd_table().gradient(
          sums_ + i * lanes_, sum_step_, b_.rows,
          result + ((b_.group * c_.rows + b_.row) * c_.channels + b_.channel + i) * 9, c_.channels * 9);
    return finite;
  }

 private:
  static constexpr int64_t kChannels = 32;  // in a window

  void transform_source(const Band& band) {
    const int64_t plane = c_.axis[1].source * c_.axis[2].source, most = std::min(kChannels, b_.channels);
    const Window window = Window::copied(axis_, band, most);
    int64_t places[kXi];
    for (int64_t k = 0; k < kXi; k++) places[k] = window.tap(k);
    const std::vector<TilePiece> pieces = place(band, window);
    for (int64_t ch = 0; ch < b_.channels; ch += most) {
      const int64_t n = std::min(most, b_.channels - ch);
      for (int64_t i = 0; i < band.images; i++)
        for (int64_t j = 0; j < n; j++)
          window.fill(
              c_.source +
                  (((band.image + i) * c_.groups + b_.group) * c_.channels + b_.channel + ch + j) * plane,
              copy_ + i * window.image + j * window.channel, ch == 0);
      winograd_table().source(copy_, places, n, window.channel, pieces.data(), int64_t(pieces.size()),
                              lines_ + ch * kLine, kLine, line_step_);
    }
  }
  std::vector<TilePiece> place(const Band& band, const Window& window) const {
    std::vector<TilePiece> pieces;
    const int64_t row = axis_[2].grid, lanes = winograd_table().lanes;
    int64_t tile = 0;
    for (int64_t i = 0; i < band.images; i++)
      for (int64_t h = 0; h < band.high[1] - band.low[1]; h++, tile += row)
        for (int64_t w = 0; w < row; w += lanes)
          pieces.push_back({i * window.image + window.cell(0, h) + w, tile + w, std::min(lanes, row - w)});
    return pieces;
  }

  void transform_other(const Band& band, int64_t panel) {
    const int64_t width = c_.axis[2].grid, plane = c_.axis[1].grid * width, first = panel * t_.cols;
    const int64_t low = 2 * band.low[1], high = std::min(2 * band.high[1], c_.axis[1].grid);
    int64_t tile = 0;
    for (int64_t i = 0; i < band.images; i++) {
      const int64_t row = ((band.image + i) * c_.groups + b_.group) * c_.rows + b_.row + first;
      t_.pack(true, c_.other + row * plane + low * width, plane, std::min<int64_t>(t_.cols, b_.rows - first),
              t_.cols, (high - low) * width, packed_, t_.cols);
      for (int64_t h = 0; h < high - low; h += 2, tile += axis_[2].grid)
        winograd_table().cells(packed_ + h * width * t_.cols, width, std::min<int64_t>(2, high - low - h),
                               width, t_.cols, cells_ + first * kTiles + tile * t_.cols, cell_step_);
    }
  }

  void multiply(int64_t tiles, bool more) {
    for (int64_t xi = 0; xi < kXi; xi++)
      for (int64_t p = 0; p < panels_; p++)
        for (int64_t k = 0; k < tiles; k += kDepth)
          t_.direct(false, false, b_.channels, t_.cols, std::min(kDepth, tiles - k), 1,
                    lines_ + xi * line_step_ + k, kLine,
                    cells_ + xi * cell_step_ + (p * kTiles + k) * t_.cols, t_.cols,
                    sums_ + xi * sum_step_ + p * t_.cols, lanes_, more || k > 0, nullptr);
  }

  const Correlations<float>& c_;
  const Axis* axis_;
  Block b_;
  const gemm_detail::Table<float>& t_ = gemm_detail::table<float>();
  Bands bands_;
  int64_t panels_, lanes_ = 0, line_step_ = 0, cell_step_ = 0, sum_step_ = 0;
  float *copy_ = nullptr, *packed_ = nullptr, *lines_ = nullptr, *cells_ = nullptr, *sums_ = nullptr;
};

}  // namespace

bool winograd_fits(const Correlations<float>& c) {
  return winograd_axes(c.axis) && c.channels >= 16 && c.rows >= 16 && tiles_of(c.axis, c.batch) >= 64 &&
         ceil_div(c.axis[2].grid, 2) <= kTiles;
}

bool winograd(const Correlations<float>& c) {
  constexpr int64_t kChannels = 128, kRows = 256;
  const int64_t channels = even(c.channels, kChannels), rows = even(c.rows, kRows);
  const int64_t blocks = ceil_div(c.channels, channels), row_blocks = ceil_div(c.rows, rows),
                size = c.groups * c.rows * c.channels * 9, tasks = c.groups * blocks * row_blocks;
  const int64_t shares = shares_of(c.batch, tasks, size);
  const Axis tiles[3] = {tile_axis(c.axis[0]), tile_axis(c.axis[1]), tile_axis(c.axis[2])};
  Lent lent(g_shares);
  float* results = shares == 1 ? c.weights : room<float>(lent, shares * size);
  std::atomic<bool> finite = true;
  parallel_chunks(tasks * shares, [&](int64_t i) {
    const int64_t share = i % shares, channel = i / shares % blocks * channels,
                  row = i / shares / blocks % row_blocks * rows, image = c.batch * share / shares;
    GradientSums sums(c, tiles,
                      {i / shares / blocks / row_blocks, channel, std::min(channels, c.channels - channel),
                       row, std::min(rows, c.rows - row), image, c.batch * (share + 1) / shares - image});
    if (!sums.run(results + share * size)) finite = false;
  });
  if (shares > 1 && finite) add_shares(results, shares, size, c.weights);
  return finite;
}

}  // namespace adjoint::conv_detail
