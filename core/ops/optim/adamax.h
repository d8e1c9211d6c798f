// Adamax: adjoint/optim/adamax.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct Adamax {
  static constexpr int kSlots = 2;  // exp_avg, exp_inf
  struct Options {
    double lr, beta1, beta2, eps, weight_decay, maximize;
  };
  template <class T> struct Constants {
    T sign, decay, gain1, beta2, eps, step;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count();
    return {sign_of(o.maximize),
            o.weight_decay,
            1 - o.beta1,
            o.beta2,
            o.eps,
            -(o.lr / (1 - std::pow(o.beta1, t)))};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    g = descent(g, p, c.sign, c.decay);
    s[0] = between(s[0], g, c.gain1);
    s[1] = larger(s[1] * c.beta2, magnitude(g) + c.eps);
    p = p + c.step * s[0] / s[1];
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
