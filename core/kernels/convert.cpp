// The loops that convert one type to another: a table over all pairs of types.
#include "kernels/convert.h"

#include <array>
#include <tuple>
#include <utility>
#include "kernels/convert_table.h"
#include "kernels/copy.h"
#include "kernels/isa.h"
#include "kernels/parallel.h"

namespace adjoint {
namespace {

using Types = std::tuple<bool, uint8_t, int8_t, int16_t, int32_t, int64_t, Half, BFloat16, float, double,
                         std::complex<float>, std::complex<double>>;
using ConvertFn = void (*)(char* dst, int64_t dst_stride, const char* src, int64_t src_stride, int64_t n);

template <class To, class From>
void convert_loop(char* dst, int64_t dst_stride, const char* src, int64_t src_stride, int64_t n) {
  if (dst_stride == int64_t(sizeof(To)) && src_stride == int64_t(sizeof(From))) {
    To* to = reinterpret_cast<To*>(dst);
    const From* from = reinterpret_cast<const From*>(src);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) to[i] = convert_to<To>(from[i]);
    return;
  }
  if (dst_stride == int64_t(sizeof(To)) && src_stride == 0) {  // one value, many times
    const To value = convert_to<To>(*reinterpret_cast<const From*>(src));
    for (int64_t i = 0; i < n; ++i) reinterpret_cast<To*>(dst)[i] = value;
    return;
  }
  for (int64_t i = 0; i < n; ++i, dst += dst_stride, src += src_stride)
    *reinterpret_cast<To*>(dst) = convert_to<To>(*reinterpret_cast<const From*>(src));
}

// Between equal types an element is so many bytes.
struct Bytes16 {
  uint64_t low, high;
};
template <size_t Size> using BytesOf = std::conditional_t<
    Size == 1, uint8_t,
    std::conditional_t<
        Size == 2, uint16_t,
        std::conditional_t<Size == 4, uint32_t, std::conditional_t<Size == 8, uint64_t, Bytes16>>>>;

template <size_t To, size_t From> constexpr ConvertFn loop_for() {
  using T = std::tuple_element_t<To, Types>;
  if constexpr (To == From)
    return convert_loop<BytesOf<sizeof(T)>, BytesOf<sizeof(T)>>;
  else
    return convert_loop<T, std::tuple_element_t<From, Types>>;
}
template <size_t To, size_t... From>
constexpr std::array<ConvertFn, kDtypes> row_of(std::index_sequence<From...>) {
  return {loop_for<To, From>()...};
}
template <size_t... To>
constexpr std::array<std::array<ConvertFn, kDtypes>, kDtypes> table_of(std::index_sequence<To...>) {
  return {row_of<To>(std::make_index_sequence<kDtypes>())...};
}
constexpr auto table = table_of(std::make_index_sequence<kDtypes>());

int convert_type(Dtype d) {
  switch (d) {
    case Dtype::Bool: return kConvBool;
    case Dtype::U8: return kConvU8;
    case Dtype::I8: return kConvI8;
    case Dtype::I32: return kConvI32;
    case Dtype::I64: return kConvI64;
    case Dtype::F32: return kConvF32;
    case Dtype::F64: return kConvF64;
    default: return -1;
  }
}

// The loop made for this processor, where there is one.
DenseConvert dense_loop(Dtype to, Dtype from) {
  const ConvertTable& t = convert_table();
  if (to == from) return nullptr;
  if (to == Dtype::F32 && from == Dtype::F16) return t.half_to_float;
  if (to == Dtype::F16 && from == Dtype::F32) return t.float_to_half;
  if (to == Dtype::F32 && from == Dtype::BF16) return t.bfloat_to_float;
  if (to == Dtype::BF16 && from == Dtype::F32) return t.float_to_bfloat;
  int row = convert_type(to), column = convert_type(from);
  return row < 0 || column < 0 ? nullptr : t.plain[row][column];
}

bool is_16_bit_float(Dtype d) { return d == Dtype::F16 || d == Dtype::BF16; }

// Between a 16-bit float and anything else: by way of float, as convert_to has it, a buffer at a time.
bool convert_by_float(char* dst, Dtype to, const char* src, Dtype from, int64_t n) {
  if (is_16_bit_float(to) == is_16_bit_float(from)) return false;
  DenseConvert first = dense_loop(Dtype::F32, from), second = dense_loop(to, Dtype::F32);
  if (!first || !second) return false;
  constexpr int64_t kPiece = 1024;
  alignas(64) float buffer[kPiece];
  char* middle = reinterpret_cast<char*>(buffer);
  for (int64_t i = 0; i < n; i += kPiece) {
    int64_t m = kPiece < n - i ? kPiece : n - i;
    first(middle, src + i * int64_t(item_size(from)), m);
    second(dst + i * int64_t(item_size(to)), middle, m);
  }
  return true;
}

}  // namespace

ADJOINT_PICK_TABLE(ConvertTable, convert)
const ConvertTable& convert_table() { return convert(); }

void convert_strided_1d(char* dst, Dtype dst_dtype, int64_t dst_stride, const char* src, Dtype src_dtype,
                        int64_t src_stride, int64_t n) {
  if (dst_stride == int64_t(item_size(dst_dtype)) && src_stride == int64_t(item_size(src_dtype))) {
    if (DenseConvert f = dense_loop(dst_dtype, src_dtype)) return f(dst, src, n);
    if (convert_by_float(dst, dst_dtype, src, src_dtype, n)) return;
  }
  table[int(dst_dtype)][int(src_dtype)](dst, dst_stride, src, src_stride, n);
}

void convert(char* dst, Dtype dst_dtype, const char* src, Dtype src_dtype, int64_t n) {
  int64_t to = int64_t(item_size(dst_dtype)), from = int64_t(item_size(src_dtype));
  if (dst_dtype == src_dtype) return copy_strided(1, &n, dst, &to, dst_dtype, src, &from, src_dtype);
  parallel_for(n, 32768, [&](int64_t begin, int64_t end) {
    convert_strided_1d(dst + begin * to, dst_dtype, to, src + begin * from, src_dtype, from, end - begin);
  });
}

}  // namespace adjoint
