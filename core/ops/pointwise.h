// Pointwise operations: one formula, four readings. An operation's file is compiled once per instruction set
// (*.isa.cpp); each compilation makes that set's loops, and the base one makes the record, too.
//
//   ADJOINT_POINTWISE_BEGIN
//   struct Tanh : Pointwise {
//     static constexpr auto schema = "tanh(Tensor self) -> Tensor";
//     static constexpr auto doc = "...";
//     static constexpr auto promotion = Promotion::Float;         // ints become the default float
//     static constexpr unsigned types = kFloats | kComplex;       // what the formula is computed in
//     template <class T> static constexpr auto value(T x) { return math::tanh(x); }
//     template <class T> static constexpr auto slope(T, T y) { return T(1) - y * y; }    // dy/dx (x, y)
//   };
//   POINTWISE(Tanh)
//   ADJOINT_POINTWISE_END
//
// Binary: value(a, b), slope0(a, b, y), slope1(a, b, y); ternary and quaternary likewise. An input without a slope
// is not differentiable (a threshold, an exponent that is a number). Where a gradient is not `g · conj(slope)`
// (abs of a complex number, values that would be 0 · inf) write pull(g, x, y) / pull0(g, a, b, y) instead.
// Formulas are constexpr templates (the probe runs at compile time). Literals inside formulas are T(0.5). Choose with math::where(c, a, b), never with ?: or if.
// What a slope does not touch is not saved: found at compile time.
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
#define POINTWISE(Op)                                                     \
  extern const PointwiseKernels Op##_kernels;                             \
  const PointwiseKernels Op##_kernels = make_kernels<Op>();               \
  ADJOINT_RECORD(Op)
