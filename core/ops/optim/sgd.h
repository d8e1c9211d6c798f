// Stochastic gradient descent: adjoint/optim/sgd.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

template <bool Momentum> struct SGD {
  static constexpr int kSlots = Momentum;  // momentum_buffer
  struct Options {
    double lr, momentum, dampening, weight_decay, nesterov, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, first, momentum, gain, nesterov, step;
  };
  static Constants<double> constants(const Options& o, const Number*, bool first) {
    return {sign_of(o.maximize), o.weight_decay, double(first), o.momentum,
            1 - o.dampening,     o.nesterov,     -o.lr};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    if constexpr (Momentum) {
      s[0] = c.first != T(0) ? g : s[0] * c.momentum + c.gain * g;
      g = c.nesterov != T(0) ? g + c.momentum * s[0] : s[0];
    }
    p = p + c.step * g;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
