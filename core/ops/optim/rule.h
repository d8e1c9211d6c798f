// How an optimizer's update rule is written: a struct in a file of its own, which says
//     Options             the numbers of a parameter group that it reads, in the order of RuleInfo::options (rules.cpp)
//     kSlots              how many tensors of the parameter's own shape it keeps
//     Constants<T>        what one element's update reads, of the loop's type
//     constants()         options and the numbers in a parameter's state → Constants<double>, once a parameter
//     update()            one element: p, its gradient g and its slots s
// The order of operations is that of the optimizer's `rule` in Python, which is what the result is held against.
#pragma once
#include <cmath>
#include <cstdint>
#include "ops/isa.h"

namespace adjoint::inline ADJOINT_ISA::optim {

// A number in a parameter's state: a 0-d tensor of single or double precision. The step, when it is one, comes first.
struct Number {
  void* at = nullptr;
  bool wide = false;

  double get() const { return wide ? *static_cast<double*>(at) : double(*static_cast<float*>(at)); }
  double rounded(double v) const { return wide ? v : double(float(v)); }
  double set(double v) const {
    if (wide)
      *static_cast<double*>(at) = v;
    else
      *static_cast<float*>(at) = float(v);
    return get();
  }
  double count() const { return set(get() + 1); }
};

template <class T> T root(T x) { return std::sqrt(x); }
template <class T> T magnitude(T x) { return std::fabs(x); }
// The greater one, or NaN.
template <class T> T larger(T a, T b) { return a > b || a != a ? a : b; }
// a + w · (b - a), as lerp has it.
template <class T> T between(T a, T b, T w) {
  T gap = b - a;
  return magnitude(w) < T(0.5) ? a + w * gap : b - gap * (T(1) - w);
}
// The gradient to go down: its sign, and the decay that is a part of it.
template <class T> T descent(T g, T p, T sign, T decay) {
  g = sign * g;
  return decay != T(0) ? g + decay * p : g;
}
inline double sign_of(double maximize) { return maximize != 0 ? -1 : 1; }

}  // namespace adjoint::inline ADJOINT_ISA::optim
