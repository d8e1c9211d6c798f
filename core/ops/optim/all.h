// All update rules, and the loops that an instruction set has for them.
#pragma once
#include "device/nn/optim.h"
#include "ops/optim/adadelta.h"
#include "ops/optim/adagrad.h"
#include "ops/optim/adam.h"
#include "ops/optim/adamax.h"
#include "ops/optim/asgd.h"
#include "ops/optim/nadam.h"
#include "ops/optim/radam.h"
#include "ops/optim/rmsprop.h"
#include "ops/optim/rprop.h"
#include "ops/optim/sgd.h"

namespace adjoint {

struct OptimLoops {
  UpdateLoops sgd[2], adam[2], adamax, nadam, radam, adagrad, adadelta, rmsprop[4], rprop, asgd;
};
const OptimLoops& optim_loops();

}  // namespace adjoint
