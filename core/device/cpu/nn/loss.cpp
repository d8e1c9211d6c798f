// The CPU's losses.
#include "device/nn/loss.h"

#include "device/cpu/nn/class_loss.h"
#include <cmath>
#include <memory>
#include "device/cpu/work.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"

namespace adjoint {
namespace cpu {
namespace {

constexpr int64_t kBlock = 1024;         // values that lie in the cache until they are summed
constexpr int64_t kChunk = 16 * kBlock;  // what one thread sums at least

// Σ over elements [begin, end). In double where a block's sum, but no value, leaves the type's range.
template <class T>
double sum_values(Loop loop, char* const* from, const int64_t* step, int count, int64_t begin, int64_t end) {
  alignas(64) T values[kBlock];
  char* p[kMaxLoopOperands] = {reinterpret_cast<char*>(values)};
  double total = 0;
  for (int64_t i = begin; i < end; i += kBlock) {
    const int64_t m = std::min(kBlock, end - i);
    for (int k = 1; k < count; ++k) p[k] = from[k] + i * step[k];
    loop(p, step, m);
    T sum;
    reduce(Reduction::Sum, dtype_of<T>, values, contiguous_view(1, m, 1), &sum);
    if (std::isfinite(sum)) {
      total += double(sum);
      continue;
    }
    for (int64_t j = 0; j < m; ++j) total += double(values[j]);
  }
  return total;
}

template <class T>
void total_as(Loop loop, char* const* p, const int64_t* step, int count, int64_t n, bool mean, T* y) {
  double sum = 0;
  if (n <= kChunk) {
    sum = sum_values<T>(loop, p, step, count, 0, n);
  } else {
    const int64_t chunks = (n + kChunk - 1) / kChunk;
    std::unique_ptr<double[]> part(new double[size_t(chunks)]);
    Work work(n);
    parallel_chunks(chunks, [&](int64_t c) {
      part[size_t(c)] = sum_values<T>(loop, p, step, count, c * kChunk, std::min(n, (c + 1) * kChunk));
    });
    reduce(Reduction::Sum, Dtype::F64, part.get(), contiguous_view(1, chunks, 1), &sum);
  }
  *y = T(mean ? sum / double(n) : sum);
}

void total(const FormulaLoop& f, std::span<const LoopOperand> xs, int64_t n, bool mean, const TensorImpl& y) {
  char* p[kMaxLoopOperands] = {};
  int64_t step[kMaxLoopOperands];
  const int64_t item = int64_t(y.itemsize());
  step[0] = item;
  for (size_t k = 0; k < xs.size(); ++k) {
    const TensorImpl* t = xs[k].tensor;
    p[k + 1] = t ? t->host() : const_cast<char*>(xs[k].number);
    step[k + 1] = t && t->numel != 1 ? item : 0;
  }
  const Loop loop = f.kernels.value[f.compute];
  const int count = int(xs.size()) + 1;
  y.dtype == Dtype::F64 ? total_as(loop, p, step, count, n, mean, y.host_as<double>())
                        : total_as(loop, p, step, count, n, mean, y.host_as<float>());
}

std::optional<int64_t> outside_unit(const TensorImpl& x) {
  std::optional<int64_t> found;
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_convertible_v<T, double> && !std::is_integral_v<T>) {
      using W = std::conditional_t<sizeof(T) == 8, double, float>;
      const auto inside = [](T v) { return (W(v) >= 0) & (W(v) <= 1); };
      const T* p = x.host_as<T>();
      for (int64_t i = 0; i < x.numel; i += kBlock) {
        const int64_t m = std::min(kBlock, x.numel - i);
        int bad = 0;
        for (int64_t j = 0; j < m; ++j) bad |= !inside(p[i + j]);
        if (!bad) continue;
        for (int64_t j = 0; j < m; ++j)
          if (!inside(p[i + j])) return void(found = i + j);
      }
    }
  });
  return found;
}

}  // namespace
}  // namespace cpu

const LossKernels cpu_loss = {
    .total = cpu::total,
    .outside_unit = cpu::outside_unit,
    .outside_classes = cpu::outside_classes,
    .cross_entropy = cpu::cross_entropy,
    .cross_entropy_backward = cpu::cross_entropy_backward,
    .nll = cpu::nll,
    .nll_backward = cpu::nll_backward,
};

}  // namespace adjoint
