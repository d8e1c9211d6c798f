// Element types: their sizes, categories, names and the C++ types behind them.
#pragma once
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace adjoint {

// Ordered so that, inside a category, a later type can hold an earlier one (promotion relies on it).
enum class Dtype : uint8_t { Bool, U8, I8, I16, I32, I64, F16, BF16, F32, F64, C64, C128 };
inline constexpr int kDtypes = 12;

namespace detail {
inline constexpr uint8_t kItemSize[kDtypes] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
inline constexpr const char* kDtypeName[kDtypes] = {"bool",    "uint8",   "int8",      "int16",
                                                    "int32",   "int64",   "float16",   "bfloat16",
                                                    "float32", "float64", "complex64", "complex128"};
// PyTorch's C++ names, which its error messages use ("Float", "Long", ...).
inline constexpr const char* kDtypeLabel[kDtypes] = {"Bool",  "Byte",   "Char",         "Short",
                                                     "Int",   "Long",   "Half",         "BFloat16",
                                                     "Float", "Double", "ComplexFloat", "ComplexDouble"};
}  // namespace detail

constexpr size_t item_size(Dtype d) { return detail::kItemSize[int(d)]; }
constexpr const char* name_of(Dtype d) { return detail::kDtypeName[int(d)]; }
constexpr const char* label_of(Dtype d) { return detail::kDtypeLabel[int(d)]; }

enum class Category : uint8_t { Bool, Integer, Float, Complex };
constexpr Category category_of(Dtype d) {
  return d == Dtype::Bool  ? Category::Bool
         : d <= Dtype::I64 ? Category::Integer
         : d <= Dtype::F64 ? Category::Float
                           : Category::Complex;
}
constexpr bool is_complex(Dtype d) { return d >= Dtype::C64; }
constexpr bool is_floating(Dtype d) { return d >= Dtype::F16 && d <= Dtype::F64; }
constexpr bool is_integral(Dtype d) { return d >= Dtype::U8 && d <= Dtype::I64; }  // without bool
constexpr bool is_differentiable(Dtype d) { return d >= Dtype::F16; }
constexpr bool is_reduced(Dtype d) { return d == Dtype::F16 || d == Dtype::BF16; }

// complex64 ↔ float32, complex128 ↔ float64.
constexpr Dtype real_of(Dtype d) { return d == Dtype::C64 ? Dtype::F32 : d == Dtype::C128 ? Dtype::F64 : d; }
constexpr Dtype complex_of(Dtype d) { return d == Dtype::F64 || d == Dtype::C128 ? Dtype::C128 : Dtype::C64; }

// The promoted type of two tensors of equal priority, by PyTorch's table.
constexpr Dtype promote(Dtype a, Dtype b) {
  if (a == b) return a;
  if (a > b) {
    Dtype t = a;
    a = b;
    b = t;
  }
  if (a == Dtype::U8 && b == Dtype::I8) return Dtype::I16;
  if (a == Dtype::F16 && b == Dtype::BF16) return Dtype::F32;
  if (b == Dtype::C64 && a == Dtype::F64) return Dtype::C128;
  return b;
}
static_assert(promote(Dtype::I64, Dtype::F16) == Dtype::F16 && promote(Dtype::U8, Dtype::I16) == Dtype::I16);

// 16-bit floats are storage formats: arithmetic happens in float, as in PyTorch's CPU kernels.
struct Half {
  uint16_t bits;
  Half() = default;
  Half(float f) : bits(encode(f)) {}
  operator float() const { return decode(bits); }
  static uint16_t encode(float f);
  static float decode(uint16_t h);
};
struct BFloat16 {
  uint16_t bits;
  BFloat16() = default;
  BFloat16(float f) : bits(encode(f)) {}
  operator float() const { return decode(bits); }
  static uint16_t encode(float f) {  // round to nearest even; NaN stays NaN
    uint32_t u;
    std::memcpy(&u, &f, 4);
    if ((u & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  static float decode(uint16_t b) {
    uint32_t u = uint32_t(b) << 16;
    float f;
    std::memcpy(&f, &u, 4);
    return f;
  }
};

inline float Half::decode(uint16_t h) {
  uint32_t sign = uint32_t(h & 0x8000) << 16, mag = h & 0x7fff, u;
  if (mag >= 0x7c00)
    u = sign | 0x7f800000 | ((mag & 0x3ff) << 13);
  else if (mag >= 0x400)
    u = sign | ((mag << 13) + 0x38000000);
  else {  // subnormal: the value is mag * 2^-24, exact in float
    float f = float(mag) * 5.9604644775390625e-8f;
    std::memcpy(&u, &f, 4);
    u |= sign;
  }
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}
inline uint16_t Half::encode(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  uint16_t sign = uint16_t((u >> 16) & 0x8000);
  u &= 0x7fffffff;
  if (u > 0x7f800000) return sign | 0x7e00;
  if (u >= 0x477ff000) return sign | 0x7c00;  // rounds to infinity
  if (u < 0x38800000) {                       // subnormal: let the float adder round at bit 2^-24
    float m;
    std::memcpy(&m, &u, 4);
    m += 0.5f;
    uint32_t v;
    std::memcpy(&v, &m, 4);
    return sign | uint16_t(v - 0x3f000000);
  }
  return sign | uint16_t((u - 0x38000000 + 0xfff + ((u >> 13) & 1)) >> 13);
}

// dtype_of<T> and visit(dtype, f): f is called with a null pointer of the C++ type.
template <class T> struct DtypeOf;
template <> struct DtypeOf<bool> {
  static constexpr Dtype value = Dtype::Bool;
};
template <> struct DtypeOf<uint8_t> {
  static constexpr Dtype value = Dtype::U8;
};
template <> struct DtypeOf<int8_t> {
  static constexpr Dtype value = Dtype::I8;
};
template <> struct DtypeOf<int16_t> {
  static constexpr Dtype value = Dtype::I16;
};
template <> struct DtypeOf<int32_t> {
  static constexpr Dtype value = Dtype::I32;
};
template <> struct DtypeOf<int64_t> {
  static constexpr Dtype value = Dtype::I64;
};
template <> struct DtypeOf<Half> {
  static constexpr Dtype value = Dtype::F16;
};
template <> struct DtypeOf<BFloat16> {
  static constexpr Dtype value = Dtype::BF16;
};
template <> struct DtypeOf<float> {
  static constexpr Dtype value = Dtype::F32;
};
template <> struct DtypeOf<double> {
  static constexpr Dtype value = Dtype::F64;
};
template <> struct DtypeOf<std::complex<float>> {
  static constexpr Dtype value = Dtype::C64;
};
template <> struct DtypeOf<std::complex<double>> {
  static constexpr Dtype value = Dtype::C128;
};
template <class T> inline constexpr Dtype dtype_of = DtypeOf<T>::value;

template <class F> auto visit(Dtype d, F&& f) {
  switch (d) {
    case Dtype::Bool: return f((bool*)nullptr);
    case Dtype::U8: return f((uint8_t*)nullptr);
    case Dtype::I8: return f((int8_t*)nullptr);
    case Dtype::I16: return f((int16_t*)nullptr);
    case Dtype::I32: return f((int32_t*)nullptr);
    case Dtype::I64: return f((int64_t*)nullptr);
    case Dtype::F16: return f((Half*)nullptr);
    case Dtype::BF16: return f((BFloat16*)nullptr);
    case Dtype::F32: return f((float*)nullptr);
    case Dtype::F64: return f((double*)nullptr);
    case Dtype::C64: return f((std::complex<float>*)nullptr);
    default: return f((std::complex<double>*)nullptr);
  }
}

}  // namespace adjoint
