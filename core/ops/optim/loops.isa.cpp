// The loops of the update rules: kernels/isa.h says how instruction sets are kept apart.
#include "kernels/isa.h"
#include "ops/optim/all.h"

namespace adjoint {
namespace {

template <class Rule, class T>
void loop(const double* constants, int64_t n, void* p, const void* g, void* const* slots) {
  using C = typename Rule::template Constants<T>;
  union {
    T numbers[sizeof(C) / sizeof(T)];
    C named;
  } c;
  for (size_t i = 0; i < sizeof(C) / sizeof(T); ++i) c.numbers[i] = T(constants[i]);
  const C narrow = c.named;
  T* const x = static_cast<T*>(p);
  const T* const d = static_cast<const T*>(g);
  T *const s0 = static_cast<T*>(slots[0]), *const s1 = static_cast<T*>(slots[1]),
           *const s2 = static_cast<T*>(slots[2]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    T s[3] = {}, value = x[i];
    if constexpr (Rule::kSlots > 0) s[0] = s0[i];
    if constexpr (Rule::kSlots > 1) s[1] = s1[i];
    if constexpr (Rule::kSlots > 2) s[2] = s2[i];
    Rule::update(narrow, value, d[i], s);
    x[i] = value;
    if constexpr (Rule::kSlots > 0) s0[i] = s[0];
    if constexpr (Rule::kSlots > 1) s1[i] = s[1];
    if constexpr (Rule::kSlots > 2) s2[i] = s[2];
  }
}

template <class Rule> constexpr UpdateLoops loops_of{loop<Rule, float>, loop<Rule, double>};

}  // namespace

extern const OptimLoops ADJOINT_ISA_NAME(optim_loops);
const OptimLoops ADJOINT_ISA_NAME(optim_loops) = {
    .sgd = {loops_of<optim::SGD<false>>, loops_of<optim::SGD<true>>},
    .adam = {loops_of<optim::Adam<false>>, loops_of<optim::Adam<true>>},
    .adamax = loops_of<optim::Adamax>,
    .nadam = loops_of<optim::NAdam>,
    .radam = loops_of<optim::RAdam>,
    .adagrad = loops_of<optim::Adagrad>,
    .adadelta = loops_of<optim::Adadelta>,
    .rmsprop = {loops_of<optim::RMSprop<false, false>>, loops_of<optim::RMSprop<false, true>>,
                loops_of<optim::RMSprop<true, false>>, loops_of<optim::RMSprop<true, true>>},
    .rprop = loops_of<optim::Rprop>,
    .asgd = loops_of<optim::ASGD>,
};

}  // namespace adjoint
