// Adagrad: adjoint/optim/adagrad.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct Adagrad {
  static constexpr int kSlots = 1;  // sum
  struct Options {
    double lr, lr_decay, weight_decay, eps, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, eps, step;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count();
    return {sign_of(o.maximize), o.weight_decay, o.eps, -(o.lr / (1 + (t - 1) * o.lr_decay))};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    s[0] = s[0] + g * g;
    p = p + c.step * g / (root(s[0]) + c.eps);
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
