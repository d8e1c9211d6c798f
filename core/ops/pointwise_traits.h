// What the driver and the loops know of a pointwise operation from its formula: how types become the result's, how many
// operands there are, how each one's gradient is given and what that reads.
#pragma once
#include <complex>
#include <cstdint>
#include <span>
#include <utility>
#include "kernels/pointwise.h"
#include "ops/flags.h"
#include "ops/probe.h"
#include "ops/schema_text.h"
#include "tensor/dtype.h"

namespace adjoint {

class Tensor;
struct Operand;

// How the operands' types become the result's.
enum class Promotion : uint8_t {
  Same,       // the promoted type of the operands
  Float,      // likewise, but integers become the default float type
  Bool,       // computed in the promoted type; the result is bool
  RealFloat,  // Float; a complex operand gives a real result
  Real,       // Same; a complex operand gives a real result
};
// What a formula is computed in; kBoolAsInt: bool operands are taken, as integers.
inline constexpr unsigned kFloats = 1, kInts = 2, kBools = 4, kComplex = 8, kBoolAsInt = 16,
                          kRealTypes = kFloats | kInts | kBoolAsInt, kAnyType = kRealTypes | kComplex;

// Where an operation's tails begin: below low, or above high. Numbers that every type holds, half of them, too.
struct TailRange {
  double low = -__builtin_inf(), high = __builtin_inf();
};

// What an operation says about a type that it does not take. Without a text: PyTorch's
// `"<kernel>" not implemented for '<type>'`, a NotImplementedError.
struct Refusal {
  const char* text = nullptr;
  bool runtime_error = true;
};

// Of a comparison: what a fraction among whole numbers comes to. x <= 2.5 is x <= 2, x < 2.5 is x < 3.
enum class Whole : uint8_t { No, Below, Above, Same };

// out = f(x...), all of the type `common`: what halves cannot compute in float32.
using ReducedLoop = void (*)(std::span<const Operand> x, Dtype common, const Tensor& out);

inline namespace ADJOINT_ISA {

struct Pointwise {
  static constexpr auto promotion = Promotion::Float;
  static constexpr unsigned types = kFloats | kComplex;
  static constexpr bool cond_first = false;  // the first operand is a bool whatever the others are
  static constexpr int promoting =
      kMaxOperands;  // operands from here on are attributes: their types do not count
  static constexpr int data =
      kMaxOperands;                      // operands from here on are mostly numbers: a loop is made for that
  static constexpr bool narrow = false;  // see Note [Narrow loops]
  static constexpr bool own_width = false;  // narrow, in the type itself: what the compiler does not narrow
  static constexpr bool plain = false;      // plain without being narrow: see Note [Blocks]
  // Roots and quotients: AVX-512 processors take three times as long for 16 of them as for 8, and all
  // instruction sets round them alike.
  static constexpr bool half_vectors = false;
  static constexpr Refusal no_bool{}, no_complex{};
  static constexpr auto whole = Whole::No;
  static constexpr ReducedLoop reduced = nullptr;
};

// For formulas that treat complex numbers apart. Tensors and symbols count as real: there the operations
// decide.
template <class T> inline constexpr bool is_complex_number = requires(T x) { x.imag(); };

// An explanation shows a formula as textbooks have it, not as the form that keeps the digits.
template <class T> inline constexpr bool is_symbol = requires(T x) { x.precedence; };

namespace loops {
template <class Op> inline constexpr int arity = count_parameters(Op::schema);  // all are operands
template <class Op> using Operands = std::make_index_sequence<size_t(arity<Op>)>;
template <size_t, class T> using Each = T;  // a T for each number of a pack

// A formula's members for operand I, without a number where there is but one operand (I < 0).
template <int I> struct Members;
#define ADJOINT_MEMBERS(I, number)                                                                    \
  template <> struct Members<I> {                                                                     \
    template <class Op, class... A> [[gnu::always_inline]] static constexpr auto slope(const A&... a) \
        -> decltype(Op::slope##number(a...)) {                                                        \
      return Op::slope##number(a...);                                                                 \
    }                                                                                                 \
    template <class Op, class... A> [[gnu::always_inline]] static constexpr auto pull(const A&... a)  \
        -> decltype(Op::pull##number(a...)) {                                                         \
      return Op::pull##number(a...);                                                                  \
    }                                                                                                 \
  };
ADJOINT_MEMBERS(-1, )
ADJOINT_MEMBERS(0, 0)
ADJOINT_MEMBERS(1, 1)
ADJOINT_MEMBERS(2, 2)
ADJOINT_MEMBERS(3, 3)
#undef ADJOINT_MEMBERS
template <class Op, int I> using MembersOf = Members<arity<Op> == 1 ? -1 : I>;

// How operand I's gradient is given: 0 not at all, 1 by a slope, 2 by a pull.
template <class Op, int I, size_t... K> constexpr int slope_kind(std::index_sequence<K...>) {
  using M = MembersOf<Op, I>;
  if constexpr (requires(Probe p) { M::template pull<Op>(p, Each<K, Probe>()..., p); })
    return 2;
  else if constexpr (requires(Probe p) { M::template slope<Op>(Each<K, Probe>()..., p); })
    return 1;
  else
    return 0;
}
template <class Op, int I> constexpr int slope_kind() {
  static_assert(arity<Op> >= 1 && arity<Op> <= kMaxOperands);
  return slope_kind<Op, I>(Operands<Op>());
}

template <class T> [[gnu::always_inline]] inline T conj_of(T x) {
  if constexpr (requires { x.imag(); })
    return T(x.real(), -x.imag());
  else
    return x;
}
template <class T> [[gnu::always_inline]] constexpr auto real_part(T x) {
  if constexpr (is_complex_number<T>)
    return x.real();
  else
    return x;
}
template <class T> [[gnu::always_inline]] constexpr T times_i(T x) {
  if constexpr (is_complex_number<T>)
    return T(-x.imag(), x.real());
  else
    return T(0);  // the real part of i · x
}
// (g, operands..., y) → the cotangent of operand I. Also read with Probe, Tensor values and symbols.
template <class Op, int I, class G, class Y, class... X>
[[gnu::always_inline]] constexpr auto pull_of(G g, Y y, X... x) {
  using M = MembersOf<Op, I>;
  if constexpr (slope_kind<Op, I>() == 2)
    return M::template pull<Op>(g, x..., y);
  else
    return g * conj_of(M::template slope<Op>(x..., y));
}
// What operand I's pull reads: bit i for operand i, bit `arity` for the result.
template <class Op, int I, size_t... K> constexpr unsigned pull_reads(std::index_sequence<K...>) {
  return pull_of<Op, I>(Probe(), Probe(1u << arity<Op>), Probe(1u << K)...).reads;
}
template <class Op, int I> constexpr unsigned pull_reads() {
  if constexpr (slope_kind<Op, I>() == 0)
    return 0;
  else
    return pull_reads<Op, I>(Operands<Op>());
}

// True if operand I's cotangent is g itself (add, or x - y for x): no loop has to run then.
template <class Op, int I, size_t... K> constexpr bool pull_is_identity(std::index_sequence<K...>) {
  return pull_of<Op, I>(Probe::cotangent(), Probe(), Each<K, Probe>()...).is_g;
}
template <class Op, int I> constexpr bool pull_is_identity() {
  if constexpr (slope_kind<Op, I>() != 2)
    return false;
  else
    return pull_is_identity<Op, I>(Operands<Op>());
}
}  // namespace loops
using loops::conj_of, loops::real_part, loops::times_i;  // for formulas
}  // namespace ADJOINT_ISA
}  // namespace adjoint
