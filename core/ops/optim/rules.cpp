// The list of update rules: what each reads, and its loops for this processor.
#include "ops/optim/rules.h"
#include "autograd/changes.h"
#include "kernels/isa.h"
#include "ops/optim/all.h"

namespace adjoint {

ADJOINT_PICK_TABLE(OptimLoops, optim_loops)

namespace {

using Names = std::span<const char* const>;

template <class R>
void constants_of(const double* options, const optim::Number* numbers, bool first, double* out) {
  using C = typename R::template Constants<double>;
  static_assert(sizeof(C) / sizeof(double) <= Update::kConstants && R::kSlots <= Update::kSlots);
  typename R::Options o;
  std::memcpy(&o, options, sizeof o);
  C c = R::constants(o, numbers, first);
  std::memcpy(out, &c, sizeof c);
}
template <class R> RuleForm form_of(Names slots, const UpdateLoops& loops) {
  return {slots.first(R::kSlots), loops, constants_of<R>};
}

constexpr const char *kStep[] = {"step"}, *kNadamNumbers[] = {"step", "mu_product"},
                     *kAsgdNumbers[] = {"step", "eta", "mu"};

constexpr RuleOption kSgd[] = {{"lr"},           {"momentum"}, {"dampening"},
                               {"weight_decay"}, {"nesterov"}, {"maximize"}};
constexpr const char* kSgdSlots[] = {"momentum_buffer"};
const RuleForm& sgd(const double* options) {
  static const RuleForm forms[] = {form_of<optim::SGD<false>>(kSgdSlots, optim_loops().sgd[0]),
                                   form_of<optim::SGD<true>>(kSgdSlots, optim_loops().sgd[1])};
  return forms[options[1] != 0];
}

constexpr RuleOption kAdam[] = {
    {"lr"},       {"betas", true},           {"eps"}, {"weight_decay"}, {"amsgrad"},
    {"maximize"}, {"decoupled_weight_decay"}};
constexpr const char* kAdamSlots[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
const RuleForm& adam(const double* options) {
  static const RuleForm forms[] = {form_of<optim::Adam<false>>(kAdamSlots, optim_loops().adam[0]),
                                   form_of<optim::Adam<true>>(kAdamSlots, optim_loops().adam[1])};
  return forms[options[5] != 0];
}

constexpr RuleOption kAdamax[] = {{"lr"}, {"betas", true}, {"eps"}, {"weight_decay"}, {"maximize"}};
constexpr const char* kAdamaxSlots[] = {"exp_avg", "exp_inf"};
const RuleForm& adamax(const double*) {
  static const RuleForm form = form_of<optim::Adamax>(kAdamaxSlots, optim_loops().adamax);
  return form;
}

constexpr RuleOption kNadam[] = {
    {"lr"},       {"betas", true},           {"eps"}, {"weight_decay"}, {"momentum_decay"},
    {"maximize"}, {"decoupled_weight_decay"}};
const RuleForm& nadam(const double*) {
  static const RuleForm form = form_of<optim::NAdam>(kAdamSlots, optim_loops().nadam);
  return form;
}

constexpr RuleOption kRadam[] = {{"lr"},           {"betas", true}, {"eps"},
                                 {"weight_decay"}, {"maximize"},    {"decoupled_weight_decay"}};
const RuleForm& radam(const double*) {
  static const RuleForm form = form_of<optim::RAdam>(kAdamSlots, optim_loops().radam);
  return form;
}

constexpr RuleOption kAdagrad[] = {{"lr"}, {"lr_decay"}, {"weight_decay"}, {"eps"}, {"maximize"}};
constexpr const char* kAdagradSlots[] = {"sum"};
const RuleForm& adagrad(const double*) {
  static const RuleForm form = form_of<optim::Adagrad>(kAdagradSlots, optim_loops().adagrad);
  return form;
}

constexpr RuleOption kAdadelta[] = {{"lr"}, {"rho"}, {"eps"}, {"weight_decay"}, {"maximize"}};
constexpr const char* kAdadeltaSlots[] = {"square_avg", "acc_delta"};
const RuleForm& adadelta(const double*) {
  static const RuleForm form = form_of<optim::Adadelta>(kAdadeltaSlots, optim_loops().adadelta);
  return form;
}

constexpr RuleOption kRmsprop[] = {{"lr"},       {"alpha"},    {"eps"},     {"weight_decay"},
                                   {"momentum"}, {"centered"}, {"maximize"}};
constexpr const char *kRmspropSlots[] = {"square_avg", "momentum_buffer", "grad_avg"},
                     *kCenteredSlots[] = {"square_avg", "grad_avg"};
const RuleForm& rmsprop(const double* options) {
  static const RuleForm forms[] = {
      form_of<optim::RMSprop<false, false>>(kRmspropSlots, optim_loops().rmsprop[0]),
      form_of<optim::RMSprop<false, true>>(kCenteredSlots, optim_loops().rmsprop[1]),
      form_of<optim::RMSprop<true, false>>(kRmspropSlots, optim_loops().rmsprop[2]),
      form_of<optim::RMSprop<true, true>>(kRmspropSlots, optim_loops().rmsprop[3])};
  return forms[2 * (options[4] > 0) + (options[5] != 0)];
}

constexpr RuleOption kRprop[] = {{"etas", true}, {"step_sizes", true}, {"maximize"}};
constexpr const char* kRpropSlots[] = {"prev", "step_size"};
const RuleForm& rprop(const double*) {
  static const RuleForm form = form_of<optim::Rprop>(kRpropSlots, optim_loops().rprop);
  return form;
}

constexpr RuleOption kAsgd[] = {{"lr"}, {"lambd"}, {"alpha"}, {"t0"}, {"weight_decay"}, {"maximize"}};
constexpr const char* kAsgdSlots[] = {"ax"};
const RuleForm& asgd(const double*) {
  static const RuleForm form = form_of<optim::ASGD>(kAsgdSlots, optim_loops().asgd);
  return form;
}

constexpr Rule kRules[] = {
    {"sgd", kSgd, {}, sgd},
    {"adam", kAdam, kStep, adam},
    {"adamax", kAdamax, kStep, adamax},
    {"nadam", kNadam, kNadamNumbers, nadam},
    {"radam", kRadam, kStep, radam},
    {"adagrad", kAdagrad, kStep, adagrad},
    {"adadelta", kAdadelta, kStep, adadelta},
    {"rmsprop", kRmsprop, kStep, rmsprop},
    {"rprop", kRprop, kStep, rprop},
    {"asgd", kAsgd, kAsgdNumbers, asgd},
};

}  // namespace

const Rule* find_rule(std::string_view name) {
  for (const Rule& r : kRules)
    if (r.name == name) return &r;
  return nullptr;
}

void step(const RuleForm& form, std::span<const Update> updates) {
  const int slots = int(form.slots.size());
  for (const Update& u : updates) {  // first, as a step that is interrupted half way counts as one
    ++u.p->storage->version;
    note_change(*u.p, "step");
    for (int k = 0; k < slots; ++k) ++u.slots[k]->storage->version;
  }
  backend(*updates[0].p).optim->step(form.loops, slots, updates);
}

}  // namespace adjoint
