// Averaged stochastic gradient descent: adjoint/optim/asgd.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct ASGD {
  static constexpr int kSlots = 1;  // ax
  struct Options {
    double lr, lambd, alpha, t0, weight_decay, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, keep, step, mu;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count(), eta = n[1].get(), mu = n[2].get();
    n[1].set(o.lr / std::pow(1 + o.lambd * o.lr * t, o.alpha));
    n[2].set(1 / larger(1.0, t - o.t0));
    return {sign_of(o.maximize), o.weight_decay, 1 - o.lambd * eta, -eta, mu};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    p = p * c.keep;
    p = p + c.step * g;
    s[0] = c.mu != T(1) ? s[0] + (p - s[0]) * c.mu : p;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
