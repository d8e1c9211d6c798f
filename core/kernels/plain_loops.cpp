// What plain loops reach on this machine: the yardstick that benchmarks/ holds our kernels against.
// Exported by name, for ctypes; nothing in the library calls them.
#include <algorithm>
#include <cstdint>

#include "kernels/gemm_table.h"
#include "kernels/parallel.h"

#define ADJOINT_EXPORT extern "C" __attribute__((visibility("default")))

ADJOINT_EXPORT void adjoint_plain_add(const float* __restrict a, const float* __restrict b,
                                      float* __restrict c, int64_t n) {
  for (int64_t i = 0; i < n; i++) c[i] = a[i] + b[i];
}

ADJOINT_EXPORT void adjoint_plain_mul(const float* __restrict a, const float* __restrict b,
                                      float* __restrict c, int64_t n) {
  for (int64_t i = 0; i < n; i++) c[i] = a[i] * b[i];
}

ADJOINT_EXPORT void adjoint_plain_copy(const float* __restrict a, float* __restrict c, int64_t n) {
  for (int64_t i = 0; i < n; i++) c[i] = a[i] + 0.0f;  // the addition keeps it from becoming memcpy
}

// Several running sums, so that memory and not the adder's latency sets the pace. n: a multiple of 32.
ADJOINT_EXPORT float adjoint_plain_sum(const float* a, int64_t n) {
  constexpr int kSums = 32;
  float sum[kSums] = {}, total = 0;
  for (int64_t i = 0; i < n; i += kSums) {
    for (int j = 0; j < kSums; j++) sum[j] += a[i + j];
  }
  for (int j = 0; j < kSums; j++) total += sum[j];
  return total;
}

namespace {
// `work` multiply-adds on all threads, at the processor's peak for the active instruction set.
template <class T> T multiply_adds(int64_t work) {
  const adjoint::gemm_detail::Table<T>& t = adjoint::gemm_detail::table<T>();
  const int64_t threads = std::min(adjoint::num_threads(), 64), turns = work / t.chain_work / threads;
  T sums[64] = {};
  adjoint::parallel_chunks(threads, [&](int64_t i) { sums[i] = t.chains(turns, T(0.5)); });
  return sums[0];
}
}  // namespace

ADJOINT_EXPORT float adjoint_plain_peak_f32(int64_t work) { return multiply_adds<float>(work); }
ADJOINT_EXPORT double adjoint_plain_peak_f64(int64_t work) { return multiply_adds<double>(work); }
