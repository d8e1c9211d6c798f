// The product of a convolution: bands of cells are shared out among threads; for each block of channels and taps, a
// band's tiles of cells are packed and multiplied by all rows of weights.
#include "kernels/nn/conv_correlate.h"
#include <type_traits>
#include "kernels/gemm.h"
#include "kernels/gemm_detail.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "kernels/panels.h"

namespace adjoint::conv_detail {

ADJOINT_PICK_TABLE(Table<float>, f32)
ADJOINT_PICK_TABLE(Table<double>, f64)
const Table<float>& table_f32() { return f32(); }
const Table<double>& table_f64() { return f64(); }

namespace {

thread_local Panels g_weights, g_work;
constexpr int64_t kDepth = gemm_detail::kLongestBlock;

// ---- the product's two factors, by type -----------------------------------------------------------------------

// Weights packed into panels of rows, tiles multiplied by the micro-kernel.
template <class T> struct Factors {
  static constexpr bool kPacked = std::is_floating_point_v<T>;
  const gemm_detail::Table<T>& t = gemm_detail::table<T>();
  int64_t rows, depth, panels;  // of one group
  T* packed = nullptr;

  explicit Factors(const Correlation<T>& c)
      : rows(c.rows), depth(c.channels * c.taps()), panels(ceil_div(c.rows, t.rows)) {
    packed = room<T>(g_weights, c.groups * panels * t.a_width * depth);
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
  void gather(const T* source, const int64_t* starts, int64_t n, const std::vector<Piece>& pieces,
              T* to) const {
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
  void gather(const T* source, const int64_t* starts, int64_t n, const std::vector<Piece>& pieces,
              T* to) const {
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

template <class T> class Sums {
 public:
  explicit Sums(const Correlation<T>& c)
      : c_(c),
        factors_(c),
        bands_(c.axis, c.batch, 640),
        direct_(Window::direct(c.axis, c.groups * c.channels)),
        block_(gemm_detail::block_of(depth())) {
    const int64_t tasks = c.groups * bands_.count();
    parts_ = std::min(ceil_div(c.rows, 2 * factors_.unit()), tasks < 8 ? ceil_div(8, tasks) : 1);
    inside_ = c.axis[2].step == 1 && c.axis[0].inside() && c.axis[1].inside() && c.axis[2].inside();
  }

  void run() const {
    parallel_chunks(c_.groups * bands_.count() * parts_, [&](int64_t i) {
      const int64_t units = ceil_div(c_.rows, factors_.unit()), part = i % parts_;
      const int64_t begin = units * part / parts_ * factors_.unit(),
                    end = std::min(c_.rows, units * (part + 1) / parts_ * factors_.unit());
      if (begin < end) task(i / parts_ / bands_.count(), bands_.at(i / parts_ % bands_.count()), begin, end);
    });
  }

 private:
  int64_t depth() const { return c_.channels * c_.taps(); }

  // Rows [begin, end) of a group's results in a band.
  void task(int64_t group, const Band& band, int64_t begin, int64_t end) const {
    // Whole vectors are read beyond the end of a row: not where the memory may end there, too.
    const bool direct = inside_ && band.image + band.images < c_.batch;
    const int64_t taps = c_.taps(), most = std::min(c_.channels, block_ / taps + 2);
    const Window window = direct ? direct_ : Window::copied(c_.axis, band, most);
    const int64_t copied = direct ? 0 : band.images * window.image, slack = factors_.lanes();
    T* copy = room<T>(g_work, copied + (block_ + kTempRows) * factors_.cols() + 2 * slack + 16);
    T *panel = copy + (copied + slack + 15) / 16 * 16, *temp = panel + block_ * factors_.cols() + slack;
    int64_t starts[kDepth];
    for (int64_t k = 0; k < depth(); k += block_) {
      const int64_t n = std::min(block_, depth() - k), first = k / taps, last = (k + n - 1) / taps;
      const T* source = c_.source + ((band.image * c_.groups + group) * c_.channels + first) * source_plane();
      if (direct) {
        source += direct_.cell(band.low[0], band.low[1]);
      } else {
        for (int64_t i = 0; i < band.images; i++)
          for (int64_t ch = first; ch <= last; ch++)
            window.fill(source + (i * c_.groups * c_.channels + ch - first) * source_plane(),
                        copy + i * window.image + (ch - first) * window.channel);
        source = copy;
      }
      for (int64_t i = 0; i < n; i++)
        starts[i] = ((k + i) / taps - first) * window.channel + window.tap((k + i) % taps);
      tiles(group, band, begin, end, window, source, starts, k, n, panel, temp);
    }
  }

  void tiles(int64_t group, const Band& band, int64_t begin, int64_t end, const Window& window,
             const T* source, const int64_t* starts, int64_t k, int64_t n, T* panel, T* temp) const {
    const int64_t cells = band.images * band.rows() * c_.axis[2].grid;
    std::vector<Piece> pieces;
    std::vector<Target> targets;
    for (int64_t cell = 0; cell < cells; cell += factors_.cols()) {
      const int64_t width = std::min(factors_.cols(), cells - cell);
      place(group, band, window, cell, width, pieces, targets);
      factors_.gather(source, starts, n, pieces, panel);
      if (targets.size() == 1 && c_.strides[2] == 1)
        straight(group, begin, end, k, n, width, panel, targets[0].to);
      else
        scattered(group, begin, end, k, n, width, panel, temp, targets);
    }
  }

  // Where the cells of a tile are read and written.
  void place(int64_t group, const Band& band, const Window& window, int64_t cell, int64_t width,
             std::vector<Piece>& pieces, std::vector<Target>& targets) const {
    pieces.clear(), targets.clear();
    const int64_t row = c_.axis[2].grid, high = band.high[1] - band.low[1];
    int64_t line = cell / row, w = cell % row, run_from = -1, run_to = 0, run_end = 0;
    auto flush = [&](int64_t end) {
      if (run_from < 0) return;
      for (int64_t at = run_to; at < end; at += factors_.lanes())
        pieces.push_back({run_from + at - run_to, at});
    };
    for (int64_t at = 0; at < width; line++, w = 0) {
      const int64_t h = line % high, d = line / high % (band.high[0] - band.low[0]), i = line / band.rows();
      const int64_t length = std::min(width - at, row - w), from = i * window.image + window.cell(d, h) + w;
      if (run_from < 0 || from != run_from + (at - run_to)) flush(at), run_from = from, run_to = at;
      const int64_t to = ((band.image + i) * c_.groups + group) * c_.rows * c_.plane + c_.first +
                         (band.low[0] + d) * c_.strides[0] + (band.low[1] + h) * c_.strides[1] +
                         w * c_.strides[2];
      if (!targets.empty() && to == run_end)
        targets.back().length += length;
      else
        targets.push_back({at, length, to});
      at += length, run_end = to + length * c_.strides[2];
    }
    flush(width);
  }

  void straight(int64_t group, int64_t begin, int64_t end, int64_t k, int64_t n, int64_t width,
                const T* panel, int64_t to) const {
    T* out = c_.result + to + begin * c_.plane;
    if (k == 0 && c_.bias)
      for (int64_t r = begin; r < end; r++)
        std::fill_n(out + (r - begin) * c_.plane, width, c_.bias[group * c_.rows + r]);
    factors_.multiply(group, begin, end - begin, k, n, width, panel, out, c_.plane, k > 0 || c_.bias);
  }

  static constexpr int64_t kTempRows = 112;

  void scattered(int64_t group, int64_t begin, int64_t end, int64_t k, int64_t n, int64_t width,
                 const T* panel, T* temp, const std::vector<Target>& targets) const {
    const int64_t some = kTempRows / factors_.unit() * factors_.unit();
    for (int64_t r = begin; r < end; r += some) {
      const int64_t m = std::min(some, end - r);
      factors_.multiply(group, r, m, k, n, width, panel, temp, factors_.cols(), false);
      for (int64_t i = 0; i < m; i++) {
        const T *from = temp + i * factors_.cols(), start = c_.bias ? c_.bias[group * c_.rows + r + i] : T(0);
        for (const Target& t : targets)
          put(c_.result + (r + i) * c_.plane + t.to, from + t.column, t.length, k, start);
      }
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

  const Correlation<T>& c_;
  Factors<T> factors_;
  Bands bands_;
  Window direct_;
  int64_t block_, parts_;
  bool inside_;
};

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
  Sums<T>(c).run();
}

template void correlate(const Correlation<float>&);
template void correlate(const Correlation<double>&);
template void correlate(const Correlation<uint8_t>&);
template void correlate(const Correlation<int8_t>&);
template void correlate(const Correlation<int16_t>&);
template void correlate(const Correlation<int32_t>&);
template void correlate(const Correlation<int64_t>&);

}  // namespace adjoint::conv_detail
