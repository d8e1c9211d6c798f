// What conv.isa.cpp offers to the drivers of convolutions, on one thread.
#pragma once
#include <cstdint>

namespace adjoint::conv_detail {

// At most a vector of elements: the next piece, or the next row, overwrites what was copied beyond them.
struct Piece {
  int64_t from;
  int64_t to;
};

template <class T> struct Table {
  int lanes;  // of a vector
  // Rows `to_step` apart: row i has for each piece the elements from source + starts[i] + piece.from on. Whole vectors
  // are read and written.
  void (*gather)(const T* source, const int64_t* starts, int64_t rows, const Piece* pieces, int64_t count,
                 T* to, int64_t to_step);
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
