// Elements put to places of planes, and picked from there: what max pooling's gradient and max unpooling do.
#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>
#include "kernels/copy.h"
#include "kernels/nn/pool.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

constexpr int64_t kGrain = 16384;

// f(i, where index[i] points to in the other tensor) over one plane of n · channels; the first i that points outside,
// or -1.
template <class F> int64_t each_index(const int64_t* index, const PoolPlanes& p, F f) {
  int64_t i = 0;
  if (p.channels == 1) {
    for (; i < p.n; ++i) {
      if (uint64_t(index[i]) >= uint64_t(p.m)) return i;
      f(i, index[i]);
    }
    return -1;
  }
  for (int64_t k = 0; k < p.n; ++k)
    for (int64_t c = 0; c < p.channels; ++c, ++i) {
      const int64_t at = index[i];
      if (uint64_t(at) >= uint64_t(p.m)) return i;
      f(i, at * p.channels + c);
    }
  return -1;
}

// f(plane): its first bad place, or -1. The first of all, whichever thread finds it.
template <class F> std::optional<int64_t> each_plane(const PoolPlanes& p, F f) {
  const int64_t size = p.n * p.channels, none = p.planes * size;
  std::atomic<int64_t> first = none;
  parallel_for(p.planes, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, size + p.m * p.channels)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t plane = begin; plane < end; ++plane) {
                   const int64_t bad = f(plane);
                   int64_t seen = first;
                   while (bad >= 0 && plane * size + bad < seen &&
                          !first.compare_exchange_weak(seen, plane * size + bad)) {
                   }
                 }
               });
  return first == none ? std::nullopt : std::optional<int64_t>(first);
}

// Floating-point numbers that are only moved, by their size.
template <class F> auto with_item(Dtype dtype, F f) {
  switch (item_size(dtype)) {
    case 2: return f(uint16_t());
    case 4: return f(uint32_t());
    default: return f(uint64_t());
  }
}

// Sums of halves are made in float, a plane at a time, and rounded once.
template <class T>
std::optional<int64_t> add_halves(const T* x, const int64_t* index, const PoolPlanes& p, T* y) {
  const int64_t n = p.n * p.channels, m = p.m * p.channels;
  return each_plane(p, [&](int64_t plane) {
    std::unique_ptr<float[]> sum(new float[size_t(m)]());
    const T* from = x + plane * n;
    const int64_t bad =
        each_index(index + plane * n, p, [&](int64_t i, int64_t at) { sum[size_t(at)] += float(from[i]); });
    convert(reinterpret_cast<char*>(y + plane * m), dtype_of<T>, reinterpret_cast<const char*>(sum.get()),
            Dtype::F32, m);
    return bad;
  });
}
template <class T> std::optional<int64_t> add(const T* x, const int64_t* index, const PoolPlanes& p, T* y) {
  const int64_t n = p.n * p.channels, m = p.m * p.channels;
  return each_plane(p, [&](int64_t plane) {
    const T* from = x + plane * n;
    T* to = y + plane * m;
    std::fill_n(to, m, T(0));
    return each_index(index + plane * n, p, [&](int64_t i, int64_t at) { to[at] += from[i]; });
  });
}

}  // namespace

std::optional<int64_t> pool_put(Dtype dtype, const void* x, const int64_t* index, const PoolPlanes& p,
                                bool sums, void* y) {
  if (sums)
    return visit(dtype, [&]<class T>(T*) {
      if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
        return add_halves(static_cast<const T*>(x), index, p, static_cast<T*>(y));
      else if constexpr (std::is_floating_point_v<T>)
        return add(static_cast<const T*>(x), index, p, static_cast<T*>(y));
      else
        return std::optional<int64_t>();  // gradients are floating-point numbers
    });
  return with_item(dtype, [&]<class T>(T) {
    const int64_t n = p.n * p.channels, m = p.m * p.channels;
    return each_plane(p, [&](int64_t plane) {
      const T* from = static_cast<const T*>(x) + plane * n;
      T* to = static_cast<T*>(y) + plane * m;
      std::fill_n(to, m, T(0));
      return each_index(index + plane * n, p, [&](int64_t i, int64_t at) { to[at] = from[i]; });
    });
  });
}

std::optional<int64_t> pool_pick(Dtype dtype, const void* x, const int64_t* index, const PoolPlanes& p,
                                 void* y) {
  return with_item(dtype, [&]<class T>(T) {
    const int64_t n = p.n * p.channels, m = p.m * p.channels;
    return each_plane(p, [&](int64_t plane) {
      const T* from = static_cast<const T*>(x) + plane * m;
      T* to = static_cast<T*>(y) + plane * n;
      return each_index(index + plane * n, p, [&](int64_t i, int64_t at) { to[i] = from[at]; });
    });
  });
}

}  // namespace adjoint
