// The vectorised kernels under pool.cpp: pool.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// Windows along one axis of an image. Outputs in [from, to) have whole ones: `kernel` elements, `step` apart, the first
// at o · stride − pad.
struct PoolWindows {
  int64_t in, out, step;
  const int64_t *begin, *end;  // of each output's window, cut to the image: begin, begin + step, ... < end
  const int64_t* size;         // how many elements count in an average
  int64_t from, to, kernel, stride, pad;
};
struct PoolShape {
  PoolWindows d, h, w;
  int64_t channels;          // side by side: the distance of two pixels
  int64_t first, last;       // of them, those to be done
  int64_t row_from, row_to;  // rows of the result (depth · height) to be done
  int64_t divisor;           // of averages, unless it is 0
};

template <class T> struct PoolLoops {  // x, y, index, g, gx: one plane
  void (*max)(const PoolShape& s, const T* x, T* y);
  void (*max_index)(const PoolShape& s, const T* x, T* y, int64_t* index);
  void (*average)(const PoolShape& s, const T* x, T* y);
  // gx is zero; `row` is room for one of its rows.
  void (*average_backward)(const PoolShape& s, const T* g, T* gx, T* row);
  // One window a plane: means of rows of n, and back.
  void (*means)(int64_t rows, int64_t n, const T* x, T* y);
  void (*means_backward)(int64_t rows, int64_t n, const T* g, T* gx);
};

struct PoolTable {
  PoolLoops<float> f32;
  PoolLoops<double> f64;
  PoolLoops<int64_t> i64;
};
const PoolTable& pool_table();

}  // namespace adjoint
