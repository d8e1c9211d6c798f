// The recursions of connectionist temporal classification: ctc.isa.cpp makes one table per instruction set.
#pragma once
#include <cstdint>

namespace adjoint {

// One sample. Its labels with blanks between, before and behind them are `states`, an odd number; `skips[s]` is 0 where
// state s may be reached from s - 2 (it is no blank, and not the label before it), else -∞.
template <class T> struct CtcSample {
  const T* log_probs;  // [steps, step apart]
  int64_t step, steps, states;
  const int64_t* label;
  const T* skips;
};
template <class T> struct CtcKernels {
  // log p(labels). alpha has 2 · (states + 2) places, or, to keep all steps, steps · (states + 2).
  T (*forward)(const CtcSample<T>& s, T* alpha, bool keep);
  // gx[t · step + c] -= g · p(state of label c at t | labels); alpha as forward kept it, `beta` 3 · (states + 2) places.
  void (*backward)(const CtcSample<T>& s, const T* alpha, T log_p, T g, T* beta, T* gx);
};
struct CtcTable {
  CtcKernels<float> f32;
  CtcKernels<double> f64;
};
const CtcTable& ctc_table();

}  // namespace adjoint
