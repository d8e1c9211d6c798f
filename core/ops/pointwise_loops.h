// The loops of a pointwise operation, made from its formula: one per compute type, plain code that the
// compiler vectorises for the instruction set at hand. Nothing here may be shared between instruction sets:
// everything is a template over the operation (which lives in the set's namespace) or always inlined.
#pragma once
#include <algorithm>
#include "ops/pointwise_traits.h"

namespace adjoint {

inline namespace ADJOINT_ISA {
namespace loops {
template <class T> [[gnu::always_inline]] inline T load(const char* p) {
  return *reinterpret_cast<const T*>(p);
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
  template <size_t... K, class T, class... X>
  [[gnu::always_inline]] static bool hard_of(std::index_sequence<K...>, T g, X... x) {
    return Op::hard(pick<int(K)>(g, x...)...);
  }
  template <size_t... K, class T, class... X>
  [[gnu::always_inline]] static T call_of(std::index_sequence<K...>, T g, X... x) {
    return pull_of<Op, I>(g, pick<A>(g, x...), pick<int(K)>(g, x...)...);
  }
  template <class T, class... X>
    requires(watches<Op>)
  [[gnu::always_inline]] static bool hard(T g, X... x) {
    return hard_of(Operands<Op>(), g, x...);
  }
  template <class T, class... X> [[gnu::always_inline]] static T call(T g, X... x) {
    return call_of(Operands<Op>(), g, x...);
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

template <class Op, class T, size_t K> using OperandType =
    std::conditional_t<K == 0 && Op::cond_first, bool, T>;
template <class F, class Op, class R, class T, size_t... K>
[[gnu::always_inline]] inline void run_operands(char* const* p, const int64_t* s, int64_t n,
                                                std::index_sequence<K...> all) {
  run<F, R, OperandType<Op, T, K>...>(p, s, n, all);
}
template <class Op, class T> void value_loop(char* const* p, const int64_t* s, int64_t n) {
  run_operands<ValueOf<Op>, Op, typename ResultOf<Op, T>::type, T>(p, s, n, Operands<Op>());
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
  run_operands<NarrowOf<Op>, Op, R, T>(p, s, n, Operands<Op>());
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
template <class F, class T, class First, size_t... K>
[[gnu::always_inline]] inline void run_pull(char* const* p, const int64_t* s, int64_t n,
                                            std::index_sequence<K...> all) {
  run<F, T, std::conditional_t<K == 1, First, T>...>(p, s, n, all);
}
template <class Op, int I, class T> void pull_loop(char* const* p, const int64_t* s, int64_t n) {
  using F = PullOf<Op, I>;
  using First = std::conditional_t<Op::cond_first && (F::reads & 1), bool, T>;  // of what is read beside g
  run_pull<F, T, First>(p, s, n, std::make_index_sequence<size_t(1 + __builtin_popcount(F::reads))>());
}
template <class Op> inline constexpr bool has_tails = requires { Op::tail; };
template <class Op> struct TailOf {
  static constexpr bool plain = false;
  template <class T> [[gnu::always_inline]] static T call(T g, T y, T x, T low, T high) {
    auto at = real_part(x);
    return math::where((at < real_part(low)) | (at > real_part(high)), g * conj_of(Op::tail_slope(x)),
                       g * conj_of(Op::slope(x, y)));
  }
};
template <class Op, class T> void tail_loop(char* const* p, const int64_t* s, int64_t n) {
  run<TailOf<Op>, T, T, T, T, T, T>(p, s, n, std::make_index_sequence<5>());
}
template <class Op> constexpr void fill_tails(PointwiseKernels& k) {
  if constexpr (has_tails<Op>) {
    k.tail[CF32] = tail_loop<Op, float>;
    k.tail[CF64] = tail_loop<Op, double>;
#if ADJOINT_BASE
    if constexpr ((Op::types & kComplex) != 0) k.tail[CC128] = tail_loop<Op, std::complex<double>>;
#endif
  }
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
  loops::fill_tails<Op>(k);
  return k;
}
}  // namespace ADJOINT_ISA
}  // namespace adjoint
