// Notes on errors (PEP 678). Nothing of them is put together before an error leaves the core.
#pragma once
#include <string>
#include "python/args.h"

namespace adjoint::python {

// `first`: above the notes that are there.
void add_note(PyObject* exception, const std::string& text, bool first) noexcept;
// On the exception that is set: what would help; which call it came from, with its arguments, and from which line.
void note_help(const std::string& text) noexcept;
void note_call(const char* name, const Call& c) noexcept;

// guarded(), for what is a call of an operation.
template <class F> [[gnu::always_inline]] inline auto guarded_call(const char* name, const Call& c,
                                                                   F&& f) noexcept -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    translate();
    note_call(name, c);
    if constexpr (std::is_pointer_v<decltype(f())>)
      return nullptr;
    else
      return -1;
  }
}

}  // namespace adjoint::python
