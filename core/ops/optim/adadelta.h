// Adadelta: adjoint/optim/adadelta.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct Adadelta {
  static constexpr int kSlots = 2;  // square_avg, acc_delta
  struct Options {
    double lr, rho, eps, weight_decay, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, rho, gain, eps, step;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    n[0].count();
    return {sign_of(o.maximize), o.weight_decay, o.rho, 1 - o.rho, o.eps, -o.lr};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    s[0] = s[0] * c.rho + c.gain * g * g;
    T delta = root(s[1] + c.eps) / root(s[0] + c.eps) * g;
    s[1] = s[1] * c.rho + c.gain * delta * delta;
    p = p + c.step * delta;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
