// Errors of the core. The kind picks the Python class; what a text says, and what stands in notes below it: Errors in
// docs/architecture.md.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <span>
#include <string>
#include <string_view>

namespace adjoint {

enum class ErrorKind : uint8_t {
  Runtime,
  Type,
  Value,
  Index,
  NotImplemented,
  Memory,
  Attribute,
  Overflow,
  Linalg,
  Internal  // a mistake of ours
};

struct Error : std::runtime_error {
  ErrorKind kind;
  std::string help;  // a note below the message: what is wrong in numbers, and what would fit
  Error(ErrorKind k, const std::string& text, std::string help = {})
      : std::runtime_error(text), kind(k), help(std::move(help)) {}
};

struct TensorImpl;

// The text of what a message may name. Hand check() the thing itself, not its text: messages are put together
// only when they are needed.
namespace detail {
inline std::string text(const std::string& s) { return s; }
inline std::string text(std::string_view s) { return std::string(s); }
inline std::string text(const char* s) { return s; }
inline std::string text(bool b) { return b ? "True" : "False"; }
inline std::string text(char c) { return std::string(1, c); }
std::string text(double d);
std::string text(std::span<const int64_t> v);  // "[2, 3]"
std::string text(const TensorImpl& x);         // "float32[2, 2]"
template <class I>
  requires std::is_integral_v<I>
std::string text(I i) {
  return std::to_string(i);
}
}  // namespace detail

// str("expected ", 3, " got ", name): concatenation for messages.
template <class... A> std::string str(const A&... a) {
  std::string s;
  ((s += detail::text(a)), ...);
  return s;
}
template <class... A> [[noreturn, gnu::cold, gnu::noinline]] void fail(ErrorKind k, const A&... a) {
  throw Error(k, str(a...));
}
template <class... A> [[noreturn, gnu::cold, gnu::noinline]] void fail(const A&... a) {
  throw Error(ErrorKind::Runtime, str(a...));
}
template <class... A>
[[noreturn, gnu::cold, gnu::noinline]] void fail_with(std::string help, ErrorKind k, const A&... a) {
  throw Error(k, str(a...), std::move(help));
}
// check(cond, "text", value, ...): RuntimeError unless cond.
template <class... A> inline void check(bool ok, const A&... a) {
  if (__builtin_expect(!ok, 0)) fail(ErrorKind::Runtime, a...);
}
template <class... A> inline void check_as(bool ok, ErrorKind k, const A&... a) {
  if (__builtin_expect(!ok, 0)) fail(k, a...);
}

}  // namespace adjoint
