// One element from any type to any other, by PyTorch's rules (see copy.h).
#pragma once
#include <type_traits>
#include "tensor/dtype.h"

namespace adjoint {

namespace detail {
template <class T> inline constexpr bool is_std_complex = false;
template <class T> inline constexpr bool is_std_complex<std::complex<T>> = true;
template <class T> inline constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
}  // namespace detail

template <class To, class From> [[gnu::always_inline]] inline To convert_to(From x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else if constexpr (detail::is_half<From>) {
    return convert_to<To>(float(x));
  } else if constexpr (detail::is_std_complex<From>) {
    if constexpr (std::is_same_v<To, bool>)
      return (x.real() != 0) | (x.imag() != 0);
    else if constexpr (detail::is_std_complex<To>)
      return To(x.real(), x.imag());
    else
      return convert_to<To>(x.real());
  } else if constexpr (detail::is_std_complex<To>) {
    return To(typename To::value_type(x), 0);
  } else if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (detail::is_half<To>) {
    return To(float(x));
  } else if constexpr (std::is_same_v<To, uint8_t> && std::is_floating_point_v<From>) {
    return uint8_t(int64_t(x));  // negative numbers wrap
  } else if constexpr (sizeof(To) < 4 && std::is_floating_point_v<From>) {
    return To(int32_t(x));
  } else {
    return To(x);
  }
}

}  // namespace adjoint
