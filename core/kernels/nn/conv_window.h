// Where the sums of a convolution find their source: axes, windows onto the source, pieces of it.
//
// All three kernels, whatever stride, padding and dilation, come to one pattern: the cell i of a grid reads the places
// i · step + offset(t) of the source, for the taps t. A *window* shows what a band of cells reads so that a run of cells
// along the last dimension reads a run of elements for each tap. Where the source is no such window itself, it is
// copied into one: with zeros around it, and with the columns of one remainder modulo the step side by side (a phase).
#pragma once
#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <vector>
#include "kernels/nn/conv.h"
#include "kernels/nn/conv_table.h"
#include "kernels/panels.h"

namespace adjoint::conv_detail {

constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class T, class Kept> T* room(Kept& kept, int64_t n) {
  return static_cast<T*>(kept.get(size_t(n) * sizeof(T)));
}

struct Axis {
  int64_t grid, source, step, taps;
  int64_t first, spacing;          // the offset of tap t: first + t · spacing
  int64_t first_tap, tap_spacing;  // which tap of the kernel it is
  int64_t offset(int64_t t) const { return first + t * spacing; }
  int64_t lowest() const { return spacing < 0 ? offset(taps - 1) : first; }
  int64_t span() const { return (taps - 1) * std::abs(spacing); }
  int64_t extent(int64_t cells) const { return (cells - 1) * step + span() + 1; }
  bool inside() const { return lowest() >= 0 && lowest() + extent(grid) <= source; }
};

// The grid is y, the source x.
inline Axis forward_axis(const ConvGeometry& g, int d) {
  return {g.out[d], g.in[d], g.stride[d], g.kernel[d], -g.padding[d], g.dilation[d], 0, 1};
}

// The grid is every stride-th element of x, from `phase` on, the source y: x's place i gets what the tap t made of y's
// (i + padding - t · dilation) / stride, where that is whole.
inline Axis transposed_axis(const ConvGeometry& g, int d, int64_t phase) {
  const int64_t stride = g.stride[d], dilation = g.dilation[d];
  int64_t a = stride, b = dilation;
  while (b) a = std::exchange(b, a % b);
  Axis axis{std::max<int64_t>(0, ceil_div(g.in[d] - phase, stride)),
            g.out[d],
            1,
            0,
            0,
            -(dilation / a),
            0,
            stride / a};
  int64_t t = 0;
  while (t < stride / a && t < g.kernel[d] && (phase + g.padding[d] - t * dilation) % stride) t++;
  if (t == stride / a || t >= g.kernel[d]) return axis;
  axis.first_tap = t;
  axis.first = (phase + g.padding[d] - t * dilation) / stride;
  axis.taps = ceil_div(g.kernel[d] - t, axis.tap_spacing);
  return axis;
}

// Cells of some images: the rows [low, high) of the grid's first two dimensions.
struct Band {
  int64_t image, images, low[2], high[2];
  int64_t rows() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};

// A band of at most about `cells` cells for each of n: whole images, or rows of one.
class Bands {
 public:
  Bands(const Axis* axis, int64_t batch, int64_t cells) {
    const int64_t row = std::max<int64_t>(1, axis[2].grid), plane = row * axis[1].grid,
                  all = plane * axis[0].grid;
    depth_ = axis[0].grid, height_ = axis[1].grid, batch_ = batch;
    images_ = std::clamp<int64_t>(cells / std::max<int64_t>(1, all), 1, std::max<int64_t>(1, batch));
    deep_ = std::clamp<int64_t>(cells / std::max<int64_t>(1, plane), 1, std::max<int64_t>(1, depth_));
    high_ = deep_ > 1 ? height_
                      : even(height_, std::clamp<int64_t>(cells / row, 1, std::max<int64_t>(1, height_)));
    if (deep_ > 1) deep_ = even(depth_, deep_);
    images_ = even(batch, images_);
  }
  int64_t count() const { return groups_of_images() * in_depth() * in_height(); }
  int64_t groups_of_images() const { return ceil_div(batch_, images_); }
  int64_t in_image() const { return in_depth() * in_height(); }
  Band at(int64_t i) const {
    const int64_t h = i % in_height() * high_, d = i / in_height() % in_depth() * deep_,
                  n = i / in_image() * images_;
    return {n,
            std::min(images_, batch_ - n),
            {d, h},
            {std::min(depth_, d + deep_), std::min(height_, h + high_)}};
  }
  Band largest() const { return {0, images_, {0, 0}, {deep_, high_}}; }

 private:
  static int64_t even(int64_t n, int64_t most) {  // the size of the fewest equal parts
    return n == 0 ? 1 : ceil_div(n, ceil_div(n, most));
  }
  int64_t in_depth() const { return ceil_div(depth_, deep_); }
  int64_t in_height() const { return ceil_div(height_, high_); }
  int64_t depth_, height_, batch_, images_, deep_, high_;
};

// How a window stores one dimension: the places that cells [low, low + cells) read, or, where that is less, a run of
// places for each tap.
struct Line {
  int64_t cells, step, low, size;  // size: places that are stored
  bool apart;
  Line() = default;
  Line(const Axis& a, int64_t low, int64_t cells)
      : cells(cells), step(a.step), low(low), size(a.extent(cells)), apart(a.taps * cells <= size) {
    if (apart) size = a.taps * cells;
  }
  int64_t tap(const Axis& a, int64_t t) const { return apart ? t * cells : a.offset(t) - a.lowest(); }
  int64_t place(const Axis& a, int64_t i) const {  // which place of the source is the i-th that is stored
    return apart ? (low + i % cells) * step + a.offset(i / cells) : low * step + i + a.lowest();
  }
};

// The layout of a window: strides in elements, and where a tap lies from a cell.
class Window {
 public:
  int64_t channel = 0, image = 0;

  // The source itself, [batch, groups, channels, space...].
  static Window direct(const Axis* axis, int64_t channels_in_image) {
    Window w(axis);
    const int64_t row = axis[2].source, plane = row * axis[1].source;
    w.channel = plane * axis[0].source, w.image = channels_in_image * w.channel;
    w.row_ = row, w.plane_ = plane, w.direct_ = true;
    return w;
  }
  // Room for `channels` channels of what a band reads.
  static Window copied(const Axis* axis, const Band& band, int64_t channels) {
    Window w(axis);
    const Axis& a = axis[2];
    w.depth_ = Line(axis[0], band.low[0], band.high[0] - band.low[0]);
    w.height_ = Line(axis[1], band.low[1], band.high[1] - band.low[1]);
    w.phases_ = std::min(a.step, a.span() + 1), w.phase_ = a.grid + a.span() / a.step;
    w.apart_ = a.taps * a.grid <= w.phases_ * w.phase_;
    w.row_ = w.apart_ ? a.taps * a.grid : w.phases_ * w.phase_;
    w.plane_ = w.row_ * w.height_.size, w.channel = w.plane_ * w.depth_.size, w.image = channels * w.channel;
    w.plan();
    return w;
  }

  // From a cell to the one below it.
  int64_t row_step() const { return (height_.apart ? 1 : axis_[1].step) * row_; }
  // Of the cell (depth, height, 0), counted from the band's first.
  int64_t cell(int64_t depth, int64_t height) const {
    return depth * (depth_.apart ? 1 : axis_[0].step) * plane_ +
           height * (height_.apart ? 1 : axis_[1].step) * row_;
  }
  int64_t tap(int64_t t) const {
    const int64_t w = t % axis_[2].taps, h = t / axis_[2].taps % axis_[1].taps,
                  d = t / axis_[2].taps / axis_[1].taps;
    if (direct_) return axis_[0].offset(d) * plane_ + axis_[1].offset(h) * row_ + axis_[2].offset(w);
    return depth_.tap(axis_[0], d) * plane_ + height_.tap(axis_[1], h) * row_ + column(w);
  }

  // Copies one channel of what the band reads. `from` is the channel of the image. Not `whole`: the zeros are there.
  template <class T> void fill(const T* from, T* to, [[maybe_unused]] bool whole = true) const {
    if constexpr (std::is_floating_point_v<T>)
      table<T>().fill(from, rows_.data(), int64_t(rows_.size()), runs_.data(), int64_t(runs_.size()), row_,
                      whole, to);
    else
      for (int64_t r : rows_)
        for (const Run& run : runs_) {
          std::fill_n(to, run.size, T(0));
          for (int64_t i = 0; i < run.count && r >= 0; i++)
            to[run.zeros + i] = from[r + run.start + i * run.step];
          to += run.size;
        }
  }

 private:
  explicit Window(const Axis* axis) : axis_(axis) {}

  int64_t column(int64_t t) const {
    const Axis& a = axis_[2];
    const int64_t c = a.offset(t) - a.lowest();
    return apart_ ? t * a.grid : c % a.step * phase_ + c / a.step;
  }

  void plan() {
    for (int64_t d = 0; d < depth_.size; d++)
      for (int64_t h = 0; h < height_.size; h++) {
        const int64_t sd = depth_.place(axis_[0], d), sh = height_.place(axis_[1], h);
        const bool outside = sd < 0 || sd >= axis_[0].source || sh < 0 || sh >= axis_[1].source;
        rows_.push_back(outside ? -1 : (sd * axis_[1].source + sh) * axis_[2].source);
      }
    const Axis& a = axis_[2];
    if (apart_)
      for (int64_t t = 0; t < a.taps; t++) runs_.push_back(run(a.offset(t), a.grid));
    else
      for (int64_t phase = 0; phase < phases_; phase++) runs_.push_back(run(phase + a.lowest(), phase_));
  }
  // The places start + i · step for i < n, of which some lie outside.
  Run run(int64_t start, int64_t n) const {
    const int64_t step = axis_[2].step, source = axis_[2].source;
    const int64_t low = std::clamp<int64_t>(ceil_div(-start, step), 0, n);
    const int64_t high = std::clamp<int64_t>(start >= source ? 0 : (source - 1 - start) / step + 1, low, n);
    return {start + low * step, step, low, high - low, n};
  }

  const Axis* axis_;
  Line depth_ = {}, height_ = {};
  std::vector<int64_t> rows_;
  std::vector<Run> runs_;
  int64_t row_ = 0, plane_ = 0, phases_ = 1, phase_ = 0;
  bool apart_ = false, direct_ = false;
};

}  // namespace adjoint::conv_detail
