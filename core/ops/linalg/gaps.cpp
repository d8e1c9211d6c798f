// Quotients of rules at repeated values. See Note [Repeated values].
#include "ops/linalg/gaps.h"
#include <cmath>
#include <limits>
#include "device/host_values.h"

namespace adjoint {

namespace {

double epsilon(Dtype d) {
  return real_of(d) == Dtype::F64 ? std::numeric_limits<double>::epsilon()
                                  : std::numeric_limits<float>::epsilon();
}

// |x| <= units·eps·max|scale|, for each matrix
Tensor vanishes(const Tensor& x, const Tensor& scale, double units) {
  const int64_t last[] = {-2, -1};
  Tensor largest = ops::amax(ops::abs(scale), last, true);
  return ops::le(ops::abs(x), ops::mul(largest, units * epsilon(x->dtype)));
}

}  // namespace

Tensor divided_or_zero(const Tensor& a, const Tensor& b, const Tensor& a_scale, const Tensor& b_scale,
                       int64_t n) {
  Tensor both;
  {
    NoGrad off;
    // Values have errors of LAPACK's and those of the matrix; of numerators, sums of n products are what is left.
    const double room = double(n);
    both = ops::logical_and(vanishes(b, b_scale, 4 * room + 16), vanishes(a, a_scale, 4 * std::sqrt(room)));
  }
  const Tensor quotient = ops::mul(a, ops::reciprocal(ops::masked_fill(b, both, 1)));
  return ops::masked_fill(quotient, both, 0);
}

Tensor gaps(const Tensor& values) { return ops::sub(across(values), down(values)); }
Tensor sums(const Tensor& values) { return ops::add(across(values), down(values)); }

Tensor skew(const Tensor& x) { return ops::sub(x, ops::mH(x)); }
Tensor without_diagonal(const Tensor& x) {
  return is_complex(x->dtype) ? ops::sub(x, ops::diag_embed(ops::diagonal(x, 0, -2, -1))) : x;
}

Tensor scaled_product(const Tensor& v, const Tensor& d, const Tensor& w) {
  return ops::matmul(ops::mul(v, across(d)), w);
}

Tensor empty_cotangent(Ints sizes, Dtype dtype, std::initializer_list<Tensor> from) {
  Tensor total;
  for (const Tensor& x : from) {
    if (!x) continue;
    const Tensor part = ops::sum(is_complex(dtype) || !is_complex(x->dtype) ? x : ops::real(x));
    total = total ? ops::add(total, part) : part;
  }
  return ops::expand(ops::to(ops::mul(total, 0), dtype), sizes);
}

void check_phase(const Tensor& x, const Tensor& like, const char* text) {
  if (!has_values(x)) return;
  NoGrad off;
  Tensor room = like ? ops::add(ops::mul(ops::abs(like), 1e-2), 1e-2) : ops::add(ops::zeros_like(x), 1e-2);
  const Tensor good = ops::all(ops::le(ops::abs(x), room));
  check(item(good).to_bool(), text);
}

}  // namespace adjoint
