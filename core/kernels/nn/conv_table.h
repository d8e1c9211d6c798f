// What conv.isa.cpp offers to the drivers of convolutions, on one thread.
#pragma once
#include <cstdint>

namespace adjoint::conv_detail {

// At most a vector of elements: the next piece, or the next row, overwrites what was copied beyond them.
struct Piece {
  int64_t from;
  int64_t to;
};

// A run of a window's row: zeros, `count` elements of the source's row from `start` on, `step` apart, zeros. Together
// `size` elements.
struct Run {
  int64_t start, step, zeros, count, size;
};

template <class T> struct Table {
  int lanes;  // of a vector
  // Rows of a window one after the other, each made of the same runs: row i of the source's at source + rows[i], or
  // zeros where that is negative. Not `whole`: without the zeros.
  void (*fill)(const T* source, const int64_t* rows, int64_t count, const Run* runs, int64_t n, int64_t size,
               bool whole, T* to);
  // Rows `to_step` apart: row i has for each piece the elements from source + starts[i] + piece.from on. Whole vectors
  // are read and written.
  void (*gather)(const T* source, const int64_t* starts, int64_t rows, const Piece* pieces, int64_t count,
                 T* to, int64_t to_step);
  // to[r, j] = start + Σ weights[i] · source[starts[i] + r · row_step + j] for `rows` rows of n; whole vectors are read.
  void (*sum_rows)(const T* source, const int64_t* starts, const T* weights, int64_t terms, T start,
                   int64_t rows, int64_t row_step, int64_t n, T* to, int64_t to_step);
  // sums[i] (a vector) += the products of source[starts[i] + r · row_step + j] and other[r · other_step + j], lane by
  // lane; whole vectors of the source are read. total: the sum of a vector.
  void (*add_products)(const T* source, const int64_t* starts, int64_t terms, const T* other,
                       int64_t other_step, int64_t rows, int64_t row_step, int64_t n, T* sums);
  T (*total)(const T* sums);
};

const Table<float>& table_f32();
const Table<double>& table_f64();
template <class T> const Table<T>& table() {
  if constexpr (sizeof(T) == sizeof(float))
    return table_f32();
  else
    return table_f64();
}

}  // namespace adjoint::conv_detail
