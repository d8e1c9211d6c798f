#include "ops/nn/reduction.h"
#include "autograd/node.h"
#include "ops/ops.h"

namespace adjoint {

static void warn(const std::string& text) {
  if (host.warn) host.warn(text);
}

static Reduce by_name(std::string_view name) {
  if (name == "mean") return Reduce::Mean;
  if (name == "sum") return Reduce::Sum;
  if (name == "none") return Reduce::None;
  if (name == "elementwise_mean") {
    warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.");
    return Reduce::Mean;
  }
  fail(ErrorKind::Value, name, " is not a valid value for reduction");
}

Reduce reduction_of(std::string_view name, std::optional<bool> size_average, std::optional<bool> reduce) {
  if (!size_average && !reduce) return by_name(name);
  name = !reduce.value_or(true) ? "none" : size_average.value_or(true) ? "mean" : "sum";
  warn(str("size_average and reduce args will be deprecated, please use reduction='", name, "' instead."));
  return by_name(name);
}

Tensor reduced(const Tensor& loss, Reduce how) {
  return how == Reduce::Mean ? ops::mean(loss) : how == Reduce::Sum ? ops::sum(loss) : loss;
}

Dims place_of(const TensorImpl& x, int64_t flat) {
  Dims at(int64_t(x.ndim));
  for (int d = x.ndim - 1; d >= 0; --d) {
    at[d] = flat % x.size(d);
    flat /= x.size(d);
  }
  return at;
}

void warn_sizes(const Tensor& x, const Tensor& target) {
  if (same_sizes(*x, *target)) return;
  warn(str(
      "Using a target size (torch.Size(", target->sizes(),
      ")) that is different to the input size (torch.Size(", x->sizes(),
      ")). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same "
      "size."));
}

}  // namespace adjoint
