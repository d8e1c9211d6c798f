// RMSprop: adjoint/optim/rmsprop.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

template <bool Momentum, bool Centered> struct RMSprop {
  static constexpr int kSlots = 1 + Momentum + Centered;  // square_avg, momentum_buffer, grad_avg
  struct Options {
    double lr, alpha, eps, weight_decay, momentum, centered, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, alpha, gain, eps, momentum, step;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    n[0].count();
    return {sign_of(o.maximize), o.weight_decay, o.alpha, 1 - o.alpha, o.eps, o.momentum, -o.lr};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    s[0] = s[0] * c.alpha + c.gain * g * g;
    T spread = s[0];
    if constexpr (Centered) {
      T& mean = s[1 + Momentum];
      mean = between(mean, g, c.gain);
      spread = spread - mean * mean;
    }
    T scale = root(spread) + c.eps;
    if constexpr (Momentum) {
      s[1] = s[1] * c.momentum + g / scale;
      p = p + c.step * s[1];
    } else {
      p = p + c.step * g / scale;
    }
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
