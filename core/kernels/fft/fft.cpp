#include "kernels/fft/fft.h"

#include <algorithm>
#include <memory>

#include "kernels/fft/whole.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"

namespace adjoint::fft {

ADJOINT_PICK_TABLE(Table, table)

namespace {

constexpr int64_t kPiece = 1 << 15;     // numbers that one thread transforms before another may go on
constexpr int64_t kLongLine = 1 << 15;  // from here on one line is cut for threads, not the batch
constexpr int64_t kTogether = 8;        // strided lines that are gathered side by side: a cache line's worth

int64_t up(int64_t n) { return (n + 15) / 16 * 16; }

// Where the lines of a batch begin, one after the other.
class Walk {
 public:
  Walk(const Axis& axis, int64_t line) : axis_(axis), at_(axis.batch.size()) {
    for (int64_t d = axis.batch.size() - 1; d >= 0; --d) {
      at_[d] = line % axis.batch[d], line /= axis.batch[d];
      in += at_[d] * axis.in_strides[d], out += at_[d] * axis.out_strides[d];
    }
  }
  void next() {
    for (int64_t d = axis_.batch.size() - 1; d >= 0; --d) {
      in += axis_.in_strides[d], out += axis_.out_strides[d];
      if (++at_[d] < axis_.batch[d]) return;
      in -= at_[d] * axis_.in_strides[d], out -= at_[d] * axis_.out_strides[d];
      at_[d] = 0;
    }
  }
  int64_t in = 0, out = 0;

 private:
  const Axis& axis_;
  Dims at_;
};

int64_t count_of(const Axis& axis) {
  int64_t count = 1;
  for (int64_t size : axis.batch) count *= size;
  return count;
}

template <class T> class Run {
 public:
  explicit Run(const Axis& axis) : axis_(axis), count_(count_of(axis)), lanes_(kernels<T>().lanes) {
    const int64_t n = axis.n;
    halved_ = axis.kind != Kind::Complex && n % 2 == 0;
    plan_ = plan_of<T>(halved_ ? n / 2 : n);
    if (halved_) roots_ = real_roots_of<T>(n);
    const int64_t in_unit = axis.kind == Kind::FromReal ? 1 : 2, out_unit = axis.kind == Kind::ToReal ? 1 : 2;
    in_dense_ = axis.in_step == in_unit, out_dense_ = axis.out_step == out_unit;
    // Of size and count alone, never of strides: a transposed operand leaves the same bits.
    const bool many = count_ * 2 >= lanes_ && plan_->n <= kMostLanes;
    whole_ = !plan_->smooth || (plan_->line && !many);
  }

  int64_t space() const { return whole_ && is_long() ? line_space() : 0; }
  void operator()(const T* x, T* y, T* space) const {
    if (!whole_) return in_lanes(x, y);
    if (is_long()) return each_line(x, y, 0, count_, 1, space);
    const int64_t piece = std::max<int64_t>(1, kPiece / (2 * plan_->n)),
                  together = std::min(piece, kTogether);
    parallel_chunks((count_ + piece - 1) / piece, [&](int64_t c) {
      Buffer<T> own(line_space() + (together - 1) * lines_space());
      each_line(x, y, c * piece, std::min(count_, (c + 1) * piece), together, own.get());
    });
  }

 private:
  bool is_long() const { return plan_->n >= kLongLine; }
  bool even() const { return halved_; }
  int64_t in_numbers() const {
    return axis_.kind == Kind::FromReal ? axis_.n
           : axis_.kind == Kind::ToReal ? 2 * (axis_.n / 2 + 1)
                                        : 2 * axis_.n;
  }
  int64_t out_numbers() const {
    return axis_.kind == Kind::ToReal     ? axis_.n
           : axis_.kind == Kind::FromReal ? 2 * (axis_.n / 2 + 1)
                                          : 2 * axis_.n;
  }
  // Memory of a strided line, in and out; of one line in between, for the odd real ones; of the transform.
  int64_t in_space() const { return in_dense_ ? 0 : up(in_numbers()); }
  int64_t out_space() const { return out_dense_ ? 0 : up(out_numbers()); }
  int64_t lines_space() const { return in_space() + out_space(); }
  bool widened() const { return axis_.kind != Kind::Complex && !even(); }
  int64_t line_space() const {
    return lines_space() + (widened() ? up(2 * axis_.n) : 0) + whole_space(*plan_);
  }

  LinesJob<T> job() const {
    const bool from = axis_.kind == Kind::FromReal, to = axis_.kind == Kind::ToReal;
    LinesJob<T> j{axis_.kind,
                  axis_.inverse,
                  axis_.n,
                  0,
                  plan_->stages,
                  even() ? roots_->chirp : nullptr,
                  T(axis_.scale),
                  {},
                  {}};
    j.in.step = axis_.in_step, j.in.imag = 1, j.out.step = axis_.out_step, j.out.imag = 1;
    if (from) j.in.imag = even() ? axis_.in_step : 0, j.in.step *= even() ? 2 : 1;
    if (to) j.out.imag = even() ? axis_.out_step : 0, j.out.step *= even() ? 2 : 1;
    return j;
  }

  void in_lanes(const T* x, T* y) const {
    const auto& k = kernels<T>();
    const int64_t width = 2 * count_ >= lanes_ ? lanes_ : 1, blocks = (count_ + width - 1) / width;
    const int64_t piece = std::max<int64_t>(1, kPiece / (2 * axis_.n * width));
    parallel_chunks((blocks + piece - 1) / piece, [&](int64_t c) {
      Buffer<T> work(4 * (axis_.n + 1) * width);
      int64_t in[16], out[16];
      const int64_t end = std::min(blocks, (c + 1) * piece);
      Walk walk(axis_, c * piece * width);
      LinesJob<T> j = job();
      j.in.base = x, j.in.lane = in, j.out.base = y, j.out.lane = out;
      for (int64_t b = c * piece; b < end; ++b) {
        j.count = std::min(width, count_ - b * width);
        for (int64_t l = 0; l < j.count; ++l, walk.next()) in[l] = walk.in, out[l] = walk.out;
        (width == 1 ? k.one_line : k.lines)(j, work.get());
      }
    });
  }

  // Lines [begin, end), one by one; strided ones are gathered some at once.
  void each_line(const T* x, T* y, int64_t begin, int64_t end, int64_t together, T* space) const {
    T *in_lines = space, *out_lines = space + together * in_space();
    T* rest = out_lines + together * out_space();
    Walk walk(axis_, begin);
    for (int64_t first = begin; first < end; first += together) {
      const int64_t count = std::min(together, end - first);
      const T* from[kTogether];
      T* to[kTogether];
      int64_t in[kTogether], out[kTogether];
      for (int64_t l = 0; l < count; ++l, walk.next()) {
        in[l] = walk.in, out[l] = walk.out;
        from[l] = in_dense_ ? x + walk.in : in_lines + l * in_space();
        to[l] = out_dense_ ? y + walk.out : out_lines + l * out_space();
      }
      if (!in_dense_) gather(x, in, count, in_lines);
      for (int64_t l = 0; l < count; ++l) one(from[l], to[l], rest);
      if (!out_dense_) scatter(out_lines, count, y, out);
    }
  }
  void gather(const T* x, const int64_t* at, int64_t count, T* lines) const {
    const bool pairs = axis_.kind != Kind::FromReal;
    for (int64_t j = 0, n = in_numbers() >> pairs; j < n; ++j)
      for (int64_t l = 0; l < count; ++l) {
        const T* p = x + at[l] + j * axis_.in_step;
        T* to = lines + l * in_space() + (j << pairs);
        to[0] = p[0];
        if (pairs) to[1] = p[1];
      }
  }
  void scatter(const T* lines, int64_t count, T* y, const int64_t* at) const {
    const bool pairs = axis_.kind != Kind::ToReal;
    for (int64_t j = 0, n = out_numbers() >> pairs; j < n; ++j)
      for (int64_t l = 0; l < count; ++l) {
        T* p = y + at[l] + j * axis_.out_step;
        const T* from = lines + l * out_space() + (j << pairs);
        p[0] = from[0];
        if (pairs) p[1] = from[1];
      }
  }

  void one(const T* x, T* y, T* space) const {
    const T scale = T(axis_.scale);
    if (axis_.kind == Kind::Complex) return whole(*plan_, x, axis_.inverse, scale, y, space);
    if (even()) return axis_.kind == Kind::FromReal ? half_forth(x, y, space) : half_back(x, y, space);
    const int64_t n = axis_.n;
    T *z = space, *rest = space + up(2 * n);
    if (axis_.kind == Kind::FromReal) {
      for (int64_t j = 0; j < n; ++j) z[2 * j] = x[j], z[2 * j + 1] = 0;
      whole(*plan_, z, axis_.inverse, scale, z, rest);
      std::copy(z, z + out_numbers(), y);
    } else {
      z[0] = x[0], z[1] = 0;
      for (int64_t k = 1; 2 * k < n; ++k) {
        z[2 * k] = z[2 * (n - k)] = x[2 * k];
        z[2 * k + 1] = x[2 * k + 1], z[2 * (n - k) + 1] = -x[2 * k + 1];
      }
      whole(*plan_, z, axis_.inverse, scale, z, rest);
      for (int64_t j = 0; j < n; ++j) y[j] = z[2 * j];
    }
  }
  // Note [Real transforms]
  void half_forth(const T* x, T* y, T* space) const {
    const int64_t h = axis_.n / 2;
    whole(*plan_, x, false, T(1), y, space);
    pairs(h, [&](int64_t begin, int64_t end) {
      kernels<T>().from_half(h, y, roots_->chirp, T(axis_.scale), begin, end, y);
    });
  }
  void half_back(const T* x, T* y, T* space) const {
    const int64_t h = axis_.n / 2;
    pairs(h, [&](int64_t begin, int64_t end) { kernels<T>().to_half(h, x, roots_->chirp, begin, end, y); });
    whole(*plan_, y, true, T(axis_.scale), y, space);
  }
  template <class F> void pairs(int64_t h, F f) const {
    const int64_t n = h / 2 + 1;
    if (h < kLongLine) return f(0, n);
    parallel_chunks((n + kPiece - 1) / kPiece,
                    [&](int64_t c) { f(c * kPiece, std::min(n, (c + 1) * kPiece)); });
  }

  const Axis& axis_;
  int64_t count_, lanes_;
  std::shared_ptr<const Plan<T>> plan_, roots_;
  bool halved_ = false, whole_ = false, in_dense_ = false, out_dense_ = false;
};

}  // namespace

template <class T> int64_t space_of(const Axis& axis) { return count_of(axis) ? Run<T>(axis).space() : 0; }
template <class T> void transform(const Axis& axis, const T* x, T* y, T* space) {
  if (!count_of(axis)) return;
  const Run<T> run(axis);
  run(x, y, space);
}

template <class T> void mirror(T* y, Ints sizes, Ints strides, Ints dims, int64_t dim) {
  const int64_t n = sizes[size_t(dim)], lower = n / 2 + 1;
  Dims batch(sizes), negated(int64_t(sizes.size()));
  for (int64_t d : dims) negated[d] = 1;
  batch[dim] = n - lower;
  const int64_t count = numel_of(batch);
  parallel_for(count, kPiece, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t to = 0, from = 0, rest = i;
      for (int64_t d = batch.size() - 1; d >= 0; --d) {
        const int64_t size = sizes[size_t(d)], at = rest % batch[d] + (d == dim ? lower : 0);
        rest /= batch[d];
        to += at * strides[size_t(d)];
        from += (negated[d] && at ? size - at : at) * strides[size_t(d)];
      }
      y[to] = y[from], y[to + 1] = -y[from + 1];
    }
  });
}

template int64_t space_of<float>(const Axis&);
template int64_t space_of<double>(const Axis&);
template void transform(const Axis&, const float*, float*, float*);
template void transform(const Axis&, const double*, double*, double*);
template void mirror(float*, Ints, Ints, Ints, int64_t);
template void mirror(double*, Ints, Ints, Ints, int64_t);

}  // namespace adjoint::fft
