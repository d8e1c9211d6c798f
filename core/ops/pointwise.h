// Pointwise operations: one formula, four readings. An operation's file is compiled once per instruction set
// (*.isa.cpp); each compilation makes that set's loops, and the base one makes the record, too.
//
//   ADJOINT_POINTWISE_BEGIN
//   struct Tanh : Pointwise {
//     static constexpr auto schema = "tanh(Tensor self) -> Tensor";
//     static constexpr auto doc = "...";
//     static constexpr auto promotion = Promotion::Float;         // ints become the default float (the default)
//     static constexpr unsigned types = kFloats | kComplex;       // what it is computed in (the default)
//     template <class T> static constexpr auto value(T x) { return math::tanh(x); }
//     template <class T> static constexpr auto slope(T, T y) { return T(1) - y * y; }    // dy/dx (x, y)
//   };
//   POINTWISE(Tanh)
//   ADJOINT_POINTWISE_END
//
// Binary: value(a, b), slope0(a, b, y), slope1(a, b, y); ternary and quaternary likewise. An input without a
// slope is not differentiable. Where a gradient is not `g · conj(slope)` (abs of a complex number), or a
// slope would be chosen by a condition (0 · inf), write pull(g, x, y) / pull0(g, a, b, y) instead. A pull
// that returns g costs nothing. Formulas are constexpr templates, for a probe runs them at compile time to
// find what they touch: the rest is not saved. Their words are those of ops/probe.h, with conj_of, real_part
// and times_i; literals are T(0.5); choose with math::where(c, a, b), never with ?: or if, and combine
// conditions with & and |. Options: types and promotion (pointwise_traits.h), `promoting` (operands from there
// on are attributes, whose types do not count), `data` (operands from there on are mostly numbers),
// `cond_first`, `narrow`, `half_vectors`, no_bool and no_complex (what is said to operands of those types),
// node, kernel, flags, aliases, special_aliases, tail (pointwise_record.h). With flags = 0 an operation has no name
// of its own in Python: a function in ops/*.cpp, which has the public signature, picks it. A slope or pull with
// other parameters than these counts as none.
#pragma once
#include "kernels/math.h"
#include "tensor/dtype.h"
#include "ops/pointwise_loops.h"
#if ADJOINT_BASE
#include "ops/pointwise_record.h"
#else
#define ADJOINT_RECORD(Op)
#endif

#define ADJOINT_POINTWISE_BEGIN \
  namespace adjoint {           \
  inline namespace ADJOINT_ISA {
#define ADJOINT_POINTWISE_END \
  }                           \
  }
#define POINTWISE(Op)                                       \
  extern const PointwiseKernels Op##_kernels;               \
  const PointwiseKernels Op##_kernels = make_kernels<Op>(); \
  ADJOINT_RECORD(Op)
