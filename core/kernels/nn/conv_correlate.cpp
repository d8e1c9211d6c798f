// The product of a convolution: bands of cells are shared out among threads; for each block of channels and taps, a
// band's tiles of cells are packed and multiplied by all rows of weights.
#include "kernels/nn/conv_correlate.h"
#include <span>
#include <type_traits>
#include "kernels/gemm.h"
#include "kernels/gemm_detail.h"
#include "kernels/isa.h"
#include "kernels/nn/conv_winograd.h"
#include "kernels/parallel.h"
#include "kernels/panels.h"

namespace adjoint::conv_detail {

ADJOINT_PICK_TABLE(Table<float>, f32)
ADJOINT_PICK_TABLE(Table<double>, f64)
const Table<float>& table_f32() { return f32(); }
const Table<double>& table_f64() { return f64(); }

namespace {

thread_local Panels g_weights, g_work;

// ---- the product's two factors, by type -----------------------------------------------------------------------

// Weights packed into panels of rows, tiles multiplied by the micro-kernel.
template <class T> struct Factors {
  static constexpr bool kPacked = std::is_floating_point_v<T>;
  const gemm_detail::Table<T>& t = gemm_detail::table<T>();
  int64_t rows, depth, panels;  // of one group
  Lent lent{g_weights};
  T* packed = nullptr;

  explicit Factors(const Correlation<T>& c)
      : rows(c.rows), depth(c.channels * c.taps()), panels(ceil_div(c.rows, t.rows)) {
    packed = room<T>(lent, c.groups * panels * t.a_width * depth);
    const int64_t block = gemm_detail::block_of(depth), blocks = ceil_div(depth, block);
    const int64_t some = std::max<int64_t>(1, 16384 / block / t.rows), pieces = ceil_div(panels, some);
    parallel_chunks(c.groups * blocks * pieces, [&](int64_t i) {
      const int64_t g = i / pieces / blocks, k = i / pieces % blocks * block, p = i % pieces * some;
      const int64_t n = std::min(block, depth - k), begin = p * t.rows,
                    end = std::min(rows, (p + some) * t.rows);
      t.pack(true, c.weights + (g * rows + begin) * depth + k, depth, end - begin, t.rows, n,
             at(g, k) + p * t.a_width * n, t.a_width);
    });
  }
  int64_t lanes() const { return table<T>().lanes; }
  int64_t cols() const { return t.cols; }
  int64_t unit() const { return t.rows; }
  T* at(int64_t group, int64_t k) const { return packed + (group * depth + k) * panels * t.a_width; }
  void gather(const T* source, const int64_t* starts, int64_t n, std::span<const Piece> pieces, T* to) const {
    table<T>().gather(source, starts, n, pieces.data(), int64_t(pieces.size()), to, t.cols);
  }
  void multiply(int64_t group, int64_t row, int64_t m, int64_t k, int64_t n, int64_t width, const T* panel,
                T* to, int64_t step, bool accumulate) const {
    t.packed(m, width, n, T(1), at(group, k) + row / t.rows * t.a_width * n, panel, to, step, accumulate);
  }
};

// Integers: the product of any type, on the tile as it is.
template <class T>
  requires std::is_integral_v<T>
struct Factors<T> {
  const T* weights;
  int64_t rows, depth;

  explicit Factors(const Correlation<T>& c)
      : weights(c.weights), rows(c.rows), depth(c.channels * c.taps()) {}
  static constexpr int64_t kCols = 64;
  int64_t lanes() const { return kCols; }
  int64_t cols() const { return kCols; }
  int64_t unit() const { return 16; }
  void gather(const T* source, const int64_t* starts, int64_t n, std::span<const Piece> pieces, T* to) const {
    for (int64_t k = 0; k < n; k++, to += kCols)
      for (size_t i = 0; i < pieces.size(); i++) {
        const int64_t end = i + 1 < pieces.size() ? pieces[i + 1].to : kCols;
        for (int64_t j = pieces[i].to; j < end; j++)
          to[j] = source[starts[k] + pieces[i].from + j - pieces[i].to];
      }
  }
  void multiply(int64_t group, int64_t row, int64_t m, int64_t k, int64_t n, int64_t width, const T* panel,
                T* to, int64_t step, bool accumulate) const {
    gemm(dtype_of<T>, m, width, n, Scalar(int64_t(1)), {weights + (group * rows + row) * depth + k, depth, 1},
         {panel, kCols, 1}, Scalar(int64_t(accumulate)), {to, step});
  }
};

// ---- tiles ----------------------------------------------------------------------------------------------------

// A run of a tile's cells that lie side by side in the result (`step` apart).
struct Target {
  int64_t column, length, to;
};

struct Tile {
  int64_t width;
  size_t pieces, pieces_end, targets, targets_end;  // in the band's lists
};

// What does not change from band to band.
template <class T> struct Shared {
  const Correlation<T>& c;
  Factors<T> factors;
  Bands bands;
  int64_t block, pass;  // the depth is summed in blocks, whose windows are filled a pass at a time
  bool inside;          // the source is a window as it lies

  static constexpr int64_t kCells = 640, kPass = 512;
  explicit Shared(const Correlation<T>& corr)
      : c(corr), factors(corr), bands(corr.axis, corr.batch, kCells), block(gemm_detail::block_of(depth())) {
    pass = std::max<int64_t>(1, kPass / block) * block;
    inside = c.axis[2].step == 1 && c.axis[0].inside() && c.axis[1].inside() && c.axis[2].inside();
  }
  int64_t depth() const { return c.channels * c.taps(); }
};

// The rows [begin, end) of a group's results in a band.
template <class T> class BandSums {
 public:
  BandSums(const Shared<T>& shared, int64_t group, const Band& band, int64_t begin, int64_t end)
      : s_(shared),
        c_(shared.c),
        group_(group),
        begin_(begin),
        end_(end),
        band_(band),
        // Whole vectors are read beyond the end of a row: not where the memory may end there, too.
        direct_(shared.inside && band.image + band.images < c_.batch),
        window_(direct_ ? Window::direct(c_.axis, c_.groups * c_.channels)
                        : Window::copied(c_.axis, band, std::min(c_.channels, s_.pass / c_.taps() + 2))) {
    const int64_t copied = direct_ ? 0 : band.images * window_.image, cols = s_.factors.cols(),
                  slack = (s_.factors.lanes() + 15) / 16 * 16;
    copy_ = room<T>(g_work, (copied + 15) / 16 * 16 + (s_.block + end - begin) * cols + 2 * slack);
    panel_ = copy_ + (copied + 15) / 16 * 16 + slack, temp_ = panel_ + s_.block * cols + slack;
    for (int64_t t = 0; t < c_.taps(); t++) taps_.push_back(window_.tap(t));
    place();
  }

  void run() {
    for (int64_t k = 0; k < s_.depth(); k += s_.pass) pass(k, std::min(s_.pass, s_.depth() - k));
  }

 private:
  // Where the cells of each tile are read and written: runs of cells, cut at the tiles' ends.
  void place() {
    const int64_t row = c_.axis[2].grid, cells = band_.images * band_.rows() * row, cols = s_.factors.cols();
    int64_t cell = 0;
    for (int64_t i = 0; i < band_.images; i++)
      for (int64_t d = 0; d < band_.high[0] - band_.low[0]; d++)
        for (int64_t h = 0; h < band_.high[1] - band_.low[1]; h++)
          for (int64_t w = 0; w < row;) {
            const int64_t at = cell % cols, length = std::min(row - w, cols - at);
            if (at == 0) open_tile(std::min(cols, cells - cell));
            put_run(at, length, i * window_.image + window_.cell(d, h) + w, result_at(i, d, h, w));
            cell += length, w += length;
            if (cell % cols == 0 || cell == cells) close_tile();
          }
  }
  int64_t result_at(int64_t i, int64_t d, int64_t h, int64_t w) const {
    return ((band_.image + i) * c_.groups + group_) * c_.rows * c_.plane + c_.first +
           (band_.low[0] + d) * c_.strides[0] + (band_.low[1] + h) * c_.strides[1] + w * c_.strides[2];
  }
  void open_tile(int64_t width) {
    runs_.clear();
    tiles_.push_back({width, pieces_.size(), 0, targets_.size(), 0});
  }
  // Runs that go on where the last one ended are one.
  void put_run(int64_t at, int64_t length, int64_t from, int64_t to) {
    if (runs_.empty() || from - at != runs_.back().from - runs_.back().to) runs_.push_back({from, at});
    if (targets_.size() > tiles_.back().targets) {
      Target& last = targets_.back();
      if (to == last.to + last.length * c_.strides[2]) {
        last.length += length;
        return;
      }
    }
    targets_.push_back({at, length, to});
  }
  // Runs become pieces of a vector at most.
  void close_tile() {
    Tile& tile = tiles_.back();
    for (size_t i = 0; i < runs_.size(); i++) {
      const Piece run = runs_[i];
      const int64_t end = i + 1 < runs_.size() ? runs_[i + 1].to : tile.width;
      for (int64_t at = run.to; at < end; at += s_.factors.lanes())
        pieces_.push_back({run.from + at - run.to, at});
    }
    tile.pieces_end = pieces_.size(), tile.targets_end = targets_.size();
  }

  void pass(int64_t k, int64_t n) {
    const int64_t taps = c_.taps(), first = k / taps, last = (k + n - 1) / taps;
    const T* source = c_.source + ((band_.image * c_.groups + group_) * c_.channels + first) * source_plane();
    if (direct_)
      source += window_.cell(band_.low[0], band_.low[1]);
    else
      source = fill(source, last - first + 1);
    starts_.clear();
    for (int64_t i = k, ch = first, t = k % taps; i < k + n; i++) {
      starts_.push_back((ch - first) * window_.channel + taps_[size_t(t)]);
      if (++t == taps) t = 0, ch++;
    }
    for (const Tile& tile : tiles_)
      if (tile.targets_end - tile.targets == 1 && c_.strides[2] == 1)
        straight(tile, source, k, n);
      else
        scattered(tile, source, k, n);
  }

  const T* fill(const T* source, int64_t channels) {
    for (int64_t i = 0; i < band_.images; i++)
      for (int64_t ch = 0; ch < channels; ch++)
        window_.fill(source + (i * c_.groups * c_.channels + ch) * source_plane(),
                     copy_ + i * window_.image + ch * window_.channel, ch >= filled_);
    filled_ = std::max(filled_, channels);
    return copy_;
  }

  void straight(const Tile& tile, const T* source, int64_t k, int64_t n) {
    T* to = c_.result + targets_[tile.targets].to + begin_ * c_.plane;
    if (k == 0 && c_.bias)
      for (int64_t r = begin_; r < end_; r++)
        std::fill_n(to + (r - begin_) * c_.plane, tile.width, c_.bias[group_ * c_.rows + r]);
    multiply(tile, source, k, n, to, c_.plane, k > 0 || c_.bias);
  }
  void multiply(const Tile& tile, const T* source, int64_t k, int64_t n, T* to, int64_t step, bool more) {
    for (int64_t i = 0; i < n; i += s_.block, more = true) {
      const int64_t m = std::min(s_.block, n - i);
      s_.factors.gather(source, starts_.data() + i, m,
                        std::span(pieces_).subspan(tile.pieces, tile.pieces_end - tile.pieces), panel_);
      s_.factors.multiply(group_, begin_, end_ - begin_, k + i, m, tile.width, panel_, to, step, more);
    }
  }

  void scattered(const Tile& tile, const T* source, int64_t k, int64_t n) {
    const int64_t cols = s_.factors.cols();
    multiply(tile, source, k, n, temp_, cols, false);
    for (int64_t r = begin_; r < end_; r++) {
      const T *from = temp_ + (r - begin_) * cols, start = c_.bias ? c_.bias[group_ * c_.rows + r] : T(0);
      for (const Target& t : std::span(targets_).subspan(tile.targets, tile.targets_end - tile.targets))
        put(c_.result + r * c_.plane + t.to, from + t.column, t.length, k, start);
    }
  }
  void put(T* to, const T* from, int64_t length, int64_t k, T start) const {
    const int64_t step = c_.strides[2];
    if (k > 0)
      for (int64_t j = 0; j < length; j++) to[j * step] = T(to[j * step] + from[j]);
    else if (c_.bias)
      for (int64_t j = 0; j < length; j++) to[j * step] = T(start + from[j]);
    else
      for (int64_t j = 0; j < length; j++) to[j * step] = from[j];
  }

  int64_t source_plane() const { return c_.axis[0].source * c_.axis[1].source * c_.axis[2].source; }

  const Shared<T>& s_;
  const Correlation<T>& c_;
  int64_t group_, begin_, end_;
  Band band_;
  bool direct_;
  Window window_;
  int64_t filled_ = 0;
  T *copy_, *panel_, *temp_;
  std::vector<int64_t> taps_, starts_;
  std::vector<Tile> tiles_;
  std::vector<Piece> runs_, pieces_;
  std::vector<Target> targets_;
};

// Rows are cut, too, where bands are fewer than threads: each part packs its band again, and no sum knows of the cut.
template <class T> void sum(const Correlation<T>& c) {
  const Shared<T> shared(c);
  const int64_t bands = shared.bands.count(), tasks = c.groups * bands, unit = shared.factors.unit();
  const int64_t parts = std::min(ceil_div(c.rows, 2 * unit), ceil_div(num_threads(), tasks)),
                units = ceil_div(c.rows, unit);
  parallel_chunks(tasks * parts, [&](int64_t i) {
    const int64_t part = i % parts, task = i / parts;
    const int64_t begin = units * part / parts * unit,
                  end = std::min(c.rows, units * (part + 1) / parts * unit);
    if (begin < end) BandSums<T>(shared, task / bands, shared.bands.at(task % bands), begin, end).run();
  });
}

void sum_some(const Correlation<float>& c, const std::vector<GroupBand>& bands) {
  if (bands.empty()) return;
  const Shared<float> shared(c);
  parallel_chunks(int64_t(bands.size()), [&](int64_t i) {
    const GroupBand& b = bands[size_t(i)];
    BandSums<float>(shared, b.group, b.band, 0, c.rows).run();
  });
}

// No sums: the bias, or 0.
template <class T> void fill_cells(const Correlation<T>& c) {
  for (int64_t n = 0; n < c.batch * c.groups * c.rows; n++) {
    const T value = c.bias ? c.bias[n % (c.groups * c.rows)] : T(0);
    T* row = c.result + n * c.plane + c.first;
    for (int64_t d = 0; d < c.axis[0].grid; d++)
      for (int64_t h = 0; h < c.axis[1].grid; h++)
        for (int64_t w = 0; w < c.axis[2].grid; w++)
          row[d * c.strides[0] + h * c.strides[1] + w * c.strides[2]] = value;
  }
}

}  // namespace

template <class T> void correlate(const Correlation<T>& c) {
  if (c.batch * c.groups * c.rows * c.axis[0].grid * c.axis[1].grid * c.axis[2].grid == 0) return;
  if (c.channels * c.taps() == 0) return fill_cells(c);
  if constexpr (std::is_floating_point_v<T>)
    if (correlate_thin(c)) return;
  if constexpr (std::is_same_v<T, float>)
    if (winograd_fits(c)) return sum_some(c, winograd(c));
  sum(c);
}

template void correlate(const Correlation<float>&);
template void correlate(const Correlation<double>&);
template void correlate(const Correlation<uint8_t>&);
template void correlate(const Correlation<int8_t>&);
template void correlate(const Correlation<int16_t>&);
template void correlate(const Correlation<int32_t>&);
template void correlate(const Correlation<int64_t>&);

}  // namespace adjoint::conv_detail
