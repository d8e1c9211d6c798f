// NAdam: adjoint/optim/nadam.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct NAdam {
  static constexpr int kSlots = 2;  // exp_avg, exp_avg_sq
  struct Options {
    double lr, beta1, beta2, eps, weight_decay, momentum_decay, maximize, decoupled;
  };
  template <class T> struct Constants {
    T sign, decay, keep, gain1, beta2, gain2, correction2, eps, step_now, step_next;
  };
  static double momentum(const Options& o, double t) {
    return o.beta1 * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay));
  }
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count(), decoupled = o.decoupled != 0, mu = momentum(o, t),
                 next = momentum(o, t + 1);
    const double product = n[1].set(n[1].get() * n[1].rounded(mu));
    return {.sign = sign_of(o.maximize),
            .decay = (1 - decoupled) * o.weight_decay,
            .keep = 1 - decoupled * o.lr * o.weight_decay,
            .gain1 = 1 - o.beta1,
            .beta2 = o.beta2,
            .gain2 = 1 - o.beta2,
            .correction2 = 1 - std::pow(o.beta2, t),
            .eps = o.eps,
            .step_now = -o.lr * (1 - mu) / (1 - product),
            .step_next = -o.lr * next / (1 - product * next)};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    p = p * c.keep;
    g = descent(g, p, c.sign, c.decay);
    s[0] = between(s[0], g, c.gain1);
    s[1] = s[1] * c.beta2 + c.gain2 * g * g;
    T scale = root(s[1] / c.correction2) + c.eps;
    p = p + c.step_now * g / scale;
    p = p + c.step_next * s[0] / scale;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
