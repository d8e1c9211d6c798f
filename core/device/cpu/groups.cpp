// Elements in groups: covers over kernels/groups.h.
#include "device/groups.h"
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

const GroupKernels cpu_groups = {.merge = merge, .segments = segments, .histogram = histogram};

}  // namespace adjoint
