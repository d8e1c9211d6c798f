// RAdam: adjoint/optim/radam.py.
#pragma once
#include "ops/optim/rule.h"

namespace adjoint::inline ADJOINT_ISA::optim {

struct RAdam {
  static constexpr int kSlots = 2;  // exp_avg, exp_avg_sq
  struct Options {
    double lr, beta1, beta2, eps, weight_decay, maximize, decoupled;
  };
  template <class T> struct Constants {
    T sign, decay, keep, gain1, beta2, gain2, correction1, lr, eps, rectified, root2, rectification;
  };
  static Constants<double> constants(const Options& o, const Number* n, bool) {
    const double t = n[0].count(), decoupled = o.decoupled != 0, power = std::pow(o.beta2, t);
    const double most = 2 / (1 - o.beta2) - 1, rho = most - 2 * t * power / (1 - power);
    return {.sign = sign_of(o.maximize),
            .decay = (1 - decoupled) * o.weight_decay,
            .keep = 1 - decoupled * o.lr * o.weight_decay,
            .gain1 = 1 - o.beta1,
            .beta2 = o.beta2,
            .gain2 = 1 - o.beta2,
            .correction1 = 1 - std::pow(o.beta1, t),
            .lr = o.lr,
            .eps = o.eps,
            .rectified = double(rho > 5),
            .root2 = std::sqrt(1 - power),
            .rectification = std::sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))};
  }
  template <class T> static void update(const Constants<T>& c, T& p, T g, T* s) {
    p = p * c.keep;
    g = descent(g, p, c.sign, c.decay);
    s[0] = between(s[0], g, c.gain1);
    s[1] = s[1] * c.beta2 + c.gain2 * g * g;
    T move = s[0] / c.correction1 * c.lr, scale = T(1) / (root(s[1]) + c.eps) * c.root2;
    p = p - (c.rectified != T(0) ? move * scale * c.rectification : move);
  }
};

}  // namespace adjoint::inline ADJOINT_ISA::optim
