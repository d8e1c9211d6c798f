#include "tensor/error.h"
#include <cstdio>

namespace adjoint::detail {

std::string text(double d) {
  char b[40];
  std::snprintf(b, sizeof b, "%g", d);
  return b;
}

}  // namespace adjoint::detail
