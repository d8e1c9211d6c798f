// An entry of a table that does nothing: what the device without memory has.
#pragma once

namespace adjoint {

struct Nothing {
  template <class R, class... A> using Entry = R (*)(A...);
  template <class R, class... A> constexpr operator Entry<R, A...>() const {
    return [](A...) -> R { return R(); };
  }
};
inline constexpr Nothing nothing;

}  // namespace adjoint
