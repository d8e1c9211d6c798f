// meshgrid, cartesian_prod, combinations: tuples of elements, composed of other operations.
#include <optional>
#include "autograd/door.h"
#include "ops/ops.h"

namespace adjoint::ops {

namespace {

std::vector<Tensor> meshgrid_by(Tensors xs, bool xy) {
  check(!xs.empty(), "meshgrid expects a non-empty TensorList");
  Dims shape;
  int64_t all = 1;
  for (const Tensor& x : xs) {
    check(x->ndim <= 1, "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ", x->ndim);
    check(x->dtype == xs[0]->dtype, "torch.meshgrid expects all tensors to have the same dtype");
    shape.push_back(x->numel);
    check(!__builtin_mul_overflow(all, x->numel, &all), "numel: integer multiplication overflow");
  }
  std::vector<Tensor> in(xs.begin(), xs.end());
  xy = xy && in.size() >= 2;
  if (xy) {
    std::swap(in[0], in[1]);
    std::swap(shape[0], shape[1]);
  }
  std::vector<Tensor> ys;
  for (size_t i = 0; i < in.size(); ++i) {
    Dims one(shape.size(), 1);
    one[int64_t(i)] = in[i]->numel;
    ys.push_back(expand(view(in[i], one), shape));
  }
  if (xy) std::swap(ys[0], ys[1]);
  return ys;
}

std::vector<Tensor> meshgrid(Tensors xs, std::optional<std::string_view> indexing) {
  if (!indexing) {
    static bool warned = false;
    if (!std::exchange(warned, true) && host.warn)
      host.warn("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.");
    return meshgrid_by(xs, false);
  }
  check(*indexing == "ij" || *indexing == "xy",
        "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: ", *indexing);
  return meshgrid_by(xs, *indexing == "xy");
}

Tensor cartesian_prod(Tensors xs) {
  for (const Tensor& x : xs) check(x->ndim == 1, "Expect a 1D vector, but got shape ", x->sizes());
  check(!xs.empty(), "meshgrid expects a non-empty TensorList");
  if (xs.size() == 1) return xs[0];
  std::vector<Tensor> ys = meshgrid_by(xs, false);
  for (Tensor& y : ys) y = flatten(y);
  return stack(ys, 1);
}

// Rows of r elements with growing positions: those of the full grid that a mask keeps. Where there are none, or one, it
// is not asked: r may be any number.
Tensor combinations(const Tensor& x, int64_t r, bool with_replacement) {
  check(x->ndim == 1, "Expect a 1D vector, but got shape ", x->sizes());
  check(r >= 0, "Expect a non-negative number, but got ", r);
  if (r == 0) return adjoint::empty(Dims{0}, x->dtype, x->device);
  int64_t n = x->numel;
  if (n < (with_replacement ? 1 : r)) return reshape(narrow(x, 0, 0, 0), Dims{0, r});
  if (n == 1) return repeat(x, Dims{1, r});
  check(r < 63, "numel: integer multiplication overflow");
  std::vector<Tensor> in(size_t(r), x), grids = meshgrid_by(in, false);
  Tensor positions = arange(0, n, 1, Dtype::I64, x->device);
  std::vector<Tensor> index(size_t(r), positions), order = meshgrid_by(index, false);
  Tensor mask = adjoint::full(Dims(r, n), true, Dtype::Bool, x->device);
  for (size_t i = 0; i + 1 < size_t(r); ++i)
    mask = logical_and(mask, with_replacement ? le(order[i], order[i + 1]) : lt(order[i], order[i + 1]));
  for (Tensor& g : grids) g = masked_select(g, mask);
  return stack(grids, 1);
}

}  // namespace

[[maybe_unused]] static const auto defs = {
    def<meshgrid>("meshgrid(Tensor[] tensors, *, str? indexing=None) -> Tensor[]", kHidden,
                  "Grids of coordinates: views of the vectors, expanded."),
    def<cartesian_prod>("cartesian_prod(Tensor[] tensors) -> Tensor", kHidden,
                        "All tuples of elements, as rows."),
    def<combinations>("combinations(Tensor input, int r=2, bool with_replacement=False) -> Tensor", kFunction,
                      "All ways to pick r elements in order, as rows."),
};

}  // namespace adjoint::ops
