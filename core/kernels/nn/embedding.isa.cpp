// Rows of a table added up where indices say. See Note [One source, several instruction sets].
#include <type_traits>

#include "kernels/isa.h"
#include "kernels/nn/embedding_table.h"

namespace adjoint {
namespace {

template <class T> void add_row(const T* __restrict x, int64_t n, T* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}
template <class T> void add_scaled(const T* __restrict x, int64_t n, T scale, T* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] += scale * x[i];
}

template <class T> void add_rows(const T* g, int64_t stride, int64_t n, const int64_t* index,
                                 const int64_t* source, const T* scale, int64_t count, int64_t low,
                                 int64_t high, int64_t padding, T* y) {
  for (int64_t k = 0; k < count; ++k) {
    const int64_t row = index[k];
    if (row < low || row >= high || row == padding) continue;
    const T* from = g + (source ? source[k] : k) * stride;
    if (scale)
      add_scaled(from, n, scale[k], y + row * stride);
    else
      add_row(from, n, y + row * stride);
  }
}

template <class T> int64_t sum_bag(const T* x, int64_t width, const int64_t* index, const T* scale,
                                   int64_t count, int64_t padding, bool mean, T* y) {
  for (int64_t i = 0; i < width; ++i) y[i] = 0;
  int64_t n = 0;
  for (int64_t k = 0; k < count; ++k) {
    if (index[k] == padding) continue;
    ++n;
    if (scale)
      add_scaled(x + index[k] * width, width, scale[k], y);
    else
      add_row(x + index[k] * width, width, y);
  }
  if (mean && n > 1)
    for (int64_t i = 0; i < width; ++i) y[i] /= T(n);
  return n;
}

// A tile of columns at a time. Places are as wide as the numbers beside them, so that the loop vectorises.
constexpr int64_t kTile = 256;
template <class T> using Place = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

template <class T> void take_larger(const T* __restrict from, int64_t n, Place<T> k, T* __restrict y,
                                    Place<T>* __restrict place) {
  for (int64_t i = 0; i < n; ++i) {
    const bool larger = (from[i] > y[i]) | ((from[i] != from[i]) & (y[i] == y[i]));
    y[i] = larger ? from[i] : y[i];
    place[i] = larger ? k : place[i];
  }
}

template <class T> int64_t max_bag(const T* x, int64_t width, const int64_t* index, int64_t count,
                                   int64_t padding, T* y, int64_t* row) {
  int64_t used = 0, first = -1;
  for (int64_t k = 0; k < count; ++k) {
    if (index[k] == padding) continue;
    if (first < 0) first = k;
    ++used;
  }
  if (used == 0)
    for (int64_t i = 0; i < width; ++i) y[i] = 0, row[i] = 0;
  for (int64_t at = 0; used && at < width; at += kTile) {
    const int64_t n = width - at < kTile ? width - at : kTile;
    Place<T> place[kTile];
    for (int64_t i = 0; i < n; ++i) y[at + i] = x[index[first] * width + at + i], place[i] = Place<T>(first);
    for (int64_t k = first + 1; k < count; ++k)
      if (index[k] != padding) take_larger(x + index[k] * width + at, n, Place<T>(k), y + at, place);
    for (int64_t i = 0; i < n; ++i) row[at + i] = index[place[i]];
  }
  return used;
}

template <class T> constexpr EmbeddingRowKernels<T> row_kernels() {
  return {add_rows<T>, sum_bag<T>, max_bag<T>};
}

}  // namespace

extern const EmbeddingTable ADJOINT_ISA_NAME(embedding_table);
const EmbeddingTable ADJOINT_ISA_NAME(embedding_table) = {row_kernels<float>(), row_kernels<double>()};

}  // namespace adjoint
