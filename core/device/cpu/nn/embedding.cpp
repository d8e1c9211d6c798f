// The CPU's embeddings.
#include "device/nn/embedding.h"
#include <cstring>
#include "device/cpu/work.h"
#include "kernels/isa.h"
#include "kernels/nn/embedding_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(EmbeddingTable, embedding_table)

namespace cpu {
namespace {

constexpr int64_t kGrain = 32768;  // elements that a thread takes at least

template <class F> void with_kernels(Dtype d, F f) {
  d == Dtype::F64 ? f(embedding_table().f64, double()) : f(embedding_table().f32, float());
}
template <class T> const T* elements(const TensorImpl* x) { return x ? x->host_as<const T>() : nullptr; }

std::optional<int64_t> outside(const TensorImpl& index, int64_t rows) {
  const int64_t* p = index.host_as<int64_t>();
  for (int64_t k = 0; k < index.numel; k += 1024) {
    const int64_t end = std::min(index.numel, k + 1024);
    int bad = 0;
    for (int64_t i = k; i < end; ++i) bad |= uint64_t(p[i]) >= uint64_t(rows);
    if (bad)
      for (int64_t i = k; i < end; ++i)
        if (uint64_t(p[i]) >= uint64_t(rows)) return i;
  }
  return {};
}

// Every thread has rows of gx of its own, or columns where there are few rows, and looks through all indices for them:
// so each element is summed in the order of the indices, whatever the cut.
void sum_rows(const RowSums& r, const TensorImpl& g, const TensorImpl& gx) {
  if (gx.numel == 0) return;
  const int64_t rows = gx.size(0), width = gx.size(1);
  const int64_t *index = r.index.host_as<int64_t>(), *source = elements<int64_t>(r.source);
  with_kernels(gx.dtype, [&]<class K, class T>(const K& kernels, T) {
    const T *from = g.host_as<T>(), *scale = elements<T>(r.scale);
    T* to = gx.host_as<T>();
    Work work(gx.numel + g.numel);
    const int64_t count = r.index.numel;
    if (gx.numel > 2 * kGrain || count * width <= 2 * kGrain)
      return parallel_for(rows, kGrain / width + 1, [&](int64_t begin, int64_t end) {
        std::memset(to + begin * width, 0, size_t((end - begin) * width) * sizeof(T));
        kernels.add_rows(from, width, width, index, source, scale, count, begin, end, r.padding, to);
      });
    std::memset(to, 0, size_t(gx.numel) * sizeof(T));
    parallel_for(width, kGrain / count + 1, [&](int64_t begin, int64_t end) {
      kernels.add_rows(from + begin, width, end - begin, index, source, scale, count, 0, rows, r.padding,
                       to + begin);
    });
  });
}

void fill_bags(const Bags& b, const TensorImpl& weight, const TensorImpl& y, const TensorImpl& counts,
               const TensorImpl* largest) {
  const int64_t bags = y.size(0), width = y.size(1);
  check(b.index.numel <= INT32_MAX, "embedding_bag: at most ", INT32_MAX, " indices are taken, got ",
        b.index.numel);
  const int64_t *index = b.index.host_as<int64_t>(), *starts = b.starts.host_as<int64_t>();
  int64_t* count = counts.host_as<int64_t>();
  with_kernels(weight.dtype, [&]<class K, class T>(const K& kernels, T) {
    const T *x = weight.host_as<T>(), *scale = elements<T>(b.scale);
    T* to = y.host_as<T>();
    int64_t* row = largest ? largest->host_as<int64_t>() : nullptr;
    Work work(y.numel + b.index.numel * width);
    parallel_for(
        bags, kGrain / (width * (b.index.numel / bags + 1) + 1) + 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const int64_t first = starts[i], n = starts[i + 1] - first;
            count[i] =
                b.mode == Bag::Max
                    ? kernels.max_bag(x, width, index + first, n, b.padding, to + i * width, row + i * width)
                    : kernels.sum_bag(x, width, index + first, scale ? scale + first : nullptr, n, b.padding,
                                      b.mode == Bag::Mean, to + i * width);
          }
        });
  });
}

}  // namespace
}  // namespace cpu

const EmbeddingKernels cpu_embedding = {
    .outside = cpu::outside,
    .sum_rows = cpu::sum_rows,
    .fill_bags = cpu::fill_bags,
};

}  // namespace adjoint
