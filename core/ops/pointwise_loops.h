// The loops of a pointwise operation, made from its formula: one per compute type, plain code that the
// compiler vectorises for the instruction set at hand. Nothing here may be shared between instruction sets:
// everything is a template over the operation (which lives in the set's namespace) or always inlined.
#pragma once
#include <algorithm>
#include <complex>
#include <cstdint>
#include <utility>
#include "kernels/pointwise.h"
#include "ops/flags.h"
#include "ops/probe.h"
#include "tensor/dtype.h"

namespace adjoint {

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

// What an operation says about a type that it does not take. Without a text: PyTorch's
// `"<kernel>" not implemented for '<type>'`, a NotImplementedError.
struct Refusal {
  const char* text = nullptr;
  bool runtime_error = true;
};

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
};

// For formulas that treat complex numbers apart. Tensors and symbols count as real: there the operations
// decide.
template <class T> inline constexpr bool is_complex_number = requires(T x) { x.imag(); };

// An explanation shows a formula as textbooks have it, not as the form that keeps the digits.
template <class T> inline constexpr bool is_symbol = requires(T x) { x.precedence; };

namespace loops {
template <class Op> constexpr int count_args(const char* s) {  // parameters of the schema: all are operands
  int n = 0;
  bool inside = false;
  for (; *s; ++s) {
    if (*s == '(') {
      inside = true;
      n = s[1] != ')';
    } else if (*s == ')')
      break;
    else if (inside && *s == ',' && s[2] != '*')
      ++n;
  }
  return n;
}
template <class Op> inline constexpr int arity = count_args<Op>(Op::schema);

// How operand I's gradient is given: 0 not at all, 1 by a slope, 2 by a pull.
template <class Op, int I> constexpr int slope_kind() {
  constexpr int A = arity<Op>;
  using P = Probe;
#define ADJOINT_SLOPE(n, ...)                                                \
  if constexpr (I == n && requires { Op::pull##n(P(), __VA_ARGS__, P()); })  \
    return 2;                                                                \
  else if constexpr (I == n && requires { Op::slope##n(__VA_ARGS__, P()); }) \
    return 1;
  if constexpr (A == 1) {
    if constexpr (requires { Op::pull(P(), P(), P()); })
      return 2;
    else if constexpr (requires { Op::slope(P(), P()); })
      return 1;
    else
      return 0;
  } else if constexpr (A == 2) {
    ADJOINT_SLOPE(0, P(), P()) else ADJOINT_SLOPE(1, P(), P()) else return 0;
  } else if constexpr (A == 3) {
    ADJOINT_SLOPE(0, P(), P(), P())
    else ADJOINT_SLOPE(1, P(), P(), P()) else ADJOINT_SLOPE(2, P(), P(), P()) else return 0;
  } else {
    ADJOINT_SLOPE(0, P(), P(), P(), P())
    else ADJOINT_SLOPE(1, P(), P(), P(), P()) else ADJOINT_SLOPE(2, P(), P(), P(), P()) else return 0;
  }
#undef ADJOINT_SLOPE
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
  constexpr int kind = slope_kind<Op, I>();
  constexpr int A = sizeof...(X);
#define ADJOINT_PULL(n)             \
  if constexpr (kind == 2)          \
    return Op::pull##n(g, x..., y); \
  else                              \
    return g * conj_of(Op::slope##n(x..., y));
  if constexpr (A == 1) {
    ADJOINT_PULL()
  } else if constexpr (I == 0) {
    ADJOINT_PULL(0)
  } else if constexpr (I == 1) {
    ADJOINT_PULL(1)
  } else {
    ADJOINT_PULL(2)
  }
#undef ADJOINT_PULL
}
// What operand I's pull reads: bit i for operand i, bit `arity` for the result.
template <class Op, int I> constexpr unsigned pull_reads() {
  if constexpr (slope_kind<Op, I>() == 0)
    return 0;
  else {
    constexpr int A = arity<Op>;
    Probe y{1u << A};
    if constexpr (A == 1)
      return pull_of<Op, I>(Probe(), y, Probe{1u}).reads;
    else if constexpr (A == 2)
      return pull_of<Op, I>(Probe(), y, Probe{1u}, Probe{2u}).reads;
    else if constexpr (A == 3)
      return pull_of<Op, I>(Probe(), y, Probe{1u}, Probe{2u}, Probe{4u}).reads;
    else
      return pull_of<Op, I>(Probe(), y, Probe{1u}, Probe{2u}, Probe{4u}, Probe{8u}).reads;
  }
}

template <class T> [[gnu::always_inline]] inline T load(const char* p) {
  return *reinterpret_cast<const T*>(p);
}

// True if operand I's cotangent is g itself (add, or x - y for x): no loop has to run then.
template <class Op, int I> constexpr bool pull_is_identity() {
  if constexpr (slope_kind<Op, I>() != 2)
    return false;
  else {
    constexpr int A = arity<Op>;
    constexpr Probe g = Probe::cotangent(), x;
    if constexpr (A == 1)
      return pull_of<Op, I>(g, x, x).is_g;
    else if constexpr (A == 2)
      return pull_of<Op, I>(g, x, x, x).is_g;
    else if constexpr (A == 3)
      return pull_of<Op, I>(g, x, x, x, x).is_g;
    else
      return pull_of<Op, I>(g, x, x, x, x, x).is_g;
  }
}

// Note [Hard arguments]: a formula may be quick for most arguments only: sin for angles that a few constants
// reduce, fmod for quotients that a float holds. `hard(x...)` names the others, which are computed as long
// double, for which math.h calls the C library. Each element by itself decides, so that its bits do not
// depend on its neighbours.
template <class F, class... T> constexpr bool has_hard() {
  if constexpr ((std::is_floating_point_v<T> && ...))
    return requires(T... x) { F::hard(x...); };
  else
    return false;
}
template <class F, class R, class... T> [[gnu::always_inline]] inline R element(T... x) {
  if constexpr (has_hard<F, T...>())
    if (F::hard(x...)) return R(F::call(static_cast<long double>(x)...));
  return R(F::call(x...));
}

// Truth values are read as bytes: the compiler vectorises a comparison of those, not the logic of bools.
template <class T> using Stored = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
template <class T> [[gnu::always_inline]] inline T read(Stored<T> x) {
  if constexpr (std::is_same_v<T, bool>)
    return x != 0;
  else
    return x;
}

// Elements a block has: 64 bytes of the widest operand. Complex numbers go one at a time: their formulas do
// not vectorise.
template <class... T> inline constexpr int kBlockOf =
    std::max({sizeof(T)...}) > 8 ? 1 : int(64 / std::max({sizeof(T)...}));

template <size_t I, class T> struct Holder {
  T v;
};
// Note [Blocks]: out[j] = F(in[j]...) over `n` blocks of kBlockOf elements. An operand's block lies `step`
// bytes behind the one before; 0 for a single value, whose copies fill a block. So a formula is compiled once
// for any mixture of tensors and numbers, without a remainder: run_blocks (pointwise_blocks.cpp) brings what
// does not lie like that into buffers. The length is a constant, which the compiler vectorises even for size.
// Flattened: a formula that stays a call keeps its loop from being vectorised.
//
// Plain operations (`narrow`, or `plain`) cost less than bringing operands into blocks. They have a loop for tensors beside
// numbers (bit I of `Numbers`: operand I is one), and take remainders and far operands one by one.
template <unsigned Numbers, class F, class R, class... T, size_t... I>
[[gnu::flatten]] void blocks(char* const* p, const int64_t* step, int64_t n, std::index_sequence<I...>) {
  constexpr int W = kBlockOf<R, T...>;
  struct Pointers : Holder<I, const Stored<T>*>... {};
  struct Steps : Holder<I, int64_t>... {};
  R* out = reinterpret_cast<R*>(p[0]);  // all of these in locals: a byte stored could change p
  Pointers in{{reinterpret_cast<const Stored<T>*>(p[I + 1])}...};
  const Steps by{{step[I + 1]}...};
  struct Scalars : Holder<I, T>... {};
  const Scalars numbers{{Numbers >> I & 1 ? load<T>(p[I + 1]) : T{}}...};
#define ADJOINT_OPERANDS(j)                                       \
  (Numbers >> I & 1 ? static_cast<const Holder<I, T>&>(numbers).v \
                    : read<T>(static_cast<const Holder<I, const Stored<T>*>&>(in).v[j]))...
  for (; n > 0; --n) {
    bool hard = false;
    if constexpr (has_hard<F, T...>()) {
      int any = 0;
      for (int j = 0; j < W; ++j) any |= F::hard(ADJOINT_OPERANDS(j));
      hard = any != 0;
    }
    if (hard) {
      R result[W];
#pragma GCC unroll 1
      for (int j = 0; j < W; ++j) result[j] = element<F, R, T...>(ADJOINT_OPERANDS(j));
      for (int j = 0; j < W; ++j) out[j] = result[j];
    } else {
#pragma GCC ivdep
      for (int j = 0; j < W; ++j) out[j] = R(F::call(ADJOINT_OPERANDS(j)));
    }
    out = reinterpret_cast<R*>(reinterpret_cast<char*>(out) + step[0]);
    ((static_cast<Holder<I, const Stored<T>*>&>(in).v = reinterpret_cast<const Stored<T>*>(
          reinterpret_cast<const char*>(static_cast<Holder<I, const Stored<T>*>&>(in).v) +
          static_cast<const Holder<I, int64_t>&>(by).v)),
     ...);
  }
#undef ADJOINT_OPERANDS
}
template <unsigned Numbers, class F, class R, class... T>
void blocks_of(char* const* p, const int64_t* step, int64_t n) {
  blocks<Numbers, F, R, T...>(p, step, n, std::make_index_sequence<sizeof...(T)>());
}

template <class F, class R, class... T, size_t... I>
[[gnu::flatten]] void one_by_one(char* const* p, const int64_t* st, int64_t i, int64_t n,
                                 std::index_sequence<I...>) {
  for (; i < n; ++i)
    *reinterpret_cast<R*>(p[0] + i * st[0]) = element<F, R, T...>(load<T>(p[I + 1] + i * st[I + 1])...);
}
template <class F, class R, class... T, size_t... I>
[[gnu::always_inline]] inline void run_plain(char* const* p, const int64_t* st, int64_t n,
                                             std::index_sequence<I...> seq) {
  static constexpr int W = kBlockOf<R, T...>;
  static constexpr int64_t dense[] = {W * sizeof(R), W * sizeof(T)...};
  constexpr int kBeside = (std::is_floating_point_v<T> || ...) ? int(sizeof...(T)) : 1;  // of floats only
  unsigned numbers = 0;
  bool near = st[0] == int64_t(sizeof(R));
  ((st[I + 1] == 0 ? void(numbers |= 1u << I) : void(near &= st[I + 1] == int64_t(sizeof(T)))), ...);
  int64_t done = 0;
  if (near && n >= W) {
    done = n / W * W;
    if (numbers == 0)
      blocks_of<0, F, R, T...>(p, dense, n / W);
    else if (numbers == 1 && kBeside >= 2)
      blocks_of<kBeside >= 2 ? 1 : 0, F, R, T...>(p, dense, n / W);
    else if (numbers == 2 && kBeside >= 2)
      blocks_of<kBeside >= 2 ? 2 : 0, F, R, T...>(p, dense, n / W);
    else if (numbers == 4 && kBeside >= 3)
      blocks_of<kBeside >= 3 ? 4 : 0, F, R, T...>(p, dense, n / W);
    else
      done = 0;
    if (numbers && !done) {  // of other combinations, the blocks of copies
      static constexpr BlockLoop loop{
          blocks_of<0, F, R, T...>, 1 + sizeof...(T), W, {sizeof(R), sizeof(T)...}};
      return run_blocks(loop, p, st, n);
    }
  }
  if (done < n) one_by_one<F, R, T...>(p, st, done, n, seq);
}

// F over n elements. Operands are dense, single values (stride 0), or anything.
template <class F, class R, class... T, size_t... I>
[[gnu::always_inline]] inline void run(char* const* p, const int64_t* st, int64_t n,
                                       std::index_sequence<I...> seq) {
  static constexpr int W = kBlockOf<R, T...>;
  if constexpr (W == 1) {
    blocks_of<0, F, R, T...>(p, st, n);
  } else if constexpr (F::plain) {
    run_plain<F, R, T...>(p, st, n, seq);
  } else {
    if (n % W == 0 && st[0] == int64_t(sizeof(R)) && ((st[I + 1] == int64_t(sizeof(T))) && ...)) {
      static constexpr int64_t dense[] = {W * sizeof(R), W * sizeof(T)...};
      return blocks_of<0, F, R, T...>(p, dense, n / W);
    }
    static constexpr BlockLoop loop{blocks_of<0, F, R, T...>, 1 + sizeof...(T), W, {sizeof(R), sizeof(T)...}};
    run_blocks(loop, p, st, n);
  }
}

template <size_t J, class First, class... Rest>
[[gnu::always_inline]] inline auto nth(First first, Rest... rest) {
  if constexpr (J == 0)
    return first;
  else
    return nth<J - 1>(rest...);
}

// The operands that are usually single numbers: attributes always are, a clamp's bounds mostly.
template <class Op> inline constexpr int first_number = std::min(Op::promoting, Op::data);

template <class Op> inline constexpr bool watches = requires { &Op::template hard<float>; };

template <class Op> struct ValueOf {
  static constexpr bool plain = Op::narrow || Op::plain;
  static constexpr unsigned numbers =
      ((1u << arity<Op>)-1) & ~((1u << std::min(first_number<Op>, arity<Op>)) - 1);
  static constexpr bool tensors_too = Op::data < Op::promoting;
  template <class... X> [[gnu::always_inline]] static auto call(X... x) { return Op::value(x...); }
  template <class... X>
    requires(watches<Op>)
  [[gnu::always_inline]] static bool hard(X... x) {
    return Op::hard(x...);
  }
};
// A pull loop's operands are g and then those of (operands..., y) which the pull reads, in order.
template <class Op, int I> struct PullOf {
  static constexpr int A = arity<Op>;
  static constexpr bool plain = Op::narrow || Op::plain;
  static constexpr unsigned reads = pull_reads<Op, I>();
  static constexpr bool tensors_too = Op::data < Op::promoting;
  static constexpr unsigned numbers_among_read() {
    unsigned mask = 0, at = 1;  // bit 0 is g
    for (int j = 0; j < A; ++j) {
      if (!(reads >> j & 1)) continue;
      if (j >= first_number<Op>) mask |= 1u << at;
      ++at;
    }
    return mask;
  }
  static constexpr unsigned numbers = numbers_among_read();
  template <int J, class T, class... X>
  [[gnu::always_inline]] static auto pick([[maybe_unused]] T g, [[maybe_unused]] X... x) {
    if constexpr (reads >> J & 1)
      return nth<size_t(__builtin_popcount(reads & ((1u << J) - 1)))>(x...);
    else if constexpr (J == 0 && Op::cond_first)
      return false;
    else
      return T{};
  }
  template <class T, class... X>
    requires(watches<Op>)
  [[gnu::always_inline]] static bool hard(T g, X... x) {
    if constexpr (A == 1)
      return Op::hard(pick<0>(g, x...));
    else
      return Op::hard(pick<0>(g, x...), pick<1>(g, x...));
  }
  template <class T, class... X> [[gnu::always_inline]] static T call([[maybe_unused]] T g, X... x) {
    if constexpr (A == 1)
      return pull_of<Op, I>(g, pick<1>(g, x...), pick<0>(g, x...));
    else if constexpr (A == 2)
      return pull_of<Op, I>(g, pick<2>(g, x...), pick<0>(g, x...), pick<1>(g, x...));
    else if constexpr (A == 3)
      return pull_of<Op, I>(g, pick<3>(g, x...), pick<0>(g, x...), pick<1>(g, x...), pick<2>(g, x...));
    else
      return pull_of<Op, I>(g, pick<4>(g, x...), pick<0>(g, x...), pick<1>(g, x...), pick<2>(g, x...),
                            pick<3>(g, x...));
  }
};

template <class T> struct RealPart {
  using type = T;
};
template <class T> struct RealPart<std::complex<T>> {
  using type = T;
};
template <class Op, class T> struct ResultOf {
  static constexpr bool real = Op::promotion == Promotion::Real || Op::promotion == Promotion::RealFloat;
  using type = std::conditional_t<Op::promotion == Promotion::Bool, bool,
                                  std::conditional_t<real, typename RealPart<T>::type, T>>;
};

template <class Op, class T> void value_loop(char* const* p, const int64_t* s, int64_t n) {
  using R = typename ResultOf<Op, T>::type;
  using C = std::conditional_t<Op::cond_first, bool, T>;
  constexpr int A = arity<Op>;
  if constexpr (A == 1)
    run<ValueOf<Op>, R, C>(p, s, n, std::make_index_sequence<1>());
  else if constexpr (A == 2)
    run<ValueOf<Op>, R, C, T>(p, s, n, std::make_index_sequence<2>());
  else if constexpr (A == 3)
    run<ValueOf<Op>, R, C, T, T>(p, s, n, std::make_index_sequence<3>());
  else
    run<ValueOf<Op>, R, C, T, T, T>(p, s, n, std::make_index_sequence<4>());
}
template <class Op> struct NarrowOf : ValueOf<Op> {
  template <class First, class... X> [[gnu::always_inline]] static auto call(First first, X... x) {
    if constexpr (Op::cond_first)
      return Op::value(first, int64_t(x)...);
    else if constexpr (Op::own_width)
      return Op::value(first, x...);
    else
      return Op::value(int64_t(first), int64_t(x)...);
  }
};
template <class Op, class T> void narrow_loop(char* const* p, const int64_t* s, int64_t n) {
  using R = std::conditional_t<Op::promotion == Promotion::Bool, bool, T>;
  using C = std::conditional_t<Op::cond_first, bool, T>;
  constexpr int A = arity<Op>;
  static_assert(A <= 3);
  if constexpr (A == 1)
    run<NarrowOf<Op>, R, C>(p, s, n, std::make_index_sequence<1>());
  else if constexpr (A == 2)
    run<NarrowOf<Op>, R, C, T>(p, s, n, std::make_index_sequence<2>());
  else
    run<NarrowOf<Op>, R, C, T, T>(p, s, n, std::make_index_sequence<3>());
}
template <class Op> constexpr void fill_narrow(PointwiseKernels& k) {
  if constexpr (Op::narrow) {
    if constexpr ((Op::types & kBoolAsInt) != 0) k.narrow[NBool] = narrow_loop<Op, bool>;
    k.narrow[NU8] = narrow_loop<Op, uint8_t>;
    k.narrow[NI8] = narrow_loop<Op, int8_t>;
    k.narrow[NI16] = narrow_loop<Op, int16_t>;
    k.narrow[NI32] = narrow_loop<Op, int32_t>;
    k.narrow[NI64] = narrow_loop<Op, int64_t>;
  }
}
// In a pull, g and y have the result's type (real, where abs made it so); the loop computes in the operands'.
template <class Op, int I, class T> void pull_loop(char* const* p, const int64_t* s, int64_t n) {
  using F = PullOf<Op, I>;
  using C = std::conditional_t<Op::cond_first && (F::reads & 1), bool, T>;
  constexpr int K = __builtin_popcount(F::reads);
  if constexpr (K == 0)
    run<F, T, T>(p, s, n, std::make_index_sequence<1>());
  else if constexpr (K == 1)
    run<F, T, T, C>(p, s, n, std::make_index_sequence<2>());
  else if constexpr (K == 2)
    run<F, T, T, C, T>(p, s, n, std::make_index_sequence<3>());
  else if constexpr (K == 3)
    run<F, T, T, C, T, T>(p, s, n, std::make_index_sequence<4>());
  else if constexpr (K == 4)
    run<F, T, T, C, T, T, T>(p, s, n, std::make_index_sequence<5>());
  else
    run<F, T, T, C, T, T, T, T>(p, s, n, std::make_index_sequence<6>());
}
template <class Op, int I> constexpr void fill_pulls(PointwiseKernels& k) {
  if constexpr (I < arity<Op>) {
    if constexpr (slope_kind<Op, I>() != 0) {
      if constexpr (Op::types & kFloats) {
        k.pull[I][CF32] = pull_loop<Op, I, float>;
        k.pull[I][CF64] = pull_loop<Op, I, double>;
      }
#if ADJOINT_BASE
      if constexpr ((Op::types & kComplex) != 0) k.pull[I][CC128] = pull_loop<Op, I, std::complex<double>>;
#endif
    }
    fill_pulls<Op, I + 1>(k);
  }
}
}  // namespace loops
using loops::conj_of, loops::real_part, loops::times_i;  // for formulas

// Float and narrow loops differ between instruction sets; the others exist once, in the base compilation.
template <class Op> constexpr PointwiseKernels make_kernels() {
  PointwiseKernels k;
  if constexpr (Op::types & kFloats) {
    k.value[CF32] = loops::value_loop<Op, float>;
    k.value[CF64] = loops::value_loop<Op, double>;
  }
#if ADJOINT_BASE
  if constexpr ((Op::types & kInts) != 0) k.value[CI64] = loops::value_loop<Op, int64_t>;
  if constexpr ((Op::types & kBools) != 0) k.value[CBool] = loops::value_loop<Op, bool>;
  if constexpr ((Op::types & kComplex) != 0) k.value[CC128] = loops::value_loop<Op, std::complex<double>>;
#endif
#if !ADJOINT_BASE || !defined(__x86_64__)  // the oldest processors do without
  loops::fill_narrow<Op>(k);
#endif
  loops::fill_pulls<Op, 0>(k);
  return k;
}
}  // namespace ADJOINT_ISA
}  // namespace adjoint
