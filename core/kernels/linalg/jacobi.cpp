// Small matrices in batches: the kernels of jacobi.isa.cpp, group by group; LAPACK takes what they leave.
#include "kernels/linalg/jacobi.h"

#include "kernels/isa.h"
#include "kernels/linalg/jacobi_table.h"
#include "kernels/parallel.h"

namespace adjoint {

ADJOINT_PICK_TABLE(JacobiTable, jacobi_table)

namespace {

template <class T> const JacobiKernels<T>& kernels() {
  if constexpr (sizeof(T) == 4)
    return jacobi_table().f32;
  else
    return jacobi_table().f64;
}

// f(first, count) for groups of matrices that the kernels take together.
template <class T, class F> void each_group(int64_t count, F f) {
  constexpr int64_t kGroups = 4;  // to a piece of work
  const int64_t groups = (count + kJacobiLanes<T> - 1) / kJacobiLanes<T>;
  parallel_chunks((groups + kGroups - 1) / kGroups, [&](int64_t chunk) {
    for (int64_t g = chunk * kGroups; g < groups && g < (chunk + 1) * kGroups; ++g) {
      const int64_t first = g * kJacobiLanes<T>, left = count - first;
      f(first, left < kJacobiLanes<T> ? left : kJacobiLanes<T>);
    }
  });
}

}  // namespace

template <class T> void jacobi_eigh(MatrixBatch<T> a, bool upper, bool vectors, T* w, int32_t* info) {
  each_group<T>(a.count, [&](int64_t first, int64_t count) {
    kernels<T>().eigh(a[first], count, a.rows, upper, vectors, w + first * a.rows, info + first);
  });
}

template <class T>
void jacobi_svd(MatrixBatch<T> a, MatrixBatch<T> u, T* s, MatrixBatch<T> vh, int32_t* info) {
  const int64_t k = a.rows < a.cols ? a.rows : a.cols;
  each_group<T>(a.count, [&](int64_t first, int64_t count) {
    kernels<T>().svd(a[first], count, a.rows, a.cols, u.data ? u[first] : nullptr, s + first * k,
                     u.data ? vh[first] : nullptr, info + first);
  });
}

#define INSTANTIATE(T)                                                    \
  template void jacobi_eigh<T>(MatrixBatch<T>, bool, bool, T*, int32_t*); \
  template void jacobi_svd<T>(MatrixBatch<T>, MatrixBatch<T>, T*, MatrixBatch<T>, int32_t*);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace adjoint
