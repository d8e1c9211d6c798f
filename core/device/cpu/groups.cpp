// Elements in groups: covers over kernels/groups.h.
#include "device/groups.h"
#include <cstring>
#include <vector>
#include "device/cpu/work.h"
#include "kernels/groups.h"

namespace adjoint {
namespace {

Joining joining(Combine how) {
  switch (how) {
    case Combine::Add: return Joining::Add;
    case Combine::Mul: return Joining::Mul;
    case Combine::Max: return Joining::Max;
    default: return Joining::Min;
  }
}
template <class T> constexpr bool kReal = !std::is_same_v<T, bool> && !requires(T z) { z.imag(); };
template <class T> constexpr bool kFloat = kReal<T> && !std::is_integral_v<T>;

void merge(Combine how, const TensorImpl& y, const Slices& s, const TensorImpl& index, const TensorImpl& x) {
  if (x.numel == 0) return;
  cpu::Work work(x.numel);
  visit(y.dtype, [&]<class T>(T*) {
    if constexpr (kReal<T>)
      merge_slices(joining(how), y.host_as<T>(), s.outer, y.numel / (s.outer * s.inner), s.inner,
                   index.host_as<int64_t>(), index.numel, x.host_as<T>());
  });
}

void segments(Combine how, bool mean, const TensorImpl& x, const Slices& s, const TensorImpl& bounds,
              const TensorImpl& y) {
  if (y.numel == 0) return;
  cpu::Work work(x.numel);
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (kFloat<T>)
      merge_segments(joining(how), mean, x.host_as<T>(), s.outer, x.numel / (s.outer * s.inner), s.inner,
                     bounds.host_as<int64_t>(), y.numel / (s.outer * s.inner), y.host_as<T>());
  });
}

void segment_slopes(Combine how, bool mean, const Segmented& s, const TensorImpl& bounds, const TensorImpl& g,
                    const TensorImpl& gx) {
  if (gx.numel == 0 || g.numel == 0) return;
  cpu::Work work(gx.numel);
  const int64_t lines = s.slices.outer * s.slices.inner;
  visit(gx.dtype, [&]<class T>(T*) {
    if constexpr (kFloat<T>)
      slope_segments<T>(
          joining(how), mean, {s.x.host_as<T>(), s.y.host_as<T>(), g.host_as<T>(), s.start, gx.host_as<T>()},
          s.slices.outer, gx.numel / lines, s.slices.inner, bounds.host_as<int64_t>(), g.numel / lines);
  });
}

int64_t first_nonzero(const TensorImpl& mask, const TensorImpl& y) {
  cpu::Work work(mask.numel);
  const bool* p = mask.host_as<bool>();
  int64_t *out = y.host_as<int64_t>(), found = 0;
  const int last = mask.ndim - 1;
  const int64_t most = y.size(0), n = last >= 0 ? mask.size(last) : 1;
  Dims at(mask.ndim);
  for (const bool* end = p + mask.numel; p != end && found < most; p += n) {
    for (int64_t j = 0; j < n && found < most;) {
      uint64_t eight = 1;
      if (j + 8 <= n) std::memcpy(&eight, p + j, 8);
      if (eight == 0) {
        j += 8;
        continue;
      }
      for (const int64_t stop = std::min(j + 8, n); j < stop && found < most; ++j)
        if (p[j]) {
          for (int d = 0; d < last; ++d) *out++ = at[d];
          if (last >= 0) *out++ = j;
          ++found;
        }
    }
    for (int d = last - 1; d >= 0 && ++at[d] == mask.size(d); --d) at[d] = 0;
  }
  return found;
}

template <class T>
void count(const TensorImpl& x, const Bins& bins, const TensorImpl* weights, const TensorImpl& counts) {
  std::vector<Edges<T>> edges;
  for (const Tensor& e : bins.edges) edges.push_back({e->host_as<T>(), e->numel - 1});
  const int64_t rows = x.numel / int64_t(edges.size());
  count_bins<T>(x.host_as<T>(), rows, edges, bins.even, weights ? weights->host_as<T>() : nullptr,
                counts.host_as<double>());
}
void histogram(const TensorImpl& x, const Bins& bins, const TensorImpl* weights, const TensorImpl& counts) {
  if (counts.numel == 0) return;
  cpu::Work work(x.numel);
  x.dtype == Dtype::F32 ? count<float>(x, bins, weights, counts) : count<double>(x, bins, weights, counts);
}

}  // namespace

const GroupKernels cpu_groups = {.merge = merge,
                                 .segments = segments,
                                 .segment_slopes = segment_slopes,
                                 .first_nonzero = first_nonzero,
                                 .histogram = histogram};

}  // namespace adjoint
