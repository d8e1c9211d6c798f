// The CPU's losses.
#include "device/nn/loss.h"

#include "device/cpu/nn/class_loss.h"
#include <cmath>
#include <memory>
#include <vector>
#include "device/cpu/nn/ctc.h"
#include "device/cpu/work.h"
#include "kernels/nn/unit_interval.h"
#include "kernels/parallel.h"
#include "kernels/reduce.h"

namespace adjoint {
namespace cpu {
namespace {

constexpr int64_t kFew = 64;             // whose sum takes less than the call of a reduction
constexpr int64_t kBlock = 1024;         // values that lie in the cache until they are summed
constexpr int64_t kChunk = 16 * kBlock;  // what one thread sums at least

template <class T> T sum_few(const T* values, int64_t n) {
  T part[4] = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; ++k) part[k] += values[i + k];
  for (; i < n; ++i) part[0] += values[i];
  return (part[0] + part[1]) + (part[2] + part[3]);
}
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
    if (m <= kFew)
      sum = sum_few(values, m);
    else
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
  Work work(x.numel);
  const int64_t at = adjoint::outside_unit(x.dtype, x.host(), x.numel);
  return at < 0 ? std::nullopt : std::optional(at);
}

// One sample: its loss, or its slopes into `slope`. `of_target` has a flag for each class.
template <class T>
T multilabel_row(const T* x, const int64_t* target, int64_t n, std::vector<char>& of_target, T* slope) {
  int64_t count = 0;
  while (count < n && target[count] >= 0) ++count;
  std::fill(of_target.begin(), of_target.end(), char(0));
  for (int64_t k = 0; k < count; ++k) of_target[size_t(target[k])] = 1;
  if (slope) std::fill(slope, slope + n, T(0));
  T total = 0;
  for (int64_t k = 0; k < count; ++k)
    for (int64_t j = 0; j < n; ++j) {
      const T z = 1 - x[target[k]] + x[j];
      if (of_target[size_t(j)] || !(z > 0 || z != z)) continue;
      total += z;
      if (slope) slope[j] += 1 / T(n), slope[target[k]] -= 1 / T(n);
    }
  return total / T(n);
}
void multilabel_margin(const TensorImpl& x, const TensorImpl& target, bool slopes, const TensorImpl& y) {
  const int64_t samples = x.size(0), n = x.size(1);
  const int64_t* t = target.host_as<int64_t>();
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_floating_point_v<T>) {
      const T* from = x.host_as<T>();
      T* to = y.host_as<T>();
      Work work(samples * n * n);
      parallel_for(samples, kChunk / (n * n + 1) + 1, [&](int64_t begin, int64_t end) {
        std::vector<char> of_target(static_cast<size_t>(n));
        for (int64_t i = begin; i < end; ++i) {
          const T loss = multilabel_row(from + i * n, t + i * n, n, of_target, slopes ? to + i * n : nullptr);
          if (!slopes) to[i] = loss;
        }
      });
    }
  });
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
    .multilabel_margin = cpu::multilabel_margin,
    .ctc = cpu::ctc,
    .ctc_backward = cpu::ctc_backward,
};

}  // namespace adjoint
