// Rprop: adjoint/optim/rprop.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct Rprop {
  static constexpr int kSlots = 2;  // prev, step_size
  struct Options {
    double eta_minus, eta_plus, least, most, maximize;
  };
  template <class T> struct Constants {
    T sign, eta_minus, eta_plus, least, most;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    n[0].count();
    return {sign_of(o.maximize), o.eta_minus, o.eta_plus, o.least, o.most};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = c.sign * g;
    T agree = g * s[0];
    T step = s[1] * (agree > T(0) ? c.eta_plus : agree < T(0) ? c.eta_minus : T(1));
    step = step < c.least ? c.least : step;
    step = step > c.most ? c.most : step;
    g = agree < T(0) ? T(0) : g;
    p = p - (g > T(0) ? step : g < T(0) ? -step : T(0));
    s[0] = g;
    s[1] = step;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
