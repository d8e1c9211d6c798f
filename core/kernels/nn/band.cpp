#include "kernels/nn/band.h"
#include <algorithm>
#include <cmath>
#include <numbers>

namespace adjoint {
namespace {

// Elements for each result, in PyTorch's type and order of operations.
template <class T> T step_of(const ResampleAxis& a, bool align_corners) {
  if (align_corners) return a.out > 1 ? T(a.in - 1) / T(a.out - 1) : T(0);
  return a.scale > 0 ? T(1 / a.scale) : T(a.in) / T(a.out);
}

template <class T> T keys(T a, T x) {  // R. Keys, Cubic convolution interpolation (1981)
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}
template <class T> T sinc(T x) {
  return x == 0 ? T(1) : std::sin(std::numbers::pi_v<T> * x) / (std::numbers::pi_v<T> * x);
}

template <class T> class Maker {
 public:
  Maker(Resampling how, bool align_corners, const ResampleAxis& a) : how_(how), align_(align_corners), a_(a) {
    step_ = step_of<T>(a, align_corners);
    widen_ = std::max(step_, T(1));
  }
  Band<T> make() {
    band_.from = a_.in;
    band_.to = a_.out;
    band_.taps = most_taps();
    band_.first.resize(size_t(a_.out));
    band_.count.resize(size_t(a_.out));
    band_.weight.resize(size_t(a_.out * band_.taps));
    for (int64_t o = 0; o < a_.out; ++o) {
      first_ = last_ = -1;
      w_ = band_.weight.data() + o * band_.taps;
      result(o);
      trim(o);
    }
    return std::move(band_);
  }

 private:
  bool wide() const { return how_ >= Resampling::LinearAntialias; }
  T reach() const {  // of the kernel, at step 1
    return how_ == Resampling::LinearAntialias ? T(1) : how_ == Resampling::CubicAntialias ? T(2) : T(3);
  }
  int64_t most_taps() const {
    if (wide()) return std::min<int64_t>(a_.in, int64_t(std::ceil(reach() * widen_)) * 2 + 1);
    return std::min<int64_t>(a_.in, how_ <= Resampling::NearestExact ? 1
                                    : how_ == Resampling::Linear     ? 2
                                                                     : 4);
  }
  // Adds to the weight of an element; those of a result come in order, the ones beyond the border at the border.
  void add(int64_t i, T weight) {
    i = std::clamp<int64_t>(i, 0, a_.in - 1);
    if (first_ < 0) first_ = i;
    last_ = std::max(last_, i);
    w_[i - first_] += weight;
  }
  // What has no weight takes no part: not its NaN or infinity either.
  void trim(int64_t o) {
    while (last_ > first_ && w_[last_ - first_] == 0) --last_;
    int64_t skip = 0;
    while (first_ + skip < last_ && w_[skip] == 0) ++skip;
    band_.first[size_t(o)] = first_ + skip;
    band_.count[size_t(o)] = last_ - first_ - skip + 1;
    std::copy(w_ + skip, w_ + (last_ - first_) + 1, w_);
    std::fill(w_ + band_.count[size_t(o)], w_ + band_.taps, T(0));
  }

  void result(int64_t o) {
    if (how_ == Resampling::Nearest) return add(int64_t(std::floor(float(step_ * T(o)))), 1);
    if (how_ == Resampling::NearestExact)
      return add(int64_t(std::floor(float(std::max(step_ * (T(o) + T(0.5)) - T(0.5), T(0)) + T(0.5)))), 1);
    if (a_.in == a_.out && how_ != Resampling::Cubic) return add(o, 1);  // whatever the scale, as in PyTorch
    if (wide()) return widened(o);
    T at = align_ ? step_ * T(o) : step_ * (T(o) + T(0.5)) - T(0.5);
    if (how_ == Resampling::Linear) at = std::max(at, T(0));
    const int64_t i = std::min(int64_t(std::floor(at)), a_.in - 1);
    const T t = std::clamp(at - T(i), T(0), T(1));
    if (how_ == Resampling::Linear) {
      add(i, 1 - t);
      return add(i + 1, t);
    }
    const T a = T(-0.75), weights[4] = {keys(a, t + 1), keys(a, t), keys(a, 1 - t), keys(a, 2 - t)};
    for (int k = 0; k < 4; ++k) add(i + k - 1, weights[k]);
  }
  T kernel(T x) const {
    if (how_ == Resampling::LinearAntialias) return std::max(1 - std::abs(x), T(0));
    if (how_ == Resampling::CubicAntialias) return keys(T(-0.5), x);
    return std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : T(0);
  }
  void widened(int64_t o) {
    const T center = step_ * (T(o) + T(0.5)), support = reach() * widen_;
    const int64_t begin = std::clamp<int64_t>(int64_t(center - support + T(0.5)), 0, a_.in - 1);
    int64_t n = std::min(int64_t(center + support + T(0.5)), a_.in) - begin;
    n = std::clamp<int64_t>(n, 1, band_.taps);
    T total = 0;
    for (int64_t j = 0; j < n; ++j) {
      const T w = kernel((T(j + begin) - center + T(0.5)) * (1 / widen_));
      add(begin + j, w);
      total += w;
    }
    if (total == 0) return;
    for (int64_t j = 0; j < n; ++j) w_[j] /= total;
  }

  Resampling how_;
  bool align_;
  ResampleAxis a_;
  T step_, widen_;
  Band<T> band_;
  T* w_ = nullptr;
  int64_t first_ = -1, last_ = -1;
};

}  // namespace

template <class T> Band<T> make_band(Resampling how, bool align_corners, const ResampleAxis& axis) {
  return Maker<T>(how, align_corners, axis).make();
}
template Band<float> make_band(Resampling, bool, const ResampleAxis&);
template Band<double> make_band(Resampling, bool, const ResampleAxis&);

template <class T> bool Band<T>::identity() const {
  if (from != to) return false;
  for (int64_t o = 0; o < to; ++o)
    if (first[size_t(o)] != o || count[size_t(o)] != 1 || weight[size_t(o * taps)] != 1) return false;
  return true;
}

// Results rise with their elements, so those of one element are neighbours.
template <class T> Band<T> Band<T>::transposed() const {
  Band t;
  t.from = to;
  t.to = from;
  t.first.assign(size_t(from), to);
  t.count.assign(size_t(from), 0);
  std::vector<int64_t> last(size_t(from), -1);
  for (int64_t o = 0; o < to; ++o)
    for (int64_t i = first[size_t(o)]; i < first[size_t(o)] + count[size_t(o)]; ++i) {
      t.first[size_t(i)] = std::min(t.first[size_t(i)], o);
      last[size_t(i)] = o;
    }
  for (int64_t i = 0; i < from; ++i) {
    t.count[size_t(i)] = last[size_t(i)] < 0 ? 0 : last[size_t(i)] - t.first[size_t(i)] + 1;
    if (!t.count[size_t(i)]) t.first[size_t(i)] = 0;
    t.taps = std::max(t.taps, t.count[size_t(i)]);
  }
  t.taps = std::max<int64_t>(t.taps, 1);
  t.weight.assign(size_t(from * t.taps), T(0));
  for (int64_t o = 0; o < to; ++o)
    for (int64_t k = 0; k < count[size_t(o)]; ++k) {
      const int64_t i = first[size_t(o)] + k;
      t.weight[size_t(i * t.taps + o - t.first[size_t(i)])] = weight[size_t(o * taps + k)];
    }
  return t;
}
template struct Band<float>;
template struct Band<double>;

}  // namespace adjoint
