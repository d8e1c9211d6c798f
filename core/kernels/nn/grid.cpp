// Sampling at the points of a grid. Along each axis a coordinate has up to four taps, elements and their weights; a
// point's taps are their products. Taps outside of the image take no part, so nothing outside is ever read.
#include "kernels/nn/grid.h"
#include <algorithm>
#include <cmath>
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kPoints = 64;    // of a block, whose taps are found together
constexpr int64_t kChannels = 16;  // whose gradient one piece of work scatters
constexpr int kMostTaps = 16;

template <class T> struct AxisTaps {
  int count;
  int64_t place[4];  // −1: outside
  T weight[4], slope[4];
};

// A coordinate among the elements, and its derivative.
template <class T> struct At {
  T u, slope;
};

// Mirrored at `low` and `high`, both in halves of an element, until it is inside.
template <class T> At<T> reflected(At<T> a, int64_t low, int64_t high) {
  if (low == high) return {T(0), T(0)};
  const T least = T(low) / 2, span = T(high - low) / 2, off = std::abs(a.u - least);
  const T slope = a.u < least ? -a.slope : a.slope;
  const T rest = std::fmod(off, span), flips = std::floor(off / span);
  if (std::fmod(flips, T(2)) == 0) return {rest + least, slope};
  return {span - rest + least, -slope};
}
template <class T> At<T> clipped(At<T> a, int64_t size) {
  if (!(a.u > 0)) return {T(0), T(0)};
  if (a.u >= T(size - 1)) return {T(size - 1), T(0)};
  return a;
}
template <class T> At<T> padded(At<T> a, const GridPlan& p, int64_t size) {
  if (p.padding == GridPlan::Reflection)
    a = p.align_corners ? reflected(a, 0, 2 * (size - 1)) : reflected(a, -1, 2 * size - 1);
  return p.padding == GridPlan::Zeros ? a : clipped(a, size);
}

template <class T> T keys_near(T a, T x) { return ((a + 2) * x - (a + 3)) * x * x + 1; }  // |x| ≤ 1
template <class T> T keys_far(T a, T x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }
template <class T> T keys_near_slope(T a, T x) { return (3 * (a + 2) * x - 2 * (a + 3)) * x; }
template <class T> T keys_far_slope(T a, T x) { return (3 * a * x - 10 * a) * x + 8 * a; }

template <class T> class Taker {
 public:
  explicit Taker(const GridPlan& p) : p_(p) {}

  AxisTaps<T> taps(T g, int64_t size) const {
    At<T> a;
    a.slope = p_.align_corners ? T(size - 1) / 2 : T(size) / 2;
    if (g != g) g = -1, a.slope = 0;
    if (!(std::abs(g) <= T(kGridFar))) return beyond(g > 0, size);
    a.u = p_.align_corners ? (g + 1) / 2 * T(size - 1) : ((g + 1) * T(size) - 1) / 2;
    if (p_.mode == GridPlan::Cubic) return cubic(a, size);
    a = padded(a, p_, size);
    if (p_.mode == GridPlan::Nearest) return {1, {place(std::nearbyint(a.u), size)}, {1}, {0}};
    const T base = std::floor(a.u), t = a.u - base;
    return {2, {place(base, size), place(base + 1, size)}, {1 - t, t}, {-a.slope, a.slope}};
  }

 private:
  AxisTaps<T> beyond(bool right, int64_t size) const {
    if (p_.padding == GridPlan::Zeros) return {0, {}, {}, {}};
    return {1, {right && p_.padding == GridPlan::Border ? size - 1 : 0}, {1}, {0}};
  }
  static int64_t place(T u, int64_t size) { return u >= 0 && u < T(size) ? int64_t(u) : -1; }
  // Each tap is padded by itself.
  AxisTaps<T> cubic(At<T> a, int64_t size) const {
    const T base = std::floor(a.u), t = a.u - base, c = T(-0.75);
    AxisTaps<T> r{4, {}, {keys_far(c, t + 1), keys_near(c, t), keys_near(c, 1 - t), keys_far(c, 2 - t)}, {}};
    const T slopes[4] = {keys_far_slope(c, t + 1), keys_near_slope(c, t), -keys_near_slope(c, 1 - t),
                         -keys_far_slope(c, 2 - t)};
    for (int k = 0; k < 4; ++k) {
      r.place[k] = place(padded(At<T>{base + T(k - 1), T(0)}, p_, size).u, size);
      r.slope[k] = slopes[k] * a.slope;
    }
    return r;
  }
  const GridPlan& p_;
};

// The taps of one point that lie inside: places in a plane, weights, derivatives by each coordinate (width first).
template <class T> struct Point {
  int count;
  int64_t at[kMostTaps];
  T weight[kMostTaps];
};
template <class T> struct Sloped : Point<T> {
  T slope[3][kMostTaps];
};

template <class T> void combine(const GridPlan& p, const T* g, Point<T>& r, T (*slope)[kMostTaps]) {
  const Taker<T> taker(p);
  const AxisTaps<T> x = taker.taps(g[0], p.size[2]), y = taker.taps(g[1], p.size[1]),
                    z = p.spatial == 3 ? taker.taps(g[2], p.size[0]) : AxisTaps<T>{1, {0}, {1}, {0}};
  r.count = 0;
  for (int c = 0; c < z.count; ++c)
    for (int b = 0; b < y.count; ++b)
      for (int a = 0; a < x.count; ++a) {
        if (x.place[a] < 0 || y.place[b] < 0 || z.place[c] < 0) continue;
        const int k = r.count++;
        r.at[k] = (z.place[c] * p.size[1] + y.place[b]) * p.size[2] + x.place[a];
        r.weight[k] = x.weight[a] * y.weight[b] * z.weight[c];
        if (!slope) continue;
        slope[0][k] = x.slope[a] * y.weight[b] * z.weight[c];
        slope[1][k] = x.weight[a] * y.slope[b] * z.weight[c];
        slope[2][k] = x.weight[a] * y.weight[b] * z.slope[c];
      }
}

template <class T> void find_points(const GridPlan& p, const T* grid, int64_t count, Point<T>* points) {
  for (int64_t i = 0; i < count; ++i) combine<T>(p, grid + i * p.spatial, points[i], nullptr);
}

// f(image, first point, points) for blocks of them.
template <class F> void each_block(const GridPlan& p, F f) {
  const int64_t blocks = (p.points + kPoints - 1) / kPoints;
  parallel_for(p.batch * blocks, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t from = i % blocks * kPoints;
      f(i / blocks, from, std::min(kPoints, p.points - from));
    }
  });
}

template <class T> T sum_of(const Point<T>& p, const T* plane) {
  const T* w = p.weight;
  if (p.count == 4) {  // all four corners: as most points of images
    const int64_t* at = p.at;
    return w[0] * plane[at[0]] + w[1] * plane[at[1]] + w[2] * plane[at[2]] + w[3] * plane[at[3]];
  }
  T sum = 0;
  for (int k = 0; k < p.count; ++k) sum += w[k] * plane[p.at[k]];
  return sum;
}
template <class T> void sample(const T* x, const T* grid, const GridPlan& p, T* y) {
  each_block(p, [&](int64_t n, int64_t from, int64_t count) {
    Point<T> points[kPoints];
    find_points(p, grid + (n * p.points + from) * p.spatial, count, points);
    for (int64_t c = 0; c < p.channels; ++c) {
      const T* plane = x + (n * p.channels + c) * p.plane();
      T* to = y + (n * p.channels + c) * p.points + from;
      for (int64_t i = 0; i < count; ++i) {
        to[i] = sum_of(points[i], plane);
      }
    }
  });
}

// Each piece has some channels of an image to itself.
template <class T> void scatter(const T* g, const T* grid, const GridPlan& p, T* gx) {
  const int64_t groups = (p.channels + kChannels - 1) / kChannels;
  parallel_for(p.batch * groups, std::max<int64_t>(1, 4096 / (p.points + 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t n = i / groups, first = i % groups * kChannels,
                                 last = std::min(p.channels, first + kChannels);
                   std::fill(gx + (n * p.channels + first) * p.plane(),
                             gx + (n * p.channels + last) * p.plane(), T(0));
                   for (int64_t from = 0; from < p.points; from += kPoints) {
                     const int64_t count = std::min(kPoints, p.points - from);
                     Point<T> points[kPoints];
                     find_points(p, grid + (n * p.points + from) * p.spatial, count, points);
                     for (int64_t c = n * p.channels + first; c < n * p.channels + last; ++c) {
                       T* plane = gx + c * p.plane();
                       const T* share = g + c * p.points + from;
                       for (int64_t q = 0; q < count; ++q)
                         for (int k = 0; k < points[q].count; ++k)
                           plane[points[q].at[k]] += points[q].weight[k] * share[q];
                     }
                   }
                 }
               });
}

template <class T> void by_grid(const T* g, const T* x, const T* grid, const GridPlan& p, T* ggrid) {
  each_block(p, [&](int64_t n, int64_t from, int64_t count) {
    for (int64_t i = n * p.points + from; i < n * p.points + from + count; ++i) {
      Sloped<T> point;
      combine<T>(p, grid + i * p.spatial, point, point.slope);
      T seen[kMostTaps] = {};  // Σ g · x of each tap
      for (int64_t c = n * p.channels; c < (n + 1) * p.channels; ++c) {
        const T share = g[c * p.points + i - n * p.points];
        for (int k = 0; k < point.count; ++k) seen[k] += x[c * p.plane() + point.at[k]] * share;
      }
      for (int a = 0; a < p.spatial; ++a) {
        T sum = 0;
        for (int k = 0; k < point.count; ++k) sum += point.slope[a][k] * seen[k];
        ggrid[i * p.spatial + a] = sum;
      }
    }
  });
}

template <class T>
void backward(const void* g, const void* x, const void* grid, const GridPlan& p, void* gx, void* ggrid) {
  const T *from = static_cast<const T*>(g), *points = static_cast<const T*>(grid);
  if (gx) scatter(from, points, p, static_cast<T*>(gx));
  if (ggrid) by_grid(from, static_cast<const T*>(x), points, p, static_cast<T*>(ggrid));
}

}  // namespace

void grid_sample(Dtype dtype, const void* x, const void* grid, const GridPlan& p, void* y) {
  if (dtype == Dtype::F64)
    return sample(static_cast<const double*>(x), static_cast<const double*>(grid), p,
                  static_cast<double*>(y));
  sample(static_cast<const float*>(x), static_cast<const float*>(grid), p, static_cast<float*>(y));
}
void grid_sample_backward(Dtype dtype, const void* g, const void* x, const void* grid, const GridPlan& p,
                          void* gx, void* ggrid) {
  dtype == Dtype::F64 ? backward<double>(g, x, grid, p, gx, ggrid)
                      : backward<float>(g, x, grid, p, gx, ggrid);
}

}  // namespace adjoint
