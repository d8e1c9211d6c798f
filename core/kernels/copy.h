// Copies, conversions between element types, and fills.
//
// Conversions follow PyTorch: floating → integer truncates (through int64, so that -1.0 → uint8 is 255);
// anything → bool is `!= 0`; complex → real drops the imaginary part.
#pragma once
#include "tensor/dtype.h"

namespace adjoint {

// dst[i] = src[i] over an N-d index space; strides in bytes, of either sign or zero (dst's must not overlap).
// dst and src must not overlap, save when they are the same elements at the same strides.
void copy_strided(int ndim, const int64_t* sizes, char* dst, const int64_t* dst_strides, Dtype dst_dtype,
                  const char* src, const int64_t* src_strides, Dtype src_dtype);

// Contiguous conversion; may run in place when the types have the same size. Threaded when large.
void convert(char* dst, Dtype dst_dtype, const char* src, Dtype src_dtype, int64_t n);

// Serial, strides in bytes: the inner loop for callers with loops of their own.
void convert_strided_1d(char* dst, Dtype dst_dtype, int64_t dst_stride, const char* src, Dtype src_dtype,
                        int64_t src_stride, int64_t n);

// `value` points to one element of the dtype.
void fill(char* dst, Dtype dtype, int64_t n, const void* value);
void fill_strided(int ndim, const int64_t* sizes, char* dst, const int64_t* strides, Dtype dtype,
                  const void* value);

}  // namespace adjoint
