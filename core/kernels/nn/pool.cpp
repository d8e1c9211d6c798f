// Pooling: windows are laid over each axis once, then planes are worked off one by one. Types without loops of their
// own are converted a plane at a time: halves to float, so that they are rounded once, small integers to int64.
#include "kernels/nn/pool.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <type_traits>
#include <vector>
#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/nn/pool_table.h"
#include "kernels/parallel.h"
#include "tensor/error.h"

namespace adjoint {

ADJOINT_PICK_TABLE(PoolTable, pool_table)

namespace {

constexpr int64_t kGrain = 16384;   // elements of work worth a thread's while
constexpr double kFar = 1e15;       // beyond all positions
constexpr int64_t kChannels = 128;  // that one piece of work takes of those side by side

template <class T> const PoolLoops<T>& pool_loops() {
  if constexpr (std::is_same_v<T, float>)
    return pool_table().f32;
  else if constexpr (std::is_same_v<T, double>)
    return pool_table().f64;
  else
    return pool_table().i64;
}

// The windows of one axis.
class Laid {
 public:
  Laid(const PoolPlan& plan, const PoolAxis& a)
      : axis_(a), begin_(size_t(a.out)), end_(begin_), size_(begin_) {
    if (plan.windows == Windows::Adaptive)
      adaptive();
    else if (plan.windows == Windows::Regular)
      regular(plan.count_pad);
  }
  // Spread by a sample, in the type that PyTorch computes in; false where they would leave the image.
  template <class T> bool spread(T sample) {
    const int64_t room = axis_.in - axis_.kernel;
    const T alpha = axis_.out > 1 ? T(room) / T(axis_.out - 1) : T(0), first = sample * alpha;
    for (int64_t o = 0; o < axis_.out; ++o) {
      const T at = (T(o) + sample) * alpha;
      if (!(std::abs(first) < kFar && std::abs(at) < kFar)) return false;
      const int64_t begin = o == axis_.out - 1 ? room : int64_t(at) - int64_t(first);
      if (begin < 0 || begin > room) return false;
      begin_[size_t(o)] = begin;
      end_[size_t(o)] = begin + axis_.kernel;
    }
    return true;
  }
  PoolWindows windows() const {
    return {axis_.in, axis_.out, axis_.dilation, begin_.data(), end_.data(), size_.data(),
            from_,    to_,       axis_.kernel,   axis_.stride,  axis_.pad};
  }

 private:
  void adaptive() {
    for (int64_t o = 0; o < axis_.out; ++o) {
      begin_[size_t(o)] = o * axis_.in / axis_.out;
      end_[size_t(o)] = ((o + 1) * axis_.in + axis_.out - 1) / axis_.out;
      size_[size_t(o)] = end_[size_t(o)] - begin_[size_t(o)];
    }
  }
  void regular(bool count_pad) {
    const auto& a = axis_;
    const int64_t reach = (a.kernel - 1) * a.dilation + 1;
    for (int64_t o = 0; o < a.out; ++o) {
      int64_t begin = o * a.stride - a.pad, end = std::min(begin + reach, a.in + a.pad);
      size_[size_t(o)] = end - begin;
      if (begin < 0) begin += (-begin + a.dilation - 1) / a.dilation * a.dilation;
      end = std::min(end, a.in);
      if (begin >= a.in) begin = end = a.in - 1;  // dilated past the image: empty, but it has a place
      begin_[size_t(o)] = begin;
      end_[size_t(o)] = end;
      if (!count_pad) size_[size_t(o)] = end - begin;
    }
    from_ = std::min(a.out, (a.pad + a.stride - 1) / a.stride);
    to_ = a.in < reach ? from_ : std::clamp((a.in - reach + a.pad) / a.stride + 1, from_, a.out);
  }

  PoolAxis axis_;
  std::vector<int64_t> begin_, end_, size_;
  int64_t from_ = 0, to_ = 0;
};

struct Image {
  Laid d, h, w;
  explicit Image(const PoolPlan& p) : d(p, p.axis[0]), h(p, p.axis[1]), w(p, p.axis[2]) {}
  PoolShape shape(const PoolPlan& p) const {
    return {d.windows(), h.windows(), w.windows(), p.channels,
            0,           p.channels,  0,           p.axis[0].out * p.axis[1].out,
            p.divisor};
  }
};

int64_t inputs(const PoolPlan& p) { return p.axis[0].in * p.axis[1].in * p.axis[2].in * p.channels; }
int64_t outputs(const PoolPlan& p) { return p.axis[0].out * p.axis[1].out * p.axis[2].out * p.channels; }
int64_t work_of(const PoolPlan& p) {  // reads of a plane
  int64_t reads = outputs(p);
  for (const PoolAxis& a : p.axis)
    reads *= p.windows == Windows::Adaptive ? a.in / std::max<int64_t>(a.out, 1) + 1 : a.kernel;
  return reads;
}

// f(plane, shape) for each piece of work: a plane, or some of its channels or rows. Borders depend on the plan alone.
template <class F> void each_piece(const PoolPlan& p, const PoolShape& whole, bool rows_apart, F f) {
  const int64_t blocks = (p.channels + kChannels - 1) / kChannels, units = p.planes * blocks;
  const int64_t rows = whole.row_to, work = std::max<int64_t>(1, work_of(p) / blocks);
  const int64_t cuts =
      rows_apart && units < 16 ? std::clamp<int64_t>(work / (2 * kGrain), 1, std::min<int64_t>(rows, 64)) : 1;
  parallel_for(units * cuts, std::max<int64_t>(1, kGrain * cuts / work), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      PoolShape s = whole;
      const int64_t cut = i % cuts, block = i / cuts % blocks;
      s.first = block * kChannels;
      s.last = std::min(p.channels, s.first + kChannels);
      s.row_from = rows * cut / cuts;
      s.row_to = rows * (cut + 1) / cuts;
      f(i / cuts / blocks, s);
    }
  });
}
// f(plane) for whole planes.
template <class F> void each_plane(const PoolPlan& p, F f) {
  parallel_for(p.planes, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, work_of(p))),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) f(i);
               });
}

// f(the type of the loops) for an element type.
template <class F> void with_loops(Dtype dtype, F f) {
  if (dtype == Dtype::F64) return f(double());
  if (is_floating(dtype)) return f(float());
  f(int64_t());
}

// A plane in the type of the loops: as it lies there, or a copy.
template <class T> class Wide {
 public:
  Wide(Dtype dtype, const void* p, int64_t plane, int64_t n) {
    const char* from = static_cast<const char*>(p) + plane * n * int64_t(item_size(dtype));
    p_ = reinterpret_cast<const T*>(from);
    if (dtype == dtype_of<T>) return;
    copy_.reset(new T[size_t(n)]);
    convert(reinterpret_cast<char*>(copy_.get()), dtype_of<T>, from, dtype, n);
    p_ = copy_.get();
  }
  const T* data() const { return p_; }

 private:
  std::unique_ptr<T[]> copy_;
  const T* p_;
};
// The same to be written: store() brings it to where it belongs.
template <class T> class WideResult {
 public:
  WideResult(Dtype dtype, void* p, int64_t plane, int64_t n)
      : to_(static_cast<char*>(p) + plane * n * int64_t(item_size(dtype))), dtype_(dtype), n_(n) {
    p_ = reinterpret_cast<T*>(to_);
    if (dtype == dtype_of<T>) return;
    copy_.reset(new T[size_t(n)]);
    p_ = copy_.get();
  }
  T* data() { return p_; }
  void store() const {
    if (copy_) convert(to_, dtype_, reinterpret_cast<const char*>(copy_.get()), dtype_of<T>, n_);
  }

 private:
  char* to_;
  Dtype dtype_;
  int64_t n_;
  std::unique_ptr<T[]> copy_;
  T* p_;
};

// run(loops' type, x, y, plane, shape) over pieces where the type has loops, else over planes.
template <class Run> void forward(Dtype dtype, const void* x, const PoolPlan& p, void* y, Run run) {
  const Image image(p);
  const PoolShape shape = image.shape(p);
  with_loops(dtype, [&]<class T>(T) {
    const int64_t n = inputs(p), m = outputs(p);
    if (dtype == dtype_of<T>)
      return each_piece(p, shape, true, [&](int64_t plane, const PoolShape& s) {
        run(static_cast<const T*>(x) + plane * n, static_cast<T*>(y) + plane * m, plane, s);
      });
    each_plane(p, [&](int64_t plane) {
      Wide<T> from(dtype, x, plane, n);
      WideResult<T> to(dtype, y, plane, m);
      run(from.data(), to.data(), plane, shape);
      to.store();
    });
  });
}

template <class T> void run_max(const PoolShape& s, const T* x, T* y, int64_t* index) {
  index ? pool_loops<T>().max_index(s, x, y, index) : pool_loops<T>().max(s, x, y);
}

// Each plane has windows of its own. Samples stand in PyTorch's order: width, height of two dimensions, else depth,
// height, width.
void fractional_max(Dtype dtype, const void* x, const PoolPlan& p, const double* samples, void* y,
                    int64_t* index) {
  with_loops(dtype, [&]<class T>(T) {
    each_plane(p, [&](int64_t plane) {
      Image image(p);
      const double* u = samples + plane * p.spatial;
      const bool flat = p.spatial == 2;
      using U = std::conditional_t<std::is_same_v<T, double>, double, float>;
      const bool inside = image.d.spread(U(flat ? 0 : u[0])) & image.h.spread(U(u[1])) &
                          image.w.spread(U(flat ? u[0] : u[2]));
      check(inside, "fractional_max_pool", p.spatial, "d(): the random samples of plane ", plane,
            " put a window outside of the image; they lie in [0, 1)");
      Wide<T> from(dtype, x, plane, inputs(p));
      WideResult<T> to(dtype, y, plane, outputs(p));
      run_max(image.shape(p), from.data(), to.data(), index ? index + plane * outputs(p) : nullptr);
      to.store();
    });
  });
}

}  // namespace

void pool_max(Dtype dtype, const void* x, const PoolPlan& p, const double* samples, void* y, int64_t* index) {
  if (p.windows == Windows::Fractional) return fractional_max(dtype, x, p, samples, y, index);
  forward(dtype, x, p, y, [&]<class T>(const T* from, T* to, int64_t plane, const PoolShape& s) {
    run_max(s, from, to, index ? index + plane * outputs(p) : nullptr);
  });
}

namespace {

// One window, which is the whole plane.
bool one_mean(Dtype dtype, const PoolPlan& p) {
  if (p.windows != Windows::Adaptive || p.channels > 1 || outputs(p) != 1) return false;
  return dtype == Dtype::F32 || dtype == Dtype::F64;
}
// f(first plane, planes)
template <class F> void each_few_planes(const PoolPlan& p, F f) {
  parallel_for(p.planes, std::max<int64_t>(1, kGrain / inputs(p)),
               [&](int64_t begin, int64_t end) { f(begin, end - begin); });
}

}  // namespace

void pool_average(Dtype dtype, const void* x, const PoolPlan& p, void* y) {
  if (one_mean(dtype, p))
    return with_loops(dtype, [&]<class T>(T) {
      each_few_planes(p, [&](int64_t first, int64_t planes) {
        pool_loops<T>().means(planes, inputs(p), static_cast<const T*>(x) + first * inputs(p),
                              static_cast<T*>(y) + first);
      });
    });
  forward(dtype, x, p, y, []<class T>(const T* from, T* to, int64_t, const PoolShape& s) {
    pool_loops<T>().average(s, from, to);
  });
}

void pool_average_backward(Dtype dtype, const void* g, const PoolPlan& p, void* gx) {
  if (one_mean(dtype, p))
    return with_loops(dtype, [&]<class T>(T) {
      each_few_planes(p, [&](int64_t first, int64_t planes) {
        pool_loops<T>().means_backward(planes, inputs(p), static_cast<const T*>(g) + first,
                                       static_cast<T*>(gx) + first * inputs(p));
      });
    });
  const Image image(p);
  const PoolShape shape = image.shape(p);
  const int64_t n = inputs(p), m = outputs(p), row = p.channels > 1 ? 1 : p.axis[2].in;
  with_loops(dtype, [&]<class T>(T) {
    if (dtype == dtype_of<T>)
      return each_piece(p, shape, false, [&](int64_t plane, const PoolShape& s) {
        std::unique_ptr<T[]> room(new T[size_t(row)]);
        T* to = static_cast<T*>(gx) + plane * n;
        if (p.channels == 1)
          std::fill_n(to, n, T(0));
        else
          for (int64_t i = 0; i < n; i += p.channels) std::fill(to + i + s.first, to + i + s.last, T(0));
        pool_loops<T>().average_backward(s, static_cast<const T*>(g) + plane * m, to, room.get());
      });
    each_plane(p, [&](int64_t plane) {
      std::unique_ptr<T[]> room(new T[size_t(row)]);
      Wide<T> from(dtype, g, plane, m);
      WideResult<T> to(dtype, gx, plane, n);
      std::fill_n(to.data(), n, T(0));
      pool_loops<T>().average_backward(shape, from.data(), to.data(), room.get());
      to.store();
    });
  });
}

}  // namespace adjoint
