// How sorting and selection see an element: as an unsigned number that orders as the value does. So one instance of an
// algorithm serves each width, in either direction.
#pragma once
#include <cstring>
#include <type_traits>
#include <utility>

#include "tensor/dtype.h"

namespace adjoint {

template <class T> using KeyOf = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t, std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

template <class T> [[gnu::always_inline]] inline bool is_nan(T x) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else if constexpr (sizeof(T) == 2)
    return float(x) != float(x);
  else
    return x != x;
}

// NaN above all (every NaN alike), -0 equal to 0.
template <class T> [[gnu::always_inline]] inline KeyOf<T> ordered_bits(T x) {
  using U = KeyOf<T>;
  constexpr U sign = U(U(1) << (sizeof(T) * 8 - 1));
  U u;
  std::memcpy(&u, &x, sizeof u);
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, uint8_t>)
    return u;
  else if constexpr (std::is_integral_v<T>)
    return U(u ^ sign);
  else {
    const bool nan = is_nan(x);
    if (u == sign) u = 0;
    u = U(u ^ (u & sign ? U(-1) : sign));
    return nan ? U(-1) : u;
  }
}
// Descending order is ascending order of the flipped keys.
template <class T> [[gnu::always_inline]] inline KeyOf<T> sort_key(T x, bool descending) {
  return KeyOf<T>(ordered_bits(x) ^ KeyOf<T>(-int(descending)));
}

// A key and its element's position: in 32 bits, that is half the memory, where positions fit.
template <class U, class P> struct Keyed {
  U key;
  P position;
};
// For the library's algorithms, which then leave equals in the order in which they would leave pairs of values.
struct ByKey {
  template <class K> bool operator()(const K& a, const K& b) const { return a.key < b.key; }
};
struct ByKeyAndPosition {
  template <class K> bool operator()(const K& a, const K& b) const {
    return a.key < b.key || (a.key == b.key && a.position < b.position);
  }
};
template <class T, class P> void fill_keys(const T* x, int64_t n, bool descending, Keyed<KeyOf<T>, P>* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = {sort_key(x[i], descending), P(i)};
}

// f(null pointer of the element type), for every type but the complex ones.
template <class F> void visit_real(Dtype dtype, F f) {
  visit(dtype, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    if constexpr (sizeof(T) <= 8 && !std::is_same_v<T, std::complex<float>>) f(tag);
  });
}

}  // namespace adjoint
