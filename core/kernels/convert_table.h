// The dense conversions that pay for a build per instruction set (convert.isa.cpp).
#pragma once
#include <cstdint>

namespace adjoint {

using DenseConvert = void (*)(char* dst, const char* src, int64_t n);

// Rows and columns of `plain`; the types that most conversions are between.
enum ConvertType : int { kConvBool, kConvU8, kConvI8, kConvI32, kConvI64, kConvF32, kConvF64, kConvTypes };

struct ConvertTable {
  DenseConvert half_to_float, float_to_half;  // null: no faster than the loops of convert.cpp
  DenseConvert bfloat_to_float, float_to_bfloat;
  DenseConvert plain[kConvTypes][kConvTypes];  // [to][from]
};
const ConvertTable& convert_table();

}  // namespace adjoint
