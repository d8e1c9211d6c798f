// The vectorised kernels under arg.cpp: arg.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// Largest (smallest) of each of `width` ≤ kArgTile columns that lie side by side, n > 0 rows `stride` apart,
// and its row: the first of equals, the first NaN if there is one. Rows are counted in 32 bits.
template <class T> using ArgColumns = void (*)(bool largest, const T* x, int64_t n, int64_t stride,
                                               int64_t width, T* values, int32_t* index);
inline constexpr int64_t kArgTile = 512;

struct ArgTable {
  ArgColumns<float> f32;
  ArgColumns<double> f64;
  ArgColumns<uint8_t> u8;
  ArgColumns<int8_t> i8;
  ArgColumns<int16_t> i16;
  ArgColumns<int32_t> i32;
  ArgColumns<int64_t> i64;
};
const ArgTable& arg_table();

}  // namespace adjoint
