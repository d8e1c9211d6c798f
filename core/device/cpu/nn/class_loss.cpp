// The CPU's losses of classes.
#include "device/cpu/nn/class_loss.h"

#include <vector>
#include "device/cpu/work.h"
#include "kernels/convert.h"

namespace adjoint::cpu {
namespace {

using Ref = const TensorImpl&;
using Opt = const TensorImpl*;

// f(its numbers) of a tensor of any floating type.
template <class F> void with_floats(Ref x, F f) {
  visit(x.dtype, [&]<class T>(T*) {
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>)
      f(x.host_as<T>());
  });
}

struct RowLosses {
  std::vector<double> losses, weights;
  explicit RowLosses(const ClassPlan& p) : losses(size_t(p.rows())), weights(losses) {}

  void reduce(const ClassPlan& p, Ref total, Ref y) const {
    double loss = 0, weight = 0;
    for (size_t r = 0; r < losses.size(); ++r) loss += losses[r], weight += weights[r];
    *total.host_as<double>() = weight;
    with_floats(y, [&]<class T>(T* to) {
      if (p.each)
        for (size_t r = 0; r < losses.size(); ++r) to[r] = convert_to<T>(losses[r]);
      else
        *to = convert_to<T>(p.mean ? loss / weight : loss);
    });
  }
};

// The cotangent of each row's loss.
std::vector<double> spread(const ClassPlan& p, Ref g, Ref total) {
  std::vector<double> each(size_t(p.rows()));
  with_floats(g, [&](const auto* from) {
    const double one = p.each ? 0 : convert_to<double>(*from) / (p.mean ? *total.host_as<double>() : 1);
    for (size_t r = 0; r < each.size(); ++r) each[r] = p.each ? convert_to<double>(from[r]) : one;
  });
  return each;
}

ClassTargets targets_of(Ref t) {
  return t.dtype == Dtype::I64 ? ClassTargets{t.host_as<int64_t>(), nullptr}
                               : ClassTargets{nullptr, t.host()};
}
template <class T> const T* numbers(Opt t) { return t ? t->host_as<T>() : nullptr; }
char* host_of(Opt t) { return t ? t->host() : nullptr; }
template <class F> void in_type_of(Ref x, F f) { x.dtype == Dtype::F64 ? f(double()) : f(float()); }

}  // namespace

std::optional<int64_t> outside_classes(Ref target, int64_t classes, int64_t ignored) {
  return adjoint::outside_classes(target.host_as<int64_t>(), target.numel, classes, ignored);
}

void cross_entropy(const ClassPlan& p, Ref x, Ref target, Opt weight, Ref norms, Ref total, Ref y) {
  Work work(x.numel);
  RowLosses rows(p);
  in_type_of(x, [&]<class T>(T) {
    adjoint::cross_entropy<T>(p, x.dtype, x.host(), targets_of(target), numbers<T>(weight),
                              norms.host_as<T>(), rows.losses.data(), rows.weights.data());
  });
  rows.reduce(p, total, y);
}
void cross_entropy_backward(const ClassPlan& p, Ref g, Ref x, Ref target, Opt weight, Ref norms, Ref total,
                            Opt gx, Opt gtarget) {
  if (x.numel == 0) return;
  Work work(x.numel);
  const std::vector<double> each = spread(p, g, total);
  in_type_of(x, [&]<class T>(T) {
    adjoint::cross_entropy_backward<T>(p, x.dtype, x.host(), targets_of(target), numbers<T>(weight),
                                       norms.host_as<T>(), each.data(), host_of(gx), host_of(gtarget));
  });
}

void nll(const ClassPlan& p, Ref x, Ref target, Opt weight, Ref total, Ref y) {
  Work work(target.numel);
  RowLosses rows(p);
  adjoint::nll(p, x.dtype, x.host(), target.host_as<int64_t>(), host_of(weight), rows.losses.data(),
               rows.weights.data());
  rows.reduce(p, total, y);
}
void nll_backward(const ClassPlan& p, Ref g, Ref target, Opt weight, Ref total, Ref gx) {
  Work work(target.numel);
  adjoint::nll_backward(p, gx.dtype, target.host_as<int64_t>(), host_of(weight), spread(p, g, total).data(),
                        gx.host());
}

}  // namespace adjoint::cpu
