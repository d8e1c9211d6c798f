// Adam, AMSGrad (Max) and AdamW (decoupled decay): adjoint/optim/adam.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

template <bool Max> struct Adam {
  static constexpr int kSlots = 2 + Max;  // exp_avg, exp_avg_sq, max_exp_avg_sq
  struct Options {
    double lr, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled;
  };
  template <class T> struct Constants {
    T sign, decay, keep, gain1, beta2, gain2, unroot2, eps, step;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count(), decoupled = o.decoupled != 0;
    return {.sign = sign_of(o.maximize),
            .decay = (1 - decoupled) * o.weight_decay,
            .keep = 1 - decoupled * o.lr * o.weight_decay,
            .gain1 = 1 - o.beta1,
            .beta2 = o.beta2,
            .gain2 = 1 - o.beta2,
            .unroot2 = 1 / std::sqrt(1 - std::pow(o.beta2, t)),
            .eps = o.eps,
            .step = -(o.lr / (1 - std::pow(o.beta1, t)))};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    p = p * c.keep;
    g = descent(g, p, c.sign, c.decay);
    s[0] = between(s[0], g, c.gain1);
    s[1] = s[1] * c.beta2 + c.gain2 * g * g;
    if constexpr (Max) s[2] = larger(s[2], s[1]);
    T scale = root(s[Max ? 2 : 1]) * c.unroot2 + c.eps;
    p = p + c.step * s[0] / scale;
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
